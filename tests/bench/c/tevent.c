/* tevent and tevent_req: requests, timers and fds on talloc. */
#include "hop.h"
#include <talloc.h>
#include <tevent.h>

static struct tevent_context *events;

static void turn(void)
{
	if (tevent_loop_once(events))
		abort();
}

/* ---- requests ---- */

static uint64_t finished;
/* With `deadline=1` every request is given one, as ours always have. */
static bool with_deadline;
static struct timeval deadline;

struct state {
	uint64_t input, output;
};

static struct tevent_req *create(TALLOC_CTX *owner, struct state **state, uint64_t input)
{
	struct tevent_req *request = tevent_req_create(owner, state, struct state);
	if (!request || (with_deadline && !tevent_req_set_endtime(request, events, deadline)))
		abort();
	(*state)->input = input;
	return request;
}

/* Done at once; its owner learns of it through the loop. */
static struct tevent_req *now_send(TALLOC_CTX *owner, uint64_t input)
{
	struct state *state;
	struct tevent_req *request = create(owner, &state, input);
	state->output = input + 1;
	tevent_req_done(request);
	return tevent_req_post(request, events);
}

static void yielded(struct tevent_context *context, struct tevent_immediate *immediate, void *data)
{
	struct tevent_req *request = data;
	struct state *state = tevent_req_data(request, struct state);
	(void)context;
	(void)immediate;
	state->output = state->input + 1;
	tevent_req_done(request);
}

/* Waits once for the loop, then is done. */
static struct tevent_req *yield_send(TALLOC_CTX *owner, uint64_t input)
{
	struct state *state;
	struct tevent_req *request = create(owner, &state, input);
	struct tevent_immediate *immediate = tevent_create_immediate(state);
	if (!immediate)
		abort();
	tevent_schedule_immediate(immediate, events, yielded, request);
	return request;
}

static uint64_t receive(struct tevent_req *request)
{
	struct state *state = tevent_req_data(request, struct state);
	enum tevent_req_state outcome;
	uint64_t error;
	if (tevent_req_is_error(request, &outcome, &error))
		abort();
	uint64_t output = state->output;
	tevent_req_received(request);
	return output;
}

static void on_done(struct tevent_req *request)
{
	uint64_t *want = tevent_req_callback_data_void(request);
	finished += receive(request) == *want;
	TALLOC_FREE(request);
}

static void requests(struct tevent_req *(*send)(TALLOC_CTX *, uint64_t), uint64_t batch)
{
	uint64_t rounds = argument("rounds", 100000), *want = malloc(batch * sizeof *want);
	TALLOC_CTX *owner = talloc_new(NULL);
	events = tevent_context_init(owner);
	with_deadline = argument("deadline", 0);
	deadline = tevent_timeval_current_ofs(30, 0);
	struct watch watch = watch_start();
	for (uint64_t round = 0; round < rounds; round++) {
		uint64_t goal = finished + batch;
		for (uint64_t i = 0; i < batch; i++) {
			want[i] = round + i + 1;
			tevent_req_set_callback(send(owner, round + i), on_done, &want[i]);
		}
		while (finished < goal)
			turn();
	}
	watch = watch_stop(watch);
	report_time(rounds * batch, watch, rounds * batch, finished);
}

static void request_now(void)
{
	requests(now_send, 1);
}

static void request_yield(void)
{
	requests(yield_send, 1);
}

static void outstanding(void)
{
	uint64_t n = argument("n", 1000), waiting = 0;
	if (!argument("bytes", 0)) {
		requests(yield_send, n);
		return;
	}
	TALLOC_CTX *owner = talloc_new(NULL);
	events = tevent_context_init(owner);
	with_deadline = true;
	deadline = tevent_timeval_current_ofs(30, 0);
	struct tevent_req **pending = malloc(n * sizeof *pending);
	uint64_t before = live_bytes();
	for (uint64_t i = 0; i < n; i++) {
		struct state *state;
		pending[i] = create(owner, &state, i);
		tevent_req_set_callback(pending[i], on_done, NULL);
	}
	uint64_t after = live_bytes();
	for (uint64_t i = 0; i < n; i++)
		waiting += tevent_req_is_in_progress(pending[i]);
	report_bytes(n, before, after, n, waiting);
}

/* ---- timers ---- */

static uint64_t fired;

static void on_timer(struct tevent_context *context, struct tevent_timer *timer, struct timeval now, void *data)
{
	(void)context;
	(void)timer;
	(void)now;
	(void)data;
	fired++;
}

static struct tevent_timer *insert(struct timeval base, uint32_t delay_ms)
{
	struct timeval at = tevent_timeval_add(&base, delay_ms / 1000, delay_ms % 1000 * 1000);
	return tevent_add_timer(events, events, at, on_timer, NULL);
}

static void timers(void)
{
	uint64_t n = argument("n", 1000), rounds = argument("rounds", 20), cancelled = 0;
	uint32_t *order = random_permutation(n), *delays = random_delays_ms(n);
	struct tevent_timer **timer = malloc((n > PROBES ? n : PROBES) * sizeof *timer);
	events = tevent_context_init(NULL);
	struct timeval base = tevent_timeval_current();
	struct watch watch = watch_start();
	uint64_t before = live_bytes();
	if (argument("bytes", 0))
		rounds = 1;
	for (uint64_t round = 0; round < rounds; round++) {
		for (uint64_t i = 0; i < n; i++)
			timer[i] = insert(base, delays[i]);
		if (argument("bytes", 0)) {
			report_bytes(n, before, live_bytes(), 0, fired);
			return;
		}
		for (uint64_t i = 0; i < n; i++)
			cancelled += talloc_free(timer[order[i]]) == 0;
	}
	watch = watch_stop(watch);
	base = tevent_timeval_current();
	for (int i = 0; i < PROBES; i++)
		timer[i] = insert(base, PROBE_MS);
	for (int i = PROBES_LEFT; i < PROBES; i++)
		talloc_free(timer[i]);
	while (fired < PROBES_LEFT)
		turn();
	report_time(rounds * n, watch, rounds * n + PROBES_LEFT, cancelled + fired);
}

/* ---- fds ---- */

static void on_readable(struct tevent_context *context, struct tevent_fd *fd, uint16_t flags, void *data)
{
	(void)context;
	(void)fd;
	(void)flags;
	hop_readable((uintptr_t)data);
}

static void fd_hop(void)
{
	events = tevent_context_init(NULL);
	hop_setup(argument("n", 100));
	for (uint64_t i = 0; i < hop.n; i++)
		tevent_add_fd(events, events, hop.read_end[i], TEVENT_FD_READ, on_readable, (void *)(uintptr_t)i);
	hop_measure(turn);
}

int main(int count, char **values)
{
	static const struct workload workloads[] = {
		{ "request_now", request_now }, { "request_yield", request_yield }, { "outstanding", outstanding },
		{ "timers", timers },		{ "fd_hop", fd_hop },		    { 0 },
	};
	return contest(count, values, workloads);
}
