// clarion images: what is indexed, with its names.
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/session.h"
#include "image/reference.h"
#include "store/names.h"

#define PAGE 500

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "table (default) or json", "table json"},
    {"repository", 0, "REPOSITORY", "only images that this repository of a registry has", NULL},
    {"tag", 0, "TAG", "only images with this tag", NULL},
    {0},
};

// ---- for people -----------------------------------------------------------------------------------------------------

static const char *day(int64_t seconds, char text[static CLOCK_TEXT])
{
    clock_format(seconds, text);
    text[16] = '\0'; // to the minute
    text[10] = ' ';
    return text;
}

static void write_name(const struct image_name *name, struct arena *a, struct buf *out)
{
    buf_add(out, utf8_plain(a, name->repository));
    if (name->tag.n != 0)
        buf_addf(out, ":%.*s", SLICE_ARG(utf8_plain(a, name->tag)));
    else
        buf_addf(out, "@%.19s", name->manifest.text); // "sha256:" and twelve digits
}

// One line for each name; what stands in front of it only in the first.
static void write_row(const struct listed_image *image, struct buf *out)
{
    struct arena a ARENA_AUTO = {0};
    char indexed[CLOCK_TEXT];
    struct slice distribution =
        image->distribution.n == 0
            ? SLICE("-")
            : arena_printf(&a, "%.*s %.*s", SLICE_ARG(image->distribution), SLICE_ARG(image->distribution_version));
    struct slice platform = arena_printf(&a, "%.*s/%.*s", SLICE_ARG(image->os), SLICE_ARG(image->arch));
    buf_addf(out, "%.19s  %-16s  %-14s  %-18s  ", image->manifest.text, day(image->indexed, indexed),
             utf8_plain(&a, platform).p, utf8_plain(&a, distribution).p);
    if (image->names_n == 0)
        buf_add(out, utf8_plain(&a, image->reference));
    for (size_t i = 0; i < image->names_n; i++) {
        if (i != 0)
            buf_addf(out, "\n%75s", "");
        write_name(&image->names[i], &a, out);
    }
    buf_addc(out, '\n');
}

// ---- for programs ---------------------------------------------------------------------------------------------------

static void add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t seconds)
{
    char text[CLOCK_TEXT];
    clock_format(seconds, text);
    json_add_str(doc, object, key, seconds != 0 ? slice_str(text) : SLICE(""));
}

static void add_image(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct listed_image *image)
{
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, o, "digest", digest_slice(&image->manifest));
    json_add_str(doc, o, "reference", image->reference);
    json_add_str(doc, o, "os", image->os);
    json_add_str(doc, o, "arch", image->arch);
    yyjson_mut_val *distribution = json_add_obj(doc, o, "distribution");
    json_add_str(doc, distribution, "id", image->distribution);
    json_add_str(doc, distribution, "version", image->distribution_version);
    add_time(doc, o, "indexed", image->indexed);
    yyjson_mut_val *names = json_add_arr(doc, o, "names");
    for (size_t i = 0; i < image->names_n; i++) {
        yyjson_mut_val *name = yyjson_mut_arr_add_obj(doc, names);
        json_add_str(doc, name, "repository", image->names[i].repository);
        json_add_str(doc, name, "tag", image->names[i].tag);
        json_add_str(doc, name, "manifest", digest_slice(&image->names[i].manifest));
        add_time(doc, name, "pushed", image->names[i].pushed / 1000000);
    }
}

// ---- the command ----------------------------------------------------------------------------------------------------

static void tell_none(const struct image_query *query)
{
    if (query->repository.n != 0 || query->tag.n != 0)
        log_warn("no indexed image has that name (`clarion images` lists all)");
    else
        log_warn(SESSION_NO_IMAGES);
}

// Page by page, so that a large store is not read as a whole.
static bool each_page(struct store *store, struct image_query query, yyjson_mut_doc *doc, yyjson_mut_val *list,
                      struct buf *out, struct error *err)
{
    for (bool more = true; more;) {
        struct arena a ARENA_AUTO = {0};
        struct listed_image *images;
        size_t n;
        if (!store_image_list(store, &query, &a, &images, &n, err))
            return false;
        if (n == 0 && query.after.text[0] == '\0')
            tell_none(&query);
        for (size_t i = 0; i < n; i++) {
            if (doc != NULL)
                add_image(doc, list, &images[i]);
            else
                write_row(&images[i], out);
        }
        more = n == query.most;
        if (more)
            query.after = images[n - 1].manifest;
    }
    return true;
}

static bool list_images(struct store *store, const struct image_query *query, bool json, struct buf *out,
                        struct error *err)
{
    if (!json) {
        buf_addf(out, "%-19s  %-16s  %-14s  %-18s  %s\n", "DIGEST", "INDEXED (UTC)", "PLATFORM", "DISTRIBUTION",
                 "NAMES");
        return each_page(store, *query, NULL, NULL, out, err);
    }
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "schema", SLICE("clarion/images/1"));
    bool ok = each_page(store, *query, doc, json_add_arr(doc, root, "images"), out, err);
    json_write(doc, true, out);
    buf_addc(out, '\n');
    return ok;
}

static int run(struct cli *cli)
{
    size_t format;
    const char *repository = cli_value(cli, "repository");
    struct arena a ARENA_AUTO = {0};
    struct store store STORE_AUTO = {0};
    struct buf out BUF_AUTO = {0};
    struct reference reference;
    struct error err;
    struct image_query query = {.repository = SLICE(""), .tag = slice_str(cli_value(cli, "tag")), .most = PAGE};
    if (!cli_choice(cli, "format", &format))
        return EXIT_BAD_USAGE;
    if (repository != NULL && !reference_parse(slice_str(repository), &a, &reference, &err))
        return cli_usage(cli, "--repository: %s", err.text);
    if (repository != NULL)
        query.repository = reference_repository(&a, &reference);
    if (store_open(&cli->home, &store, &err) && list_images(&store, &query, format == FORMAT_JSON, &out, &err))
        return cli_emit(buf_slice(&out), NULL);
    log_error("%s", err.text);
    return EXIT_FAILED;
}

const struct command command_images = {
    .name = "images",
    .summary = "list the indexed images, with their names in registries",
    .arguments = "",
    .details = "Names are known of images that were indexed from a registry, and of those that registries told the\n"
               "service of. `clarion report NAME` judges one.\n",
    .options = options,
    .least = 0,
    .most = 0,
    .run = run,
};
