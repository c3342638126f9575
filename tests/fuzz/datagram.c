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
#include "talk/course.h"
#include "talk/sessions.h"

enum {
	SESSION = 77,
	PIECE_TIME = 0, /* time passes */
	PIECE_RAW,
	PIECE_SEALED,
	PIECE_ERROR,
	PIECES,
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
	piece->kind = (*data)[0] % PIECES;
	piece->length = (*data)[1];
	piece->bytes = *data + 2;
	if (piece->length > *size - 2)
		piece->length = *size - 2;
	*data += 2 + piece->length;
	*size -= 2 + piece->length;
	return 1;
}

static void pass_time(struct course *course, const struct piece *piece,
		      int64_t *now_ns)
{
	struct datagram out;
	int64_t wake_ns;

	*now_ns += (int64_t)piece->length * 10 * NS_PER_MS;
	if (course_step(course, *now_ns, &out, &wake_ns) == COURSE_SEND)
		course_sent(course, &out);
}

/* The fields as they are in the piece, but of this session, with its length,
 * of a kind that there is, and whole. */
static void arrive_sealed(struct course *course, struct session *session,
			  const struct piece *piece, int64_t now_ns)
{
	uint8_t bytes[256];
	struct datagram datagram;

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
	course_arrival(course, bytes, piece->length, now_ns);
	session_arrival(session, datagram.sequence);
}

static void fail(struct course *course, const struct piece *piece)
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
	course_error(course, &error);
	if (strlen(icmp_error_text(&error, text)) >= sizeof(text))
		abort();
}

/* Whatever came, the books balance. */
static void check(const struct prober_result *result)
{
	const struct tracker_counts *counts = &result->counts;

	if (counts->arrived > counts->sent ||
	    counts->received > counts->arrived ||
	    result->lost_out + result->lost_back + result->lost_somewhere !=
		    counts->sent - counts->arrived ||
	    counts->arrivals != counts->arrived + counts->duplicated)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr peer = {.family = AF_INET};
	struct sessions *sessions = sessions_new(1);
	struct prober_result result;
	struct course *course = course_new(
		&(struct course_config){
			.session = SESSION,
			.size = DATAGRAM_HEADER_BYTES,
			.count = 20,
			.timeout_ns = NS_PER_S,
			.df = size > 0 && data[0] & 0x80,
		},
		&result);
	int64_t now_ns = 0;
	struct piece piece;

	if (!course || !sessions)
		abort();
	while (next_piece(&data, &size, &piece)) {
		if (piece.kind == PIECE_TIME)
			pass_time(course, &piece, &now_ns);
		else if (piece.kind == PIECE_RAW)
			course_arrival(course, piece.bytes, piece.length,
				       now_ns);
		else if (piece.kind == PIECE_SEALED)
			arrive_sealed(course,
				      sessions_open(sessions, &peer, 1, 1),
				      &piece, now_ns);
		else
			fail(course, &piece);
	}
	course_finish(course);
	check(&result);
	course_free(course);
	sessions_free(sessions);
	return 0;
}
