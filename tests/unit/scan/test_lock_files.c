#include "fixture.h"

struct example {
    const char *path, *text, *packages, *skips;
};

static void assert_examples(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        f.subject = SUBJECT_SOURCES;
        print_message("%s: %.60s\n", examples[i].path, examples[i].text);
        fixture_scan(&f, examples[i].path, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 1);
        struct arena a ARENA_AUTO = {0};
        struct slice found = SLICE("");
        for (size_t j = 0; j < f.findings.dbs[0].n; j++) {
            const struct package *p = &f.findings.dbs[0].packages[j];
            assert_true(slice_eq(p->name, p->source_name) && slice_eq(p->version, p->source_version));
            assert_slice(p->kind, scanner_named(f.findings.dbs[0].scanner)->kind);
            found =
                arena_printf(&a, "%.*s%.*s %.*s\n", (int)found.n, found.p, SLICE_ARG(p->name), SLICE_ARG(p->version));
        }
        assert_slice(found, examples[i].packages);
        assert_skips(&f.findings, examples[i].skips);
    }
}
#define ASSERT_EXAMPLES(examples) assert_examples(examples, sizeof(examples) / sizeof(examples)[0])

static void test_go(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"go.mod", "", "", ""},
        {"a/go.mod",
         "module example.test/m // mine\n\ngo 1.21\ntoolchain go1.22.1\n\nrequire github.com/a/b v1.0.0\r\nrequire (\n"
         "\t\"c.d/e\" v2.0.0+incompatible // indirect\n\t// f v1\n\tg v0.0.0-20200101000000-abcdefabcdef\n)\n"
         "exclude github.com/a/b v0.9.0\nretract v1.0.0\n",
         "github.com/a/b v1.0.0\nc.d/e v2.0.0+incompatible\ng v0.0.0-20200101000000-abcdefabcdef\n", ""},
        {"go.mod",
         "require(\na v1\nb v1\nc v1\nd v1\n)\nreplace (\n a => x v9\n b v1 => y v8\n b => z v7\n c v2 => n v1\n d => ../d\n)\n",
         "x v9\ny v8\nc v1\n", "1 package of the tree itself; left out\n"},
        {"go.mod", "require\nrequire a\nreplace a b\nreplace\n)\nrequire (\n", "",
         "line 1: \"\" has no name; left out\nline 2: \"a\" has no version; left out\n"},
    };
    ASSERT_EXAMPLES(examples);
}

static void test_npm(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"package-lock.json", "{}", "", ""},
        {"package-lock.json", "[1]", "", ""},
        {"web/package-lock.json",
         "{\"lockfileVersion\":3,\"packages\":{\"\":{\"name\":\"me\",\"version\":\"1.0.0\"},"
         "\"node_modules/a\":{\"version\":\"1.0.0\"},\"node_modules/a/node_modules/@s/b\":{\"version\":\"2.0.0\"},"
         "\"node_modules/alias\":{\"name\":\"real\",\"version\":\"3.0.0\"},"
         "\"node_modules/d\":{\"version\":\"4.0.0\",\"dev\":true},\"node_modules/o\":{\"version\":\"5\",\"devOptional\":true},"
         "\"packages/p\":{\"version\":\"1\"},\"node_modules/p\":{\"resolved\":\"packages/p\",\"link\":true},"
         "\"node_modules/n\":{},\"node_modules/q\":7},\"dependencies\":{\"not\":{\"version\":\"1\"}}}",
         "a 1.0.0\n@s/b 2.0.0\nreal 3.0.0\no 5\n",
         "\"n\" has no version; left out\n\"q\" has no version; left out\n1 package for development only; left out\n"
         "2 packages of the tree itself; left out\n"},
        {"npm-shrinkwrap.json",
         "{\"lockfileVersion\":1,\"dependencies\":{\"a\":{\"version\":\"1.0.0\",\"dependencies\":{\"b\":{\"version\":"
         "\"2.0.0\"},\"d\":{\"version\":\"1\",\"dev\":true}}},\"x\":{\"version\":\"npm:@real/x@3.0.0\"},"
         "\"g\":{\"version\":\"git+ssh://git@example.test/g.git#abc\"}}}",
         "a 1.0.0\nb 2.0.0\n@real/x 3.0.0\n",
         "\"g\" comes from git+ssh://git@example.test/g.git#abc, which tells no version; left out\n"
         "1 package for development only; left out\n"},
        {"yarn.lock",
         "# yarn lockfile v1\n\n\"@babel/core@^7.0.0\", \"@babel/core@^7.1.0\":\n  version \"7.12.11\"\n  resolved \"x\"\n"
         "  dependencies:\n    version \"9\"\n\nalias@npm:real@^1.0.0:\n  version \"1.0.1\"\r\n\nlodash@^4, lodash@4:\n"
         "  version \"4.17.21\"\n\nnothing@1:\n  resolved \"y\"",
         "@babel/core 7.12.11\nreal 1.0.1\nlodash 4.17.21\n", "line 15: \"nothing\" has no version; left out\n"},
        {"yarn.lock",
         "__metadata:\n  version: 6\n\n\"lodash@npm:^4.17.0\":\n  version: 4.17.21\n  resolution: \"lodash@npm:4.17.21\"\n"
         "\"a@npm:b@1\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n\"me@workspace:.\":\n  version: 0.0.0-use.local\n"
         "  resolution: \"me@workspace:.\"\n",
         "lodash 4.17.21\nb 1.0.0\n", "1 package of the tree itself; left out\n"},
        {"pnpm-lock.yaml",
         "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n\npackages:\n\n  '@s/a@1.0.0':\n"
         "    resolution: {integrity: x}\n\n  b@2.0.0(c@1):\n    resolution: {}\n\nsnapshots:\n\n  d@3.0.0: {}\n  e@1:\n",
         "@s/a 1.0.0\nb 2.0.0\n", ""},
        {"pnpm-lock.yaml",
         "lockfileVersion: '6.0'\npackages:\n\n  /@s/a@1.0.0(p@2):\n    dev: false\n  /b@2.0.0:\n    dev: true\n"
         "  github.com/x/y/abc:\n    name: y\n    version: 3.0.0\n  '@github.com/z':\n    dev: false\n",
         "@s/a 1.0.0\ny 3.0.0\n",
         "line 11: \"@github.com/z\" has no version; left out\n1 package for development only; left out\n"},
        {"pnpm-lock.yaml", "lockfileVersion: 5.4\npackages:\n  /@s/a/1.0.0_p@2:\n    dev: false\n  /b/2.0.0:\n",
         "@s/a 1.0.0\nb 2.0.0\n", ""},
    };
    ASSERT_EXAMPLES(examples);
}

