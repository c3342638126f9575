/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a peer can send to a prober and to a server, in any order: the input is
 * a row of pieces, each with a byte that says what it is and one that says how
 * long. A sealed piece gets the right names and checksums first, so that what
 * is behind them is reached.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fuzz/failing.h"
#include "talk/course.h"
#include "talk/sessions.h"
#include "talk/tracker.h"

enum {
	SESSION = 77,
	PIECE_TIME = 0, /* time passes */
	PIECE_RAW,
	PIECE_SEALED,
	PIECE_ERROR,
	PIECE_INTERRUPT,
	PIECE_BLOCKED, /* a firewall lets the next one not out */
	PIECE_LATER,   /* the device has no room for it */
	PIECE_MASK = 7,
	/* Of the first byte, which is also that of a piece. */
	WITH_DF = 0x80,
	IN_BURSTS = 0x40, /* so many that the first are forgotten */
	BURST = TRACKER_WINDOW / 4,
};

struct piece {
	unsigned kind;
	const uint8_t *bytes;
	size_t length;
};

static int next_piece(const uint8_t **data, size_t *size, struct piece *piece)
{
	if (*size < 2)
		return 0;
	piece->kind = (*data)[0] & PIECE_MASK;
	piece->length = (*data)[1];
	piece->bytes = *data + 2;
	if (piece->length > *size - 2)
		piece->length = *size - 2;
	*data += 2 + piece->length;
	*size -= 2 + piece->length;
	return 1;
}

/* What a run is told of, and what it gets. */
struct run {
	struct prober_result result;
	struct course *course;
	struct sessions *sessions;
	struct course_config config;
	uint64_t told_lost, told_replies;
	int64_t now_ns;
};

static void on_reply(void *context, const struct prober_reply *reply)
{
	struct run *run = context;

	run->told_replies += reply->tracked.known;
}

static void on_lost(void *context, uint32_t sequence)
{
	struct run *run = context;

	run->told_lost += sequence > 0;
}

static void on_icmp(void *context, const struct icmp_error *error)
{
	(void)context;
	if (error->quoted_length > sizeof(error->quoted))
		abort();
}

static void pass_time(struct run *run, const struct piece *piece)
{
	int most = run->config.count > BURST ? BURST : 1;
	struct datagram out;
	int64_t wake_ns;

	run->now_ns += (int64_t)piece->length * 10 * NS_PER_MS;
	while (most-- > 0 && course_step(run->course, run->now_ns, &out,
					 &wake_ns) == COURSE_SEND) {
		if (piece->kind == PIECE_BLOCKED)
			course_blocked(run->course, &out);
		else if (piece->kind == PIECE_LATER)
			course_later(run->course, run->now_ns);
		else
			course_sent(run->course, &out);
	}
}

/* The fields as they are in the piece, but of this session, with its length,
 * of a kind that there is, and whole. */
static void arrive_sealed(struct run *run, const struct piece *piece)
{
	const struct addr peer = {.family = AF_INET};
	struct session *session;
	struct datagram datagram;
	uint8_t bytes[256];

	if (piece->length < DATAGRAM_HEADER_BYTES)
		return;
	memcpy(bytes, piece->bytes, piece->length);
	(void)datagram_decode(bytes, piece->length, &datagram);
	datagram.kind = (enum datagram_kind)(1 + bytes[5] % 4);
	datagram.session = SESSION + bytes[6] % 2;
	datagram.length = (uint32_t)piece->length;
	datagram.filling_crc =
		datagram_crc(bytes + DATAGRAM_HEADER_BYTES,
			     piece->length - DATAGRAM_HEADER_BYTES);
	datagram_encode(&datagram, bytes);
	if (datagram_decode(bytes, piece->length, &datagram) != DATAGRAM_INTACT)
		abort();
	course_arrival(run->course, bytes, piece->length, run->now_ns);
	session = sessions_open(run->sessions, &peer, 1, datagram.sent_ns & 7);
	session_arrival(session, datagram.sequence);
}

static void fail(struct run *run, const struct piece *piece)
{
	struct icmp_error error = {.number = EHOSTUNREACH, .family = AF_INET};
	char text[ICMP_ERROR_TEXT_BYTES];

	if (piece->length < 6)
		return;
	error.family = piece->bytes[0] & 1 ? AF_INET6 : AF_INET;
	error.local = piece->bytes[0] & 2;
	error.number = piece->bytes[0] & 4 ? EMSGSIZE : ECONNREFUSED;
	error.type = piece->bytes[1];
	error.code = piece->bytes[2];
	error.mtu = piece->bytes[3] * 256U + piece->bytes[4];
	error.quoted_length = piece->length - 5;
	if (error.quoted_length > sizeof(error.quoted))
		error.quoted_length = sizeof(error.quoted);
	memcpy(error.quoted, piece->bytes + 5, error.quoted_length);
	course_error(run->course, &error);
	if (strlen(icmp_error_text(&error, text)) >= sizeof(text))
		abort();
}

static void take(struct run *run, const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_RAW:
		course_arrival(run->course, piece->bytes, piece->length,
			       run->now_ns);
		break;
	case PIECE_SEALED:
		arrive_sealed(run, piece);
		break;
	case PIECE_ERROR:
		fail(run, piece);
		break;
	case PIECE_INTERRUPT:
		course_interrupt(run->course, run->now_ns);
		break;
	default:
		pass_time(run, piece);
	}
}

/* Whatever came, the books balance. */
static void check(const struct run *run)
{
	const struct prober_result *result = &run->result;
	const struct tracker_counts *counts = &result->counts;
	bool told =
		result->end == PROBER_DONE || result->end == PROBER_INTERRUPTED;

	if (counts->arrived > counts->sent ||
	    counts->received > counts->arrived ||
	    result->lost_out + result->lost_back + result->lost_somewhere !=
		    counts->sent - counts->arrived ||
	    counts->arrivals != counts->arrived + counts->duplicated ||
	    counts->arrivals != run->told_replies ||
	    (told && counts->sent - counts->arrived != run->told_lost))
		abort();
}

static void play(const uint8_t *data, size_t size)
{
	struct run run = {
		.sessions = sessions_new(1),
		.config =
			{
				.session = SESSION,
				.size = DATAGRAM_HEADER_BYTES,
				.count = 20,
				.timeout_ns = NS_PER_S,
				.watch = {on_reply, on_lost, on_icmp, &run},
			},
	};
	struct piece piece;

	if (size > 0 && data[0] & IN_BURSTS)
		run.config.count = 5 * BURST;
	run.config.df = size > 0 && data[0] & WITH_DF;
	run.course = course_new(&run.config, &run.result);
	while (run.course && run.sessions && next_piece(&data, &size, &piece))
		take(&run, &piece);
	if (run.sessions && sessions_opened(run.sessions) > 8)
		abort();
	if (run.course) {
		course_finish(run.course);
		check(&run);
	}
	course_free(run.course);
	sessions_free(run.sessions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	failing_run(play, data, size);
	return 0;
}
