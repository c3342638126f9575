/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/pathset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/netlink.h"
#include "spec/targetset.h"

/*
 * The program moves into a user namespace of its own, where it is root, and
 * each test into a fresh network namespace:
 *
 *   lo     127.0.0.1, ::1
 *   eth0   veth, 10.9.0.1/24, fd00:9::1/64, fe80::9:1/64    (-> peer0)
 *   eth1   veth without ARP, 10.8.0.1/24, fd00:8::1/64, fe80::8:1/64
 *                                                           (-> peer1)
 *
 * All of veth: not every kernel has dummy interfaces.
 */
static const char *const standard[] = {
	"link set lo up",
	"link add eth0 address 02:00:00:00:00:01 type veth peer name peer0",
	"link set eth0 addrgenmode none",
	"link set peer0 up addrgenmode none",
	"link set eth0 up mtu 1400",
	"addr add 10.9.0.1/24 brd + dev eth0",
	"addr add fd00:9::1/64 dev eth0 nodad",
	"addr add fe80::9:1/64 dev eth0 nodad",
	"link add eth1 type veth peer name peer1",
	"link set eth1 addrgenmode none",
	"link set peer1 up addrgenmode none",
	"link set eth1 up arp off",
	"addr add 10.8.0.1/24 brd + dev eth1",
	"addr add fd00:8::1/64 dev eth1 nodad",
	"addr add fe80::8:1/64 dev eth1 nodad",
};

static const char *refused; /* why there is no network to test with */

static struct netlink *netlink;
static struct targetset *targets;
static struct pathset *set;

/* Commands of ip(8), from one process for all of them. */
static FILE *ip_begin(void)
{
	FILE *ip = popen("ip -batch -", "w");

	assert_non_null(ip);
	return ip;
}

static void ip_end(FILE *ip)
{
	assert_int_equal(pclose(ip), 0);
}

static void ip(const char *command)
{
	FILE *file = ip_begin();

	fprintf(file, "%s\n", command);
	ip_end(file);
}

static void network(void)
{
	struct error error = ERROR_INIT;
	FILE *file;

	if (refused) {
		print_message("# no network of its own: %s\n", refused);
		skip();
	}
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	file = ip_begin();
	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
		fprintf(file, "%s\n", standard[i]);
	ip_end(file);
	/* The kernel adds the local routes of IPv6 addresses by and by. */
	assert_int_equal(
		system("for i in $(seq 200); do "
		       "[ $(ip -6 route show table local | grep -c ^local) = "
		       "$(ip -6 -o address | wc -l) ] && exit; sleep 0.01; "
		       "done"),
		0);
	netlink = netlink_open(&error);
	assert_non_null(netlink);
}

static int teardown(void **state)
{
	(void)state;
	pathset_free(set);
	targetset_free(targets);
	netlink_close(netlink);
	set = NULL;
	targets = NULL;
	netlink = NULL;
	return 0;
}

static struct addr addr(const char *text)
{
	struct addr out;

	assert_int_equal(addr_parse(text, &out), 0);
	return out;
}

static void build_from(const char *specs, const char *source,
		       const char *interface)
{
	struct error error = ERROR_INIT;
	struct addr from;
	char copy[1024], *rest = copy;

	pathset_free(set);
	targetset_free(targets);
	targets = targetset_new();
	assert_non_null(targets);
	assert_true(strlen(specs) < sizeof(copy));
	strcpy(copy, specs);
	for (char *spec; (spec = strsep(&rest, " "));)
		assert_int_equal(
			targetset_add(targets, spec, TARGETSET_BOTH, &error),
			0);
	assert_int_equal(targetset_freeze(targets, NULL, 0, &error), 0);
	if (source)
		from = addr(source);
	set = pathset_new(netlink, targets, source ? &from : NULL,
			  interface ? if_nametoindex(interface) : 0, &error);
	if (!set)
		print_message("# %s\n", error.text);
	assert_non_null(set);
}

static void build(const char *specs)
{
	build_from(specs, NULL, NULL);
}

static const struct path *find(const char *target)
{
	struct addr to = addr(target);
	const struct path *path = pathset_find(set, &to);

	assert_non_null(path);
	assert_ptr_equal(path, pathset_nth(set, pathset_index(set, path)));
	return path;
}

static void is_addr(const struct addr *got, const char *expected)
{
	char text[ADDR_TEXT_BYTES];

	if (expected)
		assert_string_equal(addr_format(got, text), expected);
	else
		assert_int_equal(got->family, 0);
}

