/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/number.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

#define DURATION_MAX_NS (INT64_C(24) * 3600 * NS_PER_S)
#define RATE_MAX_PPS    100000000
#define PERCENT_PPM     UINT64_C(10000)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of the digits at the start of the text. */
static size_t digits(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && is_digit(text[n]))
		n++;
	return n;
}

int number_parse_n(const char *text, size_t length, uint64_t min, uint64_t max,
		   uint64_t *out)
{
	uint64_t value = 0;

	if (length == 0 || digits(text, length) != length)
		return -1;
	if (length > 1 && text[0] == '0')
		return -1;
	for (size_t i = 0; i < length; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	return number_parse_n(text, strlen(text), min, max, out);
}

/* "12.5" of a unit, exactly: a digit worth less than one is refused unless it
 * is zero. At most max. */
static int parse_decimal(const char *text, size_t length, uint64_t unit,
			 uint64_t max, uint64_t *out)
{
	size_t whole = digits(text, length);
	uint64_t value;

	if (number_parse_n(text, whole, 0, max / unit, &value))
		return -1;
	value *= unit;
	if (whole < length) {
		if (text[whole] != '.' || whole + 1 == length)
			return -1;
		for (size_t i = whole + 1; i < length; i++) {
			if (!is_digit(text[i]))
				return -1;
			if (unit % 10 && text[i] != '0')
				return -1;
			unit = unit % 10 ? unit : unit / 10;
			value += (uint64_t)(text[i] - '0') * unit;
		}
	}
	if (value > max)
		return -1;
	*out = value;
	return 0;
}

struct unit {
	const char *name;
	uint64_t worth;
};

/* The worth of the unit behind the number, whose length goes to *length; 0
 * when there is no such unit. */
static uint64_t unit_of(const struct unit *units, size_t n, const char *text,
			size_t *length)
{
	*length = strspn(text, "0123456789.");
	for (size_t i = 0; i < n; i++)
		if (!strcmp(text + *length, units[i].name))
			return units[i].worth;
	return 0;
}

int number_parse_duration(const char *text, int64_t *out_ns)
{
	static const struct unit units[] = {
		{"", NS_PER_S},  {"us", NS_PER_US},    {"ms", NS_PER_MS},
		{"s", NS_PER_S}, {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
	};
	uint64_t value;
	size_t length;
	uint64_t unit =
		unit_of(units, sizeof(units) / sizeof(units[0]), text, &length);

	if (!unit || parse_decimal(text, length, unit, DURATION_MAX_NS, &value))
		return -1;
	*out_ns = (int64_t)value;
	return 0;
}

int number_parse_rate(const char *text, uint64_t *out_pps)
{
	static const struct unit units[] = {
		{"", 1},        {"k", 1000},    {"K", 1000},
		{"m", 1000000}, {"M", 1000000},
	};
	uint64_t value;
	size_t length;
	uint64_t unit =
		unit_of(units, sizeof(units) / sizeof(units[0]), text, &length);

	if (!unit || parse_decimal(text, length, unit, RATE_MAX_PPS, &value))
		return -1;
	if (value == 0)
		return -1;
	*out_pps = value;
	return 0;
}

int number_parse_percent(const char *text, uint32_t *out_ppm)
{
	size_t length = strlen(text);
	uint64_t ppm;

	if (length && text[length - 1] == '%')
		length--;
	if (parse_decimal(text, length, PERCENT_PPM, 100 * PERCENT_PPM, &ppm))
		return -1;
	*out_ppm = (uint32_t)ppm;
	return 0;
}

const char *number_group(uint64_t value, char *buffer, size_t bytes)
{
	char reversed[27];
	size_t n = 0;
	unsigned count = 0;

	do {
		if (count && count % 3 == 0)
			reversed[n++] = ',';
		reversed[n++] = (char)('0' + value % 10);
		value /= 10;
		count++;
	} while (value);
	assert(bytes > n);
	for (size_t i = 0; i < n; i++)
		buffer[i] = reversed[n - 1 - i];
	buffer[n] = '\0';
	return buffer;
}
