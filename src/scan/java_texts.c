// Formats: the JAR File Specification (docs.oracle.com/javase, "JAR Manifest"); the OSGi Core specification, 3.2.1
// "Bundle Manifest Headers"; java.util.Properties.load(Reader), and Maven Archiver, which writes pom.properties.
#include "scan/java_texts.h"

#include "base/buf.h"

bool java_is_plain(struct slice word)
{
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alphanumeric && c != '-' && c != '_' && c != '.' && c != '+')
            return false;
    }
    return word.n != 0;
}

// A line ends with CR LF, CR or LF, in both texts.
static bool next_line(struct slice *rest, struct slice *line)
{
    if (rest->n == 0)
        return false;
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\r' && rest->p[n] != '\n')
        n++;
    *line = slice_of(rest->p, n);
    bool both = n + 1 < rest->n && rest->p[n] == '\r' && rest->p[n + 1] == '\n';
    *rest = slice_from(*rest, n + 1 + both);
    return true;
}

// ---- The manifest ---------------------------------------------------------------------------------------------------

// Where the value of an attribute belongs, or NULL. Case does not count in names.
static struct slice *attribute_of(struct java_manifest *m, struct slice name)
{
    const struct {
        struct slice name;
        struct slice *value;
    } attributes[] = {
        {SLICE("Implementation-Title"), &m->title},
        {SLICE("Implementation-Vendor-Id"), &m->vendor_id},
        {SLICE("Implementation-Version"), &m->version},
        {SLICE("Bundle-SymbolicName"), &m->symbolic_name},
        {SLICE("Bundle-Version"), &m->bundle_version},
        {SLICE("Automatic-Module-Name"), &m->module_name},
        {SLICE("Specification-Version"), &m->specification_version},
        {SLICE("Group-Id"), &m->group_id},
        {SLICE("Short-Name"), &m->short_name},
        {SLICE("Plugin-Version"), &m->plugin_version},
    };
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (slice_eq_nocase(name, attributes[i].name))
            return attributes[i].value;
    return NULL;
}

void java_read_manifest(struct slice text, struct arena *a, struct java_manifest *manifest)
{
    struct slice line, name, value;
    struct slice *field = NULL;
    struct buf folded BUF_AUTO = {0};
    *manifest = (struct java_manifest){0};
    while (next_line(&text, &line)) {
        bool continues = line.n != 0 && line.p[0] == ' ';
        if (!continues && field != NULL)
            *field = slice_trim(arena_dup(a, buf_slice(&folded)));
        if (line.n == 0) {
            manifest->ended = true;
            break;
        }
        if (continues) {
            buf_add(&folded, slice_from(line, 1));
            continue;
        }
        field = slice_cut(line, ':', &name, &value) ? attribute_of(manifest, name) : NULL;
        folded.n = 0;
        buf_add(&folded, value);
    }
    if (!manifest->ended && field != NULL)
        *field = slice_trim(arena_dup(a, buf_slice(&folded)));
    slice_cut(manifest->symbolic_name, ';', &manifest->symbolic_name, &value);
    manifest->symbolic_name = slice_trim(manifest->symbolic_name);
}

// ---- pom.properties -------------------------------------------------------------------------------------------------

// Splits at the first '=', ':' or blank that no backslash stands before, with blanks around it.
static void split(struct slice line, struct slice *key, struct slice *value)
{
    size_t n = 0;
    while (n < line.n && line.p[n] != '=' && line.p[n] != ':' && line.p[n] != ' ' && line.p[n] != '\t')
        n += line.p[n] == '\\' ? 2 : 1;
    *key = slice_of(line.p, n < line.n ? n : line.n);
    struct slice rest = slice_trim(slice_from(line, n));
    if (rest.n != 0 && (rest.p[0] == '=' || rest.p[0] == ':'))
        rest = slice_trim(slice_from(rest, 1));
    *value = rest;
}

// The value without the backslashes that java.util.Properties puts before '=', ':', '#', '!' and blanks. What it writes
// in another way (\u0041) is in no coordinates, and is not plain.
static struct slice unescape(struct slice value, struct arena *a)
{
    struct buf out BUF_AUTO = {0};
    for (size_t i = 0; i < value.n; i++) {
        bool escape = value.p[i] == '\\' && i + 1 < value.n && !java_is_plain(slice_of(&value.p[i + 1], 1));
        buf_addc(&out, value.p[escape ? ++i : i]);
    }
    return arena_dup(a, buf_slice(&out));
}

struct java_coordinates java_read_properties(struct slice text, struct arena *a)
{
    struct java_coordinates c = {0};
    const struct {
        struct slice key;
        struct slice *value;
    } wanted[] = {{SLICE("groupId"), &c.group}, {SLICE("artifactId"), &c.artifact}, {SLICE("version"), &c.version}};
    struct slice line, key, value;
    while (next_line(&text, &line)) {
        line = slice_trim(line);
        if (line.n == 0 || line.p[0] == '#' || line.p[0] == '!')
            continue;
        split(line, &key, &value);
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
            if (!slice_eq(key, wanted[i].key))
                continue;
            value = unescape(value, a);
            *wanted[i].value = java_is_plain(value) ? value : SLICE("");
        }
    }
    return c;
}
