/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/comparison.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "spec/portset.h"
#include "spec/targetset.h"

/* Two targets, 10.9.0.2 and 10.9.0.3, and the ports that `spec` names. */
struct lab {
	struct targetset *targets;
	struct portset ports;
	struct comparison *comparison;
};

static struct lab *lab_new(const char *targets, const char *ports)
{
	struct lab *lab = test_calloc(1, sizeof(*lab));

	lab->targets = targetset_new();
	assert_int_equal(
		targetset_add(lab->targets, targets, TARGETSET_BOTH, NULL), 0);
	assert_int_equal(targetset_freeze(lab->targets, NULL, 0, NULL), 0);
	portset_init(&lab->ports);
	assert_int_equal(portset_add(&lab->ports, ports, NULL), 0);
	lab->comparison = comparison_new(lab->targets, &lab->ports, NULL);
	return lab;
}

static void lab_free(struct lab *lab)
{
	comparison_free(lab->comparison);
	targetset_free(lab->targets);
	test_free(lab);
}

static void put(struct lab *lab, enum comparison_side side, uint64_t target,
		uint16_t port, enum verdict verdict, enum reason reason)
{
	comparison_put(lab->comparison, side,
		       &(struct result){
			       .addr = targetset_nth(lab->targets, target),
			       .port = port,
			       .verdict = verdict,
			       .reason = reason,
		       });
}

/* The SYN scan says it, then the connect scan. */
static void both(struct lab *lab, uint64_t target, uint16_t port,
		 enum verdict syn, enum reason why_syn, enum verdict connect,
		 enum reason why_connect)
{
	put(lab, SIDE_SYN, target, port, syn, why_syn);
	put(lab, SIDE_CONNECT, target, port, connect, why_connect);
}

static void test_nothing_known(void **state)
{
	struct lab *lab = lab_new("10.9.0.2-10.9.0.3", "1-10");
	struct comparison_pair pair;
	struct difference difference;
	uint64_t at = 0;

	(void)state;
	put(lab, SIDE_SYN, 0, 1, VERDICT_OPEN, REASON_SYN_ACK);
	put(lab, SIDE_CONNECT, 1, 2, VERDICT_OPEN, REASON_SYN_ACK);
	comparison_count(lab->comparison);
	assert_int_equal(lab->comparison->same, 0);
	assert_int_equal(lab->comparison->different, 0);
	assert_int_equal(lab->comparison->unknown, 20);
	assert_int_equal(comparison_pairs(lab->comparison, true, &pair, 1), 0);
	assert_int_equal(comparison_pairs(lab->comparison, false, &pair, 1), 0);
	assert_false(comparison_next(lab->comparison, &at, &difference));
	lab_free(lab);
}

/* Every verdict and reason of both sides comes back as it was put in. */
static void test_every_pair(void **state)
{
	enum { KINDS = VERDICT_COUNT * REASON_COUNT };
	struct lab *lab = lab_new("10.9.0.2", "1-1764"); /* KINDS squared */
	struct comparison_pair *pairs =
		test_calloc(KINDS * KINDS, sizeof(*pairs));
	struct difference found;
	uint64_t at = 0;
	size_t n;

	(void)state;
	assert_int_equal(lab->ports.count, KINDS * KINDS);
	for (unsigned i = 0; i < KINDS * KINDS; i++)
		both(lab, 0, (uint16_t)(i + 1),
		     (enum verdict)(i / KINDS / REASON_COUNT),
		     (enum reason)(i / KINDS % REASON_COUNT),
		     (enum verdict)(i % KINDS / REASON_COUNT),
		     (enum reason)(i % REASON_COUNT));
	comparison_count(lab->comparison);
	assert_int_equal(lab->comparison->same, KINDS * REASON_COUNT);
	assert_int_equal(lab->comparison->different,
			 KINDS * (KINDS - REASON_COUNT));
	assert_int_equal(lab->comparison->unknown, 0);
	n = comparison_pairs(lab->comparison, true, pairs, KINDS * KINDS);
	assert_int_equal(n, KINDS * REASON_COUNT);
	for (size_t i = 0; i < n; i++)
		assert_true(pairs[i].count == 1 &&
			    pairs[i].sides[SIDE_SYN].verdict ==
				    pairs[i].sides[SIDE_CONNECT].verdict);
	for (n = 0; comparison_next(lab->comparison, &at, &found); n++) {
		unsigned i = found.port - 1u;

		assert_int_equal(found.sides[SIDE_SYN].verdict,
				 i / KINDS / REASON_COUNT);
		assert_int_equal(found.sides[SIDE_SYN].reason,
				 i / KINDS % REASON_COUNT);
		assert_int_equal(found.sides[SIDE_CONNECT].verdict,
				 i % KINDS / REASON_COUNT);
		assert_int_equal(found.sides[SIDE_CONNECT].reason,
				 i % REASON_COUNT);
	}
	assert_int_equal(n, lab->comparison->different);
	test_free(pairs);
	lab_free(lab);
}

