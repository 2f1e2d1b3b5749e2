// Rust programs that were built with cargo-auditable: section .dep-v0 has the list of the crates, as JSON, compressed
// with zlib.
//
// Format: rust-secure-code's cargo-auditable, PARSING.md and cargo-auditable.schema.json: {"packages": [{"name",
// "version", "source", "kind", "root"}]}. The crates that only took part in the build (kind "build": build scripts,
// procedural macros) are listed like the others, since what they wrote is compiled in. Other Rust programs tell
// nothing.
#include "base/buf.h"
#include "base/json.h"
#include "scan/elf.h"
#include "scan/scanner.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

extern const struct scanner scanner_rust;

static void free_state(struct inflate_state **state)
{
    free(*state);
}

// All of a zlib stream (RFC 1950), whose check sum ISA-L verifies.
static bool inflate(struct slice in, const struct limits *limits, struct buf *out, struct error *err)
{
    struct inflate_state *state __attribute__((cleanup(free_state))) = must_alloc(sizeof *state);
    isal_inflate_init(state);
    state->crc_flag = ISAL_ZLIB;
    state->next_in = (uint8_t *)(uintptr_t)in.p; // only read
    state->avail_in = in.n < UINT32_MAX ? (uint32_t)in.n : UINT32_MAX;
    uint64_t most = limits->crate_list_bytes;
    while (state->block_state != ISAL_BLOCK_FINISH) {
        if (out->n > most)
            return error_set(err, ERR_LIMIT, "unpacks to more than %llu bytes (limit crate_list_bytes)",
                             (unsigned long long)most);
        buf_reserve(out, 16 * KIB);
        uint32_t room = (uint32_t)(16 * KIB);
        state->next_out = (uint8_t *)out->p + out->n;
        state->avail_out = room;
        if (isal_inflate(state) != ISAL_DECOMP_OK)
            return error_set(err, ERR_FORMAT, "is no zlib stream");
        if (state->avail_out == room && state->avail_in == 0 && state->block_state != ISAL_BLOCK_FINISH)
            return error_set(err, ERR_FORMAT, "is cut short");
        out->n += room - state->avail_out;
    }
    return true;
}

static void take_crates(yyjson_val *crates, struct package_db *db, struct scan_output *out)
{
    size_t i, n;
    yyjson_val *crate;
    yyjson_arr_foreach(crates, i, n, crate)
    {
        struct slice name = json_str(crate, "name"), version = json_str(crate, "version");
        if (name.n == 0 || version.n == 0) {
            scan_skip(out, db->path, false, "crate %zu of section .dep-v0: no %s", i, name.n == 0 ? "name" : "version");
            continue;
        }
        struct package p = {
            .kind = SLICE("cargo"), .name = name, .version = version, .source_name = name, .source_version = version};
        scan_add_package(out, db, &p, 0);
    }
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    struct elf elf;
    struct elf_part section;
    struct buf text BUF_AUTO = {0};
    if (!elf_open(file->content, &elf) || !elf_section(&elf, SLICE(".dep-v0"), &section))
        return true;
    if (!inflate(section.bytes, out->limits, &text, err))
        return error_wrap(err, "section .dep-v0, the list of its crates");
    yyjson_doc *doc JSON_AUTO = json_parse(buf_slice(&text), err);
    if (doc == NULL)
        return error_wrap(err, "section .dep-v0, the list of its crates");
    yyjson_val *crates = yyjson_obj_get(yyjson_doc_get_root(doc), "packages");
    if (!yyjson_is_arr(crates))
        return error_set(err, ERR_FORMAT, "section .dep-v0, the list of its crates: has no \"packages\"");
    struct package_db *db = scan_add_db(out, &scanner_rust, file->path);
    if (db != NULL)
        take_crates(crates, db, out);
    return true;
}

static uint64_t limit(const struct limits *limits)
{
    return limits->binary_bytes;
}

const struct scanner scanner_rust = {
    .name = "rust",
    .version = 1,
    .kind = "cargo",
    .limit = limit,
    .limit_name = "binary_bytes",
    .wants = may_be_elf,
    .begins = begins_as_elf,
    .scan = scan,
};
