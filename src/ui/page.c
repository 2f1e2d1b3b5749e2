#include "ui/page.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/negotiate.h"
#include "service/api.h"
#include "ui/assets.h"

// ---- the answer -----------------------------------------------------------------------------------------------------

// Nothing but our own files is loaded, nobody may frame a page, and a page says nothing of itself to where it links.
#define POLICY                                                                                                         \
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "              \
    "frame-ancestors 'none'; base-uri 'none'"

void page_add_headers(const struct web_request *request, struct web_response *response, struct slice cache_control)
{
    web_add(request, response, "Content-Security-Policy", SLICE(POLICY));
    web_add(request, response, "X-Content-Type-Options", SLICE("nosniff"));
    // Not "no-referrer": with that browsers send no Origin with our own forms, by which those of others are told apart.
    web_add(request, response, "Referrer-Policy", SLICE("same-origin"));
    web_add(request, response, "Cross-Origin-Opener-Policy", SLICE("same-origin"));
    web_add(request, response, "Cross-Origin-Resource-Policy", SLICE("same-origin"));
    web_add(request, response, "Cache-Control", cache_control);
}

static void finish(struct page *p)
{
    struct web_response *response = p->response;
    page_add_headers(p->request, response, p->private ? SLICE("no-store") : SLICE("private, no-cache"));
    if (session_wanted(p->service))
        web_add(p->request, response, "Vary", SLICE("Cookie"));
    if (response->body.n != 0)
        response->type = "text/html; charset=utf-8";
    if (response->status != 200 || p->private)
        return;
    struct digest digest = digest_of(buf_slice(&response->body));
    struct slice tag = api_quoted(p->request, slice_of(digest_hex(&digest), 32));
    web_add(p->request, response, "Etag", tag);
    if (!web_matches(p->request, tag))
        return;
    response->status = 304;
    response->type = NULL;
    response->body.n = 0;
}

#define STEPS_MOST 16 // more lead nowhere, and each costs some bytes in every link

// A step up for each slash of the path as the browser has it, but for the first. A slash that is a part of an id is
// percent-encoded in our links, and counts only where somebody typed it: what such a page says is to be whole as well.
static const char *root_of(const struct web_request *request)
{
    struct slice step, rest = slice_from(request->raw_path, 1);
    struct buf up BUF_AUTO = {0};
    for (size_t i = 0; i < STEPS_MOST && slice_cut(rest, '/', &step, &rest); i++)
        buf_adds(&up, "../");
    return up.n == 0 ? "./" : arena_dup(request->arena, buf_slice(&up)).p;
}

static struct page page_of(struct service *service, const struct web_request *request, struct web_response *response)
{
    return (struct page){.service = service,
                         .request = request,
                         .response = response,
                         .out = &response->body,
                         .a = request->arena,
                         .root = root_of(request),
                         .session = session_of(service, request)};
}

static void fail(struct page *p, const struct error *err)
{
    unsigned status = api_status_of(err->code);
    if (status >= 500)
        log_error("%s", err->text);
    else
        log_info("%s", err->text);
    page_refuse(p, status, SLICE("This page could not be made"), slice_str(err->text));
}

void page_answer_plain(struct service *service, const struct web_request *request, struct web_response *response,
                       page_write *write)
{
    struct page page = page_of(service, request, response);
    struct error err;
    response->status = 200;
    if (!write(&page, &err))
        fail(&page, &err);
    finish(&page);
}

void page_answer(struct service *service, const struct web_request *request, struct web_response *response,
                 page_write *write)
{
    struct page page = page_of(service, request, response);
    struct error err;
    response->status = 200;
    page.view = views_take(service->views, &err);
    if (page.view == NULL || !write(&page, &err))
        fail(&page, &err);
    finish(&page);
    views_give(service->views, page.view);
}

void page_redirect(struct page *p, struct slice path)
{
    struct buf place BUF_AUTO = {0};
    buf_adds(&place, p->root);
    buf_add(&place, path);
    p->out->n = 0;
    p->response->status = 303;
    web_add(p->request, p->response, "Location", buf_slice(&place));
}

// ---- who may read ---------------------------------------------------------------------------------------------------

enum web_admission page_admit(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    if (!session_wanted(service) || session_of(service, request).valid)
        return WEB_ADMIT;
    if (web_header(request, "Authorization", 0).p != NULL)
        return WEB_BY_TOKENS;
    struct page page = page_of(service, request, response);
    struct buf place BUF_AUTO = {0};
    buf_adds(&place, "login?next=");
    match_add_encoded(&place, slice_from(request->path, 1));
    if (request->query.n != 0) {
        buf_adds(&place, "%3F");
        match_add_encoded(&place, request->query);
    }
    page.private = true;
    page_redirect(&page, buf_slice(&place));
    finish(&page);
    return WEB_REFUSE;
}

// ---- the frame ------------------------------------------------------------------------------------------------------

