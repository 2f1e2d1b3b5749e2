// Go programs: the build information that the linker leaves in every executable and shared library since Go 1.13.
//
// Format: Go's debug/buildinfo, and cmd/link/internal/ld/data.go (buildinfo): 32 bytes, aligned to 16, that begin with
// "\xff Go buildinf:", in section .go.buildinfo or, without section headers, in a data segment. Byte 14 is the size of
// a pointer, byte 15 has flags. With flag 2 (from Go 1.18 on) two strings follow, each with its length as a varint in
// front: the toolchain's version, and the modules. Without it two pointers to such strings, as Go has them in memory,
// stand at byte 16. The modules' text (runtime/debug, BuildInfo.String) has a mark of 16 bytes at both ends.
#include "scan/elf.h"
#include "scan/scanner.h"

extern const struct scanner scanner_go;

#define MAGIC        SLICE("\xff Go buildinf:")
#define HEADER       ((size_t)32)
#define POINTER_SIZE ((size_t)14)
#define FLAGS        ((size_t)15)
#define POINTERS     ((size_t)16)
#define BIG_ENDIAN_1 1
#define INLINE       2
#define ALIGNMENT    16
#define MARK         ((size_t)16)

// ---- Finding the two strings ----------------------------------------------------------------------------------------

// The build information in a part of the file, with what follows it. Text that merely speaks of it, as in the programs
// that read it, is not aligned.
static bool find_in(const struct elf_part *part, struct slice *info)
{
    *info = part->bytes;
    for (;;) {
        ptrdiff_t at = slice_find_slice(*info, MAGIC);
        if (at < 0)
            return false;
        *info = slice_from(*info, (size_t)at);
        if ((part->address + (uint64_t)(info->p - part->bytes.p)) % ALIGNMENT == 0)
            return true;
        *info = slice_from(*info, 1);
    }
}

// Data segments do not overlap; those of a hostile program may, all of them as large as the file, so that no more than
// the file's size is searched.
static bool find_info(const struct elf *elf, struct slice *info)
{
    struct elf_part part;
    if (elf_section(elf, SLICE(".go.buildinfo"), &part) && find_in(&part, info))
        return true;
    size_t left = elf->file.n;
    for (size_t i = 0; i < elf->segments_n; i++) {
        if (!elf_segment(elf, i, &part) || part.type != PT_LOAD || (part.flags & (PF_W | PF_X)) != PF_W)
            continue;
        if (part.bytes.n > left)
            return false;
        left -= part.bytes.n;
        if (find_in(&part, info))
            return true;
    }
    return false;
}

