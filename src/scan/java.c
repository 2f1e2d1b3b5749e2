// Java archives: jar, war, ear and their kin, and the archives inside them.
//
// Formats: the JAR File Specification; Maven Archiver's META-INF/maven/GROUP/ARTIFACT/pom.properties; Spring Boot's
// "Executable Jar Format" (BOOT-INF/lib); Jakarta Servlet and Enterprise Beans (WEB-INF/lib, archives in an ear). An
// archive that Maven built says what it is, and an archive into which others were merged says it of those too; what
// others are java_identity.h tells. An unpacked archive has its pom.properties as a file.
#include "base/utf8.h"
#include "base/zip.h"
#include "scan/java_identity.h"
#include "scan/scanner.h"

extern const struct scanner scanner_java;

// A small file may well unpack to many times its size.
#define RATIO_FROM (16 * MIB)

// How much of a place in an archive goes into a note: limits and reasons must have room behind it.
#define PLACE_SHOWN ((size_t)160)

// One file, with all archives that are inside it.
struct reading {
    const struct scan_file *file;
    struct scan_output *out;
    const struct limits *limits;
    struct package_db *db;   // NULL as long as nothing was found
    uint64_t entries;        // members seen
    uint64_t unpacked, most; // bytes of members that were read, and how many may be
    uint64_t held;           // bytes of unpacked archives that are in memory
    struct buf place;        // of the archive at hand in the file: "WEB-INF/lib/x.jar!y.jar"
    bool stopped;            // a limit ended it, and was told
};

// One archive of them.
struct archive {
    struct arena arena;
    struct zip zip;
    struct slice path;             // what its name is taken from
    struct zip_entry manifest;     // of several the last, as for Java
    struct java_evidence evidence; //
    size_t poms;                   // pom.properties that were read
    size_t pom_xmls;               //
    struct java_coordinates pom;   // the last one's
    bool is_told;                  // one of them is for the archive itself
    bool has_manifest, has_classes;
};

// ---- Notes ----------------------------------------------------------------------------------------------------------

// Says what was not read: `member` of the archive at hand, or the archive itself.
static void note(struct reading *r, struct slice member, bool lost, const char *reason)
{
    struct arena scratch ARENA_AUTO = {0};
    struct buf place BUF_AUTO = {0};
    buf_add(&place, buf_slice(&r->place));
    if (place.n != 0 && member.n != 0)
        buf_addc(&place, '!');
    buf_add(&place, member);
    struct slice shown = utf8_shorten(&scratch, buf_slice(&place), PLACE_SHOWN);
    scan_skip(r->out, r->file->path, lost, "%.*s%s%s", SLICE_ARG(shown), shown.n != 0 ? ": " : "", reason);
}

// The same where a limit ends the reading of the whole file.
static void stop(struct reading *r, struct slice member, const char *reason)
{
    r->stopped = true;
    note(r, member, true, reason);
}

static void note_limit(struct reading *r, struct slice member, const char *what, uint64_t value, const char *limit)
{
    struct error why;
    error_set(&why, ERR_LIMIT, "%s the %llu that limit %s allows", what, (unsigned long long)value, limit);
    note(r, member, true, why.text);
}

// ---- Packages -------------------------------------------------------------------------------------------------------

static void add(struct reading *r, const struct java_coordinates *c)
{
    if (r->db == NULL)
        r->db = scan_add_db(r->out, &scanner_java, r->file->path);
    if (r->db == NULL) {
        r->stopped = true;
        return;
    }
    struct buf name BUF_AUTO = {0};
    buf_add(&name, c->group);
    if (c->group.n != 0)
        buf_addc(&name, ':');
    buf_add(&name, c->artifact);
    struct package p = {
        .kind = SLICE("maven"),
        .name = buf_slice(&name),
        .version = c->version,
        .source_name = buf_slice(&name),
        .source_version = c->version,
        .inside = buf_slice(&r->place),
    };
    scan_add_package(r->out, r->db, &p, 0);
}

// ---- Members --------------------------------------------------------------------------------------------------------

static bool is_archive(struct slice name)
{
    static const char *const extensions[] = {".jar", ".war", ".ear", ".par", ".sar", ".kar", ".rar", ".hpi", ".jpi"};
    if (name.n <= 4 || name.p[name.n - 4] != '.')
        return false;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (slice_eq_nocase(slice_from(name, name.n - 4), slice_str(extensions[i])))
            return true;
    return false;
}

// [FOLDER/]META-INF/maven/GROUP/ARTIFACT/FILE: the coordinates in it.
static bool is_in_maven_folder(struct slice path, const char *file, struct java_coordinates *c)
{
    if (!slice_eq(slice_basename(path), slice_str(file)))
        return false;
    struct slice artifact = slice_dirname(path), group = slice_dirname(artifact), root = slice_dirname(group);
    c->artifact = slice_basename(artifact);
    c->group = slice_basename(group);
    return c->artifact.n != 0 && c->group.n != 0 &&
           (slice_eq(root, SLICE("META-INF/maven")) || slice_ends(root, SLICE("/META-INF/maven")));
}