/* gateway may be NULL. */
static void leads(const char *target, enum route_type type,
		  const char *interface, const char *source,
		  const char *gateway)
{
	const struct path *path = find(target);

	assert_int_equal(path->route.type, type);
	assert_string_equal(path->iface.name, interface);
	assert_int_equal(path->iface.index, if_nametoindex(interface));
	assert_int_equal(path->route.ifindex, path->iface.index);
	is_addr(&path->route.source, source);
	is_addr(&path->route.gateway, gateway);
}

static void leads_nowhere(const char *target)
{
	const struct path *path = find(target);

	assert_int_equal(path->route.type, ROUTE_NONE);
	assert_int_equal(path->route.ifindex, 0);
	assert_int_equal(path->iface.index, 0);
	is_addr(&path->route.source, NULL);
}

/*
 * Decisions
 */

static void loopback(void **state)
{
	(void)state;
	network();
	build("127.0.0.1 127.1.2.3 ::1");
	leads("127.0.0.1", ROUTE_LOCAL, "lo", "127.0.0.1", NULL);
	leads("127.1.2.3", ROUTE_LOCAL, "lo", "127.0.0.1", NULL);
	leads("::1", ROUTE_LOCAL, "lo", "::1", NULL);
	assert_true(find("::1")->iface.loopback);
	assert_false(find("::1")->iface.ethernet);
}

static void own_addresses_go_by_loopback(void **state)
{
	(void)state;
	network();
	/* A whole network of this host's, as a test target has it. */
	ip("route add local 10.77.0.0/16 dev lo");
	build("10.9.0.1 fd00:9::1 fe80::9:1%eth0 10.77.1.2");
	leads("10.9.0.1", ROUTE_LOCAL, "lo", "10.9.0.1", NULL);
	leads("fd00:9::1", ROUTE_LOCAL, "lo", "fd00:9::1", NULL);
	assert_int_equal(find("fe80::9:1%eth0")->route.type, ROUTE_LOCAL);
	assert_string_equal(find("fe80::9:1%eth0")->iface.name, "lo");
	leads("10.77.1.2", ROUTE_LOCAL, "lo", "10.77.1.2", NULL);
}

static void on_link(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	const struct interface *iface;

	(void)state;
	network();
	build("10.9.0.0/24 10.8.0.7 fd00:9::/112 fd00:8::7");
	leads("10.9.0.7", ROUTE_ON_LINK, "eth0", "10.9.0.1", NULL);
	leads("10.8.0.7", ROUTE_ON_LINK, "eth1", "10.8.0.1", NULL);
	leads("fd00:9::7", ROUTE_ON_LINK, "eth0", "fd00:9::1", NULL);
	leads("fd00:8::7", ROUTE_ON_LINK, "eth1", "fd00:8::1", NULL);
	leads("10.9.0.1", ROUTE_LOCAL, "lo", "10.9.0.1", NULL);
	iface = &find("10.9.0.7")->iface;
	assert_true(iface->ethernet && iface->up && !iface->loopback);
	assert_memory_equal(iface->mac, mac, 6);
	assert_int_equal(iface->mtu, 1400);
	assert_int_equal(iface->qlen, 0); /* veth: noqueue */
	assert_false(find("10.8.0.7")->iface.ethernet);
}

static void gateways(void **state)
{
	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	ip("route add 198.51.100.0/24 via inet6 fe80::fe dev eth0");
	ip("route add default via fe80::fd dev eth1");
	build("192.0.2.1 198.51.100.7 2001:db8::1 10.9.0.7");
	leads("192.0.2.1", ROUTE_GATEWAY, "eth0", "10.9.0.1", "10.9.0.254");
	leads("198.51.100.7", ROUTE_GATEWAY, "eth0", "10.9.0.1",
	      "fe80::fe%eth0");
	leads("2001:db8::1", ROUTE_GATEWAY, "eth1", "fd00:8::1",
	      "fe80::fd%eth1");
	leads("10.9.0.7", ROUTE_ON_LINK, "eth0", "10.9.0.1", NULL);
}

static void unroutable(void **state)
{
	(void)state;
	network();
	build("192.0.2.1 2001:db8::1 10.9.0.7");
	leads_nowhere("192.0.2.1");
	leads_nowhere("2001:db8::1");
	leads("10.9.0.7", ROUTE_ON_LINK, "eth0", "10.9.0.1", NULL);
	assert_int_equal(pathset_count(set), 2);
}

