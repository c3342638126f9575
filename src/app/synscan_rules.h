/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNSCAN_RULES_H
#define APP_SYNSCAN_RULES_H

struct error;
struct synscan_options;

/* Which options go together. 0, or -1 with STATUS_USAGE for two that do not;
 * the outputs are there, ports and targets may not be yet. */
int synscan_rules_check(const struct synscan_options *options,
			struct error *error);

#endif
