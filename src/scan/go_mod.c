// go.mod: the modules that a Go module is built from.
//
// Format: the Go Modules Reference, "go.mod files". Since Go 1.17 the requirements are all that take part in a build;
// an older module's file may lack some that only others require. The directives go and toolchain tell the least
// version that will do, not the one that will build, so the standard library is not listed.
#include "base/sort.h"
#include "scan/lock_file.h"

#include <stdlib.h>

extern const struct scanner scanner_go_mod;

// A replace directive: of all versions of a module, or of one.
struct replacement {
    struct slice path, version; // an empty version stands for all
    struct slice by, by_version;
};

struct requirement {
    struct slice path, version;
    size_t line;
};

struct go_mod {
    struct arena scratch;
    VEC(struct requirement) required;
    VEC(struct replacement) replaced;
};

// The next word of a line; quoted ones without their quotes.
static struct slice next_word(struct slice *rest)
{
    *rest = slice_trim(*rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    struct slice word = slice_of(rest->p, n);
    *rest = slice_from(*rest, n);
    bool raw = word.n >= 2 && word.p[0] == '`' && word.p[word.n - 1] == '`';
    return raw ? slice_of(word.p + 1, word.n - 2) : lock_file_unquote(word);
}

static void take_replacement(struct go_mod *m, struct slice line)
{
    struct replacement r = {.path = next_word(&line)};
    struct slice word = next_word(&line);
    if (!slice_eq(word, SLICE("=>"))) {
        r.version = word;
        word = next_word(&line);
    }
    if (!slice_eq(word, SLICE("=>")))
        return;
    r.by = next_word(&line);
    r.by_version = next_word(&line);
    VEC_PUSH(&m->scratch, &m->replaced) = r;
}

static void take_directive(struct go_mod *m, struct slice verb, struct slice line, size_t number)
{
    if (slice_eq(verb, SLICE("require"))) {
        struct slice path = next_word(&line);
        VEC_PUSH(&m->scratch, &m->required) = (struct requirement){path, next_word(&line), number};
    } else if (slice_eq(verb, SLICE("replace"))) {
        take_replacement(m, line);
    }
}

// Directives stand on lines of their own, or several of one verb between parentheses.
static void read_lines(struct go_mod *m, struct slice text)
{
    struct slice line, block = {0};
    for (size_t number = 1; slice_next_line(&text, &line); number++) {
        ptrdiff_t comment = slice_find_slice(line, SLICE("//"));
        if (comment >= 0)
            line.n = (size_t)comment;
        line = slice_trim(line);
        if (line.n == 0)
            continue;
        if (slice_eq(line, SLICE(")"))) {
            block = (struct slice){0};
        } else if (block.n != 0) {
            take_directive(m, block, line, number);
        } else {
            struct slice verb = next_word(&line);
            line = slice_trim(line);
            bool opens = slice_eq(line, SLICE("("));
            if (!opens && slice_ends(verb, SLICE("("))) {
                verb.n--;
                opens = true;
            }
            if (opens)
                block = verb;
            else
                take_directive(m, verb, line, number);
        }
    }
}

static int by_path(const void *a, const void *b)
{
    const struct replacement *x = a, *y = b;
    int order = slice_cmp(x->path, y->path);
    return order != 0 ? order : slice_cmp(x->version, y->version);
}

// The replacement of exactly that version counts before the one of all versions.
static const struct replacement *replacement_of(const struct go_mod *m, const struct requirement *r)
{
    const struct replacement one = {.path = r->path, .version = r->version}, all = {.path = r->path};
    if (m->replaced.n == 0)
        return NULL;
    const struct replacement *found = bsearch(&one, m->replaced.v, m->replaced.n, sizeof one, by_path);
    return found != NULL ? found : bsearch(&all, m->replaced.v, m->replaced.n, sizeof all, by_path);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct go_mod m = {0};
    struct lock_file lock = lock_file_begin(out, &scanner_go_mod, file);
    read_lines(&m, file->content);
    if (m.replaced.n > 1)
        sort_items(m.replaced.v, m.replaced.n, sizeof m.replaced.v[0], by_path);
    for (size_t i = 0; i < m.required.n; i++) {
        const struct requirement *r = &m.required.v[i];
        const struct replacement *by = replacement_of(&m, r);
        if (by == NULL)
            lock_file_add(&lock, r->path, r->version, r->line);
        else if (by->by_version.n != 0)
            lock_file_add(&lock, by->by, by->by_version, r->line);
        else
            lock.own++; // replaced by a folder
    }
    lock_file_end(&lock);
    arena_free(&m.scratch);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("go.mod"));
}

const struct scanner scanner_go_mod = {
    .name = "go-mod",
    .version = 1,
    .kind = "go",
    LOCK_FILE_SCANNER,
    .wants = wants,
    .scan = scan,
};
