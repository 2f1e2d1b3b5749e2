#include "base/json.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

void json_free(yyjson_doc **doc)
{
    yyjson_doc_free(*doc);
    *doc = NULL;
}

void json_mut_free(yyjson_mut_doc **doc)
{
    yyjson_mut_doc_free(*doc);
    *doc = NULL;
}

static yyjson_doc *parse(struct slice text, yyjson_read_flag flags, struct error *err)
{
    if (slice_starts(text, SLICE("\xef\xbb\xbf")))
        text = slice_from(text, 3);
    if (text.n == 0) {
        error_set(err, ERR_FORMAT, "not JSON: empty");
        return NULL;
    }
    yyjson_read_err why = {0};
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, flags, NULL, &why);
    if (doc == NULL)
        error_set(err, ERR_FORMAT, "not JSON: %s at byte %zu", why.msg, why.pos);
    return doc;
}

yyjson_doc *json_parse(struct slice text, struct error *err)
{
    return parse(text, YYJSON_READ_NOFLAG, err); // the input is not written to
}

yyjson_doc *json_parse_in_place(struct buf *text, struct error *err)
{
    buf_reserve(text, YYJSON_PADDING_SIZE);
    memset(text->p + text->n, 0, YYJSON_PADDING_SIZE);
    return parse(buf_slice(text), YYJSON_READ_INSITU, err);
}

struct slice json_val_str(yyjson_val *value)
{
    return yyjson_is_str(value) ? slice_of(yyjson_get_str(value), yyjson_get_len(value)) : (struct slice){NULL, 0};
}

struct slice json_str(yyjson_val *object, const char *key)
{
    return json_val_str(yyjson_obj_get(object, key));
}

yyjson_val *json_last(yyjson_val *object, const char *key)
{
    yyjson_val *last = NULL, *name;
    yyjson_obj_iter members;
    yyjson_obj_iter_init(object, &members);
    while ((name = yyjson_obj_iter_next(&members)) != NULL)
        if (yyjson_equals_str(name, key))
            last = yyjson_obj_iter_get_val(name);
    return last;
}

// yyjson answers NULL only when it is out of memory.
static void *must(void *p)
{
    if (p == NULL) {
        fputs("clarion: out of memory\n", stderr);
        exit(3);
    }
    return p;
}

static yyjson_mut_val *new_str(yyjson_mut_doc *doc, struct slice value)
{
    struct arena scratch ARENA_AUTO = {0};
    struct slice clean = utf8_clean(&scratch, value);
    return must(yyjson_mut_strncpy(doc, clean.n != 0 ? clean.p : "", clean.n));
}

void json_add_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct slice value)
{
    yyjson_mut_obj_add_val(doc, object, key, new_str(doc, value));
}

void json_add_str_if(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct slice value)
{
    if (value.n != 0)
        json_add_str(doc, object, key, value);
}

yyjson_mut_val *json_add_obj(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key)
{
    return must(yyjson_mut_obj_add_obj(doc, object, key));
}

yyjson_mut_val *json_add_arr(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key)
{
    return must(yyjson_mut_obj_add_arr(doc, object, key));
}

void json_arr_add_str(yyjson_mut_doc *doc, yyjson_mut_val *array, struct slice value)
{
    yyjson_mut_arr_append(array, new_str(doc, value));
}

yyjson_mut_doc *json_new(yyjson_mut_val **root)
{
    yyjson_mut_doc *doc = must(yyjson_mut_doc_new(NULL));
    *root = must(yyjson_mut_obj(doc));
    yyjson_mut_doc_set_root(doc, *root);
    return doc;
}

// yyjson escapes C0. What else a terminal obeys stands in strings only, where \u is the same to every program.
static void add_escaped(struct slice text, struct buf *out)
{
    while (text.n > 0) {
        uint32_t code = 0;
        size_t length = 0, at = utf8_find_obeyed(text, &code, &length);
        buf_add(out, slice_of(text.p, at));
        if (at == text.n)
            return;
        buf_addf(out, "\\u%04x", (unsigned)code);
        text = slice_from(text, at + length);
    }
}

void json_write(yyjson_mut_doc *doc, bool pretty, struct buf *out)
{
    size_t n = 0;
    yyjson_write_flag flags = pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : YYJSON_WRITE_NOFLAG;
    char *text = must(yyjson_mut_write(doc, flags, &n));
    add_escaped(slice_of(text, n), out);
    free(text);
}
