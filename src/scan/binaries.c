// Programs that images bring along without a package database: interpreters, servers and tools that were built in the
// image or unpacked into it. The file itself is the evidence: its name says what it may be, and a text in it says that
// it is that, in which version.
//
// What the table has was looked up in the programs' own sources (what prints their version), and tried on the programs
// that Debian builds from them. What a package of the distribution owns is that package's to tell (unowned_only).
#include "base/buf.h"
#include "scan/elf.h"
#include "scan/scanner.h"

extern const struct scanner scanner_binaries;

enum form { PROGRAM, TEXT };

// Where the version stands: behind the mark, in front of it, or as redis_version tells.
enum where { BEHIND, BEFORE, IN_BUILD_ID };

// `file` is the file's name, that of a library without ".so" and what follows it. A '*' in it stands for digits and
// dots, or nothing; a mark
// "*" is what it stood for, and the version begins with it. A version is digits with at least `dots` dots among them,
// and what follows them up to a blank or another sign that versions do not have; what stands behind one of `ends` is
// not told. Then comes `next`.
struct evidence {
    const char *name;          // of the package
    const char *folder, *file; // NULL: any folder
    enum form form;
    enum where where;
    struct slice mark, next;
    const char *ends;
    unsigned dots;
};

#define NAMED(literal)                                                                                                 \
    {                                                                                                                  \
        (literal), sizeof(literal) - 1                                                                                 \
    }
#define ANYTHING                                                                                                       \
    {                                                                                                                  \
        "", 0                                                                                                          \
    }

// clang-format off
static const struct evidence table[] = {
    {"python",     NULL, "python*",           PROGRAM, BEHIND, NAMED("*"), NAMED("\0"), "", 2},
    {"python",     NULL, "libpython*",         PROGRAM, BEHIND, NAMED("*"), NAMED("\0"), "", 2},
    {"python",     NULL, "libpython*m",        PROGRAM, BEHIND, NAMED("*"), NAMED("\0"), "", 2},
    {"node",       NULL, "node",               PROGRAM, BEHIND, NAMED("node.js/v"), ANYTHING, "", 2},
    {"node",       NULL, "libnode",            PROGRAM, BEHIND, NAMED("node.js/v"), ANYTHING, "", 2},
    {"ruby",       NULL, "ruby*",              PROGRAM, BEHIND, NAMED("\0ruby "), ANYTHING, "p", 2},
    {"ruby",       NULL, "libruby",            PROGRAM, BEHIND, NAMED("\0ruby "), ANYTHING, "p", 2},
    {"ruby",       NULL, "libruby-*",          PROGRAM, BEHIND, NAMED("\0ruby "), ANYTHING, "p", 2},
    {"php",        NULL, "php*",               PROGRAM, BEHIND, NAMED("X-Powered-By: PHP/"), ANYTHING, "", 2},
    {"php",        NULL, "php-fpm*",           PROGRAM, BEHIND, NAMED("X-Powered-By: PHP/"), ANYTHING, "", 2},
    {"php",        NULL, "php-cgi*",           PROGRAM, BEHIND, NAMED("X-Powered-By: PHP/"), ANYTHING, "", 2},
    {"php",        NULL, "libphp*",            PROGRAM, BEHIND, NAMED("X-Powered-By: PHP/"), ANYTHING, "", 2},
    {"perl",       NULL, "perl*",              PROGRAM, BEHIND, NAMED("\0v"), NAMED("\0"), "", 2},
    {"perl",       NULL, "libperl",            PROGRAM, BEHIND, NAMED("\0v"), NAMED("\0"), "", 2},
    {"lua",        NULL, "lua*",               PROGRAM, BEHIND, NAMED("$LuaVersion: Lua "), ANYTHING, "", 2},
    {"bash",       NULL, "bash",               PROGRAM, BEHIND, NAMED("Bash version "), NAMED("("), "", 2},
    {"busybox",    NULL, "busybox",            PROGRAM, BEHIND, NAMED("BusyBox v"), ANYTHING, "", 1},
    {"curl",       NULL, "curl",               PROGRAM, BEHIND, NAMED("curl "), NAMED(" ("), "", 2},
    {"curl",       NULL, "libcurl",            PROGRAM, BEHIND, NAMED("libcurl/"), ANYTHING, "", 2},
    {"openssl",    NULL, "openssl",            PROGRAM, BEHIND, NAMED("OpenSSL "), NAMED(" "), "", 2},
    {"openssl",    NULL, "libcrypto",          PROGRAM, BEHIND, NAMED("OpenSSL "), NAMED(" "), "", 2},
    {"nginx",      NULL, "nginx",              PROGRAM, BEHIND, NAMED("nginx version: nginx/"), ANYTHING, "", 2},
    {"openresty",  NULL, "nginx",              PROGRAM, BEHIND, NAMED("nginx version: openresty/"), ANYTHING, "", 2},
    {"httpd",      NULL, "httpd",              PROGRAM, BEHIND, NAMED("Apache/"), ANYTHING, "", 2},
    {"httpd",      NULL, "apache2",            PROGRAM, BEHIND, NAMED("Apache/"), ANYTHING, "", 2},
    {"haproxy",    NULL, "haproxy",            PROGRAM, BEHIND, NAMED(" version "), NAMED(", released "), "-", 2},
    {"redis",      NULL, "redis-server",       PROGRAM, IN_BUILD_ID, ANYTHING, ANYTHING, "", 2},
    {"redis",      NULL, "redis-check-rdb",    PROGRAM, IN_BUILD_ID, ANYTHING, ANYTHING, "", 2},
    {"valkey",     NULL, "valkey-server",      PROGRAM, IN_BUILD_ID, ANYTHING, ANYTHING, "", 2},
    {"memcached",  NULL, "memcached",          PROGRAM, BEHIND, NAMED("memcached "), ANYTHING, "", 2},
    {"postgresql", NULL, "postgres",           PROGRAM, BEHIND, NAMED("postgres (PostgreSQL) "), ANYTHING, "", 0},
    {"mariadb",    NULL, "mariadbd",           PROGRAM, BEFORE, NAMED("-MariaDB"), ANYTHING, "", 2},
    {"mariadb",    NULL, "mysqld",             PROGRAM, BEFORE, NAMED("-MariaDB"), ANYTHING, "", 2},
    {"go",         "go", "VERSION",            TEXT,    BEHIND, NAMED("go"), ANYTHING, "", 1},
    {"openjdk",    NULL, "release",            TEXT,    BEHIND, NAMED("JAVA_VERSION=\""), NAMED("\""), "", 0},
    {"erlang",     NULL, "OTP_VERSION",        TEXT,    BEFORE, NAMED("\n"), ANYTHING, "", 0},
    {"wordpress",  "wp-includes", "version.php", TEXT,  BEHIND, NAMED("$wp_version = '"), NAMED("'"), "", 1},
};
// clang-format on

