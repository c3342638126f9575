/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/tcpstate.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

const char *tcpstate_name(int state)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED",
		[TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECEIVED",
		[TCP_FIN_WAIT1] = "FIN_WAIT_1",
		[TCP_FIN_WAIT2] = "FIN_WAIT_2",
		[TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSED",
		[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK",
		[TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};
	const int count = sizeof(names) / sizeof(names[0]);

	if (state <= 0 || state >= count)
		return "(no state)";
	return names[state];
}

int tcpstate_of(int fd)
{
	struct tcp_info info;
	socklen_t bytes = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) < 0)
		return -1;
	return info.tcpi_state;
}
