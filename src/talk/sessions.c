/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/sessions.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "talk/draw.h"

struct sessions {
	uint64_t secret;
	uint64_t clock; /* counts what was looked up */
	uint64_t opened;
	struct session places[SESSIONS_SETS][SESSIONS_WAYS];
};

struct sessions *sessions_new(uint64_t secret)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (sessions)
		sessions->secret = secret;
	return sessions;
}

void sessions_free(struct sessions *sessions)
{
	free(sessions);
}

static struct session *set_of(struct sessions *sessions,
			      const struct addr *peer, uint16_t port,
			      uint64_t id)
{
	addr_value value = addr_to_value(peer);
	uint64_t hash = draw(sessions->secret, id);

	hash = draw(hash, (uint64_t)value);
	hash = draw(hash, (uint64_t)(value >> 64) ^ port);
	return sessions->places[hash % SESSIONS_SETS];
}

static bool is_it(const struct session *session, const struct addr *peer,
		  uint16_t port, uint64_t id)
{
	return session->used && session->id == id && session->port == port &&
	       addr_equal(&session->peer, peer);
}

struct session *sessions_find(struct sessions *sessions,
			      const struct addr *peer, uint16_t port,
			      uint64_t id)
{
	struct session *set = set_of(sessions, peer, port, id);

	for (int i = 0; i < SESSIONS_WAYS; i++) {
		if (!is_it(&set[i], peer, port, id))
			continue;
		set[i].used = ++sessions->clock;
		return &set[i];
	}
	return NULL;
}

struct session *sessions_open(struct sessions *sessions,
			      const struct addr *peer, uint16_t port,
			      uint64_t id)
{
	struct session *session = sessions_find(sessions, peer, port, id);

	if (session)
		return session;
	session = set_of(sessions, peer, port, id);
	for (struct session *s = session + 1, *end = session + SESSIONS_WAYS;
	     s < end; s++)
		if (s->used < session->used)
			session = s;
	*session = (struct session){
		.peer = *peer,
		.port = port,
		.id = id,
		.used = ++sessions->clock,
	};
	sessions->opened++;
	return session;
}

uint64_t sessions_opened(const struct sessions *sessions)
{
	return sessions->opened;
}

static uint64_t *word_of(struct session *session, uint32_t sequence)
{
	return &session->seen[sequence / 64 % (SESSION_WINDOW / 64)];
}

static uint64_t bit_of(uint32_t sequence)
{
	return (uint64_t)1 << sequence % 64;
}

/* What the window gets to hold was not seen yet. */
static void raise_highest(struct session *session, uint32_t sequence)
{
	if (sequence - session->highest >= SESSION_WINDOW)
		memset(session->seen, 0, sizeof(session->seen));
	else
		for (uint32_t n = session->highest; n++ < sequence;)
			*word_of(session, n) &= ~bit_of(n);
	session->highest = sequence;
}

void session_arrival(struct session *session, uint32_t sequence)
{
	struct datagram_counts *counts = &session->counts;
	bool below = sequence <= session->highest;

	if (!below)
		raise_highest(session, sequence);
	if (session->highest - sequence >= SESSION_WINDOW ||
	    *word_of(session, sequence) & bit_of(sequence)) {
		counts->duplicates++;
		return;
	}
	*word_of(session, sequence) |= bit_of(sequence);
	counts->received++;
	counts->reordered += below;
}