// Narrows the folder that all classes have in common. What an application or another release of Java brings does not
// count.
static void take_class(struct archive *a, struct slice name)
{
    if (slice_starts(name, SLICE("META-INF/")) || slice_starts(name, SLICE("BOOT-INF/")) ||
        slice_starts(name, SLICE("WEB-INF/")) || slice_find(name, '/') < 0)
        return;
    struct slice folder = slice_dirname(name), *common = &a->evidence.package;
    if (!a->has_classes) {
        a->has_classes = true;
        *common = folder;
    }
    while (common->n != 0 && (!slice_starts(folder, *common) || (folder.n > common->n && folder.p[common->n] != '/')))
        *common = slice_dirname(*common);
}

// A member's contents up to `most`, within what may be read of the file at all. False when there is nothing to be had,
// which is then told.
static bool read_member(struct reading *r, const struct archive *a, const struct zip_entry *e, uint64_t most,
                        struct buf *room, struct slice *content, bool *whole)
{
    struct error why = {0};
    uint64_t left = r->most - r->unpacked;
    bool read = zip_read(&a->zip, e, (size_t)(most < left ? most : left), room, content, whole, &why);
    r->unpacked += read ? content->n : room->n;
    if (!read) {
        note(r, e->name, true, why.text);
        return false;
    }
    if (*whole || most < left)
        return true;
    bool by_ratio = r->most < r->limits->jar_unpacked_bytes;
    error_set(&why, ERR_LIMIT, "what is in the archive unpacks to more than the %llu bytes that limit %s allows",
              (unsigned long long)r->most, by_ratio ? "jar_ratio" : "jar_unpacked_bytes");
    stop(r, e->name, why.text);
    return false;
}

// What a pom.properties says. Where it says nothing its own place in the archive does.
static void take_properties(struct reading *r, struct archive *a, struct slice text, struct slice name,
                            const struct java_coordinates *by_place_of_it)
{
    struct java_coordinates c = java_read_properties(text, &a->arena);
    if (c.group.n == 0)
        c.group = by_place_of_it->group;
    if (c.artifact.n == 0)
        c.artifact = by_place_of_it->artifact;
    if (c.version.n == 0) {
        note(r, name, false, "no version");
        return;
    }
    a->poms++;
    a->pom = c;
    a->is_told = a->is_told || slice_find_slice(slice_basename(a->path), c.artifact) >= 0;
    add(r, &c);
}

static void read_properties(struct reading *r, struct archive *a, const struct zip_entry *e,
                            const struct java_coordinates *by_place_of_it)
{
    struct buf room BUF_AUTO = {0};
    struct slice text;
    bool whole;
    if (!read_member(r, a, e, r->limits->jar_text_bytes, &room, &text, &whole))
        return;
    if (whole)
        take_properties(r, a, text, e->name, by_place_of_it);
    else
        note_limit(r, e->name, "has more bytes than", r->limits->jar_text_bytes, "jar_text_bytes");
}

static void take_archive(struct reading *r, struct slice content, struct slice path, uint64_t depth);

static void take_inner(struct reading *r, const struct archive *a, const struct zip_entry *e, uint64_t depth)
{
    const struct limits *l = r->limits;
    if (depth >= l->jar_depth) {
        note_limit(r, e->name, "lies in more archives inside one another than", l->jar_depth, "jar_depth");
        return;
    }
    struct buf room BUF_AUTO = {0};
    struct slice content;
    bool whole;
    if (!read_member(r, a, e, l->jar_inner_bytes - r->held, &room, &content, &whole))
        return;
    if (!whole) {
        note_limit(r, e->name, "needs more bytes of memory, with the archives that it lies in, than",
                   l->jar_inner_bytes, "jar_inner_bytes");
        return;
    }
    size_t outer = r->place.n;
    r->held += room.n;
    if (outer != 0)
        buf_addc(&r->place, '!');
    buf_add(&r->place, e->name);
    take_archive(r, content, e->name, depth + 1);
    r->place.n = outer;
    r->held -= room.n;
}

static void take_entry(struct reading *r, struct archive *a, const struct zip_entry *e, uint64_t depth)
{
    struct java_coordinates c = {0};
    if (slice_ends(e->name, SLICE(".class"))) {
        take_class(a, e->name);
    } else if (slice_eq_nocase(e->name, SLICE("META-INF/MANIFEST.MF"))) {
        a->has_manifest = true;
        a->manifest = *e;
    } else if (is_archive(e->name)) {
        take_inner(r, a, e, depth);
    } else if (is_in_maven_folder(e->name, "pom.properties", &c)) {
        read_properties(r, a, e, &c);
    } else if (is_in_maven_folder(e->name, "pom.xml", &c)) {
        a->pom_xmls++;
        a->evidence.pom_group = c.group;
        a->evidence.pom_artifact = c.artifact;
    }
}

