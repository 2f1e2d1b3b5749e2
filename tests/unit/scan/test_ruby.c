#include "fixture.h"

#define GEMS "usr/local/bundle/specifications/"
#define RACK GEMS "rack-2.0.6.gemspec"

// What RubyGems 3 writes.
#define GENERATED                                                                                                      \
    "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.13.10 java lib\n\nGem::Specification.new do |s|\n"                  \
    "  s.name = \"nokogiri\".freeze\n  s.version = \"1.13.10\"\n  s.platform = \"java\".freeze\n\n"                    \
    "  s.required_rubygems_version = Gem::Requirement.new(\">= 0\".freeze) if s.respond_to? :required_rubygems_"       \
    "version=\n  s.metadata = { \"name\" => \"x\" } if s.respond_to? :metadata=\n"                                     \
    "  s.rubygems_version = \"3.3.15\".freeze\n  s.installed_by_version = \"3.3.15\" if s.respond_to? :installed_by_"  \
    "version\n  s.add_runtime_dependency(%q<racc>.freeze, [\"~> 1.4\"])\nend\n"

static void test_texts(void **state)
{
    (void)state;
    const struct {
        const char *path, *text, *packages;
    } examples[] = {
        {GEMS "nokogiri-1.13.10-java.gemspec", GENERATED, "nokogiri 1.13.10 java nokogiri 1.13.10\n"},
        {"usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec",
         "Gem::Specification.new do |s|\n  s.name = \"json\".freeze\n  s.version = \"2.6.1\".freeze\nend\n",
         "json 2.6.1  json 2.6.1\n"},
        {RACK, "  s.name = %q{rack}\n  s.version = Gem::Version.new(\"2.0.6\")\n", "rack 2.0.6  rack 2.0.6\n"},
        {RACK, "  s.name = %q<rack>\n  s.version = Gem::Version.new '2.0.6'\n", "rack 2.0.6  rack 2.0.6\n"},
        {RACK, "spec.name='x';\r\nspec.version\t=\t'3.0.rc1'\r\nspec.platform = Gem::Platform::RUBY\r\n",
         "x 3.0.rc1  x 3.0.rc1\n"},
        {RACK, "s.platform = \"ruby\"\ns.name = \"a\"\ns.version = \"1\"\ns.version = \"2\"\n", "a 1  a 1\n"},
        // What only running the text would tell.
        {RACK, "s.name = NAME\ns.version = Rack::VERSION\n", "rack 2.0.6  rack 2.0.6\n"},
        {RACK, "s.name = \"r#{'ack'}\"\ns.version = \"2.\\x30.6\"\n", "rack 2.0.6  rack 2.0.6\n"},
        {RACK, "s.name = \"rack\ns.version = \n", "rack 2.0.6  rack 2.0.6\n"},
        {RACK, "s.name == \"x\"\ns.name += \"y\"\nputs s.name = \"z\"\n", "rack 2.0.6  rack 2.0.6\n"},
        {RACK, "", "rack 2.0.6  rack 2.0.6\n"},
        {RACK, "\x04\x08o:\x17Gem::Specification\n\xff\xfe.=\n.\n=\n", "rack 2.0.6  rack 2.0.6\n"},
        // Names and versions of files.
        {GEMS "rack-protection-3.0.5.gemspec", "", "rack-protection 3.0.5  rack-protection 3.0.5\n"},
        {GEMS "mini_portile2-2.8.1.gemspec", "", "mini_portile2 2.8.1  mini_portile2 2.8.1\n"},
        {GEMS "net-http2-0.18.gemspec", "", "net-http2 0.18  net-http2 0.18\n"},
        {GEMS "omniauth-37signals-1.0.5.pre.gemspec", "",
         "omniauth-37signals 1.0.5.pre  omniauth-37signals 1.0.5.pre\n"},
        {GEMS "google-protobuf-3.21.12-x86_64-linux.gemspec", "",
         "google-protobuf 3.21.12 x86_64-linux google-protobuf 3.21.12\n"},
        {GEMS "libv8-8.4.255.0-universal-darwin-19.gemspec", "",
         "libv8 8.4.255.0 universal-darwin-19 libv8 8.4.255.0\n"},
        {GEMS "a-1-2.gemspec", "s.name = \"a-1\"\n", "a-1 2  a-1 2\n"},
        {GEMS "other-2.gemspec", "s.name = \"a\"\n", "a 2  a 2\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("%s: %s\n", examples[i].path, examples[i].text);
        fixture_scan(&f, examples[i].path, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].scanner, "ruby");
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        assert_slice(f.findings.dbs[0].packages[0].kind, "gem");
        assert_skips(&f.findings, "");
    }
}

static void test_unknown(void **state)
{
    (void)state;
    const struct {
        const char *file, *text, *skip;
    } examples[] = {
        {GEMS "rack.gemspec", "", "neither the text nor the file's name tells the gem's name\n"},
        {GEMS ".gemspec", "", "neither the text nor the file's name tells the gem's name\n"},
        {GEMS "2.0.6.gemspec", "", "neither the text nor the file's name tells the gem's name\n"},
        {GEMS "-1.gemspec", "", "neither the text nor the file's name tells the gem's name\n"},
        {GEMS "a-1..2.gemspec", "", "neither the text nor the file's name tells the gem's name\n"},
        {GEMS "a-.1-1.-1_0.gemspec", "", "neither the text nor the file's name tells the gem's name\n"},
        {GEMS "rack.gemspec", "s.name = 'rack'\n", "neither the text nor the file's name tells the gem's version\n"},
        {GEMS "rack.gemspec", "s.version = '1'\n", "neither the text nor the file's name tells the gem's name\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("%s\n", examples[i].file);
        fixture_scan(&f, examples[i].file, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 0);
        assert_skips(&f.findings, examples[i].skip);
    }
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(is_wanted(RACK));
    assert_true(is_wanted("specifications/a-1.gemspec"));
    assert_true(is_wanted("usr/share/rubygems-integration/all/specifications/a-1.gemspec"));
    assert_false(is_wanted("usr/lib/ruby/gems/3.1.0/gems/rack-2.0.6/rack.gemspec")); // the source's own
    assert_false(is_wanted("specifications/default/x/a-1.gemspec"));
    assert_false(is_wanted("specifications/a-1.gemspec.lock"));
    assert_false(is_wanted("default/a-1.gemspec"));
    assert_false(is_wanted("xspecifications/a-1.gemspec"));
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    // Half of the last line is no line: here the version would be 1.
    f.limits.package_head_bytes = sizeof "s.name = 'a'\ns.version = '1'" - 1;
    fixture_scan(&f, GEMS "a-2.gemspec", SLICE("s.name = 'a'\ns.version = '1'+'2'\n"));
    assert_packages(&f.findings.dbs[0], "a 2  a 2\n");
    f.limits.field_bytes = 4;
    fixture_scan(&f, GEMS "a-2.gemspec", SLICE("s.name = 'abcde'\n"));
    assert_skips(&f.findings, "lost: the package's name is longer than 4 bytes (limit field_bytes)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
