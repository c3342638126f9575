/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_LINKTYPE_H
#define NET_LINKTYPE_H

struct error;

/* 0 where packet_parse() reads frames of this link type (a DLT_ value of
 * libpcap); else -1 with STATUS_FAILED, which names the type. */
int linktype_check(int link_type, struct error *error);

#endif