// ---- Archives -------------------------------------------------------------------------------------------------------

static void read_manifest(struct reading *r, struct archive *a, struct java_manifest *manifest)
{
    struct buf room BUF_AUTO = {0};
    struct slice text;
    bool whole;
    if (!a->has_manifest || !read_member(r, a, &a->manifest, r->limits->jar_text_bytes, &room, &text, &whole))
        return;
    java_read_manifest(text, &a->arena, manifest);
    if (!whole && !manifest->ended)
        note_limit(r, a->manifest.name, "has more bytes in its main section than", r->limits->jar_text_bytes,
                   "jar_text_bytes");
}

// Is there nothing to be said about the archive itself beyond its pom.properties, none of which has an artifact that
// stands in the file's name? A name without a version tells nothing else. One with a version tells of something into
// which others were merged, unless the only pom.properties is for that version or a longer name.
static bool is_told_by_last(const struct archive *a, struct java_coordinates file)
{
    return file.version.n == 0 || (a->poms == 1 && (slice_eq(file.version, a->pom.version) ||
                                                    slice_find_slice(a->pom.artifact, file.artifact) >= 0));
}

static void take_self(struct reading *r, struct archive *a)
{
    struct java_manifest manifest = {0};
    if (a->is_told || (!a->has_manifest && !a->has_classes && a->poms == 0))
        return;
    read_manifest(r, a, &manifest);
    if (slice_eq(manifest.title, SLICE("Java Runtime Environment"))) // a part of the runtime, which is no Maven project
        return;
    if (a->poms != 0 && is_told_by_last(a, java_split_name(a->path, &manifest)))
        return;
    struct java_evidence evidence = a->evidence;
    evidence.path = a->path;
    evidence.manifest = &manifest;
    if (a->pom_xmls != 1)
        evidence.pom_artifact = SLICE("");
    struct java_coordinates c = java_identify(&evidence, &a->arena);
    if (c.artifact.n != 0)
        add(r, &c);
}

static void take_entries(struct reading *r, struct archive *a, uint64_t depth)
{
    struct zip_entry e;
    struct error why = {0};
    bool more = true;
    while (!r->stopped && more) {
        if (!zip_next(&a->zip, &e, &more, &why)) {
            note(r, SLICE(""), true, why.text);
            return;
        }
        if (more && ++r->entries > r->limits->jar_entries) {
            error_set(&why, ERR_LIMIT,
                      "has more members, with those of the archives in it, than the %llu that limit "
                      "jar_entries allows",
                      (unsigned long long)r->limits->jar_entries);
            stop(r, SLICE(""), why.text);
        } else if (more) {
            take_entry(r, a, &e, depth);
        }
    }
}

// A zip's first member, or its end when it has none (APPNOTE 4.3.7, 4.3.16).
static bool begins_like_zip(struct slice content)
{
    return slice_starts(content, SLICE("PK\3\4")) || slice_starts(content, SLICE("PK\5\6"));
}

static void take_archive(struct reading *r, struct slice content, struct slice path, uint64_t depth)
{
    struct archive a = {.path = path};
    struct error why = {0};
    if (zip_open(content, &a.zip, &why)) {
        take_entries(r, &a, depth);
        if (!r->stopped)
            take_self(r, &a);
    } else if (content.n != 0) {
        bool broken = begins_like_zip(content);
        note(r, SLICE(""), broken, broken ? why.text : "is no zip archive");
    }
    arena_free(&a.arena);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    const struct limits *l = out->limits;
    struct java_coordinates c = {0};
    uint64_t most;
    if (__builtin_mul_overflow(l->jar_ratio, (uint64_t)file->content.n, &most) || most > l->jar_unpacked_bytes)
        most = l->jar_unpacked_bytes;
    if (most < RATIO_FROM)
        most = RATIO_FROM < l->jar_unpacked_bytes ? RATIO_FROM : l->jar_unpacked_bytes;
    struct reading r = {.file = file, .out = out, .limits = l, .most = most};
    if (is_in_maven_folder(file->path, "pom.properties", &c)) {
        struct archive unpacked = {.path = file->path};
        take_properties(&r, &unpacked, file->content, SLICE(""), &c);
        arena_free(&unpacked.arena);
    } else {
        take_archive(&r, file->content, file->path, 1);
    }
    buf_free(&r.place);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    struct java_coordinates c;
    return is_archive(path) || is_in_maven_folder(path, "pom.properties", &c);
}

static uint64_t limit(const struct limits *limits)
{
    return limits->jar_bytes;
}

const struct scanner scanner_java = {
    .name = "java",
    .version = 1,
    .kind = "maven",
    .limit = limit,
    .limit_name = "jar_bytes",
    .wants = wants,
    .scan = scan,
};
