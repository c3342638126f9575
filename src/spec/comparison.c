/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/comparison.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spec/portset.h"
#include "spec/targetset.h"

/* 0: nothing is known. */
static uint8_t cell_of(const struct result *result)
{
	return (uint8_t)(1 + result->verdict * REASON_COUNT + result->reason);
}

static struct finding finding_of(unsigned cell)
{
	if (cell == 0)
		return (struct finding){.verdict = VERDICT_COUNT};
	return (struct finding){
		.verdict = (enum verdict)((cell - 1) / REASON_COUNT),
		.reason = (enum reason)((cell - 1) % REASON_COUNT),
	};
}

static bool are_same(unsigned a, unsigned b)
{
	return finding_of(a).verdict == finding_of(b).verdict;
}

struct comparison *comparison_new(const struct targetset *targets,
				  const struct portset *ports,
				  struct error *error)
{
	uint64_t n = targetset_count(targets);
	struct comparison *self;

	if (n > COMPARISON_MOST / ports->count) {
		error_set(error, STATUS_USAGE,
			  "--compare keeps both verdicts of every port; "
			  "accepted: up to %llu ports of all targets together",
			  (unsigned long long)COMPARISON_MOST);
		return NULL;
	}
	n *= ports->count;
	self = calloc(1, sizeof(*self));
	if (self)
		self->cells = calloc(n, SIDES);
	if (!self || !self->cells) {
		error_errno(error, "comparison");
		free(self);
		return NULL;
	}
	self->targets = targets;
	self->ports = ports;
	self->count = n;
	return self;
}

void comparison_free(struct comparison *self)
{
	if (!self)
		return;
	free(self->cells);
	free(self);
}

void comparison_put(struct comparison *self, enum comparison_side side,
		    const struct result *result)
{
	int64_t target = targetset_index(self->targets, &result->addr);
	int32_t rank = portset_rank(self->ports, result->port);
	uint64_t at;

	assert(target >= 0 && rank >= 0);
	at = (uint64_t)target * self->ports->count + (uint64_t)rank;
	self->cells[SIDES * at + side] = cell_of(result);
}

void comparison_count(struct comparison *self)
{
	self->same = self->different = self->unknown = 0;
	memset(self->pairs, 0, sizeof(self->pairs));
	for (uint64_t i = 0; i < self->count; i++) {
		const uint8_t *cell = self->cells + SIDES * i;

		self->pairs[cell[SIDE_SYN]][cell[SIDE_CONNECT]]++;
	}
	for (unsigned a = 0; a < CELLS; a++)
		for (unsigned b = 0; b < CELLS; b++)
			if (a == 0 || b == 0)
				self->unknown += self->pairs[a][b];
			else if (are_same(a, b))
				self->same += self->pairs[a][b];
			else
				self->different += self->pairs[a][b];
}

/* Into its place among the first `n`, of which there is room for `room`. */
static void insert(struct comparison_pair *out, size_t n, size_t room,
		   const struct comparison_pair *pair)
{
	size_t at = n < room ? n : room;

	while (at > 0 && out[at - 1].count < pair->count) {
		if (at < room)
			out[at] = out[at - 1];
		at--;
	}
	if (at < room)
		out[at] = *pair;
}

size_t comparison_pairs(const struct comparison *self, bool same,
			struct comparison_pair *out, size_t room)
{
	size_t n = 0;

	for (unsigned a = 1; a < CELLS; a++)
		for (unsigned b = 1; b < CELLS; b++)
			if (self->pairs[a][b] > 0 && are_same(a, b) == same)
				insert(out, n++, room,
				       &(struct comparison_pair){
					       .sides = {finding_of(a),
							 finding_of(b)},
					       .count = self->pairs[a][b],
				       });
	return n;
}

bool comparison_next(const struct comparison *self, uint64_t *at,
		     struct difference *out)
{
	for (; *at < self->count; ++*at) {
		const uint8_t *cell = self->cells + SIDES * *at;
		uint64_t i = *at;

		if (!cell[0] || !cell[1] || are_same(cell[0], cell[1]))
			continue;
		++*at;
		*out = (struct difference){
			.addr = targetset_nth(self->targets,
					      i / self->ports->count),
			.port = portset_nth(self->ports,
					    (uint32_t)(i % self->ports->count)),
			.sides = {finding_of(cell[0]), finding_of(cell[1])},
		};
		return true;
	}
	return false;
}
