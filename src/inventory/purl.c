#include "inventory/purl.h"

#include "base/sort.h"

// ---- kinds and types ------------------------------------------------------------------------------------------------

enum space_rule {
    SPACE_NONE,         // the name is all there is
    SPACE_DISTRIBUTION, // the distribution that the package is of
    SPACE_SLASH,        // what precedes the last slash of the name: "@babel/core", "github.com/pkg/errors"
    SPACE_COLON,        // what precedes the colon of the name: "org.slf4j:slf4j-api"
};

enum letter_rule { LETTERS_AS_THEY_ARE, LETTERS_LOWER, LETTERS_PYTHON };

// One row for each kind of packages, as the definitions of the types have them.
static const struct kind_rules {
    struct slice kind, type;
    enum space_rule space;
    enum letter_rule names; // of the name; a distribution's id is always in lower case
} rules[] = {
    {SLICE("deb"), SLICE("deb"), SPACE_DISTRIBUTION, LETTERS_LOWER},
    {SLICE("apk"), SLICE("apk"), SPACE_DISTRIBUTION, LETTERS_LOWER},
    {SLICE("rpm"), SLICE("rpm"), SPACE_DISTRIBUTION, LETTERS_AS_THEY_ARE},
    {SLICE("python"), SLICE("pypi"), SPACE_NONE, LETTERS_PYTHON},
    {SLICE("npm"), SLICE("npm"), SPACE_SLASH, LETTERS_AS_THEY_ARE},
    {SLICE("maven"), SLICE("maven"), SPACE_COLON, LETTERS_AS_THEY_ARE},
    {SLICE("go"), SLICE("golang"), SPACE_SLASH, LETTERS_AS_THEY_ARE},
    {SLICE("cargo"), SLICE("cargo"), SPACE_NONE, LETTERS_AS_THEY_ARE},
    {SLICE("gem"), SLICE("gem"), SPACE_NONE, LETTERS_AS_THEY_ARE},
    {SLICE("composer"), SLICE("composer"), SPACE_SLASH, LETTERS_LOWER},
    {SLICE("nuget"), SLICE("nuget"), SPACE_NONE, LETTERS_AS_THEY_ARE},
    {SLICE("binary"), SLICE("generic"), SPACE_NONE, LETTERS_AS_THEY_ARE},
    // The first of a type is what others' package URLs of it are taken for.
    {SLICE("container"), SLICE("generic"), SPACE_NONE, LETTERS_AS_THEY_ARE},
};

static const struct kind_rules *rules_of(struct slice kind)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (slice_eq(kind, rules[i].kind))
            return &rules[i];
    return NULL;
}

static const struct kind_rules *rules_of_type(struct slice type)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (slice_eq(type, rules[i].type))
            return &rules[i];
    return NULL;
}

struct slice package_kind(struct slice name)
{
    const struct kind_rules *r = rules_of(name);
    return r != NULL ? r->kind : (struct slice){0};
}

// Vendors whose packages go by another name than the id of their os-release.
static const struct vendor {
    struct slice id, space;
} vendors[] = {
    {SLICE("rhel"), SLICE("redhat")},
    {SLICE("opensuse-leap"), SLICE("opensuse")},
    {SLICE("opensuse-tumbleweed"), SLICE("opensuse")},
    {SLICE("sles"), SLICE("suse")},
};

static struct slice space_of_distribution(struct slice kind, struct slice id)
{
    for (size_t i = 0; slice_eq(kind, SLICE("rpm")) && i < sizeof vendors / sizeof vendors[0]; i++)
        if (slice_eq(id, vendors[i].id))
            return vendors[i].space;
    return id;
}

// Other tools' names of distributions, and the id that their os-release has.
static const struct vendor aliases[] = {
    {SLICE("rhel"), SLICE("redhat")},
    {SLICE("amzn"), SLICE("amazon")},
    {SLICE("ol"), SLICE("oracle")},
    {SLICE("almalinux"), SLICE("alma")},
    {SLICE("azurelinux"), SLICE("azure")},
    {SLICE("sles"), SLICE("suse")},
    {SLICE("opensuse-leap"), SLICE("opensuse.leap")},
    {SLICE("opensuse-tumbleweed"), SLICE("opensuse.tumbleweed")},
    {SLICE("sles"), SLICE("suse linux enterprise server")},
    {SLICE("mariner"), SLICE("cbl-mariner")},
};

