#include "scan/rpm_header.h"

#include "base/bytes.h"

// rpm, lib/header.cc: no header has more entries.
#define ENTRIES_MOST ((uint32_t)0xffff)
#define ENTRY_SIZE   ((size_t)16)
#define COUNTS_SIZE  ((size_t)8)

enum type {
    TYPE_INT32 = 4,
    TYPE_STRING = 6,
    TYPE_STRING_ARRAY = 8,
    TYPE_I18NSTRING = 9,
};

// Where the values of a tag stand: `data` from the first one on, to the end of the header.
struct entry {
    uint32_t type, count;
    struct slice data;
};

bool rpm_header_open(struct slice bytes, struct rpm_header *header, struct error *err)
{
    if (bytes.n < COUNTS_SIZE)
        return error_set(err, ERR_FORMAT, "%zu bytes are no header", bytes.n);
    uint32_t entries = get_be32(bytes.p), data = get_be32(bytes.p + 4);
    if (entries == 0 || entries > ENTRIES_MOST || COUNTS_SIZE + entries * ENTRY_SIZE + data != bytes.n)
        return error_set(err, ERR_FORMAT, "%u entries and %u bytes of data do not make up the header's %zu bytes",
                         entries, data, bytes.n);
    *header = (struct rpm_header){
        .index = slice_of(bytes.p + COUNTS_SIZE, entries * ENTRY_SIZE),
        .data = slice_from(bytes, COUNTS_SIZE + entries * ENTRY_SIZE),
    };
    return true;
}

static const char *name_of(enum rpm_tag tag)
{
    switch (tag) {
    case RPM_NAME:
        return "NAME";
    case RPM_VERSION:
        return "VERSION";
    case RPM_RELEASE:
        return "RELEASE";
    case RPM_EPOCH:
        return "EPOCH";
    case RPM_VENDOR:
        return "VENDOR";
    case RPM_ARCH:
        return "ARCH";
    case RPM_SOURCERPM:
        return "SOURCERPM";
    case RPM_DIRINDEXES:
        return "DIRINDEXES";
    case RPM_BASENAMES:
        return "BASENAMES";
    case RPM_DIRNAMES:
        return "DIRNAMES";
    case RPM_MODULARITYLABEL:
        return "MODULARITYLABEL";
    }
    return "";
}

// True with a count of 0 when the header does not have the tag.
static bool find(const struct rpm_header *header, enum rpm_tag tag, struct entry *entry, struct error *err)
{
    *entry = (struct entry){0};
    // The last of several: what rpm added replaces what the package came with.
    for (size_t at = header->index.n; at != 0; at -= ENTRY_SIZE) {
        const char *p = header->index.p + at - ENTRY_SIZE;
        if (get_be32(p) != (uint32_t)tag)
            continue;
        uint32_t offset = get_be32(p + 8);
        *entry = (struct entry){.type = get_be32(p + 4), .count = get_be32(p + 12)};
        if (offset >= header->data.n || entry->count == 0)
            return error_set(err, ERR_FORMAT, "%s is not in the header's data", name_of(tag));
        entry->data = slice_from(header->data, offset);
        return true;
    }
    return true;
}

// Takes the next string, which ends with a NUL, off `rest`.
static bool next_string(struct slice *rest, struct slice *string)
{
    ptrdiff_t end = slice_find(*rest, '\0');
    if (end < 0)
        return false;
    *string = slice_of(rest->p, (size_t)end);
    *rest = slice_from(*rest, (size_t)end + 1);
    return true;
}

static bool is_of_type(const struct entry *entry, enum rpm_tag tag, bool right, struct error *err)
{
    return entry->count == 0 || right || error_set(err, ERR_FORMAT, "%s is of type %u", name_of(tag), entry->type);
}

bool rpm_header_string(const struct rpm_header *header, enum rpm_tag tag, struct slice *value, struct error *err)
{
    struct entry e;
    *value = SLICE("");
    // rpm takes any of the types of strings for each other.
    if (!find(header, tag, &e, err) ||
        !is_of_type(&e, tag, e.type == TYPE_STRING || e.type == TYPE_STRING_ARRAY || e.type == TYPE_I18NSTRING, err))
        return false;
    return e.count == 0 || next_string(&e.data, value) || error_set(err, ERR_FORMAT, "%s has no end", name_of(tag));
}

bool rpm_header_number(const struct rpm_header *header, enum rpm_tag tag, uint32_t *value, struct error *err)
{
    struct entry e;
    *value = 0;
    if (!find(header, tag, &e, err) || !is_of_type(&e, tag, e.type == TYPE_INT32, err))
        return false;
    if (e.count != 0 && e.data.n < 4)
        return error_set(err, ERR_FORMAT, "%s is not in the header's data", name_of(tag));
    if (e.count != 0)
        *value = get_be32(e.data.p);
    return true;
}

// Checks that all of an array's strings are there, and cuts its data behind them.
static bool find_strings(const struct rpm_header *header, enum rpm_tag tag, uint64_t most, struct entry *e,
                         struct error *err)
{
    if (!find(header, tag, e, err) || !is_of_type(e, tag, e->type == TYPE_STRING_ARRAY, err))
        return false;
    if (e->count > most)
        return error_set(err, ERR_LIMIT, "%s has %u entries, more than the %llu that limit rpm_package_files allows",
                         name_of(tag), e->count, (unsigned long long)most);
    struct slice rest = e->data, string;
    for (uint32_t i = 0; i < e->count; i++)
        if (!next_string(&rest, &string))
            return error_set(err, ERR_FORMAT, "%s breaks off", name_of(tag));
    e->data.n -= rest.n;
    return true;
}

static bool find_indexes(const struct rpm_header *header, uint32_t names, uint32_t folders, struct entry *e,
                         struct error *err)
{
    if (!find(header, RPM_DIRINDEXES, e, err) || !is_of_type(e, RPM_DIRINDEXES, e->type == TYPE_INT32, err))
        return false;
    if (e->count != names || e->data.n / 4 < names)
        return error_set(err, ERR_FORMAT, "DIRINDEXES and BASENAMES are not of the same length");
    for (uint32_t i = 0; i < names; i++)
        if (get_be32(e->data.p + 4 * (size_t)i) >= folders)
            return error_set(err, ERR_FORMAT, "file %u is in none of the %u DIRNAMES", i, folders);
    return true;
}

bool rpm_files_open(const struct rpm_header *header, const struct limits *limits, struct arena *a,
                    struct rpm_files *files, struct error *err)
{
    struct entry names, folders, indexes;
    uint64_t most = limits->rpm_package_files;
    *files = (struct rpm_files){0};
    if (!find_strings(header, RPM_BASENAMES, most, &names, err) ||
        !find_strings(header, RPM_DIRNAMES, most, &folders, err) ||
        !find_indexes(header, names.count, folders.count, &indexes, err))
        return false;
    *files = (struct rpm_files){names.data, indexes.data.p, ARENA_NEW(a, struct slice, folders.count), names.count};
    for (uint32_t i = 0; i < folders.count; i++)
        next_string(&folders.data, &files->folders[i]);
    return true;
}

bool rpm_files_next(struct rpm_files *files, struct buf *path)
{
    struct slice name;
    if (files->n == 0 || !next_string(&files->names, &name))
        return false;
    path->n = 0;
    buf_add(path, files->folders[get_be32(files->indexes)]); // ends with a slash
    buf_add(path, name);
    files->indexes += 4;
    files->n--;
    return true;
}
