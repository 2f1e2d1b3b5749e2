// Lock files in TOML: Cargo.lock, poetry.lock, uv.lock. All three list their packages as [[package]] tables.
//
// Formats: TOML 1.0; the Cargo book, "Cargo.toml vs Cargo.lock"; poetry's and uv's documentation of their lock files.
// The tools write TOML of a plain form, which is what is read: one key a line, strings on one line where it matters.
// What other values hold, however many lines they take, is passed over.
#include "scan/lock_file.h"

extern const struct scanner scanner_cargo_lock, scanner_poetry_lock, scanner_uv_lock;

struct toml_package {
    size_t line; // 0: none
    struct slice name, version;
    struct slice source;   // as written: a string, or an inline table
    struct slice category; // poetry before 1.5
    struct slice groups;   // poetry since 2.0: an array
    struct slice source_type;
};

// What a file's packages mean is told apart here, and nowhere else.
enum toml_verdict { TAKE, OWN, DEVELOPMENT };

// How far a value reaches over the lines that follow: what is open when a line ends.
struct toml_state {
    size_t depth; // brackets and braces
    char multi;   // the quote of a multi-line string, '\0' outside of one
};

// The text behind a string that begins at `at`, or `text.n` when the line ends in it.
static size_t skip_string(struct slice text, size_t at, struct toml_state *state)
{
    char quote = text.p[at];
    bool multi = at + 2 < text.n && text.p[at + 1] == quote && text.p[at + 2] == quote;
    if (multi) {
        state->multi = quote;
        return at + 3;
    }
    for (at++; at < text.n; at++) {
        if (text.p[at] == '\\' && quote == '"')
            at++;
        else if (text.p[at] == quote)
            return at + 1;
    }
    return text.n;
}

// Where a multi-line string ends in this text, or its length.
static size_t skip_multi(struct slice text, size_t at, struct toml_state *state)
{
    for (; at < text.n; at++) {
        if (text.p[at] == '\\' && state->multi == '"') {
            at++;
        } else if (text.p[at] == state->multi && at + 2 < text.n && text.p[at + 1] == state->multi &&
                   text.p[at + 2] == state->multi) {
            state->multi = '\0';
            return at + 3;
        }
    }
    return text.n;
}

static void follow_value(struct slice text, struct toml_state *state)
{
    for (size_t at = 0; at < text.n;) {
        char c = text.p[at];
        if (state->multi != '\0') {
            at = skip_multi(text, at, state);
        } else if (c == '"' || c == '\'') {
            at = skip_string(text, at, state);
        } else if (c == '#') {
            return;
        } else {
            state->depth += c == '[' || c == '{';
            state->depth -= (c == ']' || c == '}') && state->depth != 0;
            at++;
        }
    }
}

// The contents of a one-line string. The tools escape nothing that a name or a version may hold.
static struct slice string_value(struct slice raw)
{
    struct slice text, rest;
    if (raw.n == 0 || (raw.p[0] != '"' && raw.p[0] != '\''))
        return (struct slice){0};
    slice_cut(slice_from(raw, 1), raw.p[0], &text, &rest);
    return text;
}

static void take_key(struct toml_package *p, bool in_source, struct slice key, struct slice value)
{
    if (in_source) {
        if (slice_eq(key, SLICE("type")))
            p->source_type = string_value(value);
        return;
    }
    const struct {
        struct slice key;
        struct slice *raw, *text;
    } keys[] = {
        {SLICE("name"), NULL, &p->name},         {SLICE("version"), NULL, &p->version},
        {SLICE("category"), NULL, &p->category}, {SLICE("groups"), &p->groups, NULL},
        {SLICE("source"), &p->source, NULL},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!slice_eq(key, keys[i].key))
            continue;
        if (keys[i].raw != NULL)
            *keys[i].raw = value;
        else
            *keys[i].text = string_value(value);
    }
}

