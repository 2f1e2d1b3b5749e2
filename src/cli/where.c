// clarion where: which of the indexed images have a vulnerability, or hold a package.
#include "notify/where.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/session.h"

#include <stdlib.h>

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "table (default) or json", "table json"},
    {0},
};

struct row {
    struct slice manifest, reference, layer, kind, name, version, arch, db;
    // With a vulnerability:
    struct slice vulnerability, fixed_in;
    const char *severity;
};

struct rows {
    struct arena arena;
    VEC(struct row) list;
};

static struct row *add_row(struct rows *rows, const struct store_place *p)
{
    struct arena *a = &rows->arena;
    struct row *row = &VEC_PUSH(a, &rows->list);
    *row = (struct row){
        .manifest = arena_dup(a, p->manifest),
        .reference = arena_dup(a, p->reference),
        .layer = arena_dup(a, p->layer),
        .kind = arena_dup(a, p->kind),
        .name = arena_dup(a, p->name),
        .version = arena_dup(a, p->version),
        .arch = arena_dup(a, p->arch),
        .db = arena_dup(a, p->db),
    };
    return row;
}

static bool take_place(void *context, const struct store_place *place, struct error *err)
{
    (void)err;
    add_row(context, place);
    return true;
}

static bool take_where(void *context, const struct where *where, struct error *err)
{
    struct rows *rows = context;
    struct row *row = add_row(rows, where->place);
    (void)err;
    row->vulnerability = arena_dup(&rows->arena, where->finding->vulnerability);
    row->fixed_in = arena_dup(&rows->arena, where->finding->fixed_in);
    row->severity = severity_name(where->finding->severity);
    return true;
}

static int by_image(const void *x, const void *y)
{
    const struct row *r = x, *s = y;
    const struct slice a[] = {r->reference, r->manifest, r->kind, r->name, r->version, r->arch, r->db};
    const struct slice b[] = {s->reference, s->manifest, s->kind, s->name, s->version, s->arch, s->db};
    int order = 0;
    for (size_t i = 0; order == 0 && i < sizeof a / sizeof a[0]; i++)
        order = slice_cmp(a[i], b[i]);
    return order;
}

static size_t count_images(const struct rows *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->list.n; i++)
        n += i == 0 || !slice_eq(rows->list.v[i].manifest, rows->list.v[i - 1].manifest);
    return n;
}

static void write_json(const struct rows *rows, struct slice asked, struct buf *out)
{
    yyjson_mut_val *root, *image = NULL, *packages = NULL;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "asked", asked);
    yyjson_mut_val *images = json_add_arr(doc, root, "images");
    for (size_t i = 0; i < rows->list.n; i++) {
        const struct row *r = &rows->list.v[i];
        if (i == 0 || !slice_eq(r->manifest, rows->list.v[i - 1].manifest)) {
            image = yyjson_mut_arr_add_obj(doc, images);
            json_add_str(doc, image, "manifest", r->manifest);
            json_add_str(doc, image, "reference", r->reference);
            packages = json_add_arr(doc, image, "packages");
        }
        yyjson_mut_val *p = yyjson_mut_arr_add_obj(doc, packages);
        json_add_str(doc, p, "kind", r->kind);
        json_add_str(doc, p, "name", r->name);
        json_add_str(doc, p, "version", r->version);
        json_add_str_if(doc, p, "arch", r->arch);
        json_add_str(doc, p, "path", r->db);
        json_add_str(doc, p, "layer", r->layer);
        if (r->severity == NULL)
            continue;
        json_add_str(doc, p, "vulnerability", r->vulnerability);
        json_add_str(doc, p, "severity", slice_str(r->severity));
        json_add_str(doc, p, "fixed_in", r->fixed_in);
    }
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

static void write_table(const struct rows *rows, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    for (size_t i = 0; i < rows->list.n; i++) {
        const struct row *r = &rows->list.v[i];
        struct slice name = utf8_plain(&scratch, r->name), version = utf8_plain(&scratch, r->version);
        if (i == 0 || !slice_eq(r->manifest, rows->list.v[i - 1].manifest)) {
            struct slice reference = utf8_plain(&scratch, r->reference);
            buf_addf(out, "%.*s %.*s\n", SLICE_ARG(r->manifest), SLICE_ARG(reference));
        }
        buf_addf(out, "  %-9.*s %-32.*s %-24.*s", SLICE_ARG(r->kind), SLICE_ARG(name), SLICE_ARG(version));
        if (r->severity != NULL) {
            struct slice fixed = utf8_plain(&scratch, r->fixed_in);
            buf_addf(out, " %-11s %s%.*s", r->severity, fixed.n != 0 ? "fixed in " : "no fix", SLICE_ARG(fixed));
        }
        buf_addf(out, "  layer %.19s\n", r->layer.n >= 19 ? r->layer.p : "not known");
    }
    buf_addf(out, "%zu images\n", count_images(rows));
}

// A package may be called as a vulnerability is: then both are asked.
static bool ask(struct session *s, struct slice asked, struct rows *rows, bool *known, struct error *err)
{
    return where_vulnerability(&s->store, &s->generation, s->segments, asked, clock_now(), take_where, rows, known,
                               err) &&
           (*known || store_places_named(&s->store, asked, take_place, rows, err));
}

static int run(struct cli *cli)
{
    struct rows rows = {0};
    struct buf out BUF_AUTO = {0};
    struct error err;
    bool known;
    const char *format = cli_value(cli, "format");
    bool json = format != NULL && strcmp(format, "json") == 0;
    if (format != NULL && !json && strcmp(format, "table") != 0)
        return cli_usage(cli, "there is no format \"%s\" here; there are: table json", format);
    struct session s SESSION_AUTO;
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    struct slice asked = slice_str(cli->arguments[0]);
    bool ok = ask(&s, asked, &rows, &known, &err);
    if (!ok)
        log_error("%s", err.text);
    if (rows.list.n > 1)
        qsort(rows.list.v, rows.list.n, sizeof *rows.list.v, by_image);
    if (json)
        write_json(&rows, asked, &out);
    else
        write_table(&rows, &out);
    if (ok && !known && rows.list.n == 0)
        log_warn("no loaded feed has a record of \"%s\", and no indexed image a package of that name", asked.p);
    arena_free(&rows.arena);
    return ok ? cli_emit(buf_slice(&out), NULL) : EXIT_FAILED;
}

const struct command command_where = {
    .name = "where",
    .summary = "tell which indexed images have a vulnerability, or hold a package",
    .arguments = "VULNERABILITY|PACKAGE",
    .details =
        "VULNERABILITY is a CVE, or another id that a feed has: told are the images that are affected by what\n"
        "the feeds say now, whether or not VEX documents or ignore rules suppress it in reports. PACKAGE is the\n"
        "name of a package or of the source that it was built from.\n",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