// ---- letters --------------------------------------------------------------------------------------------------------

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

static struct slice with_letters(struct arena *a, struct slice text, enum letter_rule rule)
{
    if (rule == LETTERS_AS_THEY_ARE)
        return text;
    char *out = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        out[i] = rule == LETTERS_PYTHON && text.p[i] == '_' ? '-' : lower(text.p[i]);
    return slice_of(out, text.n);
}

struct slice purl_distribution_id(struct arena *a, struct slice name)
{
    struct slice word = with_letters(a, name, LETTERS_LOWER);
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (slice_eq(word, aliases[i].space))
            return aliases[i].id;
    return word;
}

// The name on its way to the comparison of PEP 503: runs of "-_." are one dash, letters are small.
static struct slice python_name(struct arena *a, struct slice name)
{
    char *out = arena_alloc(a, name.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        bool dash = name.p[i] == '-' || name.p[i] == '_' || name.p[i] == '.';
        if (!dash || n == 0 || out[n - 1] != '-')
            out[n++] = dash ? '-' : lower(name.p[i]);
    }
    return slice_of(out, n);
}

struct slice purl_lookup_name(struct arena *a, struct slice kind, struct slice name)
{
    if (slice_eq(kind, SLICE("python")))
        return python_name(a, name);
    if (slice_eq(kind, SLICE("nuget")) || slice_eq(kind, SLICE("composer")))
        return with_letters(a, name, LETTERS_LOWER);
    return name;
}

bool purl_same_name(struct slice kind, struct slice name, struct slice other)
{
    struct arena scratch ARENA_AUTO = {0};
    if (slice_eq(kind, SLICE("python")))
        return slice_eq(python_name(&scratch, name), python_name(&scratch, other));
    return slice_eq_nocase(name, other);
}

// ---- writing --------------------------------------------------------------------------------------------------------

// Everything is percent-encoded but letters, digits and ".-_~:", and what separates the parts of a path.
static void encode(struct buf *out, struct slice text, bool path)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':' || (path && c == '/')) {
            buf_addc(out, c);
        } else {
            buf_addc(out, '%');
            buf_addc(out, hex[(unsigned char)c >> 4]);
            buf_addc(out, hex[(unsigned char)c & 15]);
        }
    }
}

struct slice purl_write(struct arena *a, const struct purl *p)
{
    struct buf out BUF_AUTO = {0};
    buf_adds(&out, "pkg:");
    buf_add(&out, p->type);
    buf_addc(&out, '/');
    if (p->space.n != 0) {
        encode(&out, p->space, true);
        buf_addc(&out, '/');
    }
    encode(&out, p->name, false);
    if (p->version.n != 0) {
        buf_addc(&out, '@');
        encode(&out, p->version, false);
    }
    for (size_t i = 0; i < p->qualifiers_n; i++) {
        buf_addc(&out, i == 0 ? '?' : '&');
        buf_add(&out, p->qualifiers[i].key);
        buf_addc(&out, '=');
        encode(&out, p->qualifiers[i].value, false);
    }
    if (p->subpath.n != 0) {
        buf_addc(&out, '#');
        encode(&out, p->subpath, true);
    }
    return arena_dup(a, buf_slice(&out));
}

// Keys must come in their order.
static void qualify(struct purl *purl, const char *key, struct slice value)
{
    if (value.n != 0)
        purl->qualifiers[purl->qualifiers_n++] = (struct purl_qualifier){slice_str(key), value};
}

static void take_space(struct purl *purl, char separator)
{
    ptrdiff_t at = slice_rfind(purl->name, separator);
    if (at <= 0)
        return;
    purl->space = slice_of(purl->name.p, (size_t)at);
    purl->name = slice_from(purl->name, (size_t)at + 1);
}

// The source package, when it is another one than the package itself.
static struct slice upstream_of(struct arena *a, const struct package *p)
{
    if (p->source_name.n == 0 || (slice_eq(p->source_name, p->name) && slice_eq(p->source_version, p->version)))
        return (struct slice){0};
    if (p->source_version.n == 0 || slice_eq(p->source_version, p->version))
        return p->source_name;
    struct buf text BUF_AUTO = {0};
    buf_add(&text, p->source_name);
    buf_addc(&text, '@');
    buf_add(&text, p->source_version);
    return arena_dup(a, buf_slice(&text));
}

