/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Strict text to number: the whole text or nothing. No sign, no blanks, no
 * locale; decimal digits without a leading zero (but "0" itself), so that
 * 010 can never mean 8. All return 0, or -1 and leave *out alone. Pure.
 */

/* min <= *out <= max. */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* The same of the first `length` bytes. */
int number_parse_n(const char *text, size_t length, uint64_t min, uint64_t max,
		   uint64_t *out);

/* "500ms", "2s", "1.5s", "200us", "1m", "1h"; a bare number is seconds, as in
 * sleep(1). In nanoseconds; at most 24 h. "0" is allowed. */
int number_parse_duration(const char *text, int64_t *out_ns);

/* "5000", "20k", "1.5m": packets per second, 1 to 100,000,000. A fraction of
 * a packet is refused ("1.0005k"). */
int number_parse_rate(const char *text, uint64_t *out_pps);

/* "5", "0.5", "100%": per cent from 0 to 100, in millionths ("1" is 10,000).
 * Less than a millionth is refused. */
int number_parse_percent(const char *text, uint32_t *out_ppm);

/* 1234567 -> "1,234,567" in buffer, which is returned; 27 bytes suffice. */
const char *number_group(uint64_t value, char *buffer, size_t bytes);

#endif