static void test_most_frequent_first(void **state)
{
	struct lab *lab = lab_new("10.9.0.2", "1-60");
	static const unsigned counts[] = {5, 20, 1, 30, 4};
	struct comparison_pair pairs[3];
	uint16_t port = 1;

	(void)state;
	for (unsigned kind = 0; kind < 5; kind++)
		for (unsigned i = 0; i < counts[kind]; i++)
			both(lab, 0, port++, VERDICT_FILTERED, REASON_NO_REPLY,
			     VERDICT_FILTERED,
			     (enum reason)(REASON_ICMP_NET_UNREACH + kind));
	comparison_count(lab->comparison);
	assert_int_equal(lab->comparison->same, 60);
	assert_int_equal(comparison_pairs(lab->comparison, true, pairs, 3), 5);
	assert_int_equal(pairs[0].count, 30);
	assert_int_equal(pairs[0].sides[SIDE_CONNECT].reason,
			 REASON_ICMP_NET_UNREACH + 3);
	assert_int_equal(pairs[1].count, 20);
	assert_int_equal(pairs[2].count, 5);
	lab_free(lab);
}

/* By address and port; the last word on a port counts. */
static void test_differences_in_order(void **state)
{
	struct lab *lab = lab_new("10.9.0.2-10.9.0.3", "22,80,443");
	struct addr second = targetset_nth(lab->targets, 1);
	struct difference found;
	uint64_t at = 0;

	(void)state;
	both(lab, 1, 80, VERDICT_OPEN, REASON_SYN_ACK, VERDICT_FILTERED,
	     REASON_TIMEOUT);
	both(lab, 0, 443, VERDICT_CLOSED, REASON_RST, VERDICT_OPEN,
	     REASON_SYN_ACK);
	both(lab, 0, 22, VERDICT_CLOSED, REASON_RST, VERDICT_OPEN,
	     REASON_SYN_ACK);
	put(lab, SIDE_CONNECT, 0, 22, VERDICT_CLOSED, REASON_CONN_REFUSED);
	comparison_count(lab->comparison);
	assert_int_equal(lab->comparison->same, 1);
	assert_int_equal(lab->comparison->different, 2);
	assert_int_equal(lab->comparison->unknown, 3);
	assert_true(comparison_next(lab->comparison, &at, &found));
	assert_int_equal(found.port, 443);
	assert_true(comparison_next(lab->comparison, &at, &found));
	assert_int_equal(found.port, 80);
	assert_true(addr_equal(&found.addr, &second));
	assert_false(comparison_next(lab->comparison, &at, &found));
	lab_free(lab);
}

static void test_too_many(void **state)
{
	struct error error = ERROR_INIT;
	struct lab *lab = lab_new("10.0.0.0/15", "1-1024"); /* 2^27 */

	(void)state;
	assert_non_null(lab->comparison);
	assert_int_equal(portset_add(&lab->ports, "1025", NULL), 0);
	assert_null(comparison_new(lab->targets, &lab->ports, &error));
	assert_int_equal(error.status, STATUS_USAGE);
	lab_free(lab);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_most_frequent_first),
		cmocka_unit_test(test_differences_in_order),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