static void add_head(struct page *p, struct slice title)
{
    buf_adds(p->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    markup_add(p->out, title);
    buf_addf(p->out, "%sClarion</title>\n", title.n != 0 ? " · " : "");
    buf_addf(p->out, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"%sassets/%s\">\n", p->root,
             asset_name("icon.svg"));
    buf_addf(p->out, "<link rel=\"stylesheet\" href=\"%sassets/%s\">\n", p->root, asset_name("bootstrap.min.css"));
    buf_addf(p->out, "<link rel=\"stylesheet\" href=\"%sassets/%s\">\n", p->root, asset_name("clarion.css"));
    buf_addf(p->out, "<script src=\"%sassets/%s\"></script>\n</head>\n<body>\n", p->root, asset_name("clarion.js"));
}

static void add_navigation(struct page *p, enum page_section section)
{
    static const struct {
        enum page_section section;
        const char *path, *name;
    } links[] = {{SECTION_OVERVIEW, "", "Overview"},
                 {SECTION_IMAGES, "images", "Images"},
                 {SECTION_NOTIFICATIONS, "notifications", "Notifications"},
                 {SECTION_FEEDS, "feeds", "Feeds"}};
    buf_adds(p->out, "<nav aria-label=\"Main\"><ul>");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        buf_addf(p->out, "<li><a href=\"%s%s\"%s>%s</a></li>", p->root, links[i].path,
                 links[i].section == section ? " aria-current=\"page\"" : "", links[i].name);
    buf_adds(p->out, "</ul></nav>\n");
}

static void add_search(struct page *p)
{
    struct slice asked = slice_ends(p->request->path, SLICE("/search")) ? web_parameter(p->request, "q") : SLICE("");
    buf_addf(p->out,
             "<form class=\"search\" role=\"search\" method=\"get\" action=\"%ssearch\">"
             "<label class=\"visually-hidden\" for=\"q\">Search for a vulnerability, a package or an image</label>"
             "<input class=\"form-control\" id=\"q\" name=\"q\" type=\"search\" maxlength=\"512\" autocomplete=\"off\" "
             "spellcheck=\"false\" placeholder=\"CVE, package or image\" value=\"",
             p->root);
    markup_add(p->out, asked);
    buf_adds(p->out, "\"><button class=\"btn\" type=\"submit\">Search</button></form>\n");
}

static void add_header(struct page *p, enum page_section section)
{
    bool reading =
        !session_wanted(p->service) || p->session.valid || web_header(p->request, "Authorization", 0).p != NULL;
    buf_addf(
        p->out,
        "<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header class=\"top\"><div class=\"inner\">\n"
        "<a class=\"brand\" href=\"%s\"><img src=\"%sassets/%s\" alt=\"\" width=\"24\" height=\"24\">Clarion</a>\n",
        p->root, p->root, asset_name("icon.svg"));
    if (reading) {
        add_navigation(p, section);
        add_search(p);
    }
    buf_adds(p->out, "<button class=\"btn btn-sm\" id=\"theme\" type=\"button\" hidden>Dark</button>\n");
    if (p->session.valid)
        buf_addf(p->out,
                 "<form method=\"post\" action=\"%slogout\"><input type=\"hidden\" name=\"form\" value=\"%s\">"
                 "<button class=\"btn btn-sm\" type=\"submit\">Log out</button></form>\n",
                 p->root, p->session.form_token);
    buf_adds(p->out, "</div></header>\n<main id=\"content\" tabindex=\"-1\">\n");
}

// Without any feed nothing that a page says of vulnerabilities means anything: so each says that first.
static void add_warning(struct page *p)
{
    if (p->view == NULL)
        return;
    if (p->view->generation.id.n == 0)
        buf_addf(p->out,
                 "<div class=\"notice warn\" role=\"note\"><strong>No vulnerability data yet.</strong> Nothing can be "
                 "said about any image: run <code>clarion update</code>%s.</div>\n",
                 p->service->config->updaters_disabled ? "" : ", or wait for the service's own updater");
    if (p->view->missing.n != 0) {
        buf_adds(
            p->out,
            "<div class=\"notice warn\" role=\"note\"><strong>Data that cannot be read:</strong> what these feeds say is "
            "missing from every page: ");
        markup_add(p->out, slice_trim(p->view->missing));
        buf_adds(p->out, ". The log of the service says why.</div>\n");
    }
}

void page_begin(struct page *p, struct slice title, enum page_section section)
{
    add_head(p, title);
    add_header(p, section);
    add_warning(p);
}

void page_end(struct page *p)
{
    buf_adds(p->out, "</main>\n<footer><div class=\"inner\">Clarion " CLARION_VERSION);
    if (p->view != NULL && p->view->generation.id.n != 0) {
        buf_adds(p->out, " · vulnerability data <code>");
        markup_add(p->out, p->view->generation.id);
        buf_adds(p->out, "</code> of ");
        html_time(p->out, p->view->generation.created);
    }
    buf_adds(p->out, "</div></footer>\n</body>\n</html>\n");
}

void page_refuse(struct page *p, unsigned status, struct slice what, struct slice advice)
{
    p->out->n = 0;
    p->response->status = status;
    page_begin(p, what, SECTION_NONE);
    buf_adds(p->out, "<h1>");
    markup_add(p->out, what);
    buf_adds(p->out, "</h1>\n<p class=\"lead\">");
    markup_add(p->out, advice);
    buf_addf(p->out, "</p>\n<p><a href=\"%s\">To the overview</a></p>\n", p->root);
    page_end(p);
}

// ---- parameters -----------------------------------------------------------------------------------------------------

uint64_t page_number(const struct page *p, const char *name)
{
    uint64_t n;
    return slice_to_u64(web_parameter(p->request, name), &n) && n <= UINT32_MAX ? n : 0;
}

bool page_flag(const struct page *p, const char *name)
{
    return slice_eq(web_parameter(p->request, name), SLICE("1"));
}

void page_add_parameter(struct buf *query, const char *name, struct slice value)
{
    if (value.n == 0)
        return;
    buf_addf(query, "&%s=", name);
    match_add_encoded(query, value);
}
