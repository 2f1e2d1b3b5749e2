// os-release, lsb-release, debian_version and alpine-release, in the words of real distributions.
#include "fixture.h"

struct example {
    const char *path, *text;
    enum release_file_kind kind;
    const char *id, *name, *version, *version_id, *codename, *pretty_name;
};

static void test_distributions(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"usr/lib/os-release",
         "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n"
         "VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL=\"https://example.test/\"\n",
         RELEASE_OS, "debian", "Debian GNU/Linux", "12 (bookworm)", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)"},
        {"etc/os-release",
         "PRETTY_NAME=\"Debian GNU/Linux 7 (wheezy)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"7\"\n"
         "VERSION=\"7 (wheezy)\"\nID=debian\n",
         RELEASE_OS, "debian", "Debian GNU/Linux", "7 (wheezy)", "7", "wheezy", "Debian GNU/Linux 7 (wheezy)"},
        {"etc/os-release", // distroless
         "PRETTY_NAME=\"Distroless\"\nNAME=\"Debian GNU/Linux\"\nID=\"debian\"\nVERSION_ID=\"12\"\n"
         "VERSION=\"Debian GNU/Linux 12 (bookworm)\"\n",
         RELEASE_OS, "debian", "Debian GNU/Linux", "Debian GNU/Linux 12 (bookworm)", "12", "bookworm", "Distroless"},
        {"usr/lib/os-release", // testing and unstable
         "PRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\nNAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=trixie\nID=debian\n",
         RELEASE_OS, "debian", "Debian GNU/Linux", "", "", "trixie", "Debian GNU/Linux trixie/sid"},
        {"usr/lib/os-release", // and formerly
         "PRETTY_NAME=\"Debian GNU/Linux buster/sid\"\nNAME=\"Debian GNU/Linux\"\nID=debian\n", RELEASE_OS, "debian",
         "Debian GNU/Linux", "", "", "buster", "Debian GNU/Linux buster/sid"},
        {"usr/lib/os-release",
         "NAME=\"Ubuntu\"\nVERSION=\"18.04.6 LTS (Bionic Beaver)\"\nID=ubuntu\nID_LIKE=debian\n"
         "PRETTY_NAME=\"Ubuntu 18.04.6 LTS\"\nVERSION_ID=\"18.04\"\n",
         RELEASE_OS, "ubuntu", "Ubuntu", "18.04.6 LTS (Bionic Beaver)", "18.04", "bionic", "Ubuntu 18.04.6 LTS"},
        {"etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME=\"Alpine Linux v3.18\"\n",
         RELEASE_OS, "alpine", "Alpine Linux", "", "3.18.4", "", "Alpine Linux v3.18"},
        {"usr/lib/os.release.d/os-release-server", "ID=Fedora\n", RELEASE_OS, "fedora", "", "", "", "", ""},
        {"etc/lsb-release",
         "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION=\"Ubuntu 22.04.3 LTS\"\n",
         RELEASE_LSB, "ubuntu", "Ubuntu", "22.04", "22.04", "jammy", "Ubuntu 22.04.3 LTS"},
        {"etc/debian_version", "12.5\n", RELEASE_DEBIAN, "debian", "Debian GNU/Linux", "12.5", "12", "bookworm", ""},
        {"etc/debian_version", "4.0", RELEASE_DEBIAN, "debian", "Debian GNU/Linux", "4.0", "4", "etch", ""},
        {"etc/debian_version", "99.1\n", RELEASE_DEBIAN, "debian", "Debian GNU/Linux", "99.1", "99", "", ""},
        {"etc/debian_version", "trixie/sid\n", RELEASE_DEBIAN, "debian", "Debian GNU/Linux", "trixie/sid", "", "trixie",
         ""},
        {"etc/debian_version", "kali-rolling\n", RELEASE_DEBIAN, "", "", "kali-rolling", "", "", ""},
        {"etc/debian_version", "", RELEASE_DEBIAN, "", "", "", "", "", ""},
        {"etc/alpine-release", "3.18.4\n", RELEASE_ALPINE, "alpine", "Alpine Linux", "3.18.4", "3.18.4", "", ""},
        {"etc/alpine-release", "<html>\n", RELEASE_ALPINE, "", "", "<html>", "<html>", "", ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *e = &examples[i];
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("example %zu, %s\n", i, e->path);
        fixture_scan(&f, e->path, slice_str(e->text));
        assert_int_equal(f.findings.releases_n, 1);
        const struct release_file *r = &f.findings.releases[0];
        assert_int_equal(r->kind, e->kind);
        assert_slice(r->path, e->path);
        assert_slice(r->id, e->id);
        assert_slice(r->name, e->name);
        assert_slice(r->version, e->version);
        assert_slice(r->version_id, e->version_id);
        assert_slice(r->codename, e->codename);
        assert_slice(r->pretty_name, e->pretty_name);
    }
}

static void test_quoting(void **state)
{
    (void)state;
    const struct {
        const char *line, *name;
    } examples[] = {
        {"NAME=plain", "plain"},
        {"NAME=two words", "two words"},
        {"  NAME=indented  \r", "indented"},
        {"NAME=\"double \\\"quoted\\\" \\$1 \\`x\\` \\\\ \\n\"", "double \"quoted\" $1 `x` \\ \\n"},
        {"NAME='single \\\" quoted'", "single \\\" quoted"},
        {"NAME=back\\ slash\\\"", "back slash\""},
        {"NAME=\"a\"b", "a"},
        {"NAME=\"no end", "no end"},
        {"NAME='", ""},
        {"NAME=\"", ""},
        {"NAME=\"\\", "\\"},
        {"NAME=\\", "\\"},
        {"NAME=", ""},
        {"NAME", ""},
        {"#NAME=comment", ""},
        {"NAME=first\nNAME=last", "last"},
        {"NAME =x", ""},
        {"XNAME=x", ""},
        {"name=x", ""},
        {"=x", ""},
        {"NAME=a=b", "a=b"},
        {"NAME=\"\xff\"", "\xff"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("example %zu\n", i);
        fixture_scan(&f, "etc/os-release", slice_str(examples[i].line));
        assert_slice(f.findings.releases[0].name, examples[i].name);
    }
}

static void test_other_fields(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    fixture_scan(&f, "etc/os-release",
                 SLICE("ID_LIKE=\"rhel fedora\"\nCPE_NAME=\"cpe:/o:x:y:1\"\nSUPPORT_END=2028-06-30\nVERSION=1 (A\n"));
    const struct release_file *r = &f.findings.releases[0];
    assert_slice(r->id_like, "rhel fedora");
    assert_slice(r->cpe, "cpe:/o:x:y:1");
    assert_slice(r->support_end, "2028-06-30");
    assert_slice(r->codename, "a");
    assert_int_equal(f.findings.skips_total, 0);
}

static void test_paths(void **state)
{
    (void)state;
    const char *const unwanted[] = {"etc/os-release.bak", "usr/lib/os.release.d/issue-server",
                                    "usr/lib/os.release.d/a/os-release", "etc/issue", "os-release"};
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        assert_false(is_wanted(unwanted[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_other_fields),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
