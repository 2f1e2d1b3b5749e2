// What archives without a pom.properties of their own are taken for.
#include "scan/java_identity.h"

#include "fixture.h"

static void test_names(void **state)
{
    (void)state;
    const struct {
        const char *path, *version, *bundle, *expected; // the manifest's versions; "ARTIFACT VERSION"
    } examples[] = {
        {"h2-1.4.200.jar", "", "", "h2 1.4.200"},
        {"lib/spring-core-5.3.17.RELEASE.jar", "", "", "spring-core 5.3.17.RELEASE"},
        {"h2.jar", "1.4.200", "", "h2 "},
        {"ROOT.war", "", "", "ROOT "},
        {"noextension", "", "", "noextension "},
        {"guava-29.0-jre.jar", "", "29.0.0.jre", "guava 29.0-jre"},
        {"guava-29.0-jre.jar", "29.0", "", "guava 29.0-jre"},
        {"log4j-1.2-api-2.14.1.jar", "", "", "log4j-1.2-api 2.14.1"},
        {"geronimo-annotation-1.3-spec-1.3.jar", "1.3", "", "geronimo-annotation-1.3-spec 1.3"},
        {"kafka_2.13-2.8.0.jar", "", "", "kafka_2.13 2.8.0"},
        {"demo-0.0.1-SNAPSHOT.jar", "", "", "demo 0.0.1-SNAPSHOT"},
        {"demo-1.0-20190722.143000-3.jar", "", "", "demo 1.0-20190722.143000-3"},
        {"jboss-logging-3.4.1.Final-redhat-00001.jar", "", "", "jboss-logging 3.4.1.Final-redhat-00001"},
        {"netty-tcnative-2.0.36.Final-linux-x86_64.jar", "", "", "netty-tcnative 2.0.36.Final"},
        {"a-1.0-sources.jar", "", "", "a 1.0"},
        {"a-1.0-sources.jar", "1.0", "", "a 1.0"},
        {"a-1.0-custom.jar", "", "", "a 1.0-custom"},
        {"bcprov-jdk15on-1.68.jar", "1.68.0", "1.68", "bcprov-jdk15on 1.68"},
        {"guava-r09.jar", "", "", "guava r09"},
        {"netbeans-RELEASE120.jar", "", "RELEASE120", "netbeans-RELEASE120 "},
        {"a-${project.version}.jar", "${project.version}", "", "a-${project.version} "},
        {"a-.jar", "", "", "a- "},
        {"-1.jar", "1", "1", "-1 "},
        {".jar", "", "", ".jar "},
        {"", "", "", " "},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct java_manifest m = {.version = slice_str(examples[i].version),
                                  .bundle_version = slice_str(examples[i].bundle)};
        struct java_coordinates c = java_split_name(slice_str(examples[i].path), &m);
        print_message("%s\n", examples[i].path);
        assert_slice(arena_printf(&a, "%.*s %.*s", SLICE_ARG(c.artifact), SLICE_ARG(c.version)), examples[i].expected);
    }
}

