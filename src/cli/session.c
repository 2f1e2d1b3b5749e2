#include "cli/session.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/gate.h"
#include "cli/triage.h"
#include "feed/feed.h"
#include "image/platform.h"
#include "store/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool say(const struct error *err)
{
    log_error("%s", err->text);
    return false;
}

bool session_open(struct session *s, struct cli *cli, bool judging)
{
    struct error err;
    *s = (struct session){.cli = cli, .held = -1};
    if (!store_open(&cli->home, &s->store, &err))
        return say(&err);
    if (!judging)
        return true;
    const char *as_of = cli_value(cli, "as-of");
    // Segments are opened when they are first needed.
    if (!store_hold_segments(&s->store, &s->held, &err))
        return say(&err);
    bool ok = as_of != NULL ? store_generation_at(&s->store, slice_str(as_of), &s->arena, &s->generation, &err)
                            : store_generation(&s->store, &s->arena, &s->generation, &err);
    if (!ok)
        return say(&err);
    s->segments = report_segments_open(&s->store, &s->generation);
    return session_read_triage(s);
}

bool session_open_with_data(struct session *s, struct cli *cli)
{
    if (!session_open(s, cli, true))
        return false;
    if (s->generation.id.n == 0)
        log_error(SESSION_NO_DATA);
    return s->generation.id.n != 0;
}

void session_close(struct session *s)
{
    session_tell_unused(s);
    arena_free(&s->triage.arena);
    report_segments_close(&s->segments);
    fd_close(&s->held);
    store_close(&s->store);
    arena_free(&s->arena);
}

static bool take_allowed(struct session_registry *r, struct slice list, struct error *err)
{
    struct slice item;
    while (list.n != 0) {
        slice_cut(list, ',', &item, &list);
        if (!address_rules_add(&r->allow, &r->arena, slice_trim(item), err))
            return error_wrap(err, "--allow");
    }
    return true;
}

static bool take_mirrors(struct session_registry *r, struct slice list, struct error *err)
{
    VEC(struct registry_mirror) mirrors = {0};
    struct slice item, domain, host;
    while (list.n != 0) {
        slice_cut(list, ',', &item, &list);
        if (!slice_cut(slice_trim(item), '=', &domain, &host) || domain.n == 0 || host.n == 0)
            return error_set(err, ERR_USAGE, "--registry-mirror takes HOST=MIRROR, not \"%.*s\"", SLICE_ARG(item));
        VEC_PUSH(&r->arena, &mirrors) = (struct registry_mirror){domain, host};
    }
    r->settings.mirrors = mirrors.v;
    r->settings.mirrors_n = mirrors.n;
    return true;
}

bool session_registry_open(struct session_registry *r, struct cli *cli)
{
    struct error err;
    const struct http_options http = {.limits = &cli->limits, .ca_file = cli_value(cli, "ca-file")};
    *r = (struct session_registry){
        .settings = {.named = true,
                     .insecure = cli_value(cli, "insecure") != NULL,
                     .token_host = slice_str(cli_value(cli, "token-host"))},
    };
    if (!take_allowed(r, slice_str(cli_value(cli, "allow")), &err) ||
        !take_mirrors(r, slice_str(cli_value(cli, "registry-mirror")), &err)) {
        cli_usage(cli, "%s", err.text);
        return false;
    }
    r->settings.allow = &r->allow;
    r->settings.http = http_client_new(&http);
    return true;
}

void session_registry_close(struct session_registry *r)
{
    http_client_free(&r->settings.http);
    arena_free(&r->arena);
}

