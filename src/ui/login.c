// Logging in and out, where the API asks for tokens: a form that takes such a token, and a session for whoever has one.
#include "ui/login.h"

#include "base/clock.h"
#include "base/log.h"
#include "ui/page.h"

// `next`: where to go with the session, as page_admit has it; foreign text.
static bool write_form(struct page *p, const char *wrong, struct slice next, struct error *err)
{
    char token[SESSION_TEXT];
    if (!session_offer(p->service, p->request, p->response, token, err))
        return false;
    p->private = true;
    page_begin(p, SLICE("Log in"), SECTION_NONE);
    buf_adds(p->out, "<div class=\"narrow\">\n<h1>Log in</h1>\n");
    if (wrong != NULL)
        buf_addf(p->out, "<div class=\"notice bad\" role=\"alert\">%s</div>\n", wrong);
    buf_addf(p->out,
             "<form method=\"post\" action=\"%slogin\">\n<input type=\"hidden\" name=\"form\" value=\"%s\">\n"
             "<input type=\"hidden\" name=\"next\" value=\"",
             p->root, token);
    markup_add(p->out, next);
    buf_adds(
        p->out,
        "\">\n<label class=\"form-label\" for=\"token\">Token</label>\n"
        "<input class=\"form-control\" id=\"token\" name=\"token\" type=\"password\" autocomplete=\"off\" required "
        "autofocus aria-describedby=\"token-help\">\n"
        "<p id=\"token-help\" class=\"form-text\">A token such as the API takes: a JSON Web Token that is signed "
        "with the key of <code>auth.psk</code>. It is looked at once and not kept; the session ends with it.</p>\n"
        "<button class=\"btn btn-primary\" type=\"submit\">Log in</button>\n</form>\n</div>\n");
    page_end(p);
    return true;
}

static bool write_login(struct page *p, struct error *err)
{
    if (session_wanted(p->service) && !p->session.valid)
        return write_form(p, NULL, web_parameter(p->request, "next"), err);
    page_redirect(p, SLICE(""));
    return true;
}

void login_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer_plain(service, request, response, write_login);
}

// ---- what comes from the form ---------------------------------------------------------------------------------------

// A field of a form, by the rules of a query (application/x-www-form-urlencoded is both).
static struct slice field(const struct page *p, const char *name)
{
    struct web_request form = *p->request;
    form.query = p->request->body;
    return web_parameter(&form, name);
}

// Where it was that somebody without a session wanted to go: below the root, since "./" comes in front of it. What is
// asked for behind the path leads nowhere, and may be a text with anything in it.
static bool is_place(struct slice next)
{
    struct slice path, query;
    slice_cut(next, '?', &path, &query);
    return !slice_starts(path, SLICE("/")) && slice_find(path, '\\') < 0 && slice_find_slice(path, SLICE("..")) < 0;
}

static void refuse_foreign(struct page *p)
{
    page_refuse(p, 403, SLICE("This did not come from the page"),
                SLICE("The form was sent from elsewhere, or is too old. Open the page again and send it from there; "
                      "cookies must be allowed for it. A proxy in between must pass the header Host on."));
}

// The path came decoded, the query as it was.
static void add_place(struct buf *out, struct slice next)
{
    struct slice path, query, step;
    bool asks = slice_cut(next, '?', &path, &query), more = true;
    while (more) {
        more = slice_cut(path, '/', &step, &path);
        match_add_encoded(out, step);
        buf_adds(out, more ? "/" : "");
    }
    buf_adds(out, asks ? "?" : "");
    buf_add(out, query);
}

static bool give_session(struct page *p, int64_t until, struct error *err)
{
    struct slice next = field(p, "next");
    struct buf place BUF_AUTO = {0};
    if (!session_begin(p->service, p->request, p->response, until, err))
        return false;
    if (is_place(next))
        add_place(&place, next);
    page_redirect(p, buf_slice(&place));
    return true;
}

// The token is used up: no copy of it stays behind.
static bool check_token(const struct page *p, int64_t *until, struct error *why)
{
    const struct config *config = p->service->config;
    const struct token_key key = {config->psk_key, config->psk_issuers.v, config->psk_issuers.n};
    struct slice token = field(p, "token");
    bool good = token_good_until(&key, slice_trim(token), clock_now(), until, why);
    if (token.n != 0)
        explicit_bzero((char *)(uintptr_t)token.p, token.n);
    return good;
}

static bool write_posted(struct page *p, struct error *err)
{
    struct slice client = slice_str(p->request->client);
    struct error why;
    int64_t until;
    p->private = true;
    if (!session_wanted(p->service)) {
        page_redirect(p, SLICE(""));
        return true;
    }
    if (!session_same_origin(p->request) || !session_offered(p->service, p->request, field(p, "form"))) {
        refuse_foreign(p);
        return true;
    }
    unsigned wait = tries_wait(p->service->logins, client);
    if (wait != 0) {
        web_add(p->request, p->response, "Retry-After", arena_printf(p->a, "%u", wait));
        page_refuse(p, 429, SLICE("Too many tries"),
                    arena_printf(p->a, "Wait for %u seconds, then try again (limit page_tries).", wait));
        return true;
    }
    if (check_token(p, &until, &why))
        return give_session(p, until, err);
    tries_failed(p->service->logins, client);
    log_info("login from %s refused: %s", p->request->client, why.text);
    p->response->status = 403;
    return write_form(p, "This token is not good: it has expired, or was not signed with the key of this service.",
                      field(p, "next"), err);
}

void login_post(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer_plain(service, request, response, write_posted);
}

static bool write_logout(struct page *p, struct error *err)
{
    (void)err;
    p->private = true;
    if (!session_same_origin(p->request) || !session_form(&p->session, field(p, "form"))) {
        refuse_foreign(p);
        return true;
    }
    session_end(p->service, p->request, p->response);
    page_redirect(p, SLICE("login"));
    return true;
}

void logout_post(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer_plain(service, request, response, write_logout);
}
