/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/targetspec.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/number.h"

#define DIGITS         "0123456789"
#define LETTERS        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_MAX_BYTES 253 /* RFC 1035, 2.3.4, as text */
#define OCTET_RUNS_MAX 65536

struct item {
	const struct targetspec *how;
	const char *text;
	struct error *error;
};

static int bad(const struct item *item, const char *reason)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	return error_set(item->error, STATUS_USAGE,
			 "bad %s %s: %s; accepted: address, PREFIX/LEN, "
			 "FIRST-LAST, octet ranges such as 10.0.1-3.*, "
			 "host name",
			 item->how->noun, escape_quote(item->text, quoted),
			 reason);
}

static int take(const struct item *item, const struct addr *first,
		const struct addr *last, bool single)
{
	if (item->how->take(item->how->owner, first, last, single))
		return error_set(item->error, STATUS_FAILED, "out of memory");
	return 0;
}

static int take_range(const struct item *item, const struct addr *first,
		      const struct addr *last)
{
	bool single = addr_equal(first, last);
	const char *special = addr_special(first);

	if (first->family != last->family)
		return bad(item, "FIRST and LAST are not of one family");
	if (first->scope != last->scope)
		return bad(item, "FIRST and LAST are not on one interface");
	if (addr_compare(first, last) > 0)
		return bad(item, "the range runs backwards");
	if (first->scope &&
	    !(addr_is_link_local(first) && addr_is_link_local(last)))
		return bad(item, "only link-local addresses take %interface");
	if (single && special && item->how->hosts) {
		char reason[64] = "no host can have this address: ";

		strncat(reason, special, sizeof(reason) - strlen(reason) - 1);
		return bad(item, reason);
	}
	return take(item, first, last, single);
}

/* The address in the first `length` bytes. */
static int parse_addr(const char *text, size_t length, struct addr *out)
{
	char copy[ADDR_TEXT_BYTES];

	if (length >= sizeof(copy))
		return -1;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return addr_parse(copy, out);
}

static int parse_prefix(const struct item *item)
{
	const char *slash = strchr(item->text, '/');
	struct addr addr, first, last;
	addr_value value, hosts = 0;
	unsigned bits;
	uint64_t length;

	if (parse_addr(item->text, (size_t)(slash - item->text), &addr))
		return bad(item, "before the / stands no address");
	bits = addr_bits(addr.family);
	if (number_parse(slash + 1, 0, bits, &length))
		return bad(item, bits == 32 ? "the prefix length is not 0-32"
					    : "the prefix length is not 0-128");
	/* A shift by all 128 bits would be undefined. */
	if (length < bits)
		hosts = ~(addr_value)0 >> (128 - (bits - length));
	value = addr_to_value(&addr);
	first = addr_from_value(&addr, value & ~hosts);
	last = addr_from_value(&addr, value | hosts);
	return take_range(item, &first, &last);
}

/* Two addresses around a dash. An interface name may have dashes itself, so
 * each is tried. LAST may leave out the interface. */
static bool split_range(const char *text, struct addr *first, struct addr *last)
{
	const char *dash = text;

	if (strnlen(text, 2 * ADDR_TEXT_BYTES) == 2 * ADDR_TEXT_BYTES)
		return false;
	while ((dash = strchr(dash, '-'))) {
		size_t length = (size_t)(dash - text);

		dash++;
		if (parse_addr(text, length, first) || addr_parse(dash, last))
			continue;
		if (!last->scope && addr_is_link_local(last))
			last->scope = first->scope;
		return true;
	}
	return false;
}

/* Four octets, each a set of values: "10.0.1-3.*", "10.0.0.1,5,9". */
struct octets {
	bool has[4][256];
	unsigned count[4];
	unsigned last; /* the octets behind it have all 256 values */
};

/* "5", "5-9", "5-", "-9", "-" or "*". */
static int parse_octet_part(const char *part, size_t length, bool has[256])
{
	const char *dash = memchr(part, '-', length);
	size_t left = dash ? (size_t)(dash - part) : length;
	size_t right = dash ? length - left - 1 : 0;
	uint64_t first = 0, last = 255;

	if (length == 0)
		return -1;
	if (length != 1 || *part != '*') {
		if ((left || !dash) &&
		    number_parse_n(part, left, 0, 255, &first))
			return -1;
		if (!dash)
			last = first;
		if (right && number_parse_n(dash + 1, right, 0, 255, &last))
			return -1;
	}
	if (first > last)
		return -1;
	memset(has + first, true, last - first + 1);
	return 0;
}

static int parse_octet(const char *text, size_t length, struct octets *octets,
		       unsigned which)
{
	const char *end = text + length;

	for (;;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		const char *stop = comma ? comma : end;

		if (parse_octet_part(text, (size_t)(stop - text),
				     octets->has[which]))
			return -1;
		if (!comma)
			break;
		text = comma + 1;
	}
	for (unsigned i = 0; i < 256; i++)
		octets->count[which] += octets->has[which][i];
	if (octets->count[which] < 256)
		octets->last = which;
	return 0;
}

/* How many separate ranges they come to. */
static uint64_t octets_runs(const struct octets *octets)
{
	const bool *has = octets->has[octets->last];
	uint64_t runs = 0;

	for (unsigned i = 0; i < 256; i++)
		runs += has[i] && (i == 255 || !has[i + 1]);
	for (unsigned which = 0; which < octets->last; which++)
		runs *= octets->count[which];
	return runs;
}