static void test_python(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"requirements.txt",
         "# all\nDjango==3.2.1 # why\nrequests[socks,x] == 2.20.0 ; python_version<\"3\" \\\n    --hash=sha256:ab \\\n"
         "    --hash=sha256:cd\r\na===1.0\n--index-url https://example.test/\n-e .\n./local\n\nb==1 --hash=x",
         "Django 3.2.1\nrequests 2.20.0\na 1.0\nb 1\n", "2 packages of the tree itself; left out\n"},
        {"requirements-prod.txt", "a\nb>=1\nc==1.*\nd==1,<2\n-r base.txt\ne @ https://example.test/e.whl\nf==1 \\",
         "f 1\n",
         "line 1: \"a\" is not pinned to one version (==), so it is not known which will be installed; left out\n"
         "line 2: \"b>=1\" is not pinned to one version (==), so it is not known which will be installed; left out\n"
         "line 3: \"c==1.*\" is not pinned to one version (==), so it is not known which will be installed; left out\n"
         "line 4: \"d==1,<2\" is not pinned to one version (==), so it is not known which will be installed; left out\n"
         "line 5: \"-r base.txt\" names another file, which is read only when it is called requirements*.txt\n"
         "line 6: \"e @ https://example.test/e.whl\" is not pinned to one version (==), so it is not known which will be "
         "installed; left out\n"},
        {"poetry.lock",
         "[[package]]\nname = \"a\"\nversion = \"1.0\"\ndescription = \"\"\"x\n[[package]]\nname = \"no\"\n\"\"\"\n"
         "[package.dependencies]\nname = \"no\"\n\n[[package]]\nname = 'b'\nversion = '2.0'\ncategory = \"dev\"\n"
         "[[package]]\nname = \"c\"\nversion = \"3\"\ngroups = [\"main\", \"dev\"]\n[[package]]\nname = \"d\"\nversion = "
         "\"4\"\ngroups = [\"dev\"]\n[[package]]\nname = \"e\"\nversion = \"5\"\nfiles = [\n  {file = \"name = \\\"x\\\"\"},\n"
         "[[package]]\n]\n[package.source]\ntype = \"directory\"\nurl = \"e\"\n[metadata]\nname = \"no\"\n",
         "a 1.0\nc 3\n", "2 packages for development only; left out\n1 package of the tree itself; left out\n"},
        {"uv.lock",
         "version = 1\n[[package]]\nname = \"me\"\nversion = \"0.1\"\nsource = { virtual = \".\" }\n[[package]]\nname = "
         "\"me2\"\nsource = { editable = \"sub\" }\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = "
         "\"https://example.test/directory\" }\n",
         "a 1\n", "2 packages of the tree itself; left out\n"},
        {"Pipfile.lock",
         "{\"_meta\":{\"hash\":{}},\"default\":{\"django\":{\"version\":\"==4.2\"},\"me\":{\"editable\":true,\"path\":\".\"},"
         "\"g\":{\"git\":\"x\"}},\"develop\":{\"pytest\":{\"version\":\"==7\"}},\"docs\":{\"s\":{}}}",
         "django 4.2\n",
         "\"g\" has no version; left out\n2 packages for development only; left out\n"
         "1 package of the tree itself; left out\n"},
    };
    ASSERT_EXAMPLES(examples);
}

