#include "elf_image.h"

static const struct elf_piece pieces[] = {
    {".text", {"code", 4}, 0x1000, PF_R | PF_X},
    {".data", {"0123456789", 10}, 0x2000, PF_R | PF_W},
};

static void test_every_class_and_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELF_KINDS; i++) {
        const struct elf_kind *kind = &elf_kinds[i];
        struct buf file BUF_AUTO = {0};
        struct elf elf;
        struct elf_part part;
        elf_build(&file, kind, pieces, 2);
        assert_true(elf_open(buf_slice(&file), &elf));
        assert_int_equal(elf.wide, kind->wide);
        assert_int_equal(elf.big, kind->big);
        assert_int_equal(elf.segments_n, 2);
        assert_true(elf_segment(&elf, 1, &part));
        assert_slice(part.bytes, "0123456789");
        assert_int_equal(part.address, 0x2000);
        assert_int_equal(part.type, PT_LOAD);
        assert_int_equal(part.flags, PF_R | PF_W);
        assert_slice(elf_at(&elf, 0x2003), "3456789");
        assert_slice(elf_at(&elf, 0x2009), "9");
        assert_slice(elf_at(&elf, 0x200a), "");
        assert_slice(elf_at(&elf, 0xfff), "");
        assert_int_equal(elf_section(&elf, SLICE(".data"), &part), !kind->stripped);
        if (!kind->stripped) {
            assert_slice(part.bytes, "0123456789");
            assert_int_equal(part.address, 0x2000);
        }
        assert_false(elf_section(&elf, SLICE(".dat"), &part));
        assert_false(elf_section(&elf, SLICE(".data."), &part));
    }
}

// Every byte of the headers set to values that lie, and the file cut anywhere: nothing outside of it is touched, which
// the sanitizers see, and what is given lies inside of it.
static void test_lies(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t k = 0; k < ELF_KINDS; k++) {
        struct buf file BUF_AUTO = {0};
        elf_build(&file, &elf_kinds[k], pieces, 2);
        for (size_t at = 0; at < file.n; at++) {
            for (size_t v = 0; v < sizeof values; v++) {
                size_t n = v == 0 ? at : file.n;
                char *copy = must_alloc(n + 1);
                memcpy(copy, file.p, n);
                if (v != 0)
                    copy[at] = (char)values[v];
                struct elf elf;
                struct elf_part part;
                if (elf_open(slice_of(copy, n), &elf)) {
                    for (size_t i = 0; i < elf.segments_n; i++)
                        if (elf_segment(&elf, i, &part) && part.bytes.n != 0)
                            assert_true(part.bytes.p >= copy && part.bytes.p + part.bytes.n <= copy + n);
                    if (elf_section(&elf, SLICE(".data"), &part) && part.bytes.n != 0)
                        assert_true(part.bytes.p >= copy && part.bytes.p + part.bytes.n <= copy + n);
                    struct slice there = elf_at(&elf, 0x2000);
                    assert_true(there.n == 0 || (there.p >= copy && there.p + there.n <= copy + n));
                }
                free(copy);
            }
        }
    }
}

// A count that the header has no room for stands in the first section.
static void test_counts_outside_of_the_header(void **state)
{
    (void)state;
    const struct elf_kind kind = {.wide = true};
    struct buf file BUF_AUTO = {0};
    struct elf elf;
    struct elf_part part;
    elf_build(&file, &kind, pieces, 2);
    Elf64_Ehdr header;
    Elf64_Shdr none = {.sh_size = 4, .sh_link = 3, .sh_info = 2};
    memcpy(&header, file.p, sizeof header);
    memcpy(file.p + header.e_shoff, &none, sizeof none);
    header.e_shnum = 0;
    header.e_shstrndx = SHN_XINDEX;
    header.e_phnum = PN_XNUM;
    memcpy(file.p, &header, sizeof header);
    assert_true(elf_open(buf_slice(&file), &elf));
    assert_int_equal(elf.sections_n, 4);
    assert_int_equal(elf.segments_n, 2);
    assert_true(elf_section(&elf, SLICE(".data"), &part));
}

static void test_which_files(void **state)
{
    (void)state;
    const struct {
        const char *path;
        uint32_t mode;
        uint64_t size;
        bool wanted;
    } examples[] = {
        {"usr/bin/app", 0755, MIB, true},
        {"usr/bin/app", 0100, MIB, true},
        {"usr/bin/app", 0644, MIB, false},
        {"usr/bin/app", 0755, KIB, false},
        {"usr/bin/python3.11", 0755, MIB, true},
        {"app", 0755, 300 * MIB, true},
        {"app-linux-amd64-1.2.3", 0755, MIB, true},
        {"usr/lib/x/_rust.abi3.so", 0755, MIB, true},
        {"usr/lib/libcudnn.so.8", 0755, 700 * MIB, false},
        {"usr/share/grafana/bin/grafana", 0755, 100 * MIB, true},
        {"srv/run.sh", 0755, MIB, false},
        {"srv/x.tar.gz", 0777, MIB, false},
        {"srv/.hidden", 0755, MIB, true},
        {"srv/.sh", 0755, MIB, true},
        {"etc/init.d/x", 0755, MIB, false},
        {"usr/share/doc/x/example", 0755, MIB, false},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        if (may_be_elf(slice_str(examples[i].path), examples[i].mode, examples[i].size) != examples[i].wanted)
            fail_msg("%s, mode %o", examples[i].path, examples[i].mode);
    assert_true(begins_as_elf(SLICE("\x7f"
                                    "ELF\2\1")));
    assert_false(begins_as_elf(SLICE("\x7f"
                                     "EL")));
    assert_false(begins_as_elf(SLICE("#!/bin/sh\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class_and_order),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_counts_outside_of_the_header),
        cmocka_unit_test(test_which_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
