/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/method.h"

#include "scan/compare.h"
#include "scan/connscan.h"
#include "scan/synscan.h"

static void *syn_open(const struct synscan_config *config, struct error *error)
{
	return synscan_open(config, error);
}

static int syn_run(void *scan, struct summary *summary, struct error *error)
{
	return synscan_run(scan, summary, error);
}

static void syn_interrupt(void *scan)
{
	synscan_interrupt(scan);
}

static void syn_close(void *scan)
{
	synscan_close(scan);
}

static const struct pcapng_interface *syn_interfaces(const void *scan,
						     size_t *n)
{
	return synscan_interfaces(scan, n);
}

static void syn_record(void *scan, struct recorder *recorder)
{
	synscan_record(scan, recorder);
}

static void *connect_open(const struct synscan_config *config,
			  struct error *error)
{
	return connscan_open(config, error);
}

static int connect_run(void *scan, struct summary *summary, struct error *error)
{
	return connscan_run(scan, summary, error);
}

static void connect_interrupt(void *scan)
{
	connscan_interrupt(scan);
}

static void connect_close(void *scan)
{
	connscan_close(scan);
}

static const struct pcapng_interface *connect_interfaces(const void *scan,
							 size_t *n)
{
	return connscan_interfaces(scan, n);
}

static void connect_record(void *scan, struct recorder *recorder)
{
	connscan_record(scan, recorder);
}

static void *both_open(const struct synscan_config *config, struct error *error)
{
	return compare_open(config, error);
}

static int both_run(void *scan, struct summary *summary, struct error *error)
{
	return compare_run(scan, summary, error);
}

static void both_interrupt(void *scan)
{
	compare_interrupt(scan);
}

static void both_close(void *scan)
{
	compare_close(scan);
}

const struct method *method_syn(void)
{
	static const struct method method = {
		.mode = "syn",
		.raw = true,
		.sandbox = SANDBOX_SYN,
		.open = syn_open,
		.run = syn_run,
		.interrupt = syn_interrupt,
		.close = syn_close,
		.interfaces = syn_interfaces,
		.record = syn_record,
	};

	return &method;
}

const struct method *method_connect(void)
{
	static const struct method method = {
		.mode = "connect",
		.sandbox = SANDBOX_CONNECT,
		.open = connect_open,
		.run = connect_run,
		.interrupt = connect_interrupt,
		.close = connect_close,
		.interfaces = connect_interfaces,
		.record = connect_record,
	};

	return &method;
}

const struct method *method_compare(void)
{
	static const struct method method = {
		.mode = "compare",
		.raw = true,
		.sandbox = SANDBOX_BOTH,
		.open = both_open,
		.run = both_run,
		.interrupt = both_interrupt,
		.close = both_close,
	};

	return &method;
}