static void forbidden_routes_are_no_routes(void **state)
{
	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	ip("route add blackhole 192.0.2.0/26");
	ip("route add unreachable 192.0.2.64/26");
	ip("route add prohibit 192.0.2.128/26");
	ip("route add throw 192.0.2.192/26");
	ip("route add blackhole 2001:db8:1::/48");
	ip("route add unreachable 2001:db8:2::/48");
	ip("route add prohibit 2001:db8:3::/48");
	build("192.0.0.0/22 2001:db8:1::1 2001:db8:2::1 2001:db8:3::1");
	leads_nowhere("192.0.2.0");
	leads_nowhere("192.0.2.63");
	leads_nowhere("192.0.2.64");
	leads_nowhere("192.0.2.191");
	leads_nowhere("192.0.2.255");
	leads_nowhere("2001:db8:1::1");
	leads_nowhere("2001:db8:2::1");
	leads_nowhere("2001:db8:3::1");
	leads("192.0.1.255", ROUTE_GATEWAY, "eth0", "10.9.0.1", "10.9.0.254");
	leads("192.0.3.0", ROUTE_GATEWAY, "eth0", "10.9.0.1", "10.9.0.254");
}

static void no_source_is_no_route(void **state)
{
	(void)state;
	network();
	ip("link add bare type veth peer name peer2");
	ip("link set peer2 up");
	ip("link set bare up");
	ip("addr flush dev eth0");
	ip("addr flush dev eth1");
	ip("route add 192.0.2.0/24 dev bare");
	build("192.0.2.1");
	leads_nowhere("192.0.2.1");
	/* With -S there is one. */
	build_from("192.0.2.1", "192.0.2.99", NULL);
	leads("192.0.2.1", ROUTE_ON_LINK, "bare", "192.0.2.99", NULL);
}

static void rules_on_the_destination(void **state)
{
	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	ip("route add default via 10.8.0.254 table 100");
	ip("rule add to 203.0.113.64/26 table 100");
	ip("route add default via fe80::fe dev eth0");
	ip("route add default via fe80::fd dev eth1 table 100");
	assert_int_equal(system("ip -6 rule add to 2001:db8:5::/48 table 100"),
			 0);
	build("203.0.113.0/24 2001:db8:4::1 2001:db8:5::1");
	leads("203.0.113.63", ROUTE_GATEWAY, "eth0", "10.9.0.1", "10.9.0.254");
	leads("203.0.113.64", ROUTE_GATEWAY, "eth1", "10.8.0.1", "10.8.0.254");
	leads("203.0.113.127", ROUTE_GATEWAY, "eth1", "10.8.0.1", "10.8.0.254");
	leads("203.0.113.128", ROUTE_GATEWAY, "eth0", "10.9.0.1", "10.9.0.254");
	leads("2001:db8:4::1", ROUTE_GATEWAY, "eth0", "fd00:9::1",
	      "fe80::fe%eth0");
	leads("2001:db8:5::1", ROUTE_GATEWAY, "eth1", "fd00:8::1",
	      "fe80::fd%eth1");
	assert_int_equal(pathset_count(set), 4);
}

static void rules_on_the_source(void **state)
{
	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	ip("route add default via 10.8.0.254 table 100");
	ip("rule add from 10.8.0.1 table 100");
	build("192.0.2.1");
	leads("192.0.2.1", ROUTE_GATEWAY, "eth0", "10.9.0.1", "10.9.0.254");
	build_from("192.0.2.1", "10.8.0.1", NULL);
	leads("192.0.2.1", ROUTE_GATEWAY, "eth1", "10.8.0.1", "10.8.0.254");
}

