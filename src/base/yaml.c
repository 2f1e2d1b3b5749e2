#include "base/yaml.h"

#include "base/utf8.h"

#include <libfyaml.h>
#include <stdlib.h>

#define MOST_KEYS    1000 // of one map
#define MOST_ANCHORS 1000

// ---- scalars --------------------------------------------------------------------------------------------------------

static bool one_of(struct slice s, const char *const *words)
{
    for (; *words != NULL; words++)
        if (slice_eq(s, slice_str(*words)))
            return true;
    return false;
}

static size_t digits(struct slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
static enum yaml_type number_type(struct slice s)
{
    enum yaml_type type = YAML_INT;
    s = slice_from(s, s.n != 0 && (s.p[0] == '-' || s.p[0] == '+'));
    size_t whole = digits(s), fraction = 0;
    s = slice_from(s, whole);
    if (s.n != 0 && s.p[0] == '.') {
        fraction = digits(slice_from(s, 1));
        s = slice_from(s, 1 + fraction);
        type = YAML_FLOAT;
    }
    if (whole + fraction == 0)
        return YAML_TEXT;
    if (s.n != 0 && (s.p[0] == 'e' || s.p[0] == 'E')) {
        s = slice_from(s, 1);
        s = slice_from(s, s.n != 0 && (s.p[0] == '-' || s.p[0] == '+'));
        if (digits(s) == 0 || digits(s) != s.n)
            return YAML_TEXT;
        return YAML_FLOAT;
    }
    return s.n == 0 ? type : YAML_TEXT;
}

static enum yaml_type plain_type(struct slice s)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    return one_of(s, nulls) ? YAML_NULL : one_of(s, bools) ? YAML_BOOL : number_type(s);
}

const char *yaml_type_name(enum yaml_type type)
{
    static const char *const names[] = {
        [YAML_NULL] = "nothing",   [YAML_BOOL] = "true or false", [YAML_INT] = "a whole number",
        [YAML_FLOAT] = "a number", [YAML_TEXT] = "text",          [YAML_LIST] = "a list",
        [YAML_MAP] = "a map"};
    return names[type];
}

// ---- from the library's tree to ours --------------------------------------------------------------------------------

struct yaml_node *yaml_node_new(struct yaml_source *s, struct yaml_place place, unsigned depth, struct error *err)
{
    if (depth > s->limits->yaml_depth) {
        yaml_error(err, ERR_LIMIT, place, "nested deeper than the limit yaml_depth (%llu)",
                   (unsigned long long)s->limits->yaml_depth);
        return NULL;
    }
    if (s->nodes >= s->limits->yaml_nodes) {
        yaml_error(err, ERR_LIMIT, place,
                   "more values than the limit yaml_nodes (%llu) allows, those of aliases counted each time",
                   (unsigned long long)s->limits->yaml_nodes);
        return NULL;
    }
    s->nodes++;
    struct yaml_node *node = ARENA_NEW(s->arena, struct yaml_node, 1);
    node->place = place;
    return node;
}

