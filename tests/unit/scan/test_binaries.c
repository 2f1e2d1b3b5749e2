#include "elf_image.h"

// An ELF file, as far as this scanner looks.
#define ELF                                                                                                            \
    "\x7f"                                                                                                             \
    "ELF\2\1\1"

static void test_versions(void **state)
{
    (void)state;
    const struct {
        const char *path;
        struct slice content;
        const char *package; // "" for none
    } examples[] = {
        {"usr/local/bin/python3.11",
         SLICE(ELF "\0"
                   "3.11.2\0"),
         "python 3.11.2"},
        {"usr/local/bin/python3.12", SLICE(ELF "/opt/versions/3.12.0rc1\0"), "python 3.12.0rc1"},
        {"usr/local/bin/python3.11",
         SLICE(ELF "\0"
                   "3.11\0"
                   "3.11.x\0"
                   "13.11.2\0"
                   "2.3.11.2\0"
                   "3.11.2 \0"
                   "3.111.1\0"),
         ""},
        {"usr/local/bin/python",
         SLICE(ELF "\0"
                   "3.11.2\0"),
         ""},
        {"usr/local/bin/python3.11-config",
         SLICE(ELF "\0"
                   "3.11.2\0"),
         ""},
        {"usr/local/lib/libpython3.11.so.1.0",
         SLICE(ELF "libpython3.11.so.1.0\0"
                   "3.11.2+\0"),
         "python 3.11.2+"},
        {"usr/local/lib/libpython3.6m.so.1.0",
         SLICE(ELF "\0"
                   "3.6.15\0"),
         "python 3.6.15"},
        {"usr/local/bin/node", SLICE(ELF "node.js/v\0node.js/v20.20.2\0"), "node 20.20.2"},
        {"usr/lib/libnode.so.108", SLICE(ELF "node.js/v18.20.4\0"), "node 18.20.4"},
        {"usr/local/lib/libruby.so.3.2.2", SLICE(ELF "\0ruby 1.8)\0ruby 3.2.2p53 (2023-03-30 revision e51014f9c0)"),
         "ruby 3.2.2"},
        {"usr/lib/libruby-3.1.so.3.1.2", SLICE(ELF "for ruby 1.8.7\0ruby 3.1.2p20 (2022"), "ruby 3.1.2"},
        {"usr/lib/ruby/3.1.0/openssl.so", SLICE(ELF "OpenSSL 3.0.22 25 Aug 2026\0"), ""},
        {"usr/local/sbin/php-fpm", SLICE(ELF "X-Powered-By: PHP/8.3.0RC1\0"), "php 8.3.0RC1"},
        {"usr/local/bin/php", SLICE(ELF "X-Powered-By: PHP/8.2.36\0"), "php 8.2.36"},
        {"usr/bin/php8.2", SLICE(ELF "X-Powered-By: PHP/8.2.36-dev\0"), "php 8.2.36-dev"},
        {"usr/lib/apache2/modules/libphp8.2.so", SLICE(ELF "X-Powered-By: PHP/8.2.36\0"), "php 8.2.36"},
        {"usr/local/bin/perl5.36.0", SLICE(ELF "\0v5.36\0v5.36.0\0"), "perl 5.36.0"},
        {"usr/bin/lua5.4", SLICE(ELF "$LuaVersion: Lua 5.4.4  Copyright"), "lua 5.4.4"},
        {"bin/bash", SLICE(ELF "@(#)Bash version 5.2.15(1) release GNU\0"), "bash 5.2.15"},
        {"bin/busybox", SLICE(ELF "BusyBox v%s\0BusyBox v1.36.1 (2023-11-07"), "busybox 1.36.1"},
        {"usr/bin/curl", SLICE(ELF "curl 7.88.1-DEV (x86_64-pc-linux-gnu) %s\0"), "curl 7.88.1-DEV"},
        {"usr/lib/libcurl.so.4.8.0", SLICE(ELF "libcurl/8.5.0\0"), "curl 8.5.0"},
        {"usr/bin/openssl", SLICE(ELF "OpenSSL 1.1.1k  FIPS 25 Mar 2021\0"), "openssl 1.1.1k"},
        {"usr/lib/libcrypto.so.3", SLICE(ELF "OpenSSL Project\0OpenSSL 3.0.22 25 Aug 2026\0"), "openssl 3.0.22"},
        {"usr/local/nginx/sbin/nginx", SLICE(ELF "nginx version: nginx/1.25.3\0"), "nginx 1.25.3"},
        {"usr/local/openresty/nginx/sbin/nginx", SLICE(ELF "nginx version: openresty/1.21.4.2\0"),
         "openresty 1.21.4.2"},
        {"usr/local/apache2/bin/httpd", SLICE(ELF "Apache/2\0Apache/2.4\0Apache/2.4.58 (Unix)\0"), "httpd 2.4.58"},
        {"usr/local/sbin/haproxy", SLICE(ELF "since HAProxy version 2.5.\0 version 2.8.5-aaba8d0, released 2023/12/07"),
         "haproxy 2.8.5"},
        {"usr/local/bin/memcached", SLICE(ELF "memcached 1.6.18\n"), "memcached 1.6.18"},
        {"usr/lib/postgresql/16/bin/postgres", SLICE(ELF "postgres (PostgreSQL) 16beta1\n"), "postgresql 16beta1"},
        {"usr/local/bin/postgres", SLICE(ELF "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"),
         "postgresql 15.20"},
        {"usr/local/mysql/bin/mysqld",
         SLICE(ELF "-MariaDB\0x.-MariaDB\0"
                   "10.11.19-MariaDB\0"),
         "mariadb 10.11.19"},
        {"usr/local/mysql/bin/mysqld", SLICE(ELF "mysqld 8.0.33\0"), ""},
        {"usr/local/bin/redis-server",
         SLICE(ELF "condition\0"
                   "2.6.12\0"
                   "7.0.15\0z7.0.151790282056000000000\0%llx"),
         "redis 7.0.15"},
        {"usr/local/bin/redis-server",
         SLICE(ELF "\0"
                   "7.2.4\0\0"
                   "7.2.4buildkitsandbox-17000000000000000000\0"),
         "redis 7.2.4"},
        {"usr/local/bin/redis-server",
         SLICE(ELF "\0"
                   "7.2.40000000000\0"
                   "7.2.5\0"),
         ""},
        {"usr/local/bin/valkey-server",
         SLICE(ELF "\0"
                   "8.0.1\0\0"
                   "8.0.1host-17000000000000000000\0"),
         "valkey 8.0.1"},
        {"usr/local/go/VERSION", SLICE("go1.26.8\ntime 2026-08-28T16:20:06Z\n"), "go 1.26.8"},
        {"usr/local/go/VERSION", SLICE("go1.19.8"), "go 1.19.8"},
        {"opt/java/openjdk/release",
         SLICE("IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_VERSION=\"17.0.9\"\nOS_ARCH=\"x86_64\"\n"), "openjdk 17.0.9"},
        {"usr/lib/jvm/java-8/release", SLICE("JAVA_VERSION=\"1.8.0_392\"\n"), "openjdk 1.8.0_392"},
        {"srv/release", SLICE("VERSION=\"1.0\"\n"), ""},
        {"usr/local/lib/erlang/releases/26/OTP_VERSION", SLICE("26.2.1\n"), "erlang 26.2.1"},
        {"usr/src/wordpress/wp-includes/version.php", SLICE("<?php\n$wp_version = '6.1.9';\n"), "wordpress 6.1.9"},
        // What is named so and is something else.
        {"usr/local/bin/nginx", SLICE("#!/bin/sh\necho nginx version: nginx/1.25.3\n"), ""},
        {"usr/local/go/VERSION", SLICE(ELF "go1.26.8\n"), ""},
        {"usr/local/bin/node", SLICE(""), ""},
        {"usr/local/bin/node", SLICE(ELF "node.js/v"), ""},
        {"usr/local/bin/node", SLICE(ELF "node.js/v20"), ""},
        {"usr/local/bin/node", SLICE(ELF "node.js/v20.20."), ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct arena a ARENA_AUTO = {0};
        struct error err;
        print_message("%s\n", examples[i].path);
        assert_true(scan_program(&f, "binaries", examples[i].path, examples[i].content, &err));
        assert_skips(&f.findings, "");
        assert_int_equal(f.findings.dbs_n, examples[i].package[0] != '\0');
        if (f.findings.dbs_n == 0)
            continue;
        assert_slice(f.findings.dbs[0].packages[0].kind, "binary");
        assert_packages(&f.findings.dbs[0], arena_printf(&a, "%s  %s\n", examples[i].package, examples[i].package).p);
    }
}

static bool is_program(const char *path, uint64_t size)
{
    return scanner_named(SLICE("binaries"))->wants(slice_str(path), 0755, size);
}

static void test_which_files(void **state)
{
    (void)state;
    assert_true(is_program("node", 100 * MIB));
    assert_true(is_program("opt/python/lib/libpython3.13.so.1.0", MIB));
    assert_true(is_program("usr/local/go/VERSION", 100));
    assert_false(is_program("usr/local/go/VERSION", MIB));
    assert_false(is_program("srv/VERSION", 100));
    assert_false(is_program("usr/bin/nodejs", MIB));
    assert_false(is_program("usr/lib/python3.11/os.py", MIB));
    assert_false(is_program("usr/bin/perlbug", MIB));
}

// Texts that go on and on like a version are looked at once: the time follows the size.
static void test_repetition(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        struct slice piece;
    } examples[] = {
        {"bin/python1.1", SLICE("x1.1.1")},
        {"bin/node", SLICE("node.js/v1.")},
        {"bin/mysqld", SLICE("1.1-MariaDB")},
        {"bin/redis-server", SLICE("1.1.1000000000\0")},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf file BUF_AUTO = {0};
        struct error err;
        buf_adds(&file, ELF);
        while (file.n < 128 * KIB)
            buf_add(&file, examples[i].piece);
        assert_true(scan_program(&f, "binaries", examples[i].path, buf_slice(&file), &err));
        assert_int_equal(f.findings.dbs_n, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_which_files),
        cmocka_unit_test(test_repetition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
