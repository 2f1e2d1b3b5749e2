// The manifest of a bundle: JSON, with every key there always.
#include "store/bundle.h"

#include "base/clock.h"
#include "base/json.h"

#include <limits.h>

// ---- writing --------------------------------------------------------------------------------------------------------

static void add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t when)
{
    char text[CLOCK_TEXT] = "";
    if (when != 0)
        clock_format(when, text);
    json_add_str(doc, object, key, slice_str(text));
}

static void add_file(yyjson_mut_doc *doc, yyjson_mut_val *item, const struct feed_file *f)
{
    json_add_str(doc, item, "url", f->url);
    json_add_str(doc, item, "scope", f->scope);
    json_add_str(doc, item, "etag", f->etag);
    json_add_str(doc, item, "last_modified", f->last_modified);
    json_add_str(doc, item, "error", f->error);
    add_time(doc, item, "checked", f->checked);
    yyjson_mut_obj_add_uint(doc, item, "parser", f->version);
    yyjson_mut_obj_add_uint(doc, item, "added", f->added);
    yyjson_mut_val *list = json_add_arr(doc, item, "left_out");
    for (size_t i = 0; i < f->left_out_n; i++) {
        yyjson_mut_val *left_out = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, left_out, "reason", f->left_out[i].reason);
        yyjson_mut_obj_add_uint(doc, left_out, "records", f->left_out[i].records);
    }
}

static void add_feed(yyjson_mut_doc *doc, yyjson_mut_val *item, const struct feed_import *feed)
{
    json_add_str(doc, item, "feed", feed->feed);
    json_add_str(doc, item, "segment", digest_slice(&feed->segment));
    yyjson_mut_obj_add_uint(doc, item, "bytes", feed->bytes);
    yyjson_mut_obj_add_uint(doc, item, "records", feed->records);
    add_time(doc, item, "made", feed->made);
    add_time(doc, item, "checked", feed->checked);
    json_add_str(doc, item, "note", feed->note);
    yyjson_mut_val *list = json_add_arr(doc, item, "files");
    for (size_t i = 0; i < feed->files_n; i++)
        add_file(doc, yyjson_mut_arr_add_obj(doc, list), &feed->files[i]);
}

void bundle_manifest_write(const struct bundle *bundle, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "format", arena_printf(&scratch, BUNDLE_FORMAT "%d", BUNDLE_VERSION));
    json_add_str(doc, root, "program", bundle->program);
    add_time(doc, root, "created", bundle->created);
    json_add_str(doc, root, "generation", bundle->generation);
    yyjson_mut_val *list = json_add_arr(doc, root, "feeds");
    for (size_t i = 0; i < bundle->feeds_n; i++)
        add_feed(doc, yyjson_mut_arr_add_obj(doc, list), &bundle->feeds[i]);
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

// ---- reading --------------------------------------------------------------------------------------------------------

static bool wrong(const char *key, struct error *err)
{
    return error_set(err, ERR_FORMAT, "its manifest has no proper \"%s\"", key);
}

static bool take_text(yyjson_val *object, const char *key, struct arena *a, struct slice *out, struct error *err)
{
    struct slice text = json_str(object, key);
    *out = arena_dup(a, text);
    return text.p != NULL || wrong(key, err);
}

static bool take_number(yyjson_val *object, const char *key, uint64_t most, uint64_t *out, struct error *err)
{
    yyjson_val *value = json_last(object, key);
    *out = yyjson_get_uint(value);
    return (yyjson_is_uint(value) && *out <= most) || wrong(key, err);
}

static bool take_time(yyjson_val *object, const char *key, int64_t *out, struct error *err)
{
    struct slice text = json_str(object, key);
    *out = 0;
    return (text.p != NULL && text.n == 0) || (clock_parse(text, out) && *out > 0) || wrong(key, err);
}

static bool take_list(yyjson_val *object, const char *key, yyjson_val **out, struct error *err)
{
    *out = json_last(object, key);
    return yyjson_is_arr(*out) || wrong(key, err);
}