static void source_option(void **state)
{
	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	/* An address of another interface, and a target of another family. */
	build_from("192.0.2.1 fd00:9::7", "10.8.0.1", NULL);
	leads("192.0.2.1", ROUTE_GATEWAY, "eth0", "10.8.0.1", "10.9.0.254");
	leads("fd00:9::7", ROUTE_ON_LINK, "eth0", "fd00:9::1", NULL);
	/* Not an address of this host at all. */
	build_from("192.0.2.1 10.9.0.7", "192.0.2.77", NULL);
	leads("192.0.2.1", ROUTE_GATEWAY, "eth0", "192.0.2.77", "10.9.0.254");
	leads("10.9.0.7", ROUTE_ON_LINK, "eth0", "192.0.2.77", NULL);
	build_from("fd00:9::7 10.9.0.7", "fd00:8::1", NULL);
	leads("fd00:9::7", ROUTE_ON_LINK, "eth0", "fd00:8::1", NULL);
	leads("10.9.0.7", ROUTE_ON_LINK, "eth0", "10.9.0.1", NULL);
	build_from("fe80::7%eth0", "fe80::9:1", NULL);
	leads("fe80::7%eth0", ROUTE_ON_LINK, "eth0", "fe80::9:1%eth0", NULL);
}

static void interface_option(void **state)
{
	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	ip("route add default via fe80::fe dev eth0");
	build_from("10.8.0.7 10.9.0.7 fd00:8::7 fd00:9::7", NULL, "eth1");
	leads("10.8.0.7", ROUTE_ON_LINK, "eth1", "10.8.0.1", NULL);
	/* As the kernel has it: without a route the target is on the link. */
	leads("10.9.0.7", ROUTE_ON_LINK, "eth1", "10.8.0.1", NULL);
	leads("fd00:8::7", ROUTE_ON_LINK, "eth1", "fd00:8::1", NULL);
	leads_nowhere("fd00:9::7");
}

static void link_local_targets_have_a_scope(void **state)
{
	(void)state;
	network();
	build("fe80::7%eth0 fe80::7%eth1");
	leads("fe80::7%eth0", ROUTE_ON_LINK, "eth0", "fe80::9:1%eth0", NULL);
	leads("fe80::7%eth1", ROUTE_ON_LINK, "eth1", "fe80::8:1%eth1", NULL);
	build_from("fe80::7%eth0 fe80::7%eth1", NULL, "eth1");
	leads_nowhere("fe80::7%eth0");
	leads("fe80::7%eth1", ROUTE_ON_LINK, "eth1", "fe80::8:1%eth1", NULL);
}

static void down_interfaces_lead_nowhere(void **state)
{
	(void)state;
	network();
	ip("link set eth1 down");
	build("10.8.0.7 fd00:8::7");
	leads_nowhere("10.8.0.7");
	leads_nowhere("fd00:8::7");
	build_from("10.8.0.7 fd00:8::7", NULL, "eth1");
	leads_nowhere("10.8.0.7");
	leads_nowhere("fd00:8::7");
}

static void broadcast_is_known(void **state)
{
	struct addr all = addr("10.9.0.255");
	struct error error = ERROR_INIT;
	struct prefix *prefixes;
	size_t n, hits = 0;

	(void)state;
	network();
	build("10.9.0.0/24");
	leads_nowhere("10.9.0.255");
	leads("10.9.0.254", ROUTE_ON_LINK, "eth0", "10.9.0.1", NULL);
	assert_int_equal(netlink_prefixes(netlink, &prefixes, &n, &error), 0);
	for (size_t i = 0; i < n; i++) {
		if (!prefixes[i].broadcast ||
		    !addr_equal(&prefixes[i].addr, &all))
			continue;
		hits++;
		assert_int_equal(prefixes[i].length, 32);
		assert_int_equal(prefixes[i].ifindex, if_nametoindex("eth0"));
	}
	free(prefixes);
	assert_int_equal(hits, 1);
}

static void edges_of_the_address_space(void **state)
{
	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	ip("route add 128.0.0.0/1 via 10.8.0.254");
	ip("route add 255.255.255.254/31 via 10.8.0.253");
	ip("route add ::/1 via fe80::1 dev eth0");
	ip("route add 8000::/1 via fe80::2 dev eth0");
	build("0.0.0.0/0 7fff:ffff:ffff:ffff:ffff:ffff:ffff:fff0-"
	      "8000::f");
	leads("1.0.0.0", ROUTE_GATEWAY, "eth0", "10.9.0.1", "10.9.0.254");
	leads("126.255.255.255", ROUTE_GATEWAY, "eth0", "10.9.0.1",
	      "10.9.0.254");
	leads("128.0.0.0", ROUTE_GATEWAY, "eth1", "10.8.0.1", "10.8.0.254");
	leads("223.255.255.255", ROUTE_GATEWAY, "eth1", "10.8.0.1",
	      "10.8.0.254");
	is_addr(&find("7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")->route.gateway,
		"fe80::1%eth0");
	is_addr(&find("8000::")->route.gateway, "fe80::2%eth0");
}