// Base 128, the lowest digit first; all but the last byte have the highest bit set. At most 64 bits.
static bool take_varint(struct slice *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && rest->n != 0; shift += 7) {
        unsigned char byte = (unsigned char)rest->p[0];
        *rest = slice_from(*rest, 1);
        if (shift == 63 && byte > 1)
            return false;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_string(struct slice *rest, struct slice *string)
{
    uint64_t n;
    if (!take_varint(rest, &n) || n > rest->n)
        return false;
    *string = slice_of(rest->p, (size_t)n);
    *rest = slice_from(*rest, (size_t)n);
    return true;
}

// What a pointer in front of `from` leads to: a pointer to bytes, and their number. Both are of `size` bytes, in an
// order that the build information tells, whatever the ELF header says.
static bool follow_string(const struct elf *elf, struct slice from, size_t size, bool big, struct slice *string)
{
    struct elf order = {.big = big};
    uint64_t at, bytes, n;
    if (!elf_number(&order, from, size, &at))
        return false;
    struct slice header = elf_at(elf, at);
    if (!elf_number(&order, header, size, &bytes) || !elf_number(&order, slice_from(header, size), size, &n))
        return false;
    *string = elf_at(elf, bytes);
    if (n > string->n)
        return false;
    string->n = (size_t)n;
    return true;
}

// A program that knows of no modules has no second string.
static bool read_info(const struct elf *elf, struct slice info, struct slice *toolchain, struct slice *modules)
{
    *modules = slice_of(info.p, 0);
    if (info.n < HEADER)
        return false;
    size_t size = (unsigned char)info.p[POINTER_SIZE];
    bool big = (info.p[FLAGS] & BIG_ENDIAN_1) != 0;
    struct slice strings = slice_from(info, HEADER), pointers = slice_from(info, POINTERS);
    if ((info.p[FLAGS] & INLINE) != 0)
        return take_string(&strings, toolchain) && toolchain->n != 0 && take_string(&strings, modules);
    if ((size != 4 && size != 8) || !follow_string(elf, pointers, size, big, toolchain) || toolchain->n == 0)
        return false;
    if (!follow_string(elf, slice_from(pointers, size), size, big, modules))
        modules->n = 0;
    return true;
}

// ---- What they say --------------------------------------------------------------------------------------------------

// "go1.22.1 X:loopvar", "go1.21.3 (Red Hat 1.21.3-1.el9)", "devel go1.23-3eb8ba6 Mon Jan  1 00:00:00 2024": the first
// word that begins with "go", or else the first one.
static struct slice version_of(struct slice toolchain)
{
    struct slice word, rest = toolchain;
    while (rest.n != 0) {
        slice_cut(slice_trim(rest), ' ', &word, &rest);
        if (slice_starts(word, SLICE("go")))
            return word;
    }
    slice_cut(toolchain, ' ', &word, &rest);
    return word;
}

static void add_module(struct scan_output *out, struct package_db *db, struct slice name, struct slice version,
                       size_t line)
{
    struct package p = {
        .kind = SLICE("go"), .name = name, .version = version, .source_name = name, .source_version = version};
    scan_add_package(out, db, &p, line);
}

// A line "mod", "dep" or "=>", a tab, the module's path, a tab, its version, a tab, its check sum.
struct module {
    size_t line; // from 1, 0 for none
    struct slice path, version;
};

static void add_pending(struct scan_output *out, struct package_db *db, const struct module *m)
{
    if (m->line != 0 && m->path.n == 0)
        scan_skip(out, db->path, false, "line %zu of the build information: a module without a path", m->line);
    else if (m->line != 0)
        add_module(out, db, m->path, m->version, m->line);
}

// What replaces a module is what was compiled in. A folder has no name and no version of its own: the module keeps its
// name and gets the version that Go gives to sources without one.
static void replace(struct module *m, struct slice path, struct slice version)
{
    bool folder = version.n == 0 || slice_eq(version, SLICE("(devel)"));
    m->path = folder ? m->path : path;
    m->version = folder ? SLICE("(devel)") : version;
}

static void take_modules(struct scan_output *out, struct package_db *db, struct slice text)
{
    struct module pending = {0};
    struct slice line;
    for (size_t number = 1; slice_next_line(&text, &line); number++) {
        struct slice word, path, version, rest;
        slice_cut(line, '\t', &word, &rest);
        slice_cut(rest, '\t', &path, &rest);
        slice_cut(rest, '\t', &version, &rest);
        if (slice_eq(word, SLICE("=>")) && pending.line != 0) {
            replace(&pending, path, version);
        } else if (slice_eq(word, SLICE("mod")) || slice_eq(word, SLICE("dep"))) {
            add_pending(out, db, &pending);
            pending = (struct module){number, path, version};
        }
    }
    add_pending(out, db, &pending);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct elf elf;
    struct slice info, toolchain, modules;
    if (!elf_open(file->content, &elf) || !find_info(&elf, &info))
        return true;
    if (!read_info(&elf, info, &toolchain, &modules)) {
        scan_skip(out, file->path, true,
                  "a Go program whose build information cannot be read: it leads out of the file");
        return true;
    }
    struct package_db *db = scan_add_db(out, &scanner_go, file->path);
    if (db == NULL)
        return true;
    add_module(out, db, SLICE("stdlib"), version_of(toolchain), 0);
    // Without its marks it is no text of modules, for Go itself neither.
    if (modules.n > 2 * MARK && modules.p[modules.n - MARK - 1] == '\n')
        take_modules(out, db, slice_of(modules.p + MARK, modules.n - 2 * MARK));
    return true;
}

static uint64_t limit(const struct limits *limits)
{
    return limits->binary_bytes;
}

const struct scanner scanner_go = {
    .name = "go",
    .version = 1,
    .kind = "go",
    .limit = limit,
    .limit_name = "binary_bytes",
    .wants = may_be_elf,
    .begins = begins_as_elf,
    .scan = scan,
};
