// What a Red Hat image says of itself: root/buildinfo/Dockerfile-NAME-VERSION-RELEASE, with its labels, and in newer
// images labels.json in root/buildinfo or usr/share/buildinfo. Red Hat publishes flaws of whole images under these
// names.
//
// The package is the image: its name is the repository that the label "name" says, its version "VERSION-RELEASE", its
// source the component that it was built from. Where labels.json tells when the image was made, the source's version is
// that moment in seconds, by which Red Hat compares the images of its newer build system.
// Format: Docker's "Dockerfile reference" (LABEL, ENV, ARG, line continuation, replacement of variables).
#include "base/clock.h"
#include "base/json.h"
#include "scan/scanner.h"

#include <stdio.h>

extern const struct scanner scanner_redhat_container;

struct labels {
    struct slice component, name, version, release, arch, created;
};

static struct slice *label_named(struct labels *l, struct slice key)
{
    const struct {
        struct slice key;
        struct slice *value;
    } known[] = {{SLICE("com.redhat.component"), &l->component},
                 {SLICE("name"), &l->name},
                 {SLICE("version"), &l->version},
                 {SLICE("release"), &l->release},
                 {SLICE("architecture"), &l->arch},
                 {SLICE("org.opencontainers.image.created"), &l->created}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_eq(key, known[i].key))
            return known[i].value;
    return NULL;
}

static void add_image(const struct labels *l, struct slice path, struct scan_output *out)
{
    struct buf version BUF_AUTO = {0};
    char seconds[24] = "";
    int64_t created;
    buf_add(&version, l->version);
    if (l->release.n != 0) {
        buf_addc(&version, '-');
        buf_add(&version, l->release);
    }
    if (clock_parse(l->created, &created))
        snprintf(seconds, sizeof seconds, "%lld", (long long)created);
    if (l->name.n == 0 || l->version.n == 0) {
        scan_skip(out, path, false, "no label \"%s\", so the image has no name that Red Hat's data know",
                  l->name.n == 0 ? "name" : "version");
        return;
    }
    struct package image = {
        .kind = SLICE("container"),
        .name = l->name,
        .version = buf_slice(&version),
        .arch = l->arch,
        .source_name = l->component.n != 0 ? l->component : l->name,
        .source_version = seconds[0] != '\0' ? slice_str(seconds) : buf_slice(&version),
    };
    scan_add_only_package(out, &scanner_redhat_container, path, &image);
}

// ---- labels.json ----------------------------------------------------------------------------------------------------

// Some images were published with each value quoted once more.
static struct slice unquoted(struct slice value)
{
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        return slice_of(value.p + 1, value.n - 2);
    return value;
}

static void scan_json(const struct scan_file *file, struct scan_output *out)
{
    struct error err;
    struct labels labels = {0};
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, &err);
    if (doc == NULL) {
        scan_skip(out, file->path, false, "%s", err.text);
        return;
    }
    yyjson_val *key, *value;
    size_t i, n;
    yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, key, value)
    {
        struct slice *label = label_named(&labels, json_val_str(key));
        if (label != NULL)
            *label = unquoted(json_val_str(value));
    }
    add_image(&labels, file->path, out);
}

// ---- Dockerfile -----------------------------------------------------------------------------------------------------

struct variable {
    struct slice name, value;
};

struct dockerfile {
    struct arena *arena;
    size_t most; // bytes of a value; what grows beyond is cut off
    VEC(struct variable) variables;
    struct labels labels;
};