/* RFC 6724: of two sources on one interface the destination decides, though
 * the route is one. */
static void ipv6_sources_follow_the_destination(void **state)
{
	(void)state;
	network();
	ip("addr add 2001:db8:1::1/64 dev eth0 nodad");
	ip("route add default via fe80::fe dev eth0");
	build("2001:db8:77::1 fd00:77::1 fd00:77::2");
	leads("2001:db8:77::1", ROUTE_GATEWAY, "eth0", "2001:db8:1::1",
	      "fe80::fe%eth0");
	leads("fd00:77::1", ROUTE_GATEWAY, "eth0", "fd00:9::1",
	      "fe80::fe%eth0");
	leads("fd00:77::2", ROUTE_GATEWAY, "eth0", "fd00:9::1",
	      "fe80::fe%eth0");
}

/*
 * Large tables
 */

/* The whole set against one question an address. */
static void agrees_with_the_kernel(uint64_t tries)
{
	for (uint64_t i = 0; i < tries; i++) {
		uint64_t n = targetset_count(targets);
		struct error error = ERROR_INIT;
		const struct path *path;
		struct route route;
		struct addr to;

		n = ((uint64_t)mrand48() << 32 ^ (uint64_t)mrand48()) % n;
		to = targetset_nth(targets, n);
		path = pathset_find(set, &to);
		assert_non_null(path);
		assert_int_equal(
			netlink_route(netlink, &to, NULL, 0, &route, &error),
			0);
		if (route.type == ROUTE_BROADCAST) {
			assert_int_equal(path->route.type, ROUTE_NONE);
			continue;
		}
		assert_int_equal(path->route.type, route.type);
		assert_int_equal(path->route.ifindex, route.ifindex);
		assert_true(addr_equal(&path->route.gateway, &route.gateway));
		assert_true(addr_equal(&path->route.source, &route.source));
	}
}

static void random_tables_agree_with_the_kernel(void **state)
{
	const char *given = getenv("SEED");
	long seed = given ? atol(given) : (long)clock_now_ns() & 0xffffff;
	FILE *file;

	(void)state;
	network();
	print_message("# SEED=%ld\n", seed);
	srand48(seed);
	/* Prefixes within prefixes, of 172.16.0.0/16 and fd07::/112. */
	file = ip_begin();
	for (int i = 0; i < 300; i++) {
		unsigned length = (unsigned)lrand48() % 16;
		unsigned host = (unsigned)lrand48() & 0xffff0000u >> length;
		const char *via = lrand48() & 1 ? "10.9.0" : "10.8.0";
		const char *dev = lrand48() & 1 ? "eth0" : "eth1";

		host &= 0xffff;
		fprintf(file, "route replace 172.16.%u.%u/%u via %s.%u\n",
			host >> 8, host & 255, 16 + length, via,
			2 + (unsigned)lrand48() % 5);
		fprintf(file, "route replace fd07::%x/%u via fe80::%x dev %s\n",
			host, 112 + length, 2 + (unsigned)lrand48() % 5, dev);
	}
	fprintf(file, "route add default via 10.9.0.200 table 100\n");
	for (int i = 0; i < 20; i++)
		fprintf(file, "rule add to 172.16.%u.%u/%d table 100\n",
			(unsigned)lrand48() % 256,
			(unsigned)lrand48() % 256 & 0xf0, 28);
	ip_end(file);
	build("172.15.255.0-172.17.0.255 fd06:ffff:ffff:ffff:ffff:ffff:ffff:0/"
	      "112 fd07::/112 10.8.0.0/15");
	agrees_with_the_kernel(20000);
	assert_true(pathset_count(set) > 5 && pathset_count(set) < 40);
}

