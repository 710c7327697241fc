/* libev: the best of the classic loops. */
#include "hop.h"
#include <ev.h>

static struct ev_loop *loop;
static uint64_t fired;

static void turn(void)
{
	ev_run(loop, EVRUN_ONCE);
}

static void on_timer(struct ev_loop *context, ev_timer *timer, int events)
{
	(void)context;
	(void)timer;
	(void)events;
	fired++;
}

static inline ev_timer *insert(uint32_t delay_ms)
{
	ev_timer *timer = malloc(sizeof *timer);
	ev_timer_init(timer, on_timer, delay_ms * 1e-3, 0.);
	ev_timer_start(loop, timer);
	return timer;
}

static inline uint64_t cancel(ev_timer *timer)
{
	ev_timer_stop(loop, timer);
	uint64_t cancelled = !ev_is_active(timer);
	free(timer);
	return cancelled;
}

static void timers(void)
{
	uint64_t n = argument("n", 1000), rounds = argument("rounds", 20), cancelled = 0;
	uint32_t *order = random_permutation(n), *delays = random_delays_ms(n);
	ev_timer **timer = malloc((n > PROBES ? n : PROBES) * sizeof *timer);
	bool bytes = argument("bytes", 0);
	loop = ev_loop_new(EVBACKEND_EPOLL);
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
	ev_now_update(loop);
	for (int i = 0; i < PROBES; i++)
		timer[i] = insert(PROBE_MS);
	for (int i = PROBES_LEFT; i < PROBES; i++)
		cancel(timer[i]);
	while (fired < PROBES_LEFT)
		turn();
	report_time(rounds * n, watch, rounds * n + PROBES_LEFT, cancelled + fired);
}

static void on_readable(struct ev_loop *context, ev_io *io, int events)
{
	(void)context;
	(void)events;
	hop_readable((uintptr_t)io->data);
}

static void fd_hop(void)
{
	loop = ev_loop_new(EVBACKEND_EPOLL);
	hop_setup(argument("n", 100));
	ev_io *io = calloc(hop.n, sizeof *io);
	for (uint64_t i = 0; i < hop.n; i++) {
		ev_io_init(&io[i], on_readable, hop.read_end[i], EV_READ);
		io[i].data = (void *)(uintptr_t)i;
		ev_io_start(loop, &io[i]);
	}
	hop_measure(turn);
}

int main(int count, char **values)
{
	static const struct workload workloads[] = { { "timers", timers }, { "fd_hop", fd_hop }, { 0 } };
	return contest(count, values, workloads);
}
