/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_LOCALS_H
#define TALK_LOCALS_H

#include "spec/addr.h"

struct person;

/* Tells the person every "ADDRESS PORT" at which the listening socket can be
 * called, one a line: what a peer is to type. */
void locals_tell(int fd, const struct person *person);

#endif
