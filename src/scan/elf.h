// Executables and shared libraries: the sections and segments of an ELF file, out of a slice.
//
// Source: the System V ABI, chapters 4 and 5 (ELF header, sections, program header), for both classes and both byte
// orders. Programs are stripped of their section headers, and hostile ones have headers that lie: everything that does
// not lie within the file is as if it were not there.
#pragma once

#include "base/slice.h"

#include <elf.h>

struct elf {
    struct slice file;
    bool wide, big;                  // of 64 bits; most significant byte first
    struct slice sections, segments; // the two tables, as far as the file has them
    size_t section_size, segment_size;
    size_t sections_n, segments_n;
    struct slice names; // of the sections
};

// A stretch of the file, and where it lies in memory.
struct elf_part {
    struct slice bytes;
    uint64_t address;
    uint32_t type, flags; // of a segment: PT_…, PF_…
};

// Could a file of this path, mode and size be a program or a shared library? Not too strict: begins_as_elf has the last
// word. Of the files that a distribution's packages list, it leaves about a tenth.
bool may_be_elf(struct slice path, uint32_t mode, uint64_t size);

// Does a file begin as an ELF file does?
bool begins_as_elf(struct slice head);

// False when the file has no ELF header.
bool elf_open(struct slice file, struct elf *elf);

// The first section of that name whose bytes the file has. False when there is none.
bool elf_section(const struct elf *elf, struct slice name, struct elf_part *section);

// The segment of that number, below segments_n. False when the file has not all of its bytes.
bool elf_segment(const struct elf *elf, size_t i, struct elf_part *segment);

// What is loaded at an address, up to the end of its segment; empty when nothing of the file is.
struct slice elf_at(const struct elf *elf, uint64_t address);

// An unsigned number of `size` bytes (1 to 8) in the file's byte order. False when `from` has less.
bool elf_number(const struct elf *elf, struct slice from, size_t size, uint64_t *value);