static bool take_left_out(yyjson_val *list, struct arena *a, struct feed_file *f, struct error *err)
{
    yyjson_val *item;
    size_t i, n;
    f->left_out = ARENA_NEW(a, struct file_left_out, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, n, item)
    {
        struct file_left_out *left_out = &f->left_out[f->left_out_n++];
        if (!take_text(item, "reason", a, &left_out->reason, err) ||
            !take_number(item, "records", INT64_MAX, &left_out->records, err))
            return false;
        if (left_out->reason.n == 0)
            return wrong("reason", err);
    }
    return true;
}

static bool take_file(yyjson_val *item, struct arena *a, struct feed_file *f, struct error *err)
{
    uint64_t parser = 0;
    yyjson_val *left_out;
    bool ok =
        take_text(item, "url", a, &f->url, err) && take_text(item, "scope", a, &f->scope, err) &&
        take_text(item, "etag", a, &f->etag, err) && take_text(item, "last_modified", a, &f->last_modified, err) &&
        take_text(item, "error", a, &f->error, err) && take_time(item, "checked", &f->checked, err) &&
        take_number(item, "parser", INT_MAX, &parser, err) && take_number(item, "added", INT64_MAX, &f->added, err) &&
        take_list(item, "left_out", &left_out, err) && take_left_out(left_out, a, f, err);
    f->version = (unsigned)parser;
    return ok;
}

static bool take_files(yyjson_val *list, struct arena *a, struct feed_import *feed, struct error *err)
{
    yyjson_val *item;
    size_t i, n;
    feed->files = ARENA_NEW(a, struct feed_file, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, n, item)
    {
        if (!take_file(item, a, &feed->files[feed->files_n++], err))
            return false;
    }
    return true;
}

static bool take_feed(yyjson_val *item, struct arena *a, struct feed_import *feed, struct error *err)
{
    yyjson_val *files;
    return take_text(item, "feed", a, &feed->feed, err) &&
           digest_parse(json_str(item, "segment"), &feed->segment, err) &&
           take_number(item, "bytes", INT64_MAX, &feed->bytes, err) &&
           take_number(item, "records", INT64_MAX, &feed->records, err) && take_time(item, "made", &feed->made, err) &&
           (feed->made != 0 || wrong("made", err)) && take_time(item, "checked", &feed->checked, err) &&
           take_text(item, "note", a, &feed->note, err) && take_list(item, "files", &files, err) &&
           take_files(files, a, feed, err);
}

static bool take_feeds(yyjson_val *list, struct arena *a, struct bundle *out, struct error *err)
{
    yyjson_val *item;
    size_t i, n;
    out->feeds = ARENA_NEW(a, struct feed_import, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, n, item)
    {
        struct feed_import *feed = &out->feeds[out->feeds_n++];
        if (!take_feed(item, a, feed, err))
            return error_wrap(err, "feed %zu of %zu", i + 1, n);
        // So that none is there twice, and locks are always taken in one order.
        if (i > 0 && slice_cmp(feed[-1].feed, feed->feed) >= 0)
            return error_set(err, ERR_FORMAT, "its manifest has feeds twice or out of order");
    }
    return true;
}

static bool check_format(yyjson_val *root, struct error *err)
{
    struct slice format = json_str(root, "format");
    uint64_t version;
    if (!slice_starts(format, SLICE(BUNDLE_FORMAT)) ||
        !slice_to_u64(slice_from(format, sizeof BUNDLE_FORMAT - 1), &version) || version == 0)
        return error_set(err, ERR_FORMAT, "is no bundle of feeds: its manifest is of another kind");
    return version == BUNDLE_VERSION ||
           error_set(err, ERR_UNSUPPORTED, "is a bundle of version %llu, this program reads %d: use a newer program",
                     (unsigned long long)version, BUNDLE_VERSION);
}

bool bundle_manifest_read(struct slice text, struct arena *a, struct bundle *out, struct error *err)
{
    *out = (struct bundle){0};
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return error_wrap(err, "its manifest");
    yyjson_val *root = yyjson_doc_get_root(doc), *feeds;
    return check_format(root, err) && take_text(root, "program", a, &out->program, err) &&
           take_time(root, "created", &out->created, err) && take_text(root, "generation", a, &out->generation, err) &&
           take_list(root, "feeds", &feeds, err) && take_feeds(feeds, a, out, err);
}