#define TEXT_MOST (64 * KIB)

// ---- Names ----------------------------------------------------------------------------------------------------------

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_number(char c)
{
    return is_digit(c) || c == '.';
}

static struct slice without_so(struct slice name)
{
    ptrdiff_t at = slice_starts(name, SLICE("lib")) ? slice_find_slice(name, SLICE(".so")) : -1;
    return at > 0 ? slice_of(name.p, (size_t)at) : name;
}

// Does a name follow a pattern with at most one '*', which is not its first sign? Tells what that stands for.
static bool follows(struct slice name, const char *pattern, struct slice *digits)
{
    struct slice first, last;
    if (name.n == 0 || name.p[0] != pattern[0]) // most names are none of these
        return false;
    if (!slice_cut(slice_str(pattern), '*', &first, &last)) {
        *digits = slice_of(name.p, 0);
        return slice_eq(name, first);
    }
    if (name.n < first.n + last.n || !slice_starts(name, first) || !slice_ends(name, last))
        return false;
    *digits = slice_of(name.p + first.n, name.n - first.n - last.n);
    for (size_t i = 0; i < digits->n; i++)
        if (!is_number(digits->p[i]))
            return false;
    return true;
}

// `name` is the file's, without ".so" and what follows it.
static bool may_be(const struct evidence *e, struct slice name, struct slice path, struct slice *digits)
{
    return follows(name, e->file, digits) &&
           (e->folder == NULL || slice_eq(slice_basename(slice_dirname(path)), slice_str(e->folder)));
}

// ---- Versions -------------------------------------------------------------------------------------------------------

