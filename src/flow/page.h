/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_PAGE_H
#define FLOW_PAGE_H

#include <stddef.h>

struct markup;
struct svg_cuts;

/*
 * A page of HTML that needs nothing else: no script, no font, no network (its
 * own policy forbids all of it), light or dark as the reader's system is, and
 * on paper in pages that cut no row. Pure.
 */

/* Up to and with <h1>. title: outside text. */
void page_open(struct markup *markup, const char *title);

/* A list of links to what has such an id on the page. */
void page_links_open(struct markup *markup);
void page_link(struct markup *markup, unsigned long long stream,
	       const char *text);
void page_links_close(struct markup *markup);
void page_close(struct markup *markup);

/* <p>; class may be "". */
void page_paragraph(struct markup *markup, const char *class, const char *text);

/* A drawing of that size: draw() puts it at 0, 0. It stands there as a whole
 * on a screen; on paper in pieces that end at the cuts. id: its own. */
void page_figure(struct markup *markup, unsigned long long id, int width,
		 int height, const char *title, const struct svg_cuts *cuts,
		 void (*draw)(void *arg, struct markup *markup), void *arg);

/* <table> with a head. Names of columns of numbers begin with '>'; NULL ends
 * them. */
void page_table_open(struct markup *markup, const char *caption,
		     const char *const *names);
void page_table_close(struct markup *markup);
/* <td>, text or a number. */
void page_cell(struct markup *markup, const char *class, const char *text);
void page_number(struct markup *markup, unsigned long long number);

#endif