static void three_hundred_interfaces_a_thousand_routes(void **state)
{
	int64_t start_ns;
	FILE *file;

	(void)state;
	network();
	file = ip_begin();
	for (int i = 0; i < 300; i += 2)
		fprintf(file, "link add m%d type veth peer name m%d\n", i,
			i + 1);
	for (int i = 0; i < 300; i++)
		fprintf(file,
			"link set m%d up\n"
			"addr add 10.%d.%d.1/24 dev m%d\n",
			i, 100 + i / 200, i % 200, i);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "route add 172.%d.%d.0/24 via 10.%d.%d.%d\n",
			16 + i / 250, i % 250, 100 + i % 300 / 200,
			i % 300 % 200, 2 + i % 7);
	ip_end(file);
	start_ns = clock_now_ns();
	build("10.0.0.0/8 172.16.0.0/12");
	print_message("# built in %lld us\n",
		      (long long)(clock_now_ns() - start_ns) / 1000);
	/* Some 10 ms; quadratic would be minutes. */
	assert_true(clock_now_ns() - start_ns < 5 * NS_PER_S);
	agrees_with_the_kernel(20000);
	leads("10.100.7.9", ROUTE_ON_LINK, "m7", "10.100.7.1", NULL);
	leads("172.16.7.9", ROUTE_GATEWAY, "m7", "10.100.7.1", "10.100.7.2");
	leads_nowhere("172.31.0.1");
	/* 300 links, 300 own addresses, 1000 ways by 300 links with 7
	 * gateways, none; and those of the standard network. */
	assert_in_range(pathset_count(set), 1500, 1700);
}

/* A list of hosts behind one default route asks one question, not as many as
 * there are hosts. */
static void scattered_hosts_share_a_path(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	network();
	ip("route add default via 10.9.0.254");
	targets = targetset_new();
	for (int i = 0; i < 20000; i++) {
		char spec[32];

		snprintf(spec, sizeof(spec), "45.%d.%d.1", i / 200, i % 200);
		assert_int_equal(
			targetset_add(targets, spec, TARGETSET_IPV4, &error),
			0);
	}
	assert_int_equal(targetset_freeze(targets, NULL, 0, &error), 0);
	set = pathset_new(netlink, targets, NULL, 0, &error);
	assert_non_null(set);
	assert_int_equal(pathset_count(set), 1);
	agrees_with_the_kernel(1000);
}

/*
 * Tables of netlink
 */

static void interfaces(void **state)
{
	struct error error = ERROR_INIT;
	struct interface *list;
	size_t n;

	(void)state;
	network();
	assert_int_equal(netlink_interfaces(netlink, &list, &n, &error), 0);
	assert_int_equal(n, 5); /* lo, eth0, peer0, eth1, peer1 */
	for (size_t i = 0; i < n; i++)
		assert_int_equal(list[i].index, if_nametoindex(list[i].name));
	free(list);
}

static void neighbours(void **state)
{
	static const struct {
		const char *addr;
		bool confirmed;
	} expected[] = {
		{"10.9.0.10", true},  {"10.9.0.11", false},
		{"10.9.0.12", true},  {"10.9.0.13", true},
		{"fd00:9::10", true}, {"fe80::10%eth0", false},
	};
	struct error error = ERROR_INIT;
	struct neighbour_entry *list;
	size_t n, hits = 0;

	(void)state;
	network();
	ip("neigh add 10.9.0.10 lladdr 02:00:00:00:00:10 dev eth0 nud "
	   "permanent");
	ip("neigh add 10.9.0.11 lladdr 02:00:00:00:00:10 dev eth0 nud stale");
	ip("neigh add 10.9.0.12 lladdr 02:00:00:00:00:10 dev eth0 nud "
	   "reachable");
	ip("neigh add 10.9.0.13 lladdr 02:00:00:00:00:10 dev eth0 nud noarp");
	ip("neigh add 10.9.0.14 dev eth0 nud failed");
	ip("neigh add proxy 10.9.0.15 dev eth0");
	ip("neigh add fd00:9::10 lladdr 02:00:00:00:00:10 dev eth0 nud "
	   "permanent");
	ip("neigh add fe80::10 lladdr 02:00:00:00:00:10 dev eth0 nud stale");
	assert_int_equal(netlink_neighbours(netlink, &list, &n, &error), 0);
	for (size_t i = 0; i < n; i++) {
		char text[ADDR_TEXT_BYTES];
		size_t k = 0;

		if (list[i].mac[5] != 0x10)
			continue;
		addr_format(&list[i].addr, text);
		while (k < 6 && strcmp(expected[k].addr, text))
			k++;
		assert_in_range(k, 0, 5);
		assert_int_equal(list[i].confirmed, expected[k].confirmed);
		assert_int_equal(list[i].ifindex, if_nametoindex("eth0"));
		hits++;
	}
	free(list);
	assert_int_equal(hits, 6);
}

/* Interfaces come and go while the table is read: each answer is a whole one,
 * or an error that says so, and the socket stays usable. */