static void take_package(struct lock_file *lock, const struct toml_package *p,
                         enum toml_verdict (*judge)(const struct toml_package *p))
{
    if (p->line == 0)
        return;
    switch (judge(p)) {
    case TAKE:
        lock_file_add(lock, p->name, p->version, p->line);
        break;
    case OWN:
        lock->own++;
        break;
    case DEVELOPMENT:
        lock->development++;
        break;
    }
}

static bool scan_toml(const struct scan_file *file, struct scan_output *out, const struct scanner *scanner,
                      enum toml_verdict (*judge)(const struct toml_package *p))
{
    struct lock_file lock = lock_file_begin(out, scanner, file);
    struct toml_package p = {0};
    struct toml_state state = {0};
    struct slice line, key, value, rest = file->content;
    bool in_package = false, in_source = false;
    for (size_t number = 1; slice_next_line(&rest, &line); number++) {
        line = slice_trim(line);
        if (state.depth != 0 || state.multi != '\0') {
            follow_value(line, &state);
        } else if (slice_starts(line, SLICE("["))) {
            in_package = slice_eq(line, SLICE("[[package]]"));
            in_source = slice_eq(line, SLICE("[package.source]"));
            if (in_package) {
                take_package(&lock, &p, judge);
                p = (struct toml_package){.line = number};
            }
        } else if (line.n != 0 && line.p[0] != '#' && slice_cut(line, '=', &key, &value)) {
            follow_value(value, &state);
            if (in_package || in_source)
                take_key(&p, in_source, slice_trim(key), slice_trim(value));
        }
    }
    take_package(&lock, &p, judge);
    lock_file_end(&lock);
    return true;
}

// ---- Cargo.lock -----------------------------------------------------------------------------------------------------

// Packages of the workspace have no source.
static enum toml_verdict judge_cargo(const struct toml_package *p)
{
    return p->source.n == 0 ? OWN : TAKE;
}

static bool scan_cargo(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    return scan_toml(file, out, &scanner_cargo_lock, judge_cargo);
}

static bool wants_cargo(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("Cargo.lock"));
}

const struct scanner scanner_cargo_lock = {
    .name = "cargo-lock",
    .version = 1,
    .kind = "cargo",
    LOCK_FILE_SCANNER,
    .wants = wants_cargo,
    .scan = scan_cargo,
};

// ---- poetry.lock ----------------------------------------------------------------------------------------------------

// Groups besides "main" are what only those who work on the project install.
static enum toml_verdict judge_poetry(const struct toml_package *p)
{
    if (slice_eq(p->source_type, SLICE("directory")))
        return OWN;
    bool grouped = p->groups.n != 0 && slice_find_slice(p->groups, SLICE("\"main\"")) < 0;
    return grouped || slice_eq(p->category, SLICE("dev")) ? DEVELOPMENT : TAKE;
}

static bool scan_poetry(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    return scan_toml(file, out, &scanner_poetry_lock, judge_poetry);
}

static bool wants_poetry(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("poetry.lock"));
}

const struct scanner scanner_poetry_lock = {
    .name = "poetry-lock",
    .version = 1,
    .kind = "python",
    LOCK_FILE_SCANNER,
    .wants = wants_poetry,
    .scan = scan_poetry,
};

// ---- uv.lock --------------------------------------------------------------------------------------------------------

// source is an inline table, whose key tells where the package comes from.
static enum toml_verdict judge_uv(const struct toml_package *p)
{
    static const struct slice own[] = {SLICE("virtual"), SLICE("editable"), SLICE("directory")};
    struct slice table, key, rest;
    slice_cut(p->source, '{', &table, &rest);
    slice_cut(rest, '=', &key, &table);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (slice_eq(slice_trim(key), own[i]))
            return OWN;
    return TAKE;
}

static bool scan_uv(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    return scan_toml(file, out, &scanner_uv_lock, judge_uv);
}

static bool wants_uv(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("uv.lock"));
}

const struct scanner scanner_uv_lock = {
    .name = "uv-lock",
    .version = 1,
    .kind = "python",
    LOCK_FILE_SCANNER,
    .wants = wants_uv,
    .scan = scan_uv,
};
