#include "elf_image.h"

#define MARK  "0123456789abcdef"
#define DATA  0x4000
#define MAGIC "\xff Go buildinf:"

#define MODULES                                                                                                        \
    "path\texample.test/app\nmod\texample.test/app\t(devel)\t\ndep\tgithub.com/pkg/errors\tv0.9.1\th1:x\n"             \
    "build\t-compiler=gc\n"
#define FOUND                                                                                                          \
    "stdlib go1.22.1  stdlib go1.22.1\nexample.test/app (devel)  example.test/app (devel)\n"                           \
    "github.com/pkg/errors v0.9.1  github.com/pkg/errors v0.9.1\n"

static void put_varint(struct buf *b, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_addc(b, (char)(value | 0x80));
    buf_addc(b, (char)value);
}

static void put_marked(struct buf *b, const char *modules)
{
    buf_adds(b, MARK);
    buf_adds(b, modules);
    buf_adds(b, MARK);
}

// From Go 1.18 on.
static void put_inline(struct buf *b, const char *toolchain, const char *modules)
{
    struct buf text BUF_AUTO = {0};
    if (*modules != '\0')
        put_marked(&text, modules);
    buf_add(b, SLICE(MAGIC "\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    put_varint(b, strlen(toolchain));
    buf_adds(b, toolchain);
    put_varint(b, text.n);
    buf_add(b, buf_slice(&text));
}

// Up to Go 1.17, for the data segment at DATA: the header, two strings' headers, their bytes.
static void put_pointers(struct buf *b, const struct elf_kind *kind, const char *toolchain, const char *modules)
{
    size_t size = kind->wide ? 8 : 4;
    struct buf text BUF_AUTO = {0};
    put_marked(&text, modules);
    buf_adds(b, MAGIC);
    buf_addc(b, (char)size);
    buf_addc(b, kind->big);
    elf_put_wide(b, kind, DATA + 32);
    elf_put_wide(b, kind, DATA + 32 + 2 * size);
    while (b->n < 32)
        buf_addc(b, '\0');
    elf_put_wide(b, kind, DATA + 32 + 4 * size);
    elf_put_wide(b, kind, strlen(toolchain));
    elf_put_wide(b, kind, DATA + 32 + 4 * size + strlen(toolchain));
    elf_put_wide(b, kind, text.n);
    buf_adds(b, toolchain);
    buf_add(b, buf_slice(&text));
}

static void scan_info(struct fixture *f, const struct elf_kind *kind, struct slice info)
{
    const struct elf_piece pieces[] = {
        {".rodata", SLICE("a reader of " MAGIC " has its name in other data"), 0x1001, PF_R},
        {".go.buildinfo", info, DATA, PF_R | PF_W},
    };
    struct buf file BUF_AUTO = {0};
    struct error err;
    elf_build(&file, kind, pieces, 2);
    assert_true(scan_program(f, "go", "usr/bin/app", buf_slice(&file), &err));
}

static void test_both_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * ELF_KINDS; i++) {
        const struct elf_kind *kind = &elf_kinds[i / 2];
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf info BUF_AUTO = {0};
        if (i % 2 == 0)
            put_inline(&info, "go1.22.1", MODULES);
        else
            put_pointers(&info, kind, "go1.22.1", MODULES);
        scan_info(&f, kind, buf_slice(&info));
        assert_skips(&f.findings, "");
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].path, "usr/bin/app");
        assert_packages(&f.findings.dbs[0], FOUND);
        assert_slice(f.findings.dbs[0].packages[1].kind, "go");
    }
}

