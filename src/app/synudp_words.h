/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNUDP_WORDS_H
#define APP_SYNUDP_WORDS_H

#include <stdint.h>

struct addr;
struct icmp_error;
struct line;
struct prober_result;
struct writer;

/* What the text of synudp's server and prober is made of. */

/* "1 probe", "2 probes" */
void words_count(struct line *line, uint64_t value, const char *noun);

/* Right in so many columns. */
void words_number(struct line *line, uint64_t value, unsigned width);

/* "0.210"; whoever calls puts " ms" behind. */
void words_millis(struct line *line, int64_t ns);

/* With whatever bytes an interface is named escaped. */
void words_address(struct line *line, const struct addr *addr);
void words_icmp(struct line *line, const struct icmp_error *error);

/* "3 lost (1.5 %): 1 out, 2 back" */
void words_loss(struct line *line, const struct prober_result *run);

/* A line of what is no matter of course: only where there is some of it. */
void words_oddity(struct writer *writer, uint64_t value, const char *text);

#endif