static struct yaml_place place_of(struct fy_node *node, struct yaml_place otherwise)
{
    struct fy_token *token = node != NULL ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;
    if (mark == NULL || mark->line < 0 || mark->column < 0)
        return otherwise;
    return (struct yaml_place){otherwise.file, (unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static struct slice scalar_text(struct fy_node *node)
{
    size_t n = 0;
    const char *p = fy_node_get_scalar(node, &n);
    return slice_of(p, p != NULL ? n : 0);
}

static struct yaml_node *convert(struct yaml_source *s, struct fy_node *from, struct yaml_place near, unsigned depth,
                                 struct error *err);

static bool convert_list(struct yaml_source *s, struct fy_node *from, struct yaml_node *to, unsigned depth,
                         struct error *err)
{
    void *position = NULL;
    struct fy_node *item;
    while ((item = fy_node_sequence_iterate(from, &position)) != NULL) {
        struct yaml_node *value = convert(s, item, to->place, depth + 1, err);
        if (value == NULL)
            return false;
        VEC_PUSH(s->arena, &to->members) = (struct yaml_member){.place = value->place, .value = value};
    }
    return true;
}

static bool convert_map(struct yaml_source *s, struct fy_node *from, struct yaml_node *to, unsigned depth,
                        struct error *err)
{
    void *position = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(from, &position)) != NULL) {
        struct fy_node *name = fy_node_pair_key(pair);
        struct yaml_place place = place_of(name, to->place);
        if (name == NULL || !fy_node_is_scalar(name) || fy_node_is_alias(name))
            return yaml_error(err, ERR_FORMAT, place, "the key of a map must be text");
        struct slice key = arena_dup(s->arena, scalar_text(name));
        if (yaml_get(to, key) != NULL)
            return yaml_error(err, ERR_FORMAT, place, "the key \"%.*s\" is there twice", SLICE_ARG(key));
        struct yaml_node *value = convert(s, fy_node_pair_value(pair), place, depth + 1, err);
        if (value == NULL)
            return false;
        VEC_PUSH(s->arena, &to->members) = (struct yaml_member){key, place, value};
    }
    return true;
}

static void convert_scalar(struct yaml_source *s, struct fy_node *from, struct yaml_node *to)
{
    to->text = arena_dup(s->arena, scalar_text(from));
    to->type = fy_node_get_style(from) == FYNS_PLAIN ? plain_type(to->text) : YAML_TEXT;
}

static struct yaml_node *convert(struct yaml_source *s, struct fy_node *from, struct yaml_place near, unsigned depth,
                                 struct error *err)
{
    struct yaml_node *to = yaml_node_new(s, place_of(from, near), depth, err);
    if (to == NULL || from == NULL) // `key:` without a value
        return to;
    if (fy_node_is_alias(from)) {
        // An anchor around the alias itself ends at yaml_depth.
        struct fy_node *target = fy_node_resolve_alias(from);
        if (target != NULL)
            return convert(s, target, to->place, depth + 1, err);
        yaml_error(err, ERR_FORMAT, to->place, "there is no anchor for the alias *%.*s", SLICE_ARG(scalar_text(from)));
        return NULL;
    }
    if (fy_node_is_scalar(from)) {
        convert_scalar(s, from, to);
        return to;
    }
    to->type = fy_node_is_sequence(from) ? YAML_LIST : YAML_MAP;
    bool ok = to->type == YAML_LIST ? convert_list(s, from, to, depth, err) : convert_map(s, from, to, depth, err);
    if (ok && to->members.n != 0)
        to->place = to->members.v[0].place;
    return ok ? to : NULL;
}

struct yaml_node *yaml_get(const struct yaml_node *map, struct slice key)
{
    for (size_t i = 0; map != NULL && map->type == YAML_MAP && i < map->members.n; i++)
        if (slice_eq(map->members.v[i].key, key))
            return map->members.v[i].value;
    return NULL;
}

// ---- parsing --------------------------------------------------------------------------------------------------------

// The library's messages are collected, not written.
static void discard(struct fy_diag *diag, void *user, const char *text, size_t n)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)n;
}

static bool syntax_error(struct fy_diag *diag, const char *file, bool json, struct error *err)
{
    void *position = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &position);
    struct yaml_place place = {file, 1, 1};
    if (e != NULL && e->line > 0)
        place = (struct yaml_place){file, (unsigned)e->line, e->column > 0 ? (unsigned)e->column : 1};
    return yaml_error(err, ERR_FORMAT, place, "%s: %s", json ? "not JSON" : "not YAML",
                      e != NULL && e->msg != NULL ? e->msg : "cannot be read");
}

// ---- before the library makes a tree of it --------------------------------------------------------------------------

// The library compares each key of a map, and each anchor of a document, with all others, and goes down by recursion:
// with a hundred thousand of them a file of a few megabytes takes minutes. So the text is gone through once before.

struct open_collection {
    bool is_map;
    size_t nodes; // of a map keys and values
};

struct shape {
    size_t anchors;
    VEC(struct open_collection) open;
};

static const char *take_event(struct yaml_source *s, struct shape *shape, struct fy_event *event)
{
    struct open_collection *in = shape->open.n != 0 ? &shape->open.v[shape->open.n - 1] : NULL;
    switch (event->type) {
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        shape->open.n -= shape->open.n != 0;
        return NULL;
    case FYET_ALIAS:
    case FYET_SCALAR:
    case FYET_SEQUENCE_START:
    case FYET_MAPPING_START:
        break;
    default:
        return NULL;
    }
    if (event->type != FYET_ALIAS && fy_event_get_anchor_token(event) != NULL && ++shape->anchors > MOST_ANCHORS)
        return "too many anchors";
    if (in != NULL && in->is_map && ++in->nodes > 2 * (size_t)MOST_KEYS)
        return "a map with too many keys";
    if (event->type != FYET_SEQUENCE_START && event->type != FYET_MAPPING_START)
        return NULL;
    if (shape->open.n > s->limits->yaml_depth)
        return "nested deeper than the limit yaml_depth";
    VEC_PUSH(s->arena, &shape->open) = (struct open_collection){event->type == FYET_MAPPING_START, 0};
    return NULL;
}

