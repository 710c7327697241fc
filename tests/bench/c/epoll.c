/* Bare epoll: the floor under every loop. */
#include "hop.h"
#include <sys/epoll.h>

static int epoll_fd;

static void turn(void)
{
	struct epoll_event ready[64];
	int count = epoll_wait(epoll_fd, ready, 64, -1);
	for (int i = 0; i < count; i++)
		hop_readable(ready[i].data.u64);
}

static void fd_hop(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	hop_setup(argument("n", 100));
	for (uint64_t i = 0; i < hop.n; i++) {
		struct epoll_event interest = { .events = EPOLLIN, .data.u64 = i };
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, hop.read_end[i], &interest))
			abort();
	}
	hop_measure(turn);
}

int main(int count, char **values)
{
	static const struct workload workloads[] = { { "fd_hop", fd_hop }, { 0 } };
	return contest(count, values, workloads);
}
