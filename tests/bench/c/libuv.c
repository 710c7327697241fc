/* libuv: the loop under Node.js. */
#include "hop.h"
#include <uv.h>

static uv_loop_t loop;
static uint64_t fired, closed;

static void turn(void)
{
	uv_run(&loop, UV_RUN_ONCE);
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	fired++;
}

static void on_closed(uv_handle_t *handle)
{
	closed++;
	free(handle);
}

static uv_timer_t *insert(uint32_t delay_ms)
{
	uv_timer_t *timer = malloc(sizeof *timer);
	uv_timer_init(&loop, timer);
	uv_timer_start(timer, on_timer, delay_ms, 0);
	return timer;
}

static void cancel(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, on_closed);
}

static void timers(void)
{
	uint64_t n = argument("n", 1000), rounds = argument("rounds", 20);
	uint32_t *order = random_permutation(n), *delays = random_delays_ms(n);
	uv_timer_t **timer = malloc((n > PROBES ? n : PROBES) * sizeof *timer);
	bool bytes = argument("bytes", 0);
	uv_loop_init(&loop);
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
			cancel(timer[order[i]]);
		uv_run(&loop, UV_RUN_NOWAIT); /* only then are the handles given back */
	}
	watch = watch_stop(watch);
	uint64_t cancelled = closed;
	uv_update_time(&loop);
	for (int i = 0; i < PROBES; i++)
		timer[i] = insert(PROBE_MS);
	for (int i = PROBES_LEFT; i < PROBES; i++)
		cancel(timer[i]);
	while (fired < PROBES_LEFT)
		turn();
	report_time(rounds * n, watch, rounds * n + PROBES_LEFT, cancelled + fired);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	hop_readable((uintptr_t)poll->data);
}

static void fd_hop(void)
{
	uv_loop_init(&loop);
	hop_setup(argument("n", 100));
	uv_poll_t *poll = calloc(hop.n, sizeof *poll);
	for (uint64_t i = 0; i < hop.n; i++) {
		uv_poll_init(&loop, &poll[i], hop.read_end[i]);
		poll[i].data = (void *)(uintptr_t)i;
		uv_poll_start(&poll[i], UV_READABLE, on_readable);
	}
	hop_measure(turn);
}

int main(int count, char **values)
{
	static const struct workload workloads[] = { { "timers", timers }, { "fd_hop", fd_hop }, { 0 } };
	return contest(count, values, workloads);
}
