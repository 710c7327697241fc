/* talloc: the tree that this project's idea comes from. */
#include "contestant.h"
#include <talloc.h>

static uint64_t dropped;

static int on_drop(void *value)
{
	KEEP(value);
	dropped++;
	return 0;
}

static inline void *insert(void *parent, size_t bytes, uint64_t value)
{
	uint64_t *payload = talloc_size(parent, bytes);
	fill(payload, bytes, value);
	return payload;
}

static inline void *insert_numbered(void *parent, uint64_t i)
{
	void *payload = insert(parent, payload_bytes(i), i);
	if (has_drop(i))
		talloc_set_destructor(payload, on_drop);
	return payload;
}

static void node(void)
{
	uint64_t rounds = argument("rounds", 1000000), n = argument("n", 100000), freed = 0;
	void *root = talloc_new(NULL);
	for (int i = 0; i < OTHERS; i++)
		insert(root, NODE_BYTES, 0);
	if (argument("bytes", 0)) {
		uint64_t before = live_bytes();
		for (uint64_t i = 0; i < n; i++)
			insert(root, NODE_BYTES, i);
		report_bytes(n, before, live_bytes(), n + OTHERS + 1, talloc_total_blocks(root));
		return;
	}
	struct watch watch = watch_start();
	for (uint64_t i = 0; i < rounds; i++) {
		void *value = insert(root, NODE_BYTES, i);
		KEEP(value);
		freed += talloc_free(value) == 0;
	}
	watch = watch_stop(watch);
	report_time(rounds, watch, rounds + OTHERS + 1, freed + talloc_total_blocks(root));
}

static void *build(void)
{
	uint64_t i = 0;
	void *root = insert_numbered(NULL, i++);
	for (int top = 0; top < TOPS; top++) {
		void *child = insert_numbered(root, i++);
		for (int kid = 0; kid < KIDS; kid++)
			insert_numbered(child, i++);
	}
	return root;
}

static void tree(void)
{
	uint64_t rounds = argument("rounds", 30);
	if (argument("bytes", 0)) {
		uint64_t before = live_bytes();
		void *root = build();
		report_bytes(NODES, before, live_bytes(), NODES, talloc_total_blocks(root));
		return;
	}
	struct watch watch = watch_start();
	for (uint64_t round = 0; round < rounds; round++)
		talloc_free(build());
	watch = watch_stop(watch);
	report_time(rounds * NODES, watch, rounds * ((NODES + 9) / 10), dropped);
}

int main(int count, char **values)
{
	static const struct workload workloads[] = { { "node", node }, { "tree", tree }, { 0 } };
	return contest(count, values, workloads);
}
