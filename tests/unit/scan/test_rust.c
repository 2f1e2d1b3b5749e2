#include "elf_image.h"

#include <isa-l/igzip_lib.h>

// As zlib packs it.
static void pack(struct buf *out, struct slice text)
{
    struct isal_zstream stream;
    isal_deflate_init(&stream);
    stream.gzip_flag = IGZIP_ZLIB;
    stream.end_of_stream = 1;
    stream.next_in = (uint8_t *)(uintptr_t)text.p;
    stream.avail_in = (uint32_t)text.n;
    buf_reserve(out, text.n + 1024);
    stream.next_out = (uint8_t *)out->p;
    stream.avail_out = (uint32_t)(text.n + 1024);
    assert_int_equal(isal_deflate(&stream), COMP_OK);
    out->n = stream.total_out;
}

static bool scan_section(struct fixture *f, const struct elf_kind *kind, struct slice section, struct error *err)
{
    const struct elf_piece piece = {".dep-v0", section, 0, PF_R};
    struct buf file BUF_AUTO = {0};
    elf_build(&file, kind, &piece, 1);
    return scan_program(f, "rust", "usr/bin/tool", buf_slice(&file), err);
}

static bool scan_crates(struct fixture *f, struct slice json, struct error *err)
{
    struct buf packed BUF_AUTO = {0};
    pack(&packed, json);
    return scan_section(f, &elf_kinds[0], buf_slice(&packed), err);
}

static void test_crates(void **state)
{
    (void)state;
    const struct {
        const char *what, *json, *packages, *skips;
    } examples[] = {
        {"crates of every kind and source",
         "{\"packages\":[{\"name\":\"libc\",\"version\":\"0.2.1\",\"source\":\"registry\",\"dependencies\":[1]},"
         "{\"name\":\"autocfg\",\"version\":\"1.5.1\",\"source\":\"registry\",\"kind\":\"build\"},"
         "{\"name\":\"fork\",\"version\":\"1.0.0-rc.1+x\",\"source\":\"git\"},"
         "{\"name\":\"tool\",\"version\":\"0.4.2\",\"source\":\"local\",\"root\":true}],\"format\":1}",
         "libc 0.2.1  libc 0.2.1\nautocfg 1.5.1  autocfg 1.5.1\nfork 1.0.0-rc.1+x  fork 1.0.0-rc.1+x\n"
         "tool 0.4.2  tool 0.4.2\n",
         ""},
        {"no crates", "{\"packages\":[]}", "", ""},
        {"crates that lack something", "{\"packages\":[{},{\"name\":\"a\"},{\"name\":1,\"version\":\"1\"},7,null]}", "",
         "crate 0 of section .dep-v0: no name\ncrate 1 of section .dep-v0: no version\n"
         "crate 2 of section .dep-v0: no name\ncrate 3 of section .dep-v0: no name\n"
         "crate 4 of section .dep-v0: no name\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct error err;
        print_message("%s\n", examples[i].what);
        assert_true(scan_crates(&f, slice_str(examples[i].json), &err));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        assert_skips(&f.findings, examples[i].skips);
    }
}

static void test_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELF_KINDS; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf packed BUF_AUTO = {0};
        struct error err;
        pack(&packed, SLICE("{\"packages\":[{\"name\":\"a\",\"version\":\"1\"}]}"));
        assert_true(scan_section(&f, &elf_kinds[i], buf_slice(&packed), &err));
        assert_int_equal(f.findings.dbs_n, elf_kinds[i].stripped ? 0 : 1);
        assert_int_equal(f.findings.skips_n, 0);
    }
}

static void assert_refused(struct fixture *f, bool read, const struct error *err, const char *text)
{
    assert_false(read);
    assert_string_equal(err->text, text);
    assert_int_equal(f->findings.dbs_n, 0);
}

#define SECTION "section .dep-v0, the list of its crates: "

static void test_hostile(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct error err;
    bool read = scan_section(&f, &elf_kinds[0], SLICE("no zlib at all"), &err);
    assert_refused(&f, read, &err, SECTION "is no zlib stream");
    read = scan_section(&f, &elf_kinds[0], SLICE(""), &err);
    assert_refused(&f, read, &err, SECTION "is cut short");

    struct buf packed BUF_AUTO = {0};
    pack(&packed, SLICE("{\"packages\":[{\"name\":\"a\",\"version\":\"1\"}]}"));
    read = scan_section(&f, &elf_kinds[0], slice_of(packed.p, packed.n - 5), &err);
    assert_refused(&f, read, &err, SECTION "is cut short");
    packed.p[packed.n - 1] ^= 1;
    read = scan_section(&f, &elf_kinds[0], buf_slice(&packed), &err);
    assert_refused(&f, read, &err, SECTION "is no zlib stream");

    read = scan_crates(&f, SLICE("[]"), &err);
    assert_refused(&f, read, &err, SECTION "has no \"packages\"");
    read = scan_crates(&f, SLICE("{\"packages\":{}}"), &err);
    assert_refused(&f, read, &err, SECTION "has no \"packages\"");
    assert_false(scan_crates(&f, SLICE("{\"packages\":["), &err));
    assert_non_null(strstr(err.text, SECTION));
    assert_int_equal(f.findings.dbs_n, 0);
}

static void test_bomb(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct error err;
    size_t n = 4 * MIB;
    char *blanks = must_alloc(n);
    memset(blanks, ' ', n);
    f.limits.crate_list_bytes = MIB;
    bool read = scan_crates(&f, slice_of(blanks, n), &err);
    assert_refused(&f, read, &err, SECTION "unpacks to more than 1048576 bytes (limit crate_list_bytes)");
    free(blanks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crates),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