static void test_others(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"Cargo.lock",
         "# generated\nversion = 3\n\n[[package]]\nname = \"rand\"\nversion = \"0.8.5\"\nsource = \"registry+x\"\n"
         "dependencies = [\n \"libc\",\n \"name = no\",\n]\n\n[[package]]\nname = \"me\"\nversion = \"0.1.0\"\n\n"
         "[[package]]\nname = \"libc\"\nsource = \"registry+x\"\n",
         "rand 0.8.5\n", "line 17: \"libc\" has no version; left out\n1 package of the tree itself; left out\n"},
        {"Gemfile.lock",
         "GIT\n  remote: x\n  revision: y\n  specs:\n    forked (0.1)\n\nPATH\n  remote: .\n  specs:\n    me (1.0)\n      rack\n\n"
         "GEM\n  remote: https://example.test/\n  specs:\n    nokogiri (1.15.4-x86_64-linux)\n      racc (~> 1.4)\n"
         "    rack (2.2.8)\r\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n    rack (1)\n\nBUNDLED WITH\n   2.3\n",
         "forked 0.1\nnokogiri 1.15.4\nrack 2.2.8\n", "1 package of the tree itself; left out\n"},
        {"composer.lock",
         "{\"packages\":[{\"name\":\"monolog/monolog\",\"version\":\"2.9.1\"},{\"name\":\"a/b\",\"version\":\"v1\",\"dist\":"
         "{\"type\":\"path\"}},{\"version\":\"1\"}],\"packages-dev\":[{\"name\":\"c/d\",\"version\":\"1\"}]}",
         "monolog/monolog 2.9.1\n",
         "\"\" has no name; left out\n1 package for development only; left out\n1 package of the tree itself; left out\n"},
    };
    ASSERT_EXAMPLES(examples);
}

#define POM(inside) "<?xml version=\"1.0\"?>\n<project xmlns=\"http://maven.apache.org/POM/4.0.0\">" inside "</project>"
#define DEPENDENCY(group, artifact, more)                                                                              \
    "<dependency><groupId>" group "</groupId><artifactId>" artifact "</artifactId>" more "</dependency>"

static void test_maven(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"pom.xml", POM(""), "", ""},
        {"m/pom.xml",
         POM("<parent><groupId>up</groupId><version>7</version></parent><artifactId>me</artifactId>"
             "<properties><v>1</v><w>${v}.2</w><v>3</v><loop>${loop}</loop></properties>\n"
             "<dependencies>" DEPENDENCY("a", "plain", "<version> 1.0 </version>") DEPENDENCY(
                 "a", "property", "<version>${w}</version>") DEPENDENCY("${project.groupId}", "own",
                                                                        "<version>${project.version}</version>")
                 DEPENDENCY("a", "managed", "") DEPENDENCY(
                     "a", "tests", "<version>1</version><scope>test</scope>") DEPENDENCY("a", "managed-tests", "")
                     DEPENDENCY("a", "exact", "<version>[2.0]</version>") "</dependencies><dependencyManagement><dependencies>" DEPENDENCY(
                         "a", "managed", "<version>${w}</version>")
                         DEPENDENCY("a", "managed-tests", "<version>1</version><scope>test</scope>") "</dependencies></dependencyManagement><build><plugins><plugin><dependencies>" DEPENDENCY(
                             "p", "p", "<version>1</version>") "</dependencies></plugin></plugins></build>"),
         "a:plain 1.0\na:property 3.2\nup:own 7\na:managed 3.2\na:exact 2.0\n",
         "2 packages for development only; left out\n"},
        {"pom.xml",
         POM("<properties><loop>${loop}</loop></properties><dependencies>" DEPENDENCY("a", "loop",
                                                                                      "<version>${loop}</version>")
                 DEPENDENCY("a", "range", "<version>[1,2)</version>") DEPENDENCY("a", "open", "<version>${x</version>")
                     DEPENDENCY("a", "none", "") "</dependencies><profiles><profile><dependencies>" DEPENDENCY(
                         "q", "q", "<version>1</version>") "</dependencies></profile></profiles>"),
         "",
         "line 2: the version of a:loop is not told here (a parent's POM, or a range); left out\n"
         "line 2: the version of a:range is not told here (a parent's POM, or a range); left out\n"
         "line 2: the version of a:open is not told here (a parent's POM, or a range); left out\n"
         "line 2: the version of a:none is not told here (a parent's POM, or a range); left out\n"
         "dependencies of profiles (1); left out\n"},
    };
    ASSERT_EXAMPLES(examples);
}