static struct slice release_of(struct arena *a, const struct distribution *d)
{
    struct slice release = d->version_id.n != 0 ? d->version_id : d->codename;
    if (d->id.n == 0 || release.n == 0)
        return (struct slice){0};
    struct buf text BUF_AUTO = {0};
    buf_add(&text, d->id);
    buf_addc(&text, '-');
    buf_add(&text, release);
    return arena_dup(a, buf_slice(&text));
}

static void take_distribution(struct arena *a, struct purl *purl, const struct package *p, const struct distribution *d)
{
    struct slice epoch;
    purl->space = with_letters(a, space_of_distribution(p->kind, d->id), LETTERS_LOWER);
    qualify(purl, "arch", p->arch);
    qualify(purl, "distro", release_of(a, d));
    // rpm's epoch is a qualifier; the versions of the others have theirs within.
    if (slice_eq(p->kind, SLICE("rpm")) && slice_cut(p->version, ':', &epoch, &purl->version))
        qualify(purl, "epoch", epoch);
    else
        purl->version = p->version;
    qualify(purl, "rpmmod", p->module);
    qualify(purl, "upstream", upstream_of(a, p));
}

struct slice package_purl(struct arena *a, const struct package *p, const struct distribution *d)
{
    const struct kind_rules *r = rules_of(p->kind);
    struct purl purl = {.version = p->version};
    purl.type = r != NULL ? r->type : SLICE("generic");
    purl.name = with_letters(a, p->name, r != NULL ? r->names : LETTERS_AS_THEY_ARE);
    switch (r != NULL ? r->space : SPACE_NONE) {
    case SPACE_DISTRIBUTION:
        take_distribution(a, &purl, p, d);
        break;
    case SPACE_SLASH:
        take_space(&purl, '/');
        break;
    case SPACE_COLON:
        take_space(&purl, ':');
        break;
    case SPACE_NONE:
        break;
    }
    return purl_write(a, &purl);
}

// ---- reading --------------------------------------------------------------------------------------------------------

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

static bool decode(struct arena *a, struct slice text, struct slice *out, struct error *err)
{
    char *plain = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? hex_value(text.p[i + 1]) : -1, low = high >= 0 ? hex_value(text.p[i + 2]) : -1;
            if (low < 0)
                return error_set(err, ERR_FORMAT, "a '%%' that two hexadecimal digits do not follow");
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return error_set(err, ERR_FORMAT, "a byte of zero");
        plain[n++] = c;
    }
    *out = slice_of(plain, n);
    return true;
}

// Parts between slashes, each decoded; empty ones do not count, and of a subpath "." and ".." neither.
static bool decode_path(struct arena *a, struct slice text, bool dots, struct slice *out, struct error *err)
{
    struct buf path BUF_AUTO = {0};
    struct slice part, plain;
    while (text.n != 0) {
        slice_cut(text, '/', &part, &text);
        if (!decode(a, part, &plain, err))
            return false;
        if (plain.n == 0 || (!dots && (slice_eq(plain, SLICE(".")) || slice_eq(plain, SLICE("..")))))
            continue;
        if (path.n != 0)
            buf_addc(&path, '/');
        buf_add(&path, plain);
    }
    *out = arena_dup(a, buf_slice(&path));
    return true;
}

static bool is_key(struct slice key)
{
    for (size_t i = 0; i < key.n; i++)
        if (!is_alphanumeric(key.p[i]) && key.p[i] != '.' && key.p[i] != '-' && key.p[i] != '_')
            return false;
    return key.n != 0 && !is_digit(key.p[0]);
}

static int by_key(const void *a, const void *b)
{
    return slice_cmp(((const struct purl_qualifier *)a)->key, ((const struct purl_qualifier *)b)->key);
}

