/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_PLAN_H
#define SCAN_PLAN_H

struct engine;
struct error;
struct synscan_config;

/*
 * What a scan was asked to do, as an engine that will do it: targets cut into
 * spans where their path changes, a lane and its ceiling for each path. The
 * same for every way of asking, so that a SYN scan and a connect scan with
 * one key ask in one order.
 */

/* config is kept by reference; its result() is called with address and port.
 * source_ports, canary_ports: as in struct engine_config. NULL with an error
 * when memory is out. */
struct engine *plan_engine(const struct synscan_config *config,
			   unsigned source_ports, unsigned canary_ports,
			   struct error *error);

#endif