static void test_malformed(void **state)
{
    (void)state;
    const struct {
        const char *scanner, *text, *why;
    } examples[] = {
        {"npm-lock", "", "not JSON: empty"},
        {"composer-lock", "{", "not JSON: unexpected end of data at byte 1"},
        {"pipfile-lock", "{]", "not JSON: unexpected character, expected a string for object key at byte 1"},
        {"pom", "<project><a></project>", "line 1: mismatched tag"},
        {"pom", "<!DOCTYPE p [<!ENTITY a \"b\">]><project>&a;</project>",
         "line 1: it has a document type, which no POM needs"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct error err = {0};
        assert_false(
            fixture_read(&f, scanner_named(slice_str(examples[i].scanner)), "x", slice_str(examples[i].text), &err));
        assert_string_equal(err.text, examples[i].why);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct error err = {0};
    f.limits.lock_file_depth = 2;
    f.limits.field_bytes = 8;
    f.limits.packages = 2;
    f.subject = SUBJECT_SOURCES;
    fixture_scan(
        &f, "package-lock.json",
        SLICE("{\"dependencies\":{\"a\":{\"version\":\"1\",\"dependencies\":{\"b\":{\"version\":\"123456789\","
              "\"dependencies\":{\"c\":{\"version\":\"1\"}}}}},\"d\":{\"version\":\"1\"},\"e\":{\"version\":\"1\"}}}"));
    assert_packages(&f.findings.dbs[0], "a 1  a 1\nd 1  d 1\n");
    assert_skips(
        &f.findings,
        "lost: the package's version is longer than 8 bytes (limit field_bytes)\n"
        "lost: dependencies stand more than 2 deep inside one another (limit lock_file_depth); those are not read\n"
        "lost: more than 2 packages in one layer (limit packages)\n");
    assert_false(fixture_read(&f, scanner_named(SLICE("pom")), "pom.xml", SLICE("<a><b><longest/></b></a>"), &err));
    assert_string_equal(err.text, "line 1: elements stand deeper inside one another than limit lock_file_depth allows");
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const names[] = {"go.mod",         "package-lock.json", "npm-shrinkwrap.json",  "yarn.lock",
                                        "pnpm-lock.yaml", "requirements.txt",  "requirements-dev.txt", "poetry.lock",
                                        "uv.lock",        "Pipfile.lock",      "Cargo.lock",           "pom.xml",
                                        "Gemfile.lock",   "gems.locked",       "composer.lock"};
    static const char *const folders[] = {"node_modules", "vendor", "lib/site-packages/x", "a/testdata"};
    const struct scanner *wanting[SCANNERS_MOST];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        struct slice name = slice_str(names[i]);
        assert_int_equal(scanners_for(SUBJECT_SOURCES, name, 0644, 1, wanting), 1);
        assert_true(wanting[0]->sources_only);
        // What an image happens to have says nothing of what is installed in it.
        assert_int_equal(scanners_for(SUBJECT_LAYER, name, 0644, 1, wanting), 0);
        snprintf(path, sizeof path, "app/%s", names[i]);
        assert_int_equal(scanners_for(SUBJECT_SOURCES, slice_str(path), 0644, 1, wanting), 1);
        snprintf(path, sizeof path, "%s.orig", names[i]);
        assert_int_equal(scanners_for(SUBJECT_SOURCES, slice_str(path), 0644, 1, wanting), 0);
        for (size_t j = 0; j < sizeof folders / sizeof folders[0]; j++) {
            snprintf(path, sizeof path, "%s/%s", folders[j], names[i]);
            assert_int_equal(scanners_for(SUBJECT_SOURCES, slice_str(path), 0644, 1, wanting), 0);
        }
    }
    struct limits limits = limits_default();
    struct digest layers = scanner_state(SUBJECT_LAYER, &limits), sources = scanner_state(SUBJECT_SOURCES, &limits);
    assert_false(digest_eq(&layers, &sources));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go),     cmocka_unit_test(test_npm),   cmocka_unit_test(test_python),
        cmocka_unit_test(test_others), cmocka_unit_test(test_maven), cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
