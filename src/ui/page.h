// The frame of a page: head, header with navigation and search, footer; the answer's headers; pages of errors.
#pragma once

#include "service/service.h"
#include "ui/html.h"
#include "ui/session.h"

enum page_section { SECTION_NONE, SECTION_OVERVIEW, SECTION_IMAGES, SECTION_NOTIFICATIONS, SECTION_FEEDS };

struct page {
    struct service *service;
    const struct web_request *request;
    struct web_response *response;
    struct buf *out;   // the answer's body
    struct arena *a;   // of the request
    struct view *view; // NULL on pages that read nothing
    const char *root;  // from the page to the first one: "./", "../", … All links are relative, whatever a proxy puts
                       // in front of their path.
    struct session session;
    bool private; // not to be kept by anybody: what is on it is good once
};

typedef bool page_write(struct page *page, struct error *err);

// Answers with what `write` makes of the page, under a tag of its bytes, so that it costs a 304 while it is the same.
// When `write` fails the answer is a page that says so.
void page_answer(struct service *service, const struct web_request *request, struct web_response *response,
                 page_write *write);

// The same without a view.
void page_answer_plain(struct service *service, const struct web_request *request, struct web_response *response,
                       page_write *write);

// What comes before and behind the contents. `title` is foreign text.
void page_begin(struct page *page, struct slice title, enum page_section section);
void page_end(struct page *page);

// A whole page instead of another one: `what` happened, in a few words, and `advice`, a sentence on what to do. Both
// are foreign text.
void page_refuse(struct page *page, unsigned status, struct slice what, struct slice advice);

// A page to go to, by its path from the root.
void page_redirect(struct page *page, struct slice path);

// Who may read pages: everybody without authentication, else who has a session or sends a token. Others are sent to
// log in.
enum web_admission page_admit(void *service, const struct web_request *request, struct web_response *response);

// The headers that every answer of the web page has.
void page_add_headers(const struct web_request *request, struct web_response *response, struct slice cache_control);

// The number of a parameter, 0 when there is none or it is no number that fits.
uint64_t page_number(const struct page *page, const char *name);

// Is the parameter there with a "1"?
bool page_flag(const struct page *page, const char *name);

// "&name=value", encoded; nothing for an empty value.
void page_add_parameter(struct buf *query, const char *name, struct slice value);
