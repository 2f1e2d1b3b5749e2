// Puts ELF files together: a header, program headers, the parts one behind the other, section headers.
#pragma once

#include "fixture.h"
#include "scan/elf.h"

struct elf_kind {
    bool wide, big;
    bool stripped; // of its section headers
};

static const struct elf_kind elf_kinds[] = {
    {true, false, false}, {true, false, true}, {true, true, false}, {false, false, false}, {false, true, true},
};
#define ELF_KINDS (sizeof elf_kinds / sizeof elf_kinds[0])

// A section that is a segment of its own, loaded at `address`.
struct elf_piece {
    const char *name;
    struct slice bytes;
    uint64_t address;
    uint32_t flags; // PF_…
};

static inline void elf_put(struct buf *b, const struct elf_kind *kind, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_addc(b, (char)(value >> 8 * (kind->big ? size - 1 - i : i)));
}

// A number of the class's own size: an address, an offset, a length.
static inline void elf_put_wide(struct buf *b, const struct elf_kind *kind, uint64_t value)
{
    elf_put(b, kind, value, kind->wide ? 8 : 4);
}

static inline void elf_put_header(struct buf *b, const struct elf_kind *kind, uint64_t sections, size_t n)
{
    const char ident[EI_NIDENT] = {
        '\x7f', 'E', 'L', 'F', kind->wide ? ELFCLASS64 : ELFCLASS32, kind->big ? ELFDATA2MSB : ELFDATA2LSB, EV_CURRENT};
    uint64_t size = kind->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    buf_add(b, slice_of(ident, sizeof ident));
    elf_put(b, kind, ET_EXEC, 2);
    elf_put(b, kind, EM_NONE, 2);
    elf_put(b, kind, EV_CURRENT, 4);
    elf_put_wide(b, kind, 0);
    elf_put_wide(b, kind, size);
    elf_put_wide(b, kind, kind->stripped ? 0 : sections);
    elf_put(b, kind, 0, 4);
    elf_put(b, kind, size, 2);
    elf_put(b, kind, kind->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
    elf_put(b, kind, n, 2);
    elf_put(b, kind, kind->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2);
    elf_put(b, kind, kind->stripped ? 0 : n + 2, 2);
    elf_put(b, kind, kind->stripped ? 0 : n + 1, 2);
}

static inline void elf_put_segment(struct buf *b, const struct elf_kind *kind, const struct elf_piece *p,
                                   uint64_t offset)
{
    elf_put(b, kind, PT_LOAD, 4);
    if (kind->wide)
        elf_put(b, kind, p->flags, 4);
    elf_put_wide(b, kind, offset);
    elf_put_wide(b, kind, p->address);
    elf_put_wide(b, kind, p->address);
    elf_put_wide(b, kind, p->bytes.n);
    elf_put_wide(b, kind, p->bytes.n);
    if (!kind->wide)
        elf_put(b, kind, p->flags, 4);
    elf_put_wide(b, kind, 16);
}

static inline void elf_put_section(struct buf *b, const struct elf_kind *kind, uint64_t name, uint64_t type,
                                   uint64_t address, uint64_t offset, uint64_t size)
{
    elf_put(b, kind, name, 4);
    elf_put(b, kind, type, 4);
    elf_put_wide(b, kind, 0);
    elf_put_wide(b, kind, address);
    elf_put_wide(b, kind, offset);
    elf_put_wide(b, kind, size);
    elf_put(b, kind, 0, 4);
    elf_put(b, kind, 0, 4);
    elf_put_wide(b, kind, 16);
    elf_put_wide(b, kind, 0);
}

// Appends the file to `b`, which is empty.
static inline void elf_build(struct buf *b, const struct elf_kind *kind, const struct elf_piece *pieces, size_t n)
{
    struct buf names BUF_AUTO = {0};
    size_t start = (kind->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) +
                   n * (kind->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
    size_t end = start;
    for (size_t i = 0; i < n; i++)
        end += pieces[i].bytes.n;
    buf_addc(&names, '\0');
    for (size_t i = 0; i < n; i++)
        buf_add(&names, slice_of(pieces[i].name, strlen(pieces[i].name) + 1));
    elf_put_header(b, kind, end + names.n, n);
    size_t offset = start;
    for (size_t i = 0; i < n; offset += pieces[i++].bytes.n)
        elf_put_segment(b, kind, &pieces[i], offset);
    for (size_t i = 0; i < n; i++)
        buf_add(b, pieces[i].bytes);
    buf_add(b, buf_slice(&names));
    if (kind->stripped)
        return;
    elf_put_section(b, kind, 0, SHT_NULL, 0, 0, 0);
    size_t name = 1;
    offset = start;
    for (size_t i = 0; i < n; offset += pieces[i++].bytes.n) {
        elf_put_section(b, kind, name, SHT_PROGBITS, pieces[i].address, offset, pieces[i].bytes.n);
        name += strlen(pieces[i].name) + 1;
    }
    elf_put_section(b, kind, 0, SHT_STRTAB, 0, end, names.n);
}

// Lets one scanner read a file, put into a buffer of its own size, so that a byte read past its end is seen.
static inline bool scan_program(struct fixture *f, const char *scanner, const char *path, struct slice content,
                                struct error *err)
{
    char *copy = must_alloc(content.n);
    memcpy(copy, content.p, content.n);
    struct scan_output out = {.arena = &f->arena, .findings = &f->findings, .limits = &f->limits};
    struct scan_file file = {.path = slice_str(path), .content = slice_of(copy, content.n), .mode = 0755};
    *err = (struct error){0};
    bool read = scanner_named(slice_str(scanner))->scan(&file, &out, err);
    free(copy);
    return read;
}
