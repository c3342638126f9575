/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/segment.h"

#include "flow/say.h"

static const struct {
	const char *name, *text;
} notes[NOTE_COUNT] = {
	{"retransmission", N_("retransmission")},
	{"fast_retransmission", N_("fast retransmission")},
	{"spurious_retransmission", N_("spurious retransmission")},
	{"out_of_order", N_("out of order")},
	{"gap", N_("previous segment not captured")},
	{"acked_unseen", N_("acknowledges a segment not captured")},
	{"dup_ack", N_("duplicate ACK")},
	{"keep_alive", N_("keep-alive")},
	{"keep_alive_ack", N_("ACK of a keep-alive")},
	{"zero_window", N_("window closed")},
	{"zero_window_probe", N_("probe of the closed window")},
	{"zero_window_probe_ack", N_("ACK of a window probe")},
	{"window_full", N_("fills the window")},
	{"window_update", N_("window update")},
	{"port_reused", N_("port reused")},
	{"offload", N_("larger than the MSS: captured above the cut")},
	{"fragmented", N_("in IP fragments: its length is not known")},
	{"cut_options", N_("options that end amiss")},
};

const char *note_name(unsigned n)
{
	return notes[n].name;
}

const char *note_text(unsigned n)
{
	return _(notes[n].text);
}
