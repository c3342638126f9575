/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/engine.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

/* What the engine still wants to hear of. */

#define AT NS_PER_S

static void no_result(void *context, uint64_t target, uint32_t rank,
		      const struct result *result)
{
	(void)context;
	(void)target;
	(void)rank;
	(void)result;
}

static struct engine *engine_of(uint32_t ports)
{
	static const struct engine_span span = {1, 0};
	static const double ceiling;
	struct engine *engine = engine_new(
		&(struct engine_config){
			.targets = 1,
			.ports = ports,
			.spans = &span,
			.n_spans = 1,
			.ceilings_pps = &ceiling,
			.n_lanes = 1,
			.retries = -1,
			.wait_ns = -1,
			.source_ports = 255,
			.result = no_result,
		},
		AT, NULL);

	assert_non_null(engine);
	return engine;
}

static struct engine_probe send_one(struct engine *engine, int64_t now_ns)
{
	struct engine_probe probe;

	assert_true(engine_next(engine, now_ns, &probe));
	engine_sent(engine, &probe, now_ns);
	return probe;
}

static void answer(struct engine *engine, const struct engine_probe *probe,
		   enum verdict verdict, int64_t at_ns)
{
	engine_reply(engine,
		     &(struct engine_reply){
			     .target = probe->target,
			     .rank = probe->rank,
			     .port_offset = probe->port_offset,
			     .verdict = verdict,
			     .reason = verdict == VERDICT_FILTERED
					       ? REASON_ICMP_PORT_UNREACH
					       : REASON_CONN_REFUSED,
			     .at_ns = at_ns,
			     .time_ok = true,
		     });
}

static enum engine_interest interest(const struct engine *engine,
				     const struct engine_probe *probe,
				     int64_t now_ns)
{
	return engine_interest(engine, probe->number, probe->port_offset,
			       now_ns);
}

/* Before any answer a try has a second; later it may still tell the RTT. */
static void test_before_any_answer(void **state)
{
	struct engine *engine = engine_of(1);
	struct engine_probe first = send_one(engine, AT), second;

	(void)state;
	assert_int_equal(interest(engine, &first, AT + NS_PER_S / 2),
			 ENGINE_ANSWER);
	assert_int_equal(interest(engine, &first, AT + 2 * NS_PER_S),
			 ENGINE_RTT);
	engine_advance(engine, AT + 2 * NS_PER_S, AT + 2 * NS_PER_S);
	second = send_one(engine, AT + 2 * NS_PER_S);
	assert_int_equal(first.number, second.number);
	assert_int_equal(interest(engine, &first, AT + 2 * NS_PER_S),
			 ENGINE_RTT);
	assert_int_equal(interest(engine, &second, AT + 2 * NS_PER_S),
			 ENGINE_ANSWER);
	engine_free(engine);
}

static void test_once_the_rtt_is_known(void **state)
{
	struct engine *engine = engine_of(3);
	struct engine_probe a = send_one(engine, AT);
	struct engine_probe b = send_one(engine, AT + NS_PER_MS / 4);
	struct engine_probe c = send_one(engine, AT + NS_PER_MS / 2);

	(void)state;
	answer(engine, &a, VERDICT_CLOSED, AT + NS_PER_MS);
	assert_int_equal(interest(engine, &a, AT + NS_PER_MS),
			 ENGINE_NO_INTEREST);
	assert_int_equal(interest(engine, &b, AT + 10 * NS_PER_MS),
			 ENGINE_ANSWER);
	assert_int_equal(interest(engine, &b, AT + 200 * NS_PER_MS),
			 ENGINE_NO_INTEREST);
	answer(engine, &c, VERDICT_FILTERED, AT + 2 * NS_PER_MS);
	assert_int_equal(interest(engine, &c, AT + 2 * NS_PER_MS),
			 ENGINE_NO_INTEREST);
	engine_free(engine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_any_answer),
		cmocka_unit_test(test_once_the_rtt_is_known),
	};

	return cmocka_run_group_tests_name("interest", tests, NULL, NULL);
}