static bool parse_qualifiers(struct arena *a, struct slice text, struct purl *purl, struct error *err)
{
    struct slice pair, key, value;
    while (text.n != 0) {
        slice_cut(text, '&', &pair, &text);
        slice_cut(pair, '=', &key, &value);
        if (pair.n == 0)
            continue;
        if (!is_key(key))
            return error_set(err, ERR_FORMAT, "\"%.*s\" is no name of a qualifier", SLICE_ARG(key));
        if (!decode(a, value, &value, err))
            return false;
        if (value.n == 0)
            continue;
        key = with_letters(a, key, LETTERS_LOWER);
        if (purl_qualifier(purl, key.p).n != 0)
            return error_set(err, ERR_FORMAT, "qualifier %.*s stands there twice", SLICE_ARG(key));
        if (purl->qualifiers_n == PURL_QUALIFIERS)
            return error_set(err, ERR_FORMAT, "more than %zu qualifiers", PURL_QUALIFIERS);
        purl->qualifiers[purl->qualifiers_n++] = (struct purl_qualifier){key, value};
    }
    if (purl->qualifiers_n > 1)
        sort_items(purl->qualifiers, purl->qualifiers_n, sizeof purl->qualifiers[0], by_key);
    return true;
}

// A type is letters, digits, '.' and '-', a letter first.
static bool parse_type(struct arena *a, struct slice *rest, struct purl *purl, struct error *err)
{
    struct slice type;
    bool more = slice_cut(*rest, '/', &type, rest);
    for (size_t i = 0; i < type.n; i++)
        more = more && (is_alphanumeric(type.p[i]) || type.p[i] == '.' || type.p[i] == '-');
    if (!more || type.n == 0 || is_digit(type.p[0]))
        return error_set(err, ERR_FORMAT, "\"%.*s\" is no type of package URLs", SLICE_ARG(type));
    purl->type = with_letters(a, type, LETTERS_LOWER);
    return true;
}

// The version follows the last '@', unless that begins a folder of the path, such as npm's "@scope".
static struct slice cut_version(struct slice *path)
{
    ptrdiff_t at = slice_rfind(*path, '@');
    bool begins = at == 0 || (at > 0 && path->p[at - 1] == '/');
    if (at < 0 || (begins && slice_find(slice_from(*path, (size_t)at), '/') >= 0))
        return (struct slice){0};
    struct slice version = slice_from(*path, (size_t)at + 1);
    path->n = (size_t)at;
    return version;
}

static void normalise(struct arena *a, struct purl *purl)
{
    const struct kind_rules *r = rules_of_type(purl->type);
    if (r == NULL)
        return;
    purl->name = with_letters(a, purl->name, r->names);
    bool lower_space = r->space == SPACE_DISTRIBUTION || r->names == LETTERS_LOWER;
    purl->space = with_letters(a, purl->space, lower_space ? LETTERS_LOWER : LETTERS_AS_THEY_ARE);
}

// Cuts what follows the last `c` off.
static struct slice cut_last(struct slice *text, char c)
{
    ptrdiff_t at = slice_rfind(*text, c);
    if (at < 0)
        return (struct slice){0};
    struct slice tail = slice_from(*text, (size_t)at + 1);
    text->n = (size_t)at;
    return tail;
}

bool purl_parse(struct slice text, struct arena *a, struct purl *purl, struct error *err)
{
    *purl = (struct purl){0};
    struct slice rest = slice_trim(text), scheme = slice_of(rest.p, rest.n < 4 ? rest.n : 4);
    if (!slice_eq_nocase(scheme, SLICE("pkg:")))
        return error_set(err, ERR_FORMAT, "it does not begin with \"pkg:\"");
    rest = slice_from(rest, 4);
    while (rest.n != 0 && rest.p[0] == '/')
        rest = slice_from(rest, 1);
    struct slice subpath = cut_last(&rest, '#');
    ptrdiff_t question = slice_find(rest, '?');
    struct slice qualifiers = question >= 0 ? slice_from(rest, (size_t)question + 1) : (struct slice){0};
    if (question >= 0)
        rest.n = (size_t)question;
    if (!parse_type(a, &rest, purl, err))
        return false;
    struct slice version = cut_version(&rest);
    while (version.p == NULL && slice_ends(rest, SLICE("/")))
        rest.n--;
    struct slice name = slice_basename(rest), space = slice_dirname(rest);
    if (!decode(a, name, &purl->name, err) || !decode(a, version, &purl->version, err) ||
        !decode_path(a, space, true, &purl->space, err) || !decode_path(a, subpath, false, &purl->subpath, err) ||
        !parse_qualifiers(a, qualifiers, purl, err))
        return false;
    if (purl->name.n == 0)
        return error_set(err, ERR_FORMAT, "it names no package");
    normalise(a, purl);
    return true;
}

