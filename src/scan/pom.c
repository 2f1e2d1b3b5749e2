// pom.xml: the dependencies that a Maven project names itself. What these need in turn, and what a parent's POM adds,
// only Maven finds out; the file alone does not tell.
//
// Format: Maven's POM reference; properties and the versions of dependencyManagement by its model builder.
#include "base/buf.h"
#include "base/sort.h"
#include "scan/lock_file.h"

#include <expat.h>
#include <stdlib.h>

extern const struct scanner scanner_pom;

#define PROPERTY_HOPS 8 // properties whose values are properties

struct property {
    struct slice name, value;
    size_t order; // in the file: of several of one name the last counts
};

struct dependency {
    size_t line;
    struct slice group, artifact, version, scope;
};

struct pom {
    struct arena scratch;
    const struct limits *limits;
    XML_Parser parser;
    struct buf path;     // of the element at hand: "/project/dependencies/dependency"
    struct buf text;     // of the innermost element
    uint64_t depth;      //
    const char *refused; // why the reading was stopped
    struct slice group, version, parent_group, parent_version;
    struct dependency current;
    VEC(struct dependency) dependencies;
    VEC(struct dependency) managed;
    VEC(struct property) properties;
    size_t of_profiles;
};

#define DEPENDENCY "/project/dependencies/dependency"
#define MANAGED    "/project/dependencyManagement/dependencies/dependency"
#define PROFILE    "/project/profiles/profile/dependencies/dependency"
#define PROPERTIES "/project/properties/"

static bool is_at(const struct pom *p, const char *path)
{
    return slice_eq(buf_slice(&p->path), slice_str(path));
}

// ---- what expat calls -----------------------------------------------------------------------------------------------

static void stop(struct pom *p, const char *why)
{
    p->refused = why;
    XML_StopParser(p->parser, XML_FALSE);
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct pom *p = context;
    (void)attributes;
    buf_addc(&p->path, '/');
    buf_adds(&p->path, name);
    p->text.n = 0;
    // An empty element's end is told even after the parser was stopped, so the path is complete by now.
    if (++p->depth > p->limits->lock_file_depth)
        stop(p, "elements stand deeper inside one another than limit lock_file_depth allows");
    if (is_at(p, DEPENDENCY) || is_at(p, MANAGED))
        p->current = (struct dependency){.line = XML_GetCurrentLineNumber(p->parser)};
    p->of_profiles += is_at(p, PROFILE);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int n)
{
    struct pom *p = context;
    // One piece more than the limit allows, so that a text over it is seen to be, and never taken for a shorter one.
    if (p->text.n <= p->limits->field_bytes)
        buf_add(&p->text, slice_of(text, (size_t)n));
}

// The field of a dependency, or of the project, that the element at hand is; NULL when it is none that is read.
static struct slice *field_at(struct pom *p)
{
    const struct {
        const char *path;
        struct slice *field;
    } fields[] = {
        {"/project/groupId", &p->group},
        {"/project/version", &p->version},
        {"/project/parent/groupId", &p->parent_group},
        {"/project/parent/version", &p->parent_version},
        {DEPENDENCY "/groupId", &p->current.group},
        {DEPENDENCY "/artifactId", &p->current.artifact},
        {DEPENDENCY "/version", &p->current.version},
        {DEPENDENCY "/scope", &p->current.scope},
        {MANAGED "/groupId", &p->current.group},
        {MANAGED "/artifactId", &p->current.artifact},
        {MANAGED "/version", &p->current.version},
        {MANAGED "/scope", &p->current.scope},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (is_at(p, fields[i].path))
            return fields[i].field;
    return NULL;
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct pom *p = context;
    struct slice path = buf_slice(&p->path), text = slice_trim(buf_slice(&p->text));
    struct slice *field = field_at(p);
    if (field != NULL)
        *field = arena_dup(&p->scratch, text);
    else if (is_at(p, DEPENDENCY))
        VEC_PUSH(&p->scratch, &p->dependencies) = p->current;
    else if (is_at(p, MANAGED))
        VEC_PUSH(&p->scratch, &p->managed) = p->current;
    else if (slice_starts(path, SLICE(PROPERTIES)))
        VEC_PUSH(&p->scratch, &p->properties) =
            (struct property){arena_dup(&p->scratch, slice_from(path, sizeof PROPERTIES - 1)),
                              arena_dup(&p->scratch, text), p->properties.n};
    p->path.n -= strlen(name) + 1;
    p->text.n = 0;
    p->depth--;
}

// A POM has no document type; entities that one could define are how XML is made to explode.
static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(context, "it has a document type, which no POM needs");
}

// ---- properties and versions ----------------------------------------------------------------------------------------

// By name, the last of one name first.
static int by_name(const void *a, const void *b)
{
    const struct property *x = a, *y = b;
    int order = slice_cmp(x->name, y->name);
    return order != 0 ? order : (x->order < y->order) - (x->order > y->order);
}