// Of several images that a name stands for, the one for linux on this machine's architecture.
static bool choose_named(const struct named_image *images, size_t n, const char *text, struct arena *a,
                         struct digest *manifest, struct error *err)
{
    struct platform wanted;
    struct buf list BUF_AUTO = {0};
    size_t best = 0, alike = 0;
    unsigned best_rank = 0;
    if (!platform_parse(NULL, a, &wanted, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct platform have = platform_of(a, images[i].os, images[i].arch, SLICE(""));
        unsigned rank = platform_rank(&wanted, &have);
        alike = rank == best_rank ? alike + 1 : rank > best_rank ? 1 : alike;
        best = rank > best_rank ? i : best;
        best_rank = rank > best_rank ? rank : best_rank;
        buf_addf(&list, "%s%.*s/%.*s %s", i != 0 ? ", " : "", SLICE_ARG(images[i].os), SLICE_ARG(images[i].arch),
                 images[i].manifest.text);
    }
    *manifest = images[best].manifest;
    return n == 1 || (best_rank != 0 && alike == 1) ||
           error_set(err, ERR_USAGE, "%s stands for several images: give the digest of one: %.*s", text, (int)list.n,
                     list.p);
}

static bool find_named(struct session *s, const char *text, struct arena *a, struct digest *manifest, struct error *err)
{
    struct reference reference;
    struct named_image *images;
    size_t n = 0;
    if (reference_parse(slice_str(text), a, &reference, err)) {
        struct slice tag = reference.digest.text[0] != '\0' ? SLICE("") : reference.tag;
        if (!store_name_find(&s->store, reference_repository(a, &reference), tag, &reference.digest, a, &images, &n,
                             err))
            return false;
    }
    if (n == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "no indexed image has the digest or the name %s: index it first (`clarion index TARGET`), or "
                         "see which there are (`clarion images`)",
                         text);
    return choose_named(images, n, text, a, manifest, err);
}

static bool find_image(struct session *s, const char *text, struct arena *a, struct digest *manifest, struct error *err)
{
    struct digest found[2];
    size_t n;
    if (!store_image_find(&s->store, slice_str(text), found, 2, &n, err))
        return false;
    if (n == 0)
        return find_named(s, text, a, manifest, err);
    *manifest = found[0];
    return n == 1 || error_set(err, ERR_USAGE,
                               "more than one indexed image has a digest that starts with %s: give more of it", text);
}

bool session_stored_image(struct session *s, const char *text, struct arena *a, struct stored_image *image)
{
    struct error err;
    struct digest manifest;
    bool known;
    if (!find_image(s, text, a, &manifest, &err) ||
        !store_image_get(&s->store, &manifest, NULL, a, image, &known, &err))
        return say(&err);
    if (known)
        return true;
    error_set(&err, ERR_NOT_FOUND, "image %s was removed meanwhile", manifest.text);
    return say(&err);
}

int session_refuse(const struct error *err)
{
    log_error("%s", err->text);
    return err->code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_FAILED;
}

static void add_problems(const struct index_result *indexed, struct arena *a, struct report *report)
{
    report->layers = indexed->layers;
    report->layers_n = indexed->layers_n;
    for (size_t i = 0; i < indexed->problems_n; i++) {
        if (report->errors_n == report->errors_cap)
            report->errors =
                arena_grow(a, report->errors, sizeof *report->errors, report->errors_n, &report->errors_cap);
        report->errors[report->errors_n++] = indexed->problems[i];
    }
}

static const char *severity_from(struct cli *cli)
{
    const char *from = cli_value(cli, "severity-from");
    return from != NULL ? from : SEVERITY_FROM_FEED;
}

static bool check_severity_from(struct cli *cli)
{
    const char *from = severity_from(cli);
    if (strcmp(from, SEVERITY_FROM_FEED) == 0 || strcmp(from, SEVERITY_FROM_HIGHEST) == 0 ||
        feed_named(slice_str(from)) != NULL)
        return true;
    struct nearest nearest = nearest_to(slice_str(from));
    nearest_offer_list(&nearest, SEVERITY_FROM_FEED " " SEVERITY_FROM_HIGHEST);
    for (size_t i = 0; feeds[i] != NULL; i++)
        nearest_offer(&nearest, slice_str(feeds[i]->name));
    cli_usage(
        cli,
        "--severity-from takes feed, nvd, highest or the name of a feed (`clarion feeds` lists them), not \"%s\"%s",
        from, nearest_hint(&nearest).text);
    return false;
}

// The choices of --sort are in the order of the enumeration.
static bool sort_order(struct cli *cli, enum report_order *order)
{
    size_t which;
    bool ok = cli_choice(cli, "sort", &which);
    *order = (enum report_order)which;
    return ok;
}

bool session_report(struct session *s, struct stored_image *image, const struct index_result *indexed, struct arena *a,
                    struct report *report)
{
    struct error err;
    if (!report_make(image, &s->generation, s->segments, clock_now(), a, report, &err))
        return say(&err);
    enum report_order order;
    if (sort_order(s->cli, &order)) {
        report_choose_severity(report, slice_str(severity_from(s->cli)));
        report_sort(report, order);
    }
    report_triage(report, &s->triage, a);
    if (indexed != NULL)
        add_problems(indexed, a, report);
    return true;
}

const struct output *session_output(struct cli *cli, const char *fallback, bool inventory)
{
    const char *name = cli_value(cli, "format");
    const struct output *output = output_named(slice_str(name != NULL ? name : fallback));
    if (output != NULL && (inventory ? output->inventory : output->report) != NULL)
        return output;
    struct buf known BUF_AUTO = {0};
    for (size_t i = 0; outputs[i] != NULL; i++)
        if ((inventory ? outputs[i]->inventory : outputs[i]->report) != NULL)
            buf_addf(&known, "%s%s", known.n != 0 ? " " : "", outputs[i]->name);
    cli_no_such(cli, "format", name, known.p);
    return NULL;
}

// The shape of a report that fits standard output as it is.
static struct output_options session_output_options(struct cli *cli)
{
    struct output_options options = {.only_fixed = cli_value(cli, "only-fixed") != NULL,
                                     .only_code = cli_value(cli, "only-code") != NULL,
                                     .show_suppressed = cli_value(cli, "show-suppressed") != NULL};
    struct winsize size;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (cli_value(cli, "output") != NULL || isatty(STDOUT_FILENO) == 0)
        return options;
    options.color = (no_color == NULL || no_color[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
    options.columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    return options;
}

bool session_check_options(struct cli *cli)
{
    const char *fail_on = cli_value(cli, "fail-on");
    enum report_order order;
    struct gate gate;
    struct error err;
    if (fail_on != NULL && !gate_parse(slice_str(fail_on), &gate, &err)) {
        cli_usage(cli, "%s", err.text);
        return false;
    }
    return check_severity_from(cli) && sort_order(cli, &order);
}

static bool any_met(const struct report *report, const struct output_options *shape, const struct gate *gate)
{
    for (size_t i = 0; i < report->findings_n; i++)
        if (gate_is_met(gate, &report->findings[i]) && !output_leaves_out(shape, &report->findings[i]))
            return true;
    return false;
}

// A script relies on the answer of --fail-on, so judging by nothing, or by nothing that fits, is not a pass.
static int answer(struct session *s, const struct report *report, const struct output_options *shape,
                  const char *target)
{
    const char *fail_on = cli_value(s->cli, "fail-on");
    const struct inventory *inventory = &report->image->inventory;
    struct gate gate;
    struct error err;
    if (s->generation.id.n == 0) {
        log_error("%s: not judged, " SESSION_NO_DATA, target);
        return EXIT_FAILED;
    }
    if (fail_on == NULL || !gate_parse(slice_str(fail_on), &gate, &err))
        return EXIT_FINE;
    if (any_met(report, shape, &gate))
        return EXIT_FINDINGS;
    const struct report_feed *lacking = gate_lacks(&gate, report);
    if (lacking != NULL && report->findings_n != 0) {
        log_error("%s: --fail-on cannot be answered, since the feed %.*s is %s: run `clarion update`", target,
                  SLICE_ARG(lacking->feed), feed_condition_name(lacking->state));
        return EXIT_FAILED;
    }
    // An image without any package is fine, unless it is a distribution's, whose packages must be somewhere.
    if (report->judged != 0 || (inventory->packages_n == 0 && !inventory->distribution.known))
        return EXIT_FINE;
    log_error("%s: --fail-on cannot be answered, since no package of the image could be judged", target);
    return EXIT_FAILED;
}

void session_add_statement(struct arena *a, const struct advisory *r, struct buf *out)
{
    struct slice introduced = utf8_plain(a, r->introduced), bound = utf8_plain(a, r->bound);
    bool ranged = r->status == ADVISORY_FIXED || r->status == ADVISORY_LAST_AFFECTED;
    buf_adds(out, ranged ? "affected" : advisory_status_name(r->status));
    if (introduced.n != 0)
        buf_addf(out, " from %.*s on", SLICE_ARG(introduced));
    if (r->status == ADVISORY_FIXED)
        buf_addf(out, ", fixed in %.*s", SLICE_ARG(bound));
    else if (r->status == ADVISORY_LAST_AFFECTED)
        buf_addf(out, " up to %.*s", SLICE_ARG(bound));
}

int session_deliver(struct session *s, const struct report *report, const struct output *output, bool inventory,
                    const char *target)
{
    struct output_options shape = session_output_options(s->cli);
    struct buf text BUF_AUTO = {0};
    (inventory ? output->inventory : output->report)(report, &shape, &text);
    bool written = text.n != 0 && cli_emit(buf_slice(&text), cli_value(s->cli, "output")) == EXIT_FINE;
    if (text.n == 0)
        log_error("%s: there is no finding to tell, and a document of the format %s must have one: none is written",
                  target, output->name);
    for (size_t i = 0; i < report->errors_n; i++)
        log_error("%s: incomplete: %s", target, report->errors[i].p);
    if (report->errors_n != 0)
        return EXIT_FAILED;
    int code = inventory ? EXIT_FINE : answer(s, report, &shape, target);
    return written ? code : EXIT_FAILED;
}