/* All ranges whose first `which` octets are those of value. */
static int take_octets(const struct item *item, const struct octets *octets,
		       unsigned which, uint32_t value)
{
	static const struct addr ipv4 = {.family = AF_INET};
	const bool *has = octets->has[which];
	unsigned below = 24 - 8 * which;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t start = i;
		struct addr first, last;

		if (!has[i])
			continue;
		if (which < octets->last) {
			if (take_octets(item, octets, which + 1,
					value | i << below))
				return -1;
			continue;
		}
		while (i < 255 && has[i + 1])
			i++;
		first = addr_from_value(&ipv4, value | start << below);
		last = addr_from_value(&ipv4, value | i << below |
						      ((1u << below) - 1));
		if (take(item, &first, &last, false))
			return -1;
	}
	return 0;
}

static int parse_octets(const struct item *item)
{
	const char *at = item->text;
	struct octets octets = {.last = 0};

	for (unsigned which = 0; which < 4; which++) {
		size_t length = strcspn(at, ".");

		if (at[length] != (which < 3 ? '.' : '\0'))
			return bad(item, "an IPv4 address has four octets");
		if (parse_octet(at, length, &octets, which))
			return bad(item, "an octet is 0-255 without leading "
					 "zeros, or a range of such");
		at += length + 1;
	}
	if (octets_runs(&octets) > OCTET_RUNS_MAX)
		return bad(item, "more than 65,536 separate ranges");
	return take_octets(item, &octets, 0, 0);
}

static bool label_is_number(const char *label)
{
	if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		label += 2 + strspn(label + 2, DIGITS "abcdefABCDEF");
	else
		label += strspn(label, DIGITS);
	return *label == '\0' || *label == '.';
}

/* A host name, and nothing that a resolver would read as an address, such as
 * 0x7f.1: the last label of a name is no number (RFC 3696, 2). */
static bool is_name(const char *text)
{
	const char *label = text;

	if (strnlen(text, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
		return false;
	if (text[strspn(text, DIGITS LETTERS ".-_")] != '\0')
		return false;
	for (const char *dot = strchr(text, '.'); dot && dot[1];
	     dot = strchr(dot + 1, '.'))
		label = dot + 1;
	return !label_is_number(label);
}

static int take_resolved(const struct item *item, const struct addrinfo *info)
{
	struct addr addr;
	char text[ADDR_TEXT_BYTES];
	char quoted[ESCAPE_QUOTE_BYTES];

	if (addr_from_sockaddr(info->ai_addr, &addr))
		return 0;
	if (item->how->hosts && addr_special(&addr))
		return error_set(item->error, STATUS_FAILED,
				 "host name %s resolves to %s, which no host "
				 "can have: %s",
				 escape_quote(item->text, quoted),
				 addr_format(&addr, text), addr_special(&addr));
	return take(item, &addr, &addr, true);
}

static int resolve(const struct item *item)
{
	static const int family[] = {
		[TARGETSET_IPV4] = AF_INET,
		[TARGETSET_IPV6] = AF_INET6,
		[TARGETSET_BOTH] = AF_UNSPEC,
	};
	const struct addrinfo hints = {
		.ai_family = family[item->how->families],
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	char quoted[ESCAPE_QUOTE_BYTES];
	int failed = getaddrinfo(item->text, NULL, &hints, &found);
	int result = 0;

	escape_quote(item->text, quoted);
	if (failed == EAI_SYSTEM)
		return error_errno(item->error, "look up host name %s", quoted);
	if (failed)
		return error_set(item->error, STATUS_FAILED,
				 "host name %s does not resolve: %s", quoted,
				 gai_strerror(failed));
	for (struct addrinfo *at = found; at && !result; at = at->ai_next)
		result = take_resolved(item, at);
	freeaddrinfo(found);
	return result;
}

static int parse_item(const struct item *item)
{
	const char *text = item->text;
	struct addr first, last;

	if (*text == '\0')
		return bad(item, "it is empty");
	if (!addr_parse(text, &first))
		return take_range(item, &first, &first);
	if (strchr(text, '/'))
		return parse_prefix(item);
	if (split_range(text, &first, &last))
		return take_range(item, &first, &last);
	if (text[strspn(text, DIGITS ".,-*")] == '\0')
		return parse_octets(item);
	if (is_name(text))
		return resolve(item);
	if (strchr(text, ':') && strchr(text, '%'))
		return bad(item, "not a link-local IPv6 address with an "
				 "interface of this machine");
	if (strchr(text, ':'))
		return bad(item, "not an IPv6 address");
	return bad(item, "neither an address nor a host name");
}

/* A comma parts two specs where both sides can stand alone; elsewhere it
 * belongs to a list of octets, as in 10.0.0.1,5,9. */
struct side {
	unsigned dots;
	bool named; /* has what no octet list has */
};

static void side_extend(struct side *side, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		side->dots += text[i] == '.';
		side->named |= !strchr(DIGITS ".,-*", text[i]);
	}
}

static bool side_stands(const struct side *side)
{
	return side->named || side->dots >= 3;
}

static size_t item_length(const char *text)
{
	struct side left = {.dots = 0};
	size_t length = strcspn(text, ",");

	side_extend(&left, text, length);
	while (text[length] == ',') {
		struct side right = {.dots = 0};
		size_t more = strcspn(text + length + 1, ",");

		side_extend(&right, text + length + 1, more);
		if (side_stands(&left) && side_stands(&right))
			break;
		side_extend(&left, text + length + 1, more);
		length += 1 + more;
	}
	return length;
}

int targetspec_parse(const struct targetspec *how, const char *text,
		     struct error *error)
{
	for (;;) {
		size_t length = item_length(text);
		char *copy = strndup(text, length);
		struct item item = {.how = how, .text = copy, .error = error};
		int failed;

		if (!copy)
			return error_set(error, STATUS_FAILED, "out of memory");
		failed = parse_item(&item);
		free(copy);
		if (failed)
			return -1;
		if (text[length] == '\0')
			return 0;
		text += length + 1;
	}
}
