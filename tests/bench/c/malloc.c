/* malloc with a hand-written list: what a C programmer without a library writes. */
#include "contestant.h"

struct node {
	struct node *parent, *child, *next, *previous;
	void (*on_drop)(void *);
	uint64_t payload[];
};

static uint64_t dropped;

static void count_drop(void *value)
{
	KEEP(value);
	dropped++;
}

static inline void link_below(struct node *parent, struct node *node)
{
	node->parent = parent;
	node->previous = NULL;
	node->next = parent ? parent->child : NULL;
	if (node->next)
		node->next->previous = node;
	if (parent)
		parent->child = node;
}

static inline void unlink_node(struct node *node)
{
	if (node->previous)
		node->previous->next = node->next;
	else if (node->parent)
		node->parent->child = node->next;
	if (node->next)
		node->next->previous = node->previous;
}

static inline struct node *insert(struct node *parent, size_t bytes, uint64_t value)
{
	struct node *node = malloc(sizeof *node + bytes);
	node->child = NULL;
	node->on_drop = NULL;
	fill(node->payload, bytes, value);
	link_below(parent, node);
	return node;
}

static inline struct node *insert_numbered(struct node *parent, uint64_t i)
{
	struct node *node = insert(parent, payload_bytes(i), i);
	if (has_drop(i))
		node->on_drop = count_drop;
	return node;
}

/* Frees what hangs below, then the node, and says how many that were. */
static uint64_t free_unlinked(struct node *node)
{
	uint64_t freed = 1;
	for (struct node *child = node->child, *next; child; child = next) {
		next = child->next;
		freed += free_unlinked(child);
	}
	if (node->on_drop)
		node->on_drop(node->payload);
	free(node);
	return freed;
}

static inline uint64_t free_node(struct node *node)
{
	unlink_node(node);
	return free_unlinked(node);
}

static void node(void)
{
	uint64_t rounds = argument("rounds", 1000000), n = argument("n", 100000), freed = 0;
	struct node *root = insert(NULL, NODE_BYTES, 0);
	for (int i = 0; i < OTHERS; i++)
		insert(root, NODE_BYTES, 0);
	if (argument("bytes", 0)) {
		uint64_t before = live_bytes();
		for (uint64_t i = 0; i < n; i++)
			insert(root, NODE_BYTES, i);
		uint64_t after = live_bytes();
		report_bytes(n, before, after, n + OTHERS + 1, free_node(root));
		return;
	}
	struct watch watch = watch_start();
	for (uint64_t i = 0; i < rounds; i++) {
		struct node *value = insert(root, NODE_BYTES, i);
		KEEP(value);
		freed += free_node(value);
	}
	watch = watch_stop(watch);
	report_time(rounds, watch, rounds + OTHERS + 1, freed + free_node(root));
}

static struct node *build(void)
{
	uint64_t i = 0;
	struct node *root = insert_numbered(NULL, i++);
	for (int top = 0; top < TOPS; top++) {
		struct node *child = insert_numbered(root, i++);
		for (int kid = 0; kid < KIDS; kid++)
			insert_numbered(child, i++);
	}
	return root;
}

static void tree(void)
{
	uint64_t rounds = argument("rounds", 30), freed = 0;
	if (argument("bytes", 0)) {
		uint64_t before = live_bytes();
		struct node *root = build();
		uint64_t after = live_bytes();
		report_bytes(NODES, before, after, NODES, free_node(root));
		return;
	}
	struct watch watch = watch_start();
	for (uint64_t round = 0; round < rounds; round++)
		freed += free_node(build());
	watch = watch_stop(watch);
	report_time(rounds * NODES, watch, rounds * (NODES + (NODES + 9) / 10), freed + dropped);
}

int main(int count, char **values)
{
	static const struct workload workloads[] = { { "node", node }, { "tree", tree }, { 0 } };
	return contest(count, values, workloads);
}