static bool is_of_version(char c)
{
    return is_number(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '~' ||
           c == '_';
}

static size_t dots_of(struct slice number)
{
    size_t n = 0;
    for (size_t i = 0; i < number.n; i++)
        n += number.p[i] == '.';
    return n;
}

// A longer one is none: what hostile files repeat is not looked at again and again.
#define VERSION_MOST ((size_t)64)

// Is there a version at the start of a text, as the evidence has it?
static bool starts_with_version(struct slice text, const struct evidence *e, struct slice *version)
{
    size_t most = text.n < VERSION_MOST ? text.n : VERSION_MOST, digits = 0, n, told;
    while (digits < most && is_number(text.p[digits]))
        digits++;
    while (digits > 0 && text.p[digits - 1] == '.')
        digits--;
    for (n = digits; n < most && is_of_version(text.p[n]); n++)
        ;
    if (digits == 0 || !is_digit(text.p[0]) || dots_of(slice_of(text.p, digits)) < e->dots ||
        !slice_starts(slice_from(text, n), e->next))
        return false;
    for (told = digits; told < n && strchr(e->ends, text.p[told]) == NULL; told++)
        ;
    *version = slice_of(text.p, told);
    return true;
}

// Takes `content` up to behind the next mark, where it points even when nothing follows.
static bool next_mark(struct slice *content, struct slice mark)
{
    ptrdiff_t at = slice_find_slice(*content, mark);
    if (at < 0)
        return false;
    size_t taken = (size_t)at + mark.n;
    *content = slice_of(content->p + taken, content->n - taken);
    return true;
}

static bool version_behind(struct slice content, const struct evidence *e, struct slice *version)
{
    while (next_mark(&content, e->mark))
        if (starts_with_version(content, e, version))
            return true;
    return false;
}

// A version that begins with the digits of the file's name. It is no part of a longer number.
static bool version_of_digits(struct slice content, struct slice digits, const struct evidence *e,
                              struct slice *version)
{
    struct slice rest = content;
    while (digits.n != 0 && next_mark(&rest, digits)) {
        const char *start = rest.p - digits.n;
        if ((start == content.p || !is_number(start[-1])) &&
            starts_with_version(slice_of(start, rest.n + digits.n), e, version) && version->n > digits.n &&
            version->p[digits.n] == '.')
            return true;
    }
    return false;
}

static bool version_before(struct slice content, const struct evidence *e, struct slice *version)
{
    struct slice rest = content;
    while (next_mark(&rest, e->mark)) {
        const char *end = rest.p - e->mark.n, *start = end;
        while (start > content.p && is_number(start[-1]))
            start--;
        *version = slice_of(start, (size_t)(end - start));
        if (version->n != 0 && is_digit(*start) && dots_of(*version) >= e->dots)
            return true;
    }
    return false;
}

// Redis and Valkey print their version by itself, as one of many such texts. Their build id (src/release.c) begins with
// it, goes on with the builder's name and the time, which may be digits too, and ends, when built from a release, with
// nine zeros: not dirty, and no commit.
#define BUILD_ID_END       SLICE("000000000\0")
#define BUILD_ID_MOST      ((size_t)256)
#define BUILD_VERSION_MOST ((size_t)12) // of "255.255.9999"
#define BUILD_ID_LOOKS     16           // through the whole file, for all that looks like a build id

// Is that text there by itself?
static bool is_told_alone(struct slice content, struct slice text)
{
    struct buf alone BUF_AUTO = {0};
    buf_addc(&alone, '\0');
    buf_add(&alone, text);
    buf_addc(&alone, '\0');
    return slice_find_slice(content, buf_slice(&alone)) >= 0;
}

static bool version_in_build_id(struct slice content, const struct evidence *e, struct slice *version)
{
    struct slice rest = content;
    unsigned looks = BUILD_ID_LOOKS;
    while (next_mark(&rest, BUILD_ID_END)) {
        const char *end = rest.p - 1, *start = end;
        while (start > content.p && (size_t)(end - start) < BUILD_ID_MOST && is_of_version(start[-1]))
            start--;
        for (; start < end; start++) {
            size_t n = 0;
            while (start + n < end && is_number(start[n]))
                n++;
            // From the right: the version ends before the digits of the name and the time do.
            for (; is_digit(*start) && dots_of(slice_of(start, n)) >= e->dots; n--) {
                *version = slice_of(start, n);
                if (start[n - 1] == '.' || n > BUILD_VERSION_MOST)
                    continue;
                if (looks-- == 0)
                    return false;
                if (is_told_alone(content, *version))
                    return true;
            }
        }
    }
    return false;
}

static bool find_version(struct slice content, const struct evidence *e, struct slice digits, struct slice *version)
{
    switch (e->where) {
    case BEHIND:
        return slice_eq(e->mark, SLICE("*")) ? version_of_digits(content, digits, e, version)
                                             : version_behind(content, e, version);
    case BEFORE:
        return version_before(content, e, version);
    default:
        return version_in_build_id(content, e, version);
    }
}

// ---- The scanner ----------------------------------------------------------------------------------------------------

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct slice name = without_so(slice_basename(file->path)), digits, version;
    enum form form = begins_as_elf(file->content) ? PROGRAM : TEXT;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct evidence *e = &table[i];
        if (e->form != form || !may_be(e, name, file->path, &digits) ||
            !find_version(file->content, e, digits, &version))
            continue;
        struct slice package = slice_str(e->name);
        struct package p = {.kind = SLICE("binary"),
                            .name = package,
                            .version = version,
                            .source_name = package,
                            .source_version = version};
        scan_add_only_package(out, &scanner_binaries, file->path, &p);
        return true;
    }
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    struct slice name = without_so(slice_basename(path)), digits;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if ((table[i].form == PROGRAM || size <= TEXT_MOST) && may_be(&table[i], name, path, &digits))
            return true;
    return false;
}

static uint64_t limit(const struct limits *limits)
{
    return limits->binary_bytes;
}

const struct scanner scanner_binaries = {
    .name = "binaries",
    .version = 1,
    .kind = "binary",
    .limit = limit,
    .limit_name = "binary_bytes",
    .wants = wants,
    .unowned_only = true,
    .scan = scan,
};
