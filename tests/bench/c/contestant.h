/* What every C contestant shares: arguments, clocks, the result line, and the random numbers of the Rust side.
 *
 * A contestant is a program that answers
 *     PROGRAM list                       its workloads, one a line
 *     PROGRAM WORKLOAD key=value ...     one result line (see `report_time`, `report_bytes`)
 *
 * Keys: `n` things at once, `rounds` of them, `bytes=1` for live heap bytes in place of time.
 * Everything outside of `watch_start` and `watch_stop` happens once, so that the difference of two runs of
 * different `rounds` is the cost of the operations alone. */
#ifndef CONTESTANT_H
#define CONTESTANT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Keeps the compiler from taking away what `pointer` points to. */
#define KEEP(pointer) __asm__ volatile("" : : "g"(pointer) : "memory")

static int argument_count;
static char **argument_values;

static inline uint64_t argument(const char *key, uint64_t otherwise)
{
	size_t len = strlen(key);
	for (int i = 2; i < argument_count; i++)
		if (!strncmp(argument_values[i], key, len) && argument_values[i][len] == '=')
			return strtoull(argument_values[i] + len + 1, NULL, 10);
	return otherwise;
}

/* ---- time: of the process, because other processes share the cores ---- */

struct watch {
	uint64_t cpu_ns, wall_ns;
};

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline struct watch watch_start(void)
{
	return (struct watch){ clock_ns(CLOCK_PROCESS_CPUTIME_ID), clock_ns(CLOCK_MONOTONIC) };
}

static inline struct watch watch_stop(struct watch start)
{
	struct watch stop = watch_start();
	return (struct watch){ stop.cpu_ns - start.cpu_ns, stop.wall_ns - start.wall_ns };
}

/* ---- results: `want` is what must have happened, `got` what was counted ---- */

static inline void report_time(uint64_t ops, struct watch spent, uint64_t want, uint64_t got)
{
	printf("result ops=%llu cpu_ns=%llu wall_ns=%llu want=%llu got=%llu\n", (unsigned long long)ops,
	       (unsigned long long)spent.cpu_ns, (unsigned long long)spent.wall_ns, (unsigned long long)want,
	       (unsigned long long)got);
}

/* Bytes that malloc has handed out, its own headers included. */
static inline uint64_t live_bytes(void)
{
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

static inline void report_bytes(uint64_t items, uint64_t before, uint64_t after, uint64_t want, uint64_t got)
{
	printf("result ops=%llu bytes=%llu want=%llu got=%llu\n", (unsigned long long)items,
	       (unsigned long long)(after - before), (unsigned long long)want, (unsigned long long)got);
}

/* ---- random numbers: xorshift64, the same sequence as `Random` on the Rust side ---- */

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static inline uint32_t *random_permutation(uint64_t n)
{
	uint32_t *order = malloc(n * sizeof *order);
	for (uint64_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	for (uint64_t i = n; i > 1; i--) {
		uint64_t j = random_next() % i;
		uint32_t swapped = order[i - 1];
		order[i - 1] = order[j];
		order[j] = swapped;
	}
	return order;
}

/* Delays from 10 to 1,010 seconds: none falls due while it is measured. */
static inline uint32_t *random_delays_ms(uint64_t n)
{
	uint32_t *delays = malloc(n * sizeof *delays);
	for (uint64_t i = 0; i < n; i++)
		delays[i] = (uint32_t)(10000 + random_next() % 1000000);
	return delays;
}

/* ---- what all trees and timers agree on ---- */

enum { TOPS = 1000, KIDS = 10, NODES = 1 + TOPS + TOPS * KIDS };
enum { NODE_BYTES = 56, OTHERS = 10 };
/* After the measured rounds: so many short timers, of which so many are left to fire. */
enum { PROBES = 100, PROBES_LEFT = 10, PROBE_MS = 1 };

static inline size_t payload_bytes(uint64_t i)
{
	return 48 + 8 * (i % 3);
}

static inline bool has_drop(uint64_t i)
{
	return i % 10 == 0;
}

static inline void fill(uint64_t *payload, size_t bytes, uint64_t value)
{
	for (size_t word = 0; word < bytes / 8; word++)
		payload[word] = value;
}

struct workload {
	const char *name;
	void (*run)(void);
};

static inline int contest(int count, char **values, const struct workload *workloads)
{
	argument_count = count;
	argument_values = values;
	if (count < 2) {
		fprintf(stderr, "usage: %s list | WORKLOAD [key=value ...]\n", values[0]);
		return 2;
	}
	bool list = !strcmp(values[1], "list");
	signal(SIGPIPE, SIG_IGN);
	for (; workloads->name; workloads++) {
		if (list)
			puts(workloads->name);
		else if (!strcmp(workloads->name, values[1]))
			return workloads->run(), 0;
	}
	if (!list)
		fprintf(stderr, "%s has no workload %s\n", values[0], values[1]);
	return list ? 0 : 2;
}
#endif
