/* libevent's bench scheme: `n` pipes, one byte goes round. Who reads it writes it to the next pipe. */
#ifndef HOP_H
#define HOP_H

#include "contestant.h"
#include <fcntl.h>
#include <unistd.h>

static struct {
	uint64_t n, writes_left, written, bytes_read, callbacks;
	int *read_end, *write_end;
} hop;

static inline void hop_write(uint64_t index)
{
	if (write(hop.write_end[index], "e", 1) != 1)
		abort();
	hop.written++;
}

static inline void hop_setup(uint64_t n)
{
	hop.n = n;
	hop.read_end = malloc(n * sizeof *hop.read_end);
	hop.write_end = malloc(n * sizeof *hop.write_end);
	for (uint64_t i = 0; i < n; i++) {
		int ends[2];
		if (pipe2(ends, O_NONBLOCK | O_CLOEXEC)) {
			perror("pipe2");
			exit(2);
		}
		hop.read_end[i] = ends[0];
		hop.write_end[i] = ends[1];
	}
}

static inline void hop_begin(uint64_t hops)
{
	hop.written = hop.bytes_read = hop.callbacks = 0;
	hop.writes_left = hops - 1;
	hop_write(0);
}

static inline bool hop_done(void)
{
	return hop.writes_left == 0 && hop.bytes_read == hop.written;
}

/* The callback of every contestant: one read, one write. */
static inline void hop_readable(uint64_t index)
{
	char bytes[64];
	ssize_t len = read(hop.read_end[index], bytes, sizeof bytes);
	hop.callbacks++;
	if (len <= 0)
		return;
	hop.bytes_read += (uint64_t)len;
	if (hop.writes_left > 0) {
		hop.writes_left--;
		hop_write(index + 1 == hop.n ? 0 : index + 1);
	}
}

/* Runs `turn` until the byte has gone `rounds` hops; before that once round, so that every fd is known to the system. */
static inline void hop_measure(void (*turn)(void))
{
	uint64_t rounds = argument("rounds", 10000);
	hop_begin(hop.n);
	while (!hop_done())
		turn();
	hop_begin(rounds);
	struct watch watch = watch_start();
	while (!hop_done())
		turn();
	watch = watch_stop(watch);
	report_time(rounds, watch, 2 * rounds, hop.callbacks + hop.bytes_read);
}
#endif