// What is no YAML is found when the tree is made, which says where.
static bool check_shape(struct yaml_source *s, const struct fy_parse_cfg *cfg, const char *file, struct slice text,
                        struct error *err)
{
    struct fy_parser *parser = fy_parser_create(cfg);
    struct shape shape = {0};
    struct fy_event *event;
    bool ok = parser != NULL && fy_parser_set_string(parser, text.n != 0 ? text.p : "", text.n) == 0;
    if (!ok)
        error_set(err, ERR_IO, "%s: the YAML parser cannot be started", file);
    while (ok && (event = fy_parser_parse(parser)) != NULL) {
        const char *fault = take_event(s, &shape, event);
        if (fault != NULL) {
            const struct fy_mark *mark = fy_event_start_mark(event);
            struct yaml_place place = {file, mark != NULL ? (unsigned)mark->line + 1 : 1,
                                       mark != NULL ? (unsigned)mark->column + 1 : 1};
            ok = yaml_error(err, ERR_LIMIT, place, "%s", fault);
        }
        fy_parser_event_free(parser, event);
    }
    if (parser != NULL)
        fy_parser_destroy(parser);
    return ok;
}

static bool load(struct yaml_source *s, struct fy_parser *parser, struct fy_diag *diag, const char *file, bool json,
                 struct yaml_node **root, struct error *err)
{
    const struct yaml_place start = {file, 1, 1};
    struct fy_document *doc = fy_parse_load_document(parser);
    if (doc == NULL)
        return !fy_parser_get_stream_error(parser) || syntax_error(diag, file, json, err);
    struct fy_node *top = fy_document_root(doc);
    // A document of comments alone has a root without text.
    bool empty = top == NULL || (!json && fy_node_is_scalar(top) && !fy_node_is_alias(top) &&
                                 fy_node_get_style(top) == FYNS_PLAIN && plain_type(scalar_text(top)) == YAML_NULL);
    bool ok = empty || (*root = convert(s, top, start, 0, err)) != NULL;
    fy_parse_document_destroy(parser, doc);
    if (!ok)
        return false;
    doc = fy_parse_load_document(parser);
    if (doc == NULL)
        return !fy_parser_get_stream_error(parser) || syntax_error(diag, file, json, err);
    fy_parse_document_destroy(parser, doc);
    return yaml_error(err, ERR_FORMAT, start, "there is more than one document in it");
}

// What the library would not come back from (0.7.12 loops over a directive that is not UTF-8), and what no file of ours
// needs, %YAML and %TAG.
static bool fit_to_parse(const char *file, struct slice text, struct error *err)
{
    struct yaml_place place = {file, 1, 1};
    for (struct slice rest = text, line; slice_next_line(&rest, &line); place.line++) {
        if (line.n != 0 && line.p[0] == '%')
            return yaml_error(err, ERR_FORMAT, place, "directives (%%YAML, %%TAG) are not taken");
        if (slice_find(line, '\0') >= 0)
            return yaml_error(err, ERR_FORMAT, place, "a byte of zero, which no text has");
        if (!utf8_valid(line))
            return yaml_error(err, ERR_FORMAT, place, "not UTF-8 text");
    }
    return true;
}

bool yaml_parse(struct yaml_source *s, const char *file, struct slice text, bool json, struct yaml_node **root,
                struct error *err)
{
    *root = NULL;
    if (text.n > s->limits->yaml_bytes)
        return error_set(err, ERR_LIMIT, "%s: %llu bytes, more than the limit yaml_bytes (%llu)", file,
                         (unsigned long long)text.n, (unsigned long long)s->limits->yaml_bytes);
    if (!fit_to_parse(file, text, err))
        return false;
    const struct fy_diag_cfg messages = {.output_fn = discard, .level = FYET_ERROR, .module_mask = ~0U};
    struct fy_diag *diag = fy_diag_create(&messages);
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg cfg = {
        .flags = FYPCF_QUIET | (json ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE),
        .diag = diag,
    };
    bool ok = check_shape(s, &cfg, file, text, err);
    struct fy_parser *parser = ok ? fy_parser_create(&cfg) : NULL;
    if (!ok)
        ; // said already
    else if (parser == NULL || fy_parser_set_string(parser, text.n != 0 ? text.p : "", text.n) != 0)
        ok = error_set(err, ERR_IO, "%s: the YAML parser cannot be started", file);
    else
        ok = load(s, parser, diag, file, json, root, err);
    if (parser != NULL)
        fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return ok;
}