static void tables_that_change_underneath(void **state)
{
	struct error error = ERROR_INIT;
	FILE *file;
	size_t good = 0;
	int status;
	pid_t pid;

	(void)state;
	network();
	file = ip_begin();
	for (int i = 0; i < 200; i += 2)
		fprintf(file, "link add m%d type veth peer name m%d\n", i,
			i + 1);
	ip_end(file);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (ioctl(fd, SIOCBRADDBR, "x") == 0 &&
		       ioctl(fd, SIOCBRDELBR, "x") == 0)
			;
		_exit(1);
	}
	for (int i = 0; i < 200; i++) {
		struct interface *list;
		size_t n;

		if (netlink_interfaces(netlink, &list, &n, &error) < 0) {
			assert_null(list);
			continue;
		}
		assert_in_range(n, 205, 206);
		free(list);
		good++;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status)) {
		print_message("# no bridges here\n");
		skip();
	}
	print_message("# %zu of 200 whole\n", good);
	assert_true(good > 0);
}

static void lookups_of_other_families_and_scopes(void **state)
{
	struct addr four = addr("10.9.0.7"), six = addr("fd00:9::7"), local;
	struct error error = ERROR_INIT;
	struct route route;

	(void)state;
	network();
	local = addr("fe80::7%eth0");
	assert_int_equal(netlink_route(netlink, &four, &six, 0, &route, &error),
			 0);
	assert_int_equal(route.type, ROUTE_NONE);
	assert_int_equal(netlink_route(netlink, &local, NULL,
				       if_nametoindex("eth1"), &route, &error),
			 0);
	assert_int_equal(route.type, ROUTE_NONE);
	/* An interface that is not there. */
	assert_int_equal(
		netlink_route(netlink, &four, NULL, 9999, &route, &error), 0);
	assert_int_equal(route.type, ROUTE_NONE);
	four = addr("10.9.0.255");
	assert_int_equal(netlink_route(netlink, &four, NULL, 0, &route, &error),
			 0);
	assert_int_equal(route.type, ROUTE_BROADCAST);
}

static void free_takes_null(void **state)
{
	(void)state;
	pathset_free(NULL);
	netlink_close(NULL);
}

/*
 * A place for it
 */

static int put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	int rc;

	if (!file)
		return -1;
	rc = fputs(text, file) < 0 ? -1 : 0;
	return fclose(file) == 0 ? rc : -1;
}

static const char *enter(void)
{
	char uid_map[32], gid_map[32];

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", getegid());
	if (system("ip -V >/dev/null 2>&1") != 0)
		return "ip is missing: apt-get install iproute2";
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return strerror(errno);
	if (put("/proc/self/setgroups", "deny") < 0 ||
	    put("/proc/self/uid_map", uid_map) < 0 ||
	    put("/proc/self/gid_map", gid_map) < 0)
		return "cannot map the user";
	if (system("ip link add probe type veth 2>/dev/null") != 0)
		return "no veth interfaces";
	return NULL;
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loopback),
		TEST(own_addresses_go_by_loopback),
		TEST(on_link),
		TEST(gateways),
		TEST(unroutable),
		TEST(forbidden_routes_are_no_routes),
		TEST(no_source_is_no_route),
		TEST(rules_on_the_destination),
		TEST(rules_on_the_source),
		TEST(source_option),
		TEST(interface_option),
		TEST(link_local_targets_have_a_scope),
		TEST(down_interfaces_lead_nowhere),
		TEST(broadcast_is_known),
		TEST(edges_of_the_address_space),
		TEST(ipv6_sources_follow_the_destination),
		TEST(random_tables_agree_with_the_kernel),
		TEST(three_hundred_interfaces_a_thousand_routes),
		TEST(scattered_hosts_share_a_path),
		TEST(interfaces),
		TEST(neighbours),
		TEST(tables_that_change_underneath),
		TEST(lookups_of_other_families_and_scopes),
		TEST(free_takes_null),
	};
	const char *path = getenv("PATH");
	char wide[4096];

	/* ip(8) is in sbin, which an ordinary user's PATH may leave out. */
	snprintf(wide, sizeof(wide), "%s:/usr/sbin:/sbin", path ? path : "");
	if (setenv("PATH", wide, 1) < 0)
		return 1;
	refused = enter();
	return cmocka_run_group_tests_name("pathset", tests, NULL, NULL);
}