static void test_modules(void **state)
{
    (void)state;
    const struct {
        const char *what, *toolchain, *modules, *packages, *skips;
    } examples[] = {
        {"no modules", "go1.13", "", "stdlib go1.13  stdlib go1.13\n", ""},
        {"an experiment", "go1.22.1 X:loopvar", "", "stdlib go1.22.1  stdlib go1.22.1\n", ""},
        {"a vendor's", "go1.21.3 (Red Hat 1.21.3-1.el9)", "", "stdlib go1.21.3  stdlib go1.21.3\n", ""},
        {"a commit", "devel go1.23-3eb8ba6 Mon Jan  1 00:00:00 2024", "",
         "stdlib go1.23-3eb8ba6  stdlib go1.23-3eb8ba6\n", ""},
        {"an old commit", "devel +3eb8ba6 Mon Jan  1", "", "stdlib devel  stdlib devel\n", ""},
        {"a replacement is what is compiled in", "go1.20",
         "mod\ta\tv1\t\ndep\tb\tv1.0.0\n=>\tfork/b\tv1.0.1\th1:x\ndep\tc\tv2.0.0\n",
         "stdlib go1.20  stdlib go1.20\na v1  a v1\nfork/b v1.0.1  fork/b v1.0.1\nc v2.0.0  c v2.0.0\n", ""},
        {"a folder in the place of a module", "go1.20", "dep\tb\tv1.0.0\n=>\t../b\t(devel)\t\ndep\tc\tv1\n=>\t./c\t\n",
         "stdlib go1.20  stdlib go1.20\nb (devel)  b (devel)\nc (devel)  c (devel)\n", ""},
        {"a replacement of nothing", "go1.20", "=>\tb\tv1\ndep\ta\tv1\n", "stdlib go1.20  stdlib go1.20\na v1  a v1\n",
         ""},
        {"a module without a path", "go1.20", "path\tx\ndep\t\tv1\ndep\nmod\ta\tv1\n",
         "stdlib go1.20  stdlib go1.20\na v1  a v1\n",
         "line 2 of the build information: a module without a path\n"
         "line 3 of the build information: a module without a path\n"},
        {"a module without a version", "go1.20", "mod\ta\n", "stdlib go1.20  stdlib go1.20\na   a \n", ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf info BUF_AUTO = {0};
        print_message("%s\n", examples[i].what);
        put_inline(&info, examples[i].toolchain, examples[i].modules);
        scan_info(&f, &elf_kinds[0], buf_slice(&info));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        assert_skips(&f.findings, examples[i].skips);
    }
}

#define UNREADABLE "lost: a Go program whose build information cannot be read: it leads out of the file\n"
#define PADDING    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void test_hostile(void **state)
{
    (void)state;
    const struct {
        const char *what;
        struct slice info;
        const char *skips;
    } examples[] = {
        {"no build information", SLICE("nothing"), ""},
        {"text that is not aligned", SLICE(" " MAGIC "\x08\x02" PADDING "\x06go1.20\0"), ""},
        {"the mark alone", SLICE(MAGIC), UNREADABLE},
        {"a header cut short", SLICE(MAGIC "\x08\x02\0\0\0\0"), UNREADABLE},
        {"no strings", SLICE(MAGIC "\x08\x02" PADDING), UNREADABLE},
        {"an empty version", SLICE(MAGIC "\x08\x02" PADDING "\0\0"), UNREADABLE},
        {"a string longer than the file", SLICE(MAGIC "\x08\x02" PADDING "\x7fgo1.20"), UNREADABLE},
        {"a length of 2^63", SLICE(MAGIC "\x08\x02" PADDING "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01go1.20\0"),
         UNREADABLE},
        {"a length of more than 64 bits",
         SLICE(MAGIC "\x08\x02" PADDING "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02go1.20\0"), UNREADABLE},
        {"a varint without end",
         SLICE(MAGIC "\x08\x02" PADDING "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
         UNREADABLE},
        {"modules longer than the file", SLICE(MAGIC "\x08\x02" PADDING "\x06go1.20\x7f"), UNREADABLE},
        {"pointers of an odd size", SLICE(MAGIC "\x03\0" PADDING PADDING PADDING), UNREADABLE},
        {"pointers to nowhere", SLICE(MAGIC "\x08\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x40\0\0\0\0\0\0" PADDING),
         UNREADABLE},
        {"a pointer to itself", SLICE(MAGIC "\x08\0\x10\x40\0\0\0\0\0\0\x10\x40\0\0\0\0\0\0" PADDING), UNREADABLE},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        for (size_t k = 0; k < 2; k++) {
            struct fixture f FIXTURE_AUTO = fixture_new();
            print_message("%s\n", examples[i].what);
            scan_info(&f, &elf_kinds[k], examples[i].info);
            assert_int_equal(f.findings.dbs_n, 0);
            assert_skips(&f.findings, examples[i].skips);
        }
    }
}

// Many segments, each as large as the file: no more is searched than the file has. The information stands aligned in
// all of them but the first, which is the one that is searched.
static void test_overlapping_segments(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf info BUF_AUTO = {0}, file BUF_AUTO = {0};
    struct error err;
    put_inline(&info, "go1.22.1", MODULES);
    struct elf_piece pieces[20];
    for (size_t i = 0; i < 20; i++)
        pieces[i] = (struct elf_piece){"", i == 19 ? buf_slice(&info) : SLICE(""), 0, PF_R | PF_W};
    elf_build(&file, &elf_kinds[1], pieces, 20);
    ptrdiff_t at = slice_find_slice(buf_slice(&file), SLICE(MAGIC));
    for (size_t i = 0; i < 20; i++) {
        Elf64_Phdr header;
        char *row = file.p + sizeof(Elf64_Ehdr) + i * sizeof header;
        memcpy(&header, row, sizeof header);
        header.p_offset = 0;
        header.p_filesz = file.n;
        header.p_vaddr = (uint64_t)DATA + (i == 0 ? 1 : 16) - (uint64_t)at % 16;
        memcpy(row, &header, sizeof header);
    }
    assert_true(scan_program(&f, "go", "app", buf_slice(&file), &err));
    assert_int_equal(f.findings.dbs_n, 0);
    memcpy(file.p + sizeof(Elf64_Ehdr), file.p + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), sizeof(Elf64_Phdr));
    assert_true(scan_program(&f, "go", "app", buf_slice(&file), &err));
    assert_int_equal(f.findings.dbs_n, 1);
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf info BUF_AUTO = {0};
    f.limits.field_bytes = 8;
    f.limits.packages = 2;
    put_inline(&info, "go1.22.1", "mod\t123456789\tv1\ndep\tb\tv1\ndep\tc\tv1\n");
    scan_info(&f, &elf_kinds[0], buf_slice(&info));
    assert_packages(&f.findings.dbs[0], "stdlib go1.22.1  stdlib go1.22.1\nb v1  b v1\n");
    assert_skips(&f.findings, "lost: line 1: the package's name is longer than 8 bytes (limit field_bytes)\n"
                              "lost: line 3: more than 2 packages in one layer (limit packages)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_forms),           cmocka_unit_test(test_modules), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_overlapping_segments), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
