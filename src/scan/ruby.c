// Ruby's installed gems: specifications/NAME-VERSION[-PLATFORM].gemspec, and specifications/default/ for those that
// come with Ruby.
//
// Format: Ruby text that RubyGems writes (Gem::Specification#to_ruby in its lib/rubygems/specification.rb), one
// assignment a line. It is not run but read: `s.name = "rack".freeze`, `s.version = "2.0.6"`, and how older RubyGems
// wrote them (%q{rack}, Gem::Version.new("2.0.6")). A value that only running the text would tell is taken from the
// file's name.
#include "scan/scanner.h"

extern const struct scanner scanner_ruby;

#define GEMSPEC ".gemspec"

struct spec {
    struct slice name, version, platform; // p == NULL as long as they are not known
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool take_prefix(struct slice *s, struct slice prefix)
{
    if (!slice_starts(*s, prefix))
        return false;
    *s = slice_from(*s, prefix.n);
    return true;
}

// The character that ends a string literal, when `s` starts with one; its beginning is taken off. NUL for none.
static char open_literal(struct slice *s)
{
    static const char *const ends[] = {"\"\"", "''", "%q{}", "%q()", "%q[]", "%q<>", "%q!!", "%q||", "%Q{}", "%{}"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t n = strlen(ends[i]);
        if (take_prefix(s, slice_of(ends[i], n - 1)))
            return ends[i][n - 1];
    }
    return '\0';
}

// A string literal, alone or in Gem::Version.new(). Empty with p == NULL when it is no literal, or one with escapes or
// insertions (#{VERSION}), which are none that RubyGems writes.
static struct slice literal(struct slice text)
{
    const struct slice none = {NULL, 0};
    text = slice_trim(text);
    if (take_prefix(&text, SLICE("Gem::Version.new")))
        text = slice_trim(text);
    if (take_prefix(&text, SLICE("(")))
        text = slice_trim(text);
    char end = open_literal(&text);
    ptrdiff_t n = end != '\0' ? slice_find(text, end) : -1;
    if (n < 0)
        return none;
    struct slice value = slice_of(text.p, (size_t)n);
    return slice_find(value, '\\') < 0 && slice_find_slice(value, SLICE("#{")) < 0 ? value : none;
}

// "s.name = ...", whatever the block calls its argument. The first assignment that can be read counts.
static void take_line(struct spec *s, struct slice line)
{
    struct slice variable, attribute, value;
    if (!slice_cut(slice_trim(line), '.', &variable, &attribute) || !slice_cut(attribute, '=', &attribute, &value))
        return;
    for (size_t i = 0; i < variable.n; i++)
        if (!is_word(variable.p[i]))
            return;
    attribute = slice_trim(attribute);
    struct slice *field = slice_eq(attribute, SLICE("name"))       ? &s->name
                          : slice_eq(attribute, SLICE("version"))  ? &s->version
                          : slice_eq(attribute, SLICE("platform")) ? &s->platform
                                                                   : NULL;
    if (field != NULL && field->p == NULL)
        *field = literal(value);
}

static struct spec read_text(const struct scan_file *file)
{
    struct spec s = {0};
    struct slice rest = file->content, line;
    while (slice_next_line(&rest, &line))
        if (!file->cut || rest.n != 0) // the last line may be half of one
            take_line(&s, line);
    return s;
}

// True when each character is a digit, or, with `letters`, one of these; and there is one.
static bool is_group(struct slice s, bool letters)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < '0' || s.p[i] > '9') && (!letters || !is_word(s.p[i]) || s.p[i] == '_'))
            return false;
    return s.n != 0;
}

// Digits first, then letters and digits behind dots (Gem::Version::VERSION_PATTERN without its hyphen: there is no
// version with one among installed gems, and in a file's name the platform follows behind it).
static bool is_version(struct slice s)
{
    struct slice group;
    bool more = slice_cut(s, '.', &group, &s), good = is_group(group, false);
    while (good && more) {
        more = slice_cut(s, '.', &group, &s);
        good = is_group(group, true);
    }
    return good;
}

// Divides NAME-VERSION[-PLATFORM] behind a name that is known, or at the first hyphen that a version follows.
static struct spec from_file_name(struct slice file, struct slice name)
{
    struct spec s = {0};
    struct slice stem = slice_of(file.p, file.n - (sizeof GEMSPEC - 1)), rest = stem, part;
    if (name.n != 0 && slice_starts(stem, name) && stem.n > name.n && stem.p[name.n] == '-')
        rest = slice_from(stem, name.n + 1);
    else
        slice_cut(stem, '-', &part, &rest);
    while (rest.n != 0) {
        size_t at = (size_t)(rest.p - stem.p);
        slice_cut(rest, '-', &part, &rest);
        if (is_version(part))
            return (struct spec){slice_of(stem.p, at - 1), part, rest};
    }
    return s;
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct spec text = read_text(file), named = from_file_name(slice_basename(file->path), text.name);
    struct package p = {.kind = SLICE("gem")};
    p.name = p.source_name = text.name.n != 0 ? text.name : named.name;
    p.version = p.source_version = text.version.n != 0 ? text.version : named.version;
    if (p.name.n == 0 || p.version.n == 0) {
        scan_skip(out, file->path, false, "neither the text nor the file's name tells the gem's %s",
                  p.name.n == 0 ? "name" : "version");
        return true;
    }
    // The platform "ruby" is that of a gem which runs on all of them.
    p.arch = text.platform.n != 0 ? text.platform : named.platform;
    if (slice_eq(p.arch, SLICE("ruby")))
        p.arch = SLICE("");
    scan_add_only_package(out, &scanner_ruby, file->path, &p);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    if (!slice_ends(path, SLICE(GEMSPEC)))
        return false;
    struct slice folder = slice_dirname(path);
    if (slice_eq(slice_basename(folder), SLICE("default")))
        folder = slice_dirname(folder);
    return slice_eq(slice_basename(folder), SLICE("specifications"));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->package_head_bytes;
}

const struct scanner scanner_ruby = {
    .name = "ruby",
    .version = 1,
    .kind = "gem",
    .limit = limit,
    .limit_name = "package_head_bytes",
    .takes_prefix = true,
    .wants = wants,
    .scan = scan,
};