// What real archives tell of themselves, and their coordinates in the central repository.
static void test_identities(void **state)
{
    (void)state;
    const struct {
        const char *path, *manifest, *package, *expected;
    } examples[] = {
        {"h2-1.4.200.jar", "Implementation-Title: H2 Database Engine\nBundle-SymbolicName: com.h2database\n", "org/h2",
         "com.h2database:h2:1.4.200"},
        {"spring-web-5.3.17.jar", "Implementation-Title: spring-web\nAutomatic-Module-Name: spring.web\n",
         "org/springframework", "org.springframework:spring-web:5.3.17"},
        {"spring-webmvc-5.3.17.jar", "Implementation-Title: spring-webmvc\n", "org/springframework/web/servlet",
         "org.springframework:spring-webmvc:5.3.17"},
        {"spring-boot-2.6.4.jar", "Implementation-Title: Spring Boot\n", "org/springframework/boot",
         "org.springframework.boot:spring-boot:2.6.4"},
        {"tomcat-embed-core-9.0.31.jar",
         "Bundle-SymbolicName: org.apache.tomcat-embed-core\nAutomatic-Module-Name: org.apache.tomcat.embed.core\n", "",
         "org.apache.tomcat.embed:tomcat-embed-core:9.0.31"},
        {"lib/catalina.jar", "Implementation-Title: Apache Tomcat\nImplementation-Version: 9.0.31\n",
         "org/apache/catalina", "org.apache.tomcat:tomcat-catalina:9.0.31"},
        {"bcprov-jdk15on-1.68.jar", "Implementation-Vendor-Id: org.bouncycastle\nBundle-SymbolicName: bcprov\n",
         "org/bouncycastle", "org.bouncycastle:bcprov-jdk15on:1.68"},
        {"micrometer-core-1.8.3.jar", "Implementation-Title: io.micrometer#micrometer-core;1.8.3\n",
         "io/micrometer/core", "io.micrometer:micrometer-core:1.8.3"},
        {"reactor-core-3.4.15.jar", "Bundle-SymbolicName: io.projectreactor.reactor-core\n", "reactor",
         "io.projectreactor:reactor-core:3.4.15"},
        {"mockito-core-4.0.0.jar", "Bundle-SymbolicName: org.mockito.mockito-core;singleton=true\n", "org/mockito",
         "org.mockito:mockito-core:4.0.0"},
        {"log4j-core-2.0.jar", "Bundle-SymbolicName: org.apache.logging.log4j.core\n", "",
         "org.apache.logging.log4j:log4j-core:2.0"},
        {"commons-text-1.9.jar", "Automatic-Module-Name: org.apache.commons.text\n", "",
         "org.apache.commons:commons-text:1.9"},
        {"commons-logging-1.0.4.jar", "Implementation-Vendor-Id: org.apache\n", "org/apache/commons/logging",
         "commons-logging:commons-logging:1.0.4"},
        {"velocity-1.7.jar", "Bundle-SymbolicName: org.apache.velocity\nImplementation-Vendor-Id: org.apache\n",
         "org/apache/velocity", "org.apache.velocity:velocity:1.7"},
        {"kafka-clients-2.8.0.jar", "", "org/apache/kafka", "org.apache.kafka:kafka-clients:2.8.0"},
        {"jdom2-2.0.6.jar", "", "org/jdom2", "org.jdom:jdom2:2.0.6"},
        {"dom4j-1.6.1.jar", "Implementation-Title: org.dom4j\n", "org/dom4j", "dom4j:dom4j:1.6.1"},
        {"dom4j-2.1.3.jar", "Implementation-Title: org.dom4j\n", "org/dom4j", "org.dom4j:dom4j:2.1.3"},
        {"junit-4.12.jar", "Implementation-Vendor-Id: junit\n", "", "junit:junit:4.12"},
        {"javax.inject-1.jar", "", "javax/inject", "javax.inject:javax.inject:1"},
        {"jakarta.servlet-api-6.0.0.jar", "Implementation-Vendor-Id: org.eclipse\n", "jakarta/servlet",
         "jakarta.servlet:jakarta.servlet-api:6.0.0"},
        {"kotlin-stdlib.jar",
         "Implementation-Title: kotlin-stdlib\nImplementation-Version: 1.6.10-release-923(1.6.10)\n", "kotlin",
         "org.jetbrains.kotlin:kotlin-stdlib:1.6.10-release-923"},
        {"lucene-core.jar", "Implementation-Version: 8.11.1 0b002b11819d - janhoy - 2021-12-14\n", "org/apache/lucene",
         "org.apache.lucene:lucene-core:8.11.1"},
        {"plugins/git.jpi", "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 4.11.0\n", "",
         "org.jenkins-ci.plugins:git:4.11.0"},
        {"lib/main/org.springframework.spring-core-5.3.17.jar", "Implementation-Title: spring-core\n", "",
         "org.springframework:spring-core:5.3.17"},
        {"org.eclipse.jdt.core-3.26.0.jar", "Bundle-SymbolicName: org.eclipse.jdt.core\n", "",
         "org.eclipse.jdt:org.eclipse.jdt.core:3.26.0"},
        {"root/.m2/repository/org/acme/deep/thing/1.0/thing-1.0.jar", "Implementation-Vendor-Id: com.other\n", "",
         "org.acme.deep:thing:1.0"},
        {"gradle/caches/modules-2/files-2.1/org.acme.deep/thing/1.0/0123abc/thing-1.0.jar", "", "",
         "org.acme.deep:thing:1.0"},
        {"renamed.jar", "Implementation-Title: spring-core\nImplementation-Version: 5.3.17\n", "org/springframework",
         "org.springframework:spring-core:5.3.17"},
        {"app.jar", "Implementation-Title: My Application\nImplementation-Version: ${version}\n", "", ":app:"},
        {"mine-1.0.jar", "", "", ":mine:1.0"},
        {"mine-1.0.jar", "", "com/google", ":mine:1.0"},
        {"mine-1.0.jar", "Bundle-SymbolicName: x\nImplementation-Title: a#b\nGroup-Id: g\n", "mine", ":mine:1.0"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct java_manifest m;
        print_message("%s\n", examples[i].path);
        java_read_manifest(slice_str(examples[i].manifest), &a, &m);
        struct java_evidence e = {slice_str(examples[i].path), &m, SLICE(""), SLICE(""),
                                  slice_str(examples[i].package)};
        struct java_coordinates c = java_identify(&e, &a);
        assert_slice(
            arena_printf(&a, "%.*s:%.*s:%.*s", SLICE_ARG(c.group), SLICE_ARG(c.artifact), SLICE_ARG(c.version)),
            examples[i].expected);
    }
}

// A pom.xml without its pom.properties tells group and artifact when the file is called like it.
static void test_pom_folder(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct java_manifest m = {0};
    struct java_evidence e = {SLICE("x/thing-1.0.jar"), &m, SLICE("org.acme"), SLICE("thing"), SLICE("net/other")};
    struct java_coordinates c = java_identify(&e, &a);
    assert_slice(c.group, "org.acme");
    assert_slice(c.artifact, "thing");
    assert_slice(c.version, "1.0");
    e.pom_artifact = SLICE("another");
    c = java_identify(&e, &a);
    assert_slice(c.group, "net.other");
    assert_slice(c.artifact, "thing");
}

static void test_manifests(void **state)
{
    (void)state;
    const struct {
        const char *what, *text, *title, *name;
        bool ended;
    } examples[] = {
        {"nothing", "", "", "", false},
        {"plain", "Manifest-Version: 1.0\nImplementation-Title: a\nBundle-SymbolicName: b;x:=1\n\n", "a", "b", true},
        {"folded", "Implementation-Title: a\r\n b\r\n  c\r\nBundle-SymbolicName: d\r\n e\r\n\r\n", "ab c", "de", true},
        {"CR alone", "Implementation-Title: a\r b\rBundle-SymbolicName: c\r\r", "ab", "c", true},
        {"no line end", "Bundle-SymbolicName: b\nImplementation-Title: a\n b", "ab", "b", false},
        {"case does not count", "IMPLEMENTATION-title: a\n\n", "a", "", true},
        {"other sections do not count", "X: y\n\nName: org/x/\nImplementation-Title: a\n", "", "", true},
        {"a fold of what is not wanted", "X: y\n Implementation-Title: a\n\n", "", "", true},
        {"no colon", "Implementation-Title\n a\nBundle-SymbolicName: b\n", "", "b", false},
        {"a fold of nothing", " a\nBundle-SymbolicName: b\n", "", "b", false},
        {"twice", "Implementation-Title: a\nImplementation-Title: b\n", "b", "", false},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct java_manifest m;
        print_message("%s\n", examples[i].what);
        java_read_manifest(slice_str(examples[i].text), &a, &m);
        assert_slice(m.title, examples[i].title);
        assert_slice(m.symbolic_name, examples[i].name);
        assert_int_equal(m.ended, examples[i].ended);
    }
}

static void test_properties(void **state)
{
    (void)state;
    const struct {
        const char *what, *text, *expected;
    } examples[] = {
        {"as Maven writes it", "#Generated\n#Wed Jan 01\r\nversion=1.0\r\ngroupId=a.b\r\nartifactId=c\r\n",
         "a.b:c:1.0"},
        {"other separators", "version: 1.0\ngroupId a.b\n artifactId\t=\tc \n", "a.b:c:1.0"},
        {"escapes", "version=1.0\\:2\ngroupId=a\\.b\nartifactId=c\\", "::"},
        {"placeholders", "version=${project.version}\ngroupId=@group@\nartifactId=c\n", ":c:"},
        {"other keys", "versions=1\nversion.x=1\n!groupId=a\nm2e.projectName=x\n", "::"},
        {"the last counts", "version=1\nversion=2\n", "::2"},
        {"junk", "\\\n=\n:\n\\\\\\\nversion\ngroupId=\n", "::"},
        {"nothing", "", "::"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        print_message("%s\n", examples[i].what);
        struct java_coordinates c = java_read_properties(slice_str(examples[i].text), &a);
        assert_slice(
            arena_printf(&a, "%.*s:%.*s:%.*s", SLICE_ARG(c.group), SLICE_ARG(c.artifact), SLICE_ARG(c.version)),
            examples[i].expected);
    }
}

// Names that are made to be slow to take apart.
static void test_long_names(void **state)
{
    (void)state;
    struct buf name BUF_AUTO = {0};
    for (int i = 0; i < 30000; i++)
        buf_adds(&name, i == 0 ? "x-1" : "-a");
    struct java_manifest m = {0};
    struct java_coordinates c = java_split_name(buf_slice(&name), &m);
    assert_int_equal(c.artifact.n, name.n);
    assert_int_equal(c.version.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_identities), cmocka_unit_test(test_pom_folder),
        cmocka_unit_test(test_manifests), cmocka_unit_test(test_properties), cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
