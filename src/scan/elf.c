#include "scan/elf.h"

#include "base/limits.h"

// ---- Which files ----------------------------------------------------------------------------------------------------

// The smallest programs that tell what is compiled into them have some tens of KiB. Shared libraries beyond the upper
// bound hold the tables and kernels of numeric software, many times as often as anything that Go or Rust made.
#define PROGRAM_LEAST        (16 * KIB)
#define SHARED_LIBRARY_MOST  (128 * MIB)
#define EXECUTABLE_BY_ANYONE 0111U

// What names that end like this hold is no machine code, whatever its mode says.
static bool has_other_extension(struct slice name)
{
    static const char *const others[] = {
        "a",    "bz2",  "c",   "cc",  "cfg", "class", "cmake", "conf", "crt",  "cpp",  "css",     "csv",  "ejs",
        "gif",  "gz",   "h",   "hpp", "htm", "html",  "ini",   "jar",  "java", "jpg",  "js",      "json", "la",
        "list", "lua",  "m4",  "map", "md",  "mo",    "o",     "pc",   "pem",  "ph",   "php",     "pl",   "pm",
        "png",  "po",   "ps1", "py",  "pyc", "pyi",   "rb",    "rbs",  "rs",   "rst",  "service", "sh",   "svg",
        "tcl",  "toml", "ts",  "ttf", "txt", "war",   "whl",   "xml",  "xz",   "yaml", "yml",     "zip",  "zst"};
    ptrdiff_t dot = slice_rfind(name, '.');
    if (dot <= 0)
        return false;
    struct slice extension = slice_from(name, (size_t)dot + 1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (slice_eq(extension, slice_str(others[i])))
            return true;
    return false;
}

// The Filesystem Hierarchy Standard keeps these for data that fits every machine; programs that come with much data
// have a folder "bin" in theirs all the same.
static bool is_in_data_folder(struct slice path)
{
    static const char *const folders[] = {"etc/", "usr/include/", "usr/share/", "var/lib/dpkg/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (slice_starts(path, slice_str(folders[i])))
            return !slice_eq(slice_basename(slice_dirname(path)), SLICE("bin"));
    return false;
}

bool may_be_elf(struct slice path, uint32_t mode, uint64_t size)
{
    if ((mode & EXECUTABLE_BY_ANYONE) == 0 || size < PROGRAM_LEAST)
        return false;
    struct slice name = slice_basename(path);
    if (size > SHARED_LIBRARY_MOST && slice_find_slice(name, SLICE(".so")) >= 0)
        return false;
    return !has_other_extension(name) && !is_in_data_folder(path);
}

bool begins_as_elf(struct slice head)
{
    return slice_starts(head, slice_of(ELFMAG, SELFMAG));
}

// ---- Numbers --------------------------------------------------------------------------------------------------------

bool elf_number(const struct elf *elf, struct slice from, size_t size, uint64_t *value)
{
    if (from.n < size)
        return false;
    *value = 0;
    for (size_t i = 0; i < size; i++)
        *value = *value << 8 | (unsigned char)from.p[elf->big ? i : size - 1 - i];
    return true;
}

// A field of a header that is known to be there in full; its place and size differ between the classes.
#define FIELD(elf, bytes, type, name)                                                                                  \
    ((elf)->wide ? field((elf), (bytes), offsetof(Elf64_##type, name), sizeof(((Elf64_##type *)NULL)->name))           \
                 : field((elf), (bytes), offsetof(Elf32_##type, name), sizeof(((Elf32_##type *)NULL)->name)))
#define SIZE_OF(elf, type) ((elf)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

static uint64_t field(const struct elf *elf, struct slice bytes, size_t offset, size_t size)
{
    uint64_t value = 0;
    elf_number(elf, slice_from(bytes, offset), size, &value);
    return value;
}

// `n` bytes of the file from `offset` on. False when they are not all there.
static bool stretch(const struct elf *elf, uint64_t offset, uint64_t n, struct slice *out)
{
    if (offset > elf->file.n || n > elf->file.n - offset)
        return false;
    *out = slice_of(elf->file.p + offset, (size_t)n);
    return true;
}

// ---- The two tables -------------------------------------------------------------------------------------------------

// A table of `n` rows of `size` bytes, cut to the rows that the file has; their number.
static size_t table(const struct elf *elf, uint64_t offset, uint64_t n, size_t size, size_t least, struct slice *rows)
{
    *rows = slice_of(elf->file.p, 0);
    if (offset == 0 || offset >= elf->file.n || size < least)
        return 0;
    uint64_t most = (elf->file.n - offset) / size;
    n = n < most ? n : most;
    *rows = slice_of(elf->file.p + offset, (size_t)n * size);
    return (size_t)n;
}

static struct slice row(struct slice rows, size_t size, size_t i)
{
    return slice_of(rows.p + i * size, size);
}

// Counts that the header has no room for stand in the section of number 0, which is none.
static void open_tables(struct elf *elf)
{
    uint64_t offset = FIELD(elf, elf->file, Ehdr, e_shoff), n = FIELD(elf, elf->file, Ehdr, e_shnum);
    uint64_t names = FIELD(elf, elf->file, Ehdr, e_shstrndx), programs = FIELD(elf, elf->file, Ehdr, e_phnum);
    elf->section_size = (size_t)FIELD(elf, elf->file, Ehdr, e_shentsize);
    elf->segment_size = (size_t)FIELD(elf, elf->file, Ehdr, e_phentsize);
    if (table(elf, offset, 1, elf->section_size, SIZE_OF(elf, Shdr), &elf->sections) == 1) {
        struct slice none = row(elf->sections, elf->section_size, 0);
        n = n != 0 ? n : FIELD(elf, none, Shdr, sh_size);
        names = names != SHN_XINDEX ? names : FIELD(elf, none, Shdr, sh_link);
        programs = programs != PN_XNUM ? programs : FIELD(elf, none, Shdr, sh_info);
    }
    elf->sections_n = table(elf, offset, n, elf->section_size, SIZE_OF(elf, Shdr), &elf->sections);
    elf->segments_n = table(elf, FIELD(elf, elf->file, Ehdr, e_phoff), programs, elf->segment_size, SIZE_OF(elf, Phdr),
                            &elf->segments);
    if (names < elf->sections_n) {
        struct slice header = row(elf->sections, elf->section_size, (size_t)names);
        stretch(elf, FIELD(elf, header, Shdr, sh_offset), FIELD(elf, header, Shdr, sh_size), &elf->names);
    }
}

bool elf_open(struct slice file, struct elf *elf)
{
    *elf = (struct elf){.file = file};
    if (file.n < sizeof(Elf32_Ehdr) || !begins_as_elf(file))
        return false;
    elf->wide = file.p[EI_CLASS] == ELFCLASS64;
    elf->big = file.p[EI_DATA] == ELFDATA2MSB;
    bool known = (elf->wide || file.p[EI_CLASS] == ELFCLASS32) && (elf->big || file.p[EI_DATA] == ELFDATA2LSB);
    if (!known || file.n < SIZE_OF(elf, Ehdr))
        return false;
    open_tables(elf);
    return true;
}

// Names end with a NUL.
static bool is_named(const struct elf *elf, struct slice header, struct slice name)
{
    struct slice at = slice_from(elf->names, (size_t)FIELD(elf, header, Shdr, sh_name));
    return slice_starts(at, name) && at.n > name.n && at.p[name.n] == '\0';
}

bool elf_section(const struct elf *elf, struct slice name, struct elf_part *section)
{
    for (size_t i = 0; i < elf->sections_n; i++) {
        struct slice header = row(elf->sections, elf->section_size, i);
        if (!is_named(elf, header, name) || FIELD(elf, header, Shdr, sh_type) == SHT_NOBITS)
            continue;
        *section = (struct elf_part){.address = FIELD(elf, header, Shdr, sh_addr)};
        if (stretch(elf, FIELD(elf, header, Shdr, sh_offset), FIELD(elf, header, Shdr, sh_size), &section->bytes))
            return true;
    }
    return false;
}

bool elf_segment(const struct elf *elf, size_t i, struct elf_part *segment)
{
    struct slice header = row(elf->segments, elf->segment_size, i);
    *segment = (struct elf_part){.address = FIELD(elf, header, Phdr, p_vaddr),
                                 .type = (uint32_t)FIELD(elf, header, Phdr, p_type),
                                 .flags = (uint32_t)FIELD(elf, header, Phdr, p_flags)};
    return stretch(elf, FIELD(elf, header, Phdr, p_offset), FIELD(elf, header, Phdr, p_filesz), &segment->bytes);
}

struct slice elf_at(const struct elf *elf, uint64_t address)
{
    struct elf_part segment;
    for (size_t i = 0; i < elf->segments_n; i++)
        if (elf_segment(elf, i, &segment) && segment.type == PT_LOAD && address >= segment.address &&
            address - segment.address < segment.bytes.n)
            return slice_from(segment.bytes, (size_t)(address - segment.address));
    return slice_of(elf->file.p, 0);
}
