/* libevent, whose bench scheme `fd_hop` is. */
#include "hop.h"
#include <event2/event.h>

static struct event_base *base;
static uint64_t fired;

static void turn(void)
{
	event_base_loop(base, EVLOOP_ONCE);
}

static void on_timer(evutil_socket_t fd, short events, void *data)
{
	(void)fd;
	(void)events;
	(void)data;
	fired++;
}

static struct event *insert(uint32_t delay_ms)
{
	struct event *timer = evtimer_new(base, on_timer, NULL);
	struct timeval delay = { delay_ms / 1000, delay_ms % 1000 * 1000 };
	evtimer_add(timer, &delay);
	return timer;
}

static uint64_t cancel(struct event *timer)
{
	uint64_t cancelled = evtimer_del(timer) == 0;
	event_free(timer);
	return cancelled;
}

static void timers(void)
{
	uint64_t n = argument("n", 1000), rounds = argument("rounds", 20), cancelled = 0;
	uint32_t *order = random_permutation(n), *delays = random_delays_ms(n);
	struct event **timer = malloc((n > PROBES ? n : PROBES) * sizeof *timer);
	bool bytes = argument("bytes", 0);
	base = event_base_new();
	uint64_t before = live_bytes();
	struct watch watch = watch_start();
	for (uint64_t round = 0; round < rounds; round++) {
		for (uint64_t i = 0; i < n; i++)
			timer[i] = insert(delays[i]);
		if (bytes) {
			report_bytes(n, before, live_bytes(), 0, fired);
			return;
		}
		for (uint64_t i = 0; i < n; i++)
			cancelled += cancel(timer[order[i]]);
	}
	watch = watch_stop(watch);
	for (int i = 0; i < PROBES; i++)
		timer[i] = insert(PROBE_MS);
	for (int i = PROBES_LEFT; i < PROBES; i++)
		cancel(timer[i]);
	while (fired < PROBES_LEFT)
		turn();
	report_time(rounds * n, watch, rounds * n + PROBES_LEFT, cancelled + fired);
}

static void on_readable(evutil_socket_t fd, short events, void *data)
{
	(void)fd;
	(void)events;
	hop_readable((uintptr_t)data);
}

static void fd_hop(void)
{
	base = event_base_new();
	hop_setup(argument("n", 100));
	for (uint64_t i = 0; i < hop.n; i++)
		event_add(event_new(base, hop.read_end[i], EV_READ | EV_PERSIST, on_readable, (void *)(uintptr_t)i), NULL);
	hop_measure(turn);
}

int main(int count, char **values)
{
	static const struct workload workloads[] = { { "timers", timers }, { "fd_hop", fd_hop }, { 0 } };
	return contest(count, values, workloads);
}
