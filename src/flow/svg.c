/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/svg.h"

#include <math.h>
#include <string.h>

#include "flow/markup.h"
#include "flow/say.h"
#include "flow/segment.h"
#include "wire/packet.h"

int svg_width(size_t columns, int size)
{
	return (int)(columns * (size_t)size * 605 / 1000) + 1;
}

size_t svg_columns(int pixels, int size)
{
	return (size_t)pixels * 1000 / ((size_t)size * 605);
}

/* ---- the style ---- */

static const char *const sheet[] = {
	".syn{--bg:#fff;--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0;"
	"--client:#0550ae;--server:#116329;--again:#bc4c00;--order:#8250df;"
	"--ack:#8a5f00;--window:#bf3989;--alive:#57606a;--rst:#cf222e;"
	"--s0:#8c959f;--s1:#c3cad1;--s2:#d4a72c;--s4:#4ac26b;--s5:#54aeff;"
	"--s6:#1f6feb;--s7:#fb8f44;--s8:#8ddbff;--s9:#bc4c00;--s10:#a475f9}\n",
	"@media (prefers-color-scheme:dark){.syn{--bg:#0d1117;--ink:#e6edf3;"
	"--soft:#9198a1;--rule:#3d444d;--client:#79c0ff;--server:#7ee787;"
	"--again:#ffa657;--order:#d2a8ff;--ack:#e3b341;--window:#ff9bce;"
	"--alive:#9198a1;--rst:#ff7b72;--s0:#6e7681;--s1:#484f58;"
	"--s2:#bb8009;--s4:#2ea043;--s9:#db6d28}}\n",
	"svg.syn{background:var(--bg);display:block}\n",
	".syn text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"
	"\"DejaVu Sans Mono\",\"Liberation Mono\",\"Noto Sans Mono CJK SC\","
	"\"Noto Sans CJK SC\",\"PingFang SC\",\"Microsoft YaHei\",monospace;"
	"font-size:12px;fill:var(--ink)}\n",
	".syn .e{text-anchor:end}.syn .m{text-anchor:middle}"
	".syn .h{font-size:16px;font-weight:700}"
	".syn .l{font-size:13px}.syn .b{font-weight:700}"
	".syn .s{font-size:11px;fill:var(--soft)}"
	".syn .q{fill:var(--soft)}\n",
	".syn line,.syn path{stroke:var(--ink);stroke-width:1.5;"
	"fill:none}.syn .rule{stroke:var(--rule);stroke-width:1}"
	".syn .end{stroke:var(--soft);stroke-width:1}\n",
	".syn .dash{stroke-dasharray:6 4}"
	".syn .cross{stroke-width:2.5}\n",
	".syn rect.s0{fill:var(--s0)}.syn rect.s1{fill:var(--s1)}"
	".syn rect.s2,.syn rect.s3{fill:var(--s2)}"
	".syn rect.s4{fill:var(--s4)}.syn rect.s5{fill:var(--s5)}"
	".syn rect.s6{fill:var(--s6)}.syn rect.s7{fill:var(--s7)}"
	".syn rect.s8{fill:var(--s8)}.syn rect.s9{fill:var(--s9)}"
	".syn rect.s10{fill:var(--s10)}\n",
};

/* A class that colours lines, heads of arrows and text. */
static void put_colour(struct markup *markup, const char *name)
{
	markup_add(markup,
		   ".syn line.%1$s,.syn path.%1$s{stroke:var(--%1$s)}"
		   ".syn path.head.%1$s,.syn text.%1$s{fill:var(--%1$s)}"
		   "\n",
		   name);
}

void svg_style(struct markup *markup)
{
	static const char *const colours[] = {
		"client", "server", "again", "order",
		"ack",    "window", "alive", "rst",
	};

	for (size_t i = 0; i < sizeof(sheet) / sizeof(*sheet); i++)
		markup_add(markup, "%s", sheet[i]);
	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
		put_colour(markup, colours[i]);
}