static struct slice variable_named(const struct dockerfile *d, struct slice name)
{
    for (size_t i = d->variables.n; i > 0; i--)
        if (slice_eq(d->variables.v[i - 1].name, name))
            return d->variables.v[i - 1].value;
    return SLICE("");
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Replaces "$NAME" or "${NAME…}" at the start of `rest`. Of what may follow the name in braces only ":-default" can
// matter here.
static void expand(const struct dockerfile *d, struct slice *rest, struct buf *out)
{
    struct slice name = slice_from(*rest, 1), otherwise = SLICE("");
    size_t n = 0;
    if (slice_starts(name, SLICE("{"))) {
        ptrdiff_t end = slice_find(name, '}');
        if (end < 0)
            end = (ptrdiff_t)name.n;
        *rest = slice_from(name, (size_t)end + 1);
        name = slice_of(name.p + 1, (size_t)end - 1);
        ptrdiff_t mark = slice_find_slice(name, SLICE(":-"));
        if (mark >= 0) {
            otherwise = slice_from(name, (size_t)mark + 2);
            name.n = (size_t)mark;
        }
    } else {
        while (n < name.n && is_word_byte(name.p[n]))
            n++;
        *rest = slice_from(name, n);
        name.n = n;
    }
    struct slice value = variable_named(d, name);
    buf_add(out, value.n != 0 ? value : otherwise);
}

// Takes one word off `rest`, up to a blank or, outside of quotes, the byte `stop`: quotes removed, variables replaced.
static struct slice next_word(const struct dockerfile *d, struct slice *rest, char stop)
{
    struct buf word BUF_AUTO = {0};
    char quote = '\0';
    while (rest->n != 0) {
        char c = rest->p[0];
        if (quote == '\0' && (is_blank(c) || c == stop))
            break;
        if (c == '$' && quote != '\'') {
            expand(d, rest, &word);
        } else if (c == '\\' && quote != '\'' && rest->n > 1) {
            buf_addc(&word, rest->p[1]);
            *rest = slice_from(*rest, 2);
        } else {
            if (quote == '\0' && (c == '"' || c == '\''))
                quote = c;
            else if (c == quote)
                quote = '\0';
            else
                buf_addc(&word, c);
            *rest = slice_from(*rest, 1);
        }
        if (word.n > d->most)
            word.n = d->most;
    }
    return arena_dup(d->arena, buf_slice(&word));
}

static void take_pair(struct dockerfile *d, bool label, struct slice key, struct slice value)
{
    struct slice *known = label ? label_named(&d->labels, key) : NULL;
    if (known != NULL)
        *known = value;
    if (!label)
        VEC_PUSH(d->arena, &d->variables) = (struct variable){key, value};
}

// The words behind LABEL, ENV or ARG: "key=value …", or the older "key value" whose value is all that follows.
static void take_pairs(struct dockerfile *d, bool label, struct slice rest)
{
    bool first = true;
    while ((rest = slice_trim(rest)).n != 0) {
        struct slice key = next_word(d, &rest, '=');
        if (rest.n != 0 && rest.p[0] == '=') {
            rest = slice_from(rest, 1);
            take_pair(d, label, key, next_word(d, &rest, '\0'));
        } else if (first) {
            rest = slice_trim(rest);
            take_pair(d, label, key, next_word(d, &rest, '\0'));
            return;
        }
        first = false;
    }
}

static void take_instruction(struct dockerfile *d, struct slice line)
{
    struct slice word, rest;
    line = slice_trim(line);
    for (size_t n = 0;; n++) {
        if (n == line.n || is_blank(line.p[n])) {
            word = slice_of(line.p, n);
            rest = slice_from(line, n);
            break;
        }
    }
    bool label = slice_eq_nocase(word, SLICE("LABEL"));
    if (label || slice_eq_nocase(word, SLICE("ENV")) || slice_eq_nocase(word, SLICE("ARG")))
        take_pairs(d, label, rest);
}

// Puts lines that end with a backslash together; comments and empty lines between them do not count.
static void read_instructions(struct dockerfile *d, struct slice text)
{
    struct buf whole BUF_AUTO = {0};
    struct slice line;
    while (slice_next_line(&text, &line)) {
        line = slice_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        bool more = line.p[line.n - 1] == '\\';
        buf_add(&whole, slice_of(line.p, line.n - more));
        if (more)
            continue;
        take_instruction(d, buf_slice(&whole));
        whole.n = 0;
    }
    take_instruction(d, buf_slice(&whole));
}

#define DOCKERFILE "Dockerfile-"

static void scan_dockerfile(const struct scan_file *file, struct scan_output *out)
{
    struct arena scratch ARENA_AUTO = {0};
    struct dockerfile d = {.arena = &scratch, .most = out->limits->field_bytes};
    struct slice name = slice_from(slice_basename(file->path), sizeof DOCKERFILE - 1);
    read_instructions(&d, file->content);
    // The file's name counts more than the labels, which may be those of the base image.
    ptrdiff_t release = slice_rfind(name, '-');
    ptrdiff_t version = release > 0 ? slice_rfind(slice_of(name.p, (size_t)release), '-') : -1;
    if (version > 0) {
        d.labels.version = slice_of(name.p + version + 1, (size_t)(release - version - 1));
        d.labels.release = slice_from(name, (size_t)release + 1);
    }
    add_image(&d.labels, file->path, out);
}

// ---- the scanner ----------------------------------------------------------------------------------------------------

#define FOLDER     "root/buildinfo"
#define FOLDER_USR "usr/share/buildinfo"
#define LABELS     "labels.json"

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    if (slice_eq(slice_basename(file->path), SLICE(LABELS)))
        scan_json(file, out);
    else
        scan_dockerfile(file, out);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    struct slice folder = slice_dirname(path), name = slice_basename(path);
    bool here = slice_eq(folder, SLICE(FOLDER));
    return (here && slice_starts(name, SLICE(DOCKERFILE))) ||
           ((here || slice_eq(folder, SLICE(FOLDER_USR))) && slice_eq(name, SLICE(LABELS)));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->build_info_bytes;
}

static const char *const paths[] = {FOLDER, FOLDER_USR, NULL};

const struct scanner scanner_redhat_container = {
    .name = "redhat-container",
    .version = 1,
    .kind = "container",
    .limit = limit,
    .limit_name = "build_info_bytes",
    .wants = wants,
    .fixed_paths = paths,
    .scan = scan,
};