// NULL: there is no such property.
static const struct slice *property_of(const struct pom *p, struct slice name)
{
    const struct {
        struct slice name;
        const struct slice *value;
    } built_in[] = {
        {SLICE("project.version"), p->version.n != 0 ? &p->version : &p->parent_version},
        {SLICE("project.groupId"), p->group.n != 0 ? &p->group : &p->parent_group},
        {SLICE("project.parent.version"), &p->parent_version},
        {SLICE("project.parent.groupId"), &p->parent_group},
    };
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++)
        if (slice_eq(name, built_in[i].name))
            return built_in[i].value->n != 0 ? built_in[i].value : NULL;
    size_t low = 0, high = p->properties.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_cmp(p->properties.v[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < p->properties.n && slice_eq(p->properties.v[low].name, name);
    return found ? &p->properties.v[low].value : NULL;
}

// Puts the values of ${…} in their places. Empty when one is not known here, or they never come to an end.
static struct slice expand(struct pom *p, struct slice text)
{
    struct buf out BUF_AUTO = {0};
    for (int hops = 0; slice_find_slice(text, SLICE("${")) >= 0; hops++) {
        struct slice rest = text, name;
        out.n = 0;
        for (ptrdiff_t at; (at = slice_find_slice(rest, SLICE("${"))) >= 0;) {
            buf_add(&out, slice_of(rest.p, (size_t)at));
            bool closed = slice_cut(slice_from(rest, (size_t)at + 2), '}', &name, &rest);
            const struct slice *value = closed ? property_of(p, name) : NULL;
            if (value == NULL || hops == PROPERTY_HOPS || out.n + value->n > p->limits->field_bytes)
                return (struct slice){0};
            buf_add(&out, *value);
        }
        buf_add(&out, rest);
        text = arena_dup(&p->scratch, buf_slice(&out));
    }
    return text;
}

static void complete(struct pom *p, struct dependency *d)
{
    d->group = expand(p, d->group);
    d->artifact = expand(p, d->artifact);
    d->version = expand(p, d->version);
    d->scope = expand(p, d->scope);
}

static int by_coordinates(const void *a, const void *b)
{
    const struct dependency *x = a, *y = b;
    int order = slice_cmp(x->group, y->group);
    return order != 0 ? order : slice_cmp(x->artifact, y->artifact);
}

static void take_dependency(struct pom *p, struct lock_file *lock, struct dependency *d)
{
    complete(p, d);
    const struct dependency *managed =
        p->managed.n != 0 ? bsearch(d, p->managed.v, p->managed.n, sizeof *d, by_coordinates) : NULL;
    struct slice version = d->version.n != 0 || managed == NULL ? d->version : managed->version;
    struct slice scope = d->scope.n != 0 || managed == NULL ? d->scope : managed->scope;
    if (slice_eq(scope, SLICE("test"))) {
        lock->development++;
        return;
    }
    // "[1.0]" is that version, other brackets are ranges.
    bool range = version.n != 0 && (version.p[0] == '[' || version.p[0] == '(');
    if (range && slice_find(version, ',') < 0 && version.n > 2) {
        version = slice_of(version.p + 1, version.n - 2);
        range = false;
    }
    struct buf name BUF_AUTO = {0};
    buf_add(&name, d->group);
    buf_addc(&name, ':');
    buf_add(&name, d->artifact);
    if (d->group.n != 0 && d->artifact.n != 0 && version.n != 0 && !range)
        lock_file_add(lock, buf_slice(&name), version, d->line);
    else
        scan_skip(lock->out, lock->db->path, false,
                  "line %zu: the version of %.*s is not told here (a parent's POM, or a range); left out", d->line,
                  SLICE_ARG(buf_slice(&name)));
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool parse(struct pom *p, struct slice content, struct error *err)
{
    XML_SetUserData(p->parser, p);
    XML_SetElementHandler(p->parser, on_start, on_end);
    XML_SetCharacterDataHandler(p->parser, on_text);
    XML_SetStartDoctypeDeclHandler(p->parser, on_doctype);
    // Else it would ask the kernel for one, which the worker's sandbox does not let it.
    XML_SetHashSalt(p->parser, (unsigned long)slice_hash(SLICE("pom.xml")) | 1);
    while (content.n != 0) {
        size_t n = content.n < MIB ? content.n : (size_t)MIB;
        if (XML_Parse(p->parser, content.p, (int)n, n == content.n) == XML_STATUS_OK) {
            content = slice_from(content, n);
            continue;
        }
        return error_set(err, ERR_FORMAT, "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(p->parser),
                         p->refused != NULL ? p->refused : XML_ErrorString(XML_GetErrorCode(p->parser)));
    }
    return true;
}

static void take_all(struct pom *p, const struct scan_file *file, struct scan_output *out)
{
    struct lock_file lock = lock_file_begin(out, &scanner_pom, file);
    if (lock.db == NULL)
        return;
    if (p->properties.n > 1)
        sort_items(p->properties.v, p->properties.n, sizeof p->properties.v[0], by_name);
    for (size_t i = 0; i < p->managed.n; i++)
        complete(p, &p->managed.v[i]);
    if (p->managed.n > 1)
        sort_items(p->managed.v, p->managed.n, sizeof p->managed.v[0], by_coordinates);
    for (size_t i = 0; i < p->dependencies.n; i++)
        take_dependency(p, &lock, &p->dependencies.v[i]);
    if (p->of_profiles != 0)
        scan_skip(out, file->path, false, "dependencies of profiles (%zu); left out", p->of_profiles);
    lock_file_end(&lock);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    struct pom p = {.limits = out->limits, .parser = XML_ParserCreate(NULL)};
    if (p.parser == NULL)
        return error_set(err, ERR_LIMIT, "no memory is left to read it");
    bool ok = parse(&p, file->content, err);
    if (ok)
        take_all(&p, file, out);
    XML_ParserFree(p.parser);
    buf_free(&p.path);
    buf_free(&p.text);
    arena_free(&p.scratch);
    return ok;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("pom.xml"));
}

const struct scanner scanner_pom = {
    .name = "pom",
    .version = 1,
    .kind = "maven",
    LOCK_FILE_SCANNER,
    .wants = wants,
    .scan = scan,
};