const char *svg_segment_class(const struct segment *segment)
{
	static const struct {
		uint32_t notes;
		const char *class;
	} classes[] = {
		{NOTE_ANY_RETRANSMISSION, "again"},
		{NOTE_OUT_OF_ORDER | NOTE_GAP | NOTE_ACKED_UNSEEN, "order"},
		{NOTE_DUP_ACK, "ack"},
		{NOTE_ZERO_WINDOW | NOTE_ZERO_WINDOW_PROBE |
			 NOTE_ZERO_WINDOW_PROBE_ACK | NOTE_WINDOW_FULL |
			 NOTE_WINDOW_UPDATE,
		 "window"},
		{NOTE_KEEP_ALIVE | NOTE_KEEP_ALIVE_ACK, "alive"},
	};

	if (segment->flags & TCP_RST)
		return "rst";
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (segment->notes & classes[i].notes)
			return classes[i].class;
	return segment->from_client ? "client" : "server";
}

/* ---- the elements ---- */

void svg_open(struct markup *markup, int width, int height, const char *title,
	      int with_style)
{
	markup_add(markup,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"syn\" "
		   "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		   "role=\"img\">\n<title>",
		   width, height, width, height);
	markup_text(markup, title);
	markup_add(markup, "</title>\n");
	if (with_style) {
		markup_add(markup, "<style>\n");
		svg_style(markup);
		markup_add(markup, "</style>\n");
		markup_add(markup,
			   "<rect width=\"%d\" height=\"%d\" "
			   "style=\"fill:var(--bg)\"/>\n",
			   width, height);
	}
}

void svg_close(struct markup *markup)
{
	markup_add(markup, "</svg>\n");
}

static void text_n(struct markup *markup, int x, int y, const char *class,
		   const char *text, size_t length)
{
	markup_add(markup, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y,
		   class);
	markup_text_n(markup, text, length);
	markup_add(markup, "</text>\n");
}

void svg_text(struct markup *markup, int x, int y, const char *class,
	      const char *text)
{
	text_n(markup, x, y, class, text, strlen(text));
}

/* The next line of the text; *text is moved behind it. */
static size_t take_line(const char **text, size_t columns)
{
	size_t taken = say_break(*text, columns), length = taken;

	if (taken == 0 && **text)
		taken = length = 1; /* wider than the room: cannot be */
	while (length > 0 && (*text)[length - 1] == ' ')
		length--;
	*text += taken + strspn(*text + taken, " ");
	return length;
}

int svg_paragraph(struct markup *markup, int x, int y, size_t columns,
		  const char *class, const char *text)
{
	while (*text) {
		const char *line = text;
		size_t length = take_line(&text, columns);

		text_n(markup, x, y, class, line, length);
		y += SVG_LEADING;
	}
	return y;
}

int svg_lines(size_t columns, const char *text)
{
	int lines = 0;

	while (*text) {
		take_line(&text, columns);
		lines++;
	}
	return lines;
}

static void put_head(struct markup *markup, double x, double y, double angle,
		     const char *class)
{
	const double length = 11, spread = 0.36;

	markup_add(markup,
		   "<path class=\"head %s\" d=\"M%.1f %.1fL%.1f %.1fL%.1f "
		   "%.1fZ\"/>\n",
		   class, x, y, x - length * cos(angle - spread),
		   y - length * sin(angle - spread),
		   x - length * cos(angle + spread),
		   y - length * sin(angle + spread));
}

static void put_line(struct markup *markup, int x1, int y1, double x2,
		     double y2, const char *class)
{
	markup_add(markup,
		   "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%.1f\" "
		   "y2=\"%.1f\"/>\n",
		   class, x1, y1, x2, y2);
}

void svg_arrow(struct markup *markup, int x1, int y1, int x2, int y2,
	       const char *class)
{
	double angle = atan2(y2 - y1, x2 - x1);

	put_line(markup, x1, y1, x2 - 6 * cos(angle), y2 - 6 * sin(angle),
		 class);
	put_head(markup, x2, y2, angle, class);
}

void svg_lost(struct markup *markup, int x1, int y1, int x2, int y2,
	      const char *class)
{
	const int arm = 6;

	put_line(markup, x1, y1, x2, y2, class);
	markup_add(markup,
		   "<path class=\"cross rst\" d=\"M%d %dL%d %dM%d %dL%d %d\"/>"
		   "\n",
		   x2 - arm, y2 - arm, x2 + arm, y2 + arm, x2 - arm, y2 + arm,
		   x2 + arm, y2 - arm);
}

void svg_bar(struct markup *markup, int x, int y, int height,
	     enum endstate state)
{
	if (height > 0)
		markup_add(markup,
			   "<rect class=\"s%d\" x=\"%d\" y=\"%d\" "
			   "width=\"%d\" height=\"%d\"/>\n",
			   (int)state, x, y, SVG_BAR, height);
}