struct slice purl_qualifier(const struct purl *purl, const char *key)
{
    for (size_t i = 0; i < purl->qualifiers_n; i++)
        if (slice_eq(purl->qualifiers[i].key, slice_str(key)))
            return purl->qualifiers[i].value;
    return (struct slice){0};
}

// ---- from purls to packages -----------------------------------------------------------------------------------------

static struct slice joined(struct arena *a, struct slice left, char separator, struct slice right)
{
    if (left.n == 0)
        return right;
    struct buf text BUF_AUTO = {0};
    buf_add(&text, left);
    buf_addc(&text, separator);
    buf_add(&text, right);
    return arena_dup(a, buf_slice(&text));
}

// rpm names the file of the source package, NAME-VERSION-RELEASE.src.rpm; the others say NAME or NAME@VERSION.
static void take_upstream(const struct purl *purl, struct package *p)
{
    struct slice upstream = purl_qualifier(purl, "upstream");
    p->source_name = p->name;
    p->source_version = p->version;
    if (upstream.n == 0)
        return;
    static const struct slice ends[] = {SLICE(".src.rpm"), SLICE(".nosrc.rpm")};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (!slice_ends(upstream, ends[i]))
            continue;
        upstream.n -= ends[i].n;
        ptrdiff_t release = slice_rfind(upstream, '-');
        ptrdiff_t version = release > 0 ? slice_rfind(slice_of(upstream.p, (size_t)release), '-') : -1;
        if (version <= 0)
            return;
        p->source_name = slice_of(upstream.p, (size_t)version);
        p->source_version = slice_from(upstream, (size_t)version + 1);
        return;
    }
    struct slice version;
    if (slice_cut(upstream, '@', &p->source_name, &version))
        p->source_version = version;
}

bool purl_package(struct arena *a, const struct purl *purl, struct package *p)
{
    const struct kind_rules *r = rules_of_type(purl->type);
    *p = (struct package){0};
    if (r == NULL)
        return false;
    struct slice epoch = purl_qualifier(purl, "epoch");
    p->kind = r->kind;
    p->name = purl->name;
    p->version = purl->version;
    switch (r->space) {
    case SPACE_SLASH:
        p->name = joined(a, purl->space, '/', purl->name);
        break;
    case SPACE_COLON:
        p->name = joined(a, purl->space, ':', purl->name);
        break;
    case SPACE_DISTRIBUTION:
        p->arch = purl_qualifier(purl, "arch");
        p->module = purl_qualifier(purl, "rpmmod");
        // Some tools write the epoch of every kind as a qualifier.
        if (epoch.n != 0 && !slice_eq(epoch, SLICE("0")) && slice_find(p->version, ':') < 0)
            p->version = joined(a, epoch, ':', p->version);
        break;
    case SPACE_NONE:
        break;
    }
    take_upstream(purl, p);
    return true;
}

static bool is_version(struct slice text)
{
    return text.n != 0 && is_digit(text.p[0]);
}

// distro is ID-VERSION, ID-CODENAME, or the version or the code name alone; an id may have dashes of its own.
void purl_distribution(struct arena *a, const struct purl *purl, struct release_file *release)
{
    const struct kind_rules *r = rules_of_type(purl->type);
    struct slice distro = with_letters(a, purl_qualifier(purl, "distro"), LETTERS_LOWER);
    *release = (struct release_file){.kind = RELEASE_OS};
    if (r == NULL || r->space != SPACE_DISTRIBUTION || (purl->space.n == 0 && distro.n == 0))
        return;
    release->id = purl_distribution_id(a, purl->space);
    ptrdiff_t dash = slice_rfind(distro, '-');
    struct slice word = distro;
    if (dash > 0) {
        release->id = purl_distribution_id(a, slice_of(distro.p, (size_t)dash));
        word = slice_from(distro, (size_t)dash + 1);
    }
    if (is_version(word))
        release->version_id = word;
    else if (!slice_eq(word, release->id))
        release->codename = word;
}
