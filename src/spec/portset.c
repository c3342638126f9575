/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/portset.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/number.h"

#define WORDS          1024
#define PORT_MAX       65535
#define NAME_MAX_BYTES 63

void portset_init(struct portset *set)
{
	memset(set, 0, sizeof(*set));
}

static int bad(struct error *error, const char *part, const char *reason)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	return error_set(error, STATUS_USAGE,
			 "bad port %s: %s; accepted: 1-65535, FIRST-LAST, "
			 "service names, \"-\" for all, comma-separated",
			 escape_quote(part, quoted), reason);
}

/* As bad(), of the first `length` bytes. */
static int bad_n(struct error *error, const char *part, size_t length,
		 const char *reason)
{
	char copy[ESCAPE_QUOTE_BYTES];

	if (length >= sizeof(copy))
		length = sizeof(copy) - 1; /* quoting cuts it shorter still */
	memcpy(copy, part, length);
	copy[length] = '\0';
	return bad(error, copy, reason);
}

static void set_range(struct portset *set, unsigned first, unsigned last,
		      bool on)
{
	for (unsigned w = first / 64; w <= last / 64; w++) {
		uint64_t mask = UINT64_MAX;

		if (w == first / 64)
			mask &= UINT64_MAX << first % 64;
		if (w == last / 64)
			mask &= UINT64_MAX >> (63 - last % 64);
		if (on)
			set->bits[w] |= mask;
		else
			set->bits[w] &= ~mask;
	}
}

static void recount(struct portset *set)
{
	set->count = 0;
	for (unsigned w = 0; w < WORDS; w++) {
		set->before[w] = (uint16_t)set->count;
		set->count += (uint32_t)__builtin_popcountll(set->bits[w]);
	}
}

/* "80", "80-90", "80-", "-90" or "-". NULL, or what is wrong with it. */
static const char *parse_numbers(const char *part, size_t length,
				 uint64_t *first, uint64_t *last)
{
	static const char *const outside = "not a number from 1 to 65535";
	const char *dash = memchr(part, '-', length);
	size_t left = dash ? (size_t)(dash - part) : length;
	size_t right = dash ? length - left - 1 : 0;

	*first = 1;
	*last = PORT_MAX;
	if ((left || !dash) && number_parse_n(part, left, 1, PORT_MAX, first))
		return outside;
	if (!dash)
		*last = *first;
	if (right && number_parse_n(dash + 1, right, 1, PORT_MAX, last))
		return outside;
	return *first > *last ? "the range runs backwards" : NULL;
}

static const char *parse_name(const char *part, size_t length, uint64_t *port)
{
	char name[NAME_MAX_BYTES + 1];
	const struct servent *service = NULL;

	if (length <= NAME_MAX_BYTES) {
		memcpy(name, part, length);
		name[length] = '\0';
		service = getservbyname(name, "tcp");
	}
	if (!service || !service->s_port)
		return "no TCP service of that name is known";
	*port = ntohs((uint16_t)service->s_port);
	return NULL;
}

static int apply_part(struct portset *set, const char *part, size_t length,
		      bool on, struct error *error)
{
	const char *wrong;
	uint64_t first = 0, last;

	/* A name may start with a digit and have dashes (RFC 6335, 5.1). */
	if (strspn(part, "0123456789-") >= length) {
		wrong = parse_numbers(part, length, &first, &last);
	} else {
		wrong = parse_name(part, length, &first);
		last = first;
	}
	if (wrong)
		return bad_n(error, part, length, wrong);
	set_range(set, (unsigned)first, (unsigned)last, on);
	return 0;
}

static int apply(struct portset *set, const char *spec, bool on,
		 struct error *error)
{
	const char *part = spec;

	for (;;) {
		size_t length = strcspn(part, ",");

		if (length == 0)
			return bad(error, spec, "a port is missing");
		if (apply_part(set, part, length, on, error))
			return -1;
		if (part[length] == '\0')
			break;
		part += length + 1;
	}
	recount(set);
	return 0;
}

int portset_add(struct portset *set, const char *spec, struct error *error)
{
	return apply(set, spec, true, error);
}

int portset_remove(struct portset *set, const char *spec, struct error *error)
{
	return apply(set, spec, false, error);
}

bool portset_has(const struct portset *set, uint16_t port)
{
	return set->bits[port / 64] >> port % 64 & 1;
}

/* The position of the n-th set bit; n < popcount. */
static unsigned select_bit(uint64_t word, unsigned n)
{
	unsigned at = 0;

	for (unsigned width = 32; width; width /= 2) {
		uint64_t half = word & ((UINT64_C(1) << width) - 1);
		unsigned below = (unsigned)__builtin_popcountll(half);
		unsigned skip = n >= below ? width : 0;

		n -= n >= below ? below : 0;
		at += skip;
		word >>= skip;
	}
	return at;
}

uint16_t portset_nth(const struct portset *set, uint32_t n)
{
	unsigned word = 0;

	assert(n < set->count);
	if (set->count == PORT_MAX)
		return (uint16_t)(n + 1);
	/* The last word with at most n ports below it. No branch, since the
	 * order of a scan is random and each would be mispredicted. */
	for (unsigned step = WORDS / 2; step; step /= 2)
		word += set->before[word + step] <= n ? step : 0;
	return (uint16_t)(word * 64 +
			  select_bit(set->bits[word], n - set->before[word]));
}

int32_t portset_rank(const struct portset *set, uint16_t port)
{
	uint64_t below = (UINT64_C(1) << port % 64) - 1;

	if (!portset_has(set, port))
		return -1;
	return set->before[port / 64] +
	       __builtin_popcountll(set->bits[port / 64] & below);
}
