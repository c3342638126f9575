/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/page.h"

#include <stdbool.h>

#include "flow/markup.h"
#include "flow/say.h"
#include "flow/svg.h"

enum {
	/* Height of a piece of a drawing on paper, by its width: small ones
	 * fill the pages well. */
	PIECE_PERCENT = 20,
};

static const char *const sheet[] = {
	"html{background:var(--bg);color:var(--ink);color-scheme:light dark}"
	"body{margin:0 auto;max-width:1240px;padding:16px;"
	"font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,"
	"\"Noto Sans\",\"Noto Sans CJK SC\",\"PingFang SC\","
	"\"Microsoft YaHei\",sans-serif}\n",
	"h1{font-size:24px;overflow-wrap:anywhere}"
	"h2{font-size:18px;margin:32px 0 8px;border-top:1px solid var(--rule);"
	"padding-top:16px}p{margin:4px 0}.q{color:var(--soft)}"
	"figure{margin:16px 0;overflow-x:auto}figure svg{margin:0 auto}.whole "
	"svg{max-width:100%;height:auto;min-width:1000px}"
	"a{color:var(--client)}nav ul{padding-left:18px}.pages{display:none}\n",
	".wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px;"
	"width:100%;font-variant-numeric:tabular-nums}"
	"caption{text-align:left;font-weight:700;padding:8px 0}"
	"th,td{padding:3px 6px;border-bottom:1px solid var(--rule);"
	"text-align:left;vertical-align:top}"
	"th{position:sticky;top:0;background:var(--bg)}"
	"td.n,th.n{text-align:right;white-space:nowrap}td.w{min-width:18em}"
	"small{color:var(--soft);display:block;font-size:11px}\n",
	"b.again{color:var(--again)}b.order{color:var(--order)}"
	"b.ack{color:var(--ack)}b.window{color:var(--window)}"
	"b.alive{color:var(--alive)}b.rst{color:var(--rst)}"
	"b.client{color:var(--client)}b.server{color:var(--server)}\n",
	"@page{size:A4 landscape;margin:10mm}"
	"@media print{body{padding:0;max-width:none;font-size:11px}"
	"h2{break-before:page}section:first-of-type h2{break-before:auto}"
	"figure{overflow:hidden}"
	"figure>.whole{position:absolute;width:0;height:0;overflow:hidden}"
	".pages{display:block}.pages svg{width:100%;height:auto;"
	"break-inside:avoid}table{font-size:9px}thead{display:"
	"table-header-group}tr{break-inside:avoid}th{position:static}"
	"td.w{min-width:0}small{font-size:8px}}\n",
};

void page_open(struct markup *markup, const char *title)
{
	markup_add(markup,
		   "<!DOCTYPE html>\n<html lang=\"%s\" class=\"syn\">\n"
		   "<head>\n<meta charset=\"utf-8\">\n",
		   /* zh: the language of the page, a tag of BCP 47 */
		   _("en"));
	markup_add(markup,
		   "<meta http-equiv=\"Content-Security-Policy\" content=\""
		   "default-src 'none'; style-src 'unsafe-inline'\">\n"
		   "<meta name=\"viewport\" content=\"width=device-width\">\n"
		   "<title>");
	markup_text(markup, title);
	markup_add(markup, "</title>\n<style>\n");
	svg_style(markup);
	for (size_t i = 0; i < sizeof(sheet) / sizeof(*sheet); i++)
		markup_add(markup, "%s", sheet[i]);
	markup_add(markup, "</style>\n</head>\n<body>\n<h1>");
	markup_text(markup, title);
	markup_add(markup, "</h1>\n");
}

void page_close(struct markup *markup)
{
	markup_add(markup, "</body>\n</html>\n");
}

void page_links_open(struct markup *markup)
{
	markup_add(markup, "<nav><ul>\n");
}

void page_link(struct markup *markup, unsigned long long stream,
	       const char *text)
{
	markup_add(markup, "<li><a href=\"#stream%llu\">", stream);
	markup_text(markup, text);
	markup_add(markup, "</a></li>\n");
}

void page_links_close(struct markup *markup)
{
	markup_add(markup, "</ul></nav>\n");
}

void page_paragraph(struct markup *markup, const char *class, const char *text)
{
	markup_add(markup, "<p class=\"%s\">", class);
	markup_text(markup, text);
	markup_add(markup, "</p>\n");
}

/* The drawing from one cut to another. Its rules must not ask for the <svg>
 * around them: where it is used again there is another one. */
static void put_piece(struct markup *markup, unsigned long long id, int width,
		      int from, int to)
{
	markup_add(markup,
		   "<svg class=\"syn\" viewBox=\"0 %d %d %d\" "
		   "aria-hidden=\"true\"><use href=\"#drawing%llu\"/></svg>\n",
		   from, width, to - from, id);
}

static void put_pieces(struct markup *markup, unsigned long long id, int width,
		       int height, const struct svg_cuts *cuts)
{
	int piece = width * PIECE_PERCENT / 100, from = 0, to = 0;

	markup_add(markup, "<div class=\"pages\">\n");
	for (size_t i = 0; i < cuts->count; i++) {
		if (cuts->at[i] - from > piece && to > from) {
			put_piece(markup, id, width, from, to);
			from = to;
		}
		to = cuts->at[i];
	}
	put_piece(markup, id, width, from, height);
	markup_add(markup, "</div>\n");
}

void page_figure(struct markup *markup, unsigned long long id, int width,
		 int height, const char *title, const struct svg_cuts *cuts,
		 void (*draw)(void *arg, struct markup *markup), void *arg)
{
	markup_add(markup, "<figure>\n<div class=\"whole\">\n");
	svg_open(markup, width, height, title, 0);
	markup_add(markup, "<g id=\"drawing%llu\" class=\"syn\">\n", id);
	draw(arg, markup);
	markup_add(markup, "</g>\n");
	svg_close(markup);
	markup_add(markup, "</div>\n");
	put_pieces(markup, id, width, height, cuts);
	markup_add(markup, "</figure>\n");
}

void page_table_open(struct markup *markup, const char *caption,
		     const char *const *names)
{
	markup_add(markup, "<div class=\"wide\"><table>\n<caption>");
	markup_text(markup, caption);
	markup_add(markup, "</caption>\n<thead><tr>");
	for (; *names; names++) {
		bool number = **names == '>';

		markup_add(markup, "<th scope=\"col\"%s>",
			   number ? " class=\"n\"" : "");
		markup_text(markup, *names + number);
		markup_add(markup, "</th>");
	}
	markup_add(markup, "</tr></thead>\n<tbody>\n");
}

void page_table_close(struct markup *markup)
{
	markup_add(markup, "</tbody></table></div>\n");
}

void page_cell(struct markup *markup, const char *class, const char *text)
{
	markup_add(markup, "<td class=\"%s\">", class);
	markup_text(markup, text);
	markup_add(markup, "</td>");
}

void page_number(struct markup *markup, unsigned long long number)
{
	markup_add(markup, "<td class=\"n\">%llu</td>", number);
}
