// How Clair v4's scanners call what a package was found in (`package_db`), and the numbers that they make of its
// version (`normalized_version`); claircore, Version.MarshalText and the scanners of each ecosystem.
#include "base/buf.h"
#include "output/clair.h"
#include "version/version.h"

// ---- package_db -----------------------------------------------------------------------------------------------------

static struct slice parent(struct slice path)
{
    ptrdiff_t slash = slice_rfind(path, '/');
    return slash < 0 ? SLICE(".") : slice_of(path.p, (size_t)slash);
}

// The folder of the modules: above that of METADATA or PKG-INFO, or of a file of its own.
static struct slice python_folder(struct slice path)
{
    return slice_ends(path, SLICE(".egg-info")) ? parent(path) : parent(parent(path));
}

// The folder of the database, and how it is made.
static struct slice rpm_database(struct arena *a, struct slice path)
{
    static const struct {
        const char *file, *kind;
    } kinds[] = {{"/rpmdb.sqlite", "sqlite"}, {"/Packages.db", "ndb"}, {"/Packages", "bdb"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (slice_ends(path, slice_str(kinds[i].file)))
            return arena_printf(a, "%s:%.*s", kinds[i].kind, SLICE_ARG(parent(path)));
    return path;
}

// An archive within another stands behind a colon.
static struct slice java_archive(struct arena *a, struct slice path)
{
    struct slice text = arena_printf(a, "maven:%.*s", SLICE_ARG(path));
    char *bytes = (char *)(uintptr_t)text.p;
    for (size_t i = 0; i < text.n; i++)
        bytes[i] = bytes[i] == '!' ? ':' : bytes[i];
    return text;
}

struct slice clair_package_db(struct arena *a, const struct inventory_package *p)
{
    struct slice kind = p->package.kind;
    if (slice_eq(kind, SLICE("rpm")))
        return rpm_database(a, p->db);
    if (slice_eq(kind, SLICE("python")))
        return arena_printf(a, "python:%.*s", SLICE_ARG(python_folder(p->db)));
    if (slice_eq(kind, SLICE("gem")))
        return arena_printf(a, "ruby:%.*s", SLICE_ARG(p->db));
    if (slice_eq(kind, SLICE("go")))
        return arena_printf(a, "go:%.*s", SLICE_ARG(p->db));
    if (slice_eq(kind, SLICE("npm")))
        return arena_printf(a, "nodejs:%.*s", SLICE_ARG(p->db));
    return slice_eq(kind, SLICE("maven")) ? java_archive(a, p->db) : p->db;
}

// ---- normalized_version ---------------------------------------------------------------------------------------------

// The number that the text begins with, of at most nine digits; more are not looked at.
static int32_t take_number(struct slice *text)
{
    int32_t number = 0;
    size_t n = 0;
    for (; n < text->n && text->p[n] >= '0' && text->p[n] <= '9'; n++)
        if (n < 9)
            number = number * 10 + (text->p[n] - '0');
    *text = slice_from(*text, n);
    return number;
}

// Up to three numbers, and what stands behind them is dropped. False for what is no such version.
static bool semver_numbers(struct slice version, int32_t numbers[static VERSION_NUMBERS])
{
    struct slice rest = slice_from(version, slice_starts(version, SLICE("v")) ? 1 : 0);
    for (size_t i = 1; i <= 3; i++) {
        if (i != 1 && (rest.n == 0 || rest.p[0] != '.'))
            break;
        struct slice digits = slice_from(rest, i != 1);
        rest = digits;
        numbers[i] = take_number(&rest);
        if (rest.n == digits.n)
            return false;
    }
    return rest.n == 0 || rest.p[0] == '-' || rest.p[0] == '+';
}

struct slice clair_normalized_version(struct arena *a, const struct package *p)
{
    int32_t numbers[VERSION_NUMBERS] = {0};
    struct buf out BUF_AUTO = {0};
    bool semver = slice_eq(p->kind, SLICE("go")) || slice_eq(p->kind, SLICE("npm"));
    bool python = slice_eq(p->kind, SLICE("python"));
    if (!(semver && semver_numbers(p->version, numbers)) && !(python && version_pep440_numbers(p->version, numbers)))
        return SLICE("");
    buf_adds(&out, semver ? "semver" : "pep440");
    for (size_t i = 0; i < VERSION_NUMBERS; i++)
        buf_addf(&out, "%c%d", i == 0 ? ':' : '.', numbers[i]);
    return arena_dup(a, buf_slice(&out));
}
