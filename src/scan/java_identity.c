// Only Maven's own tools write coordinates into an archive. What Gradle, Ant and bnd build has to be recognised by its
// file name, its manifest and its packages. docs/scanners.md lists the rules in their order and how often each was
// right.
#include "scan/java_identity.h"

#include "base/buf.h"

// No file system has longer names (POSIX's NAME_MAX on all of them); a member of an archive that has is not taken
// apart.
#define NAME_MOST ((size_t)255)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_nocase(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq_nocase(slice_of(s.p, prefix.n), prefix);
}

static bool is_one_of(struct slice word, const char *const *list)
{
    while (*list != NULL && !slice_eq(word, slice_str(*list)))
        list++;
    return *list != NULL;
}

// ---- Versions and file names ----------------------------------------------------------------------------------------

// "1.2", "r09", "v3": what a version begins with.
static bool begins_version(struct slice s)
{
    bool letter = s.n > 1 && (lower(s.p[0]) == 'r' || lower(s.p[0]) == 'v');
    return s.n > (size_t)letter && is_digit(s.p[letter]);
}

// The first word of a manifest's version ("8.11.1 0b002b11 - 2021-12-14", "1.6.10-release-923(1.6.10)"); empty when it
// is no version, such as a placeholder that nothing replaced.
static struct slice first_version(struct slice value)
{
    size_t n = 0;
    while (n < value.n && java_is_plain(slice_of(value.p + n, 1)))
        n++;
    bool whole = n == value.n || value.p[n] == ' ' || value.p[n] == '(' || value.p[n] == ',';
    struct slice word = slice_of(value.p, n);
    return whole && begins_version(word) ? word : SLICE("");
}

// A part between dashes that goes on with the version: "RELEASE", "jre", "rc1", "20210609".
static bool is_qualifier(struct slice part)
{
    static const char *const words[] = {"snapshot", "release", "final",      "ga",        "jre", "android", "alpha",
                                        "beta",     "rc",      "cr",         "sp",        "pre", "dev",     "ea",
                                        "redhat",   "build",   "incubating", "milestone", NULL};
    static const char *const letters[] = {"m", "b", "p", NULL}; // with a number only
    if (begins_version(part))
        return true;
    size_t n = part.n;
    while (n > 0 && (is_digit(part.p[n - 1]) || part.p[n - 1] == '.'))
        n--;
    for (size_t i = 0; words[i] != NULL; i++)
        if (slice_eq_nocase(slice_of(part.p, n), slice_str(words[i])))
            return true;
    for (size_t i = 0; letters[i] != NULL && n < part.n; i++)
        if (slice_eq_nocase(slice_of(part.p, n), slice_str(letters[i])))
            return true;
    return false;
}

// A part that tells one file of a release from another.
static bool is_classifier(struct slice part)
{
    static const char *const words[] = {"sources", "javadoc", "tests", "test",    "shaded", "all",
                                        "nolog",   "exec",    "jar",   "modular", "uber",   NULL};
    return is_one_of(part, words) || starts_nocase(part, SLICE("linux")) || starts_nocase(part, SLICE("osx")) ||
           starts_nocase(part, SLICE("windows"));
}

static struct slice next_part(struct slice *rest)
{
    struct slice part;
    slice_cut(*rest, '-', &part, rest);
    return part;
}

// The length of the version that `s` begins with; 0 when a name goes on behind what looks like one, as in
// "1.2-api-2.14.1".
static size_t version_length(struct slice s)
{
    struct slice rest = s, part = next_part(&rest);
    size_t n = part.n;
    bool ended = false;
    while (rest.n != 0) {
        struct slice before = rest;
        part = next_part(&rest);
        bool qualifier = is_qualifier(part);
        if (ended && begins_version(part))
            return 0;
        ended = ended || (!qualifier && is_classifier(part));
        if (!qualifier && !ended) {
            // An unknown word: the version's own, unless another version comes.
            for (struct slice later = rest; later.n != 0;)
                if (begins_version(next_part(&later)))
                    return 0;
        }
        if (!ended)
            n = (size_t)(before.p + part.n - s.p);
    }
    return n;
}

// Splits where the manifest's version stands in the name; false when it does not.
static bool split_at(struct slice name, struct slice version, struct java_coordinates *c)
{
    for (size_t i = name.n; version.n != 0 && i > version.n + 1; i--) {
        size_t at = i - version.n;
        if (name.p[at - 1] != '-' || !slice_eq(slice_of(name.p + at, version.n), version))
            continue;
        struct slice rest = slice_from(name, i + 1);
        if (i < name.n && (name.p[i] != '-' || !is_classifier(next_part(&rest))))
            return false;
        *c = (struct java_coordinates){.artifact = slice_of(name.p, at - 1), .version = version};
        return true;
    }
    return false;
}

struct java_coordinates java_split_name(struct slice path, const struct java_manifest *m)
{
    struct slice name = slice_basename(path);
    ptrdiff_t dot = slice_rfind(name, '.');
    if (dot > 0)
        name.n = (size_t)dot;
    struct java_coordinates c = {.artifact = name};
    if (name.n > NAME_MOST)
        return c;
    if (split_at(name, first_version(m->version), &c) || split_at(name, first_version(m->bundle_version), &c))
        return c;
    for (size_t i = 1; i + 1 < name.n; i++) {
        struct slice rest = slice_from(name, i + 1);
        size_t n = name.p[i] == '-' && begins_version(rest) ? version_length(rest) : 0;
        if (n != 0)
            return (struct java_coordinates){.artifact = slice_of(name.p, i), .version = slice_of(rest.p, n)};
    }
    return c;
}

// The manifest's own word on the version: OSGi's form ("29.0.0.jre") is not Maven's, and a specification's version is
// that of what is implemented, so they come last.
static struct slice manifest_version(const struct java_manifest *m)
{
    const struct slice values[] = {m->version, m->plugin_version, m->bundle_version, m->specification_version};
    struct slice version = SLICE("");
    for (size_t i = 0; version.n == 0 && i < sizeof values / sizeof values[0]; i++)
        version = first_version(values[i]);
    return version;
}

// ---- Groups ---------------------------------------------------------------------------------------------------------

// Projects whose archives tell their group nowhere, or tell another name: facts of the central repository. An artifact
// that ends with '*' stands for all that begin so; the first line that fits counts.
static const struct {
    const char *artifact, *group; // group NULL: the same as the artifact
    const char *version;          // what the version begins with, NULL for any
} known[] = {
    {"spring-boot*", "org.springframework.boot", NULL},
    {"spring-security-*", "org.springframework.security", NULL},
    {"spring-data-*", "org.springframework.data", NULL},
    {"spring-cloud-*", "org.springframework.cloud", NULL},
    {"spring-integration-*", "org.springframework.integration", NULL},
    {"spring-batch-*", "org.springframework.batch", NULL},
    {"spring-session-*", "org.springframework.session", NULL},
    {"spring-plugin-*", "org.springframework.plugin", NULL},
    {"spring-ldap-*", "org.springframework.ldap", NULL},
    {"spring-ws-*", "org.springframework.ws", NULL},
    {"spring-kafka*", "org.springframework.kafka", NULL},
    {"spring-hateoas", "org.springframework.hateoas", NULL},
    {"spring-retry", "org.springframework.retry", NULL},
    {"spring-amqp", "org.springframework.amqp", NULL},
    {"spring-rabbit*", "org.springframework.amqp", NULL},
    {"spring-aop", "org.springframework", NULL},
    {"spring-aspects", "org.springframework", NULL},
    {"spring-beans", "org.springframework", NULL},
    {"spring-context*", "org.springframework", NULL},
    {"spring-core*", "org.springframework", NULL},
    {"spring-expression", "org.springframework", NULL},
    {"spring-instrument*", "org.springframework", NULL},
    {"spring-jcl", "org.springframework", NULL},
    {"spring-jdbc", "org.springframework", NULL},
    {"spring-jms", "org.springframework", NULL},
    {"spring-messaging", "org.springframework", NULL},
    {"spring-orm", "org.springframework", NULL},
    {"spring-oxm", "org.springframework", NULL},
    {"spring-r2dbc", "org.springframework", NULL},
    {"spring-test", "org.springframework", NULL},
    {"spring-tx", "org.springframework", NULL},
    {"spring-web", "org.springframework", NULL},
    {"spring-webflux", "org.springframework", NULL},
    {"spring-webmvc*", "org.springframework", NULL},
    {"spring-websocket", "org.springframework", NULL},
    {"tomcat-embed-*", "org.apache.tomcat.embed", NULL},
    {"tomcat-*", "org.apache.tomcat", NULL},
    {"kotlin-*", "org.jetbrains.kotlin", NULL},
    {"kotlinx-*", "org.jetbrains.kotlinx", NULL},
    {"okhttp", "com.squareup.okhttp", "2."},
    {"okhttp*", "com.squareup.okhttp3", NULL},
    {"logging-interceptor", "com.squareup.okhttp3", NULL},
    {"okio*", "com.squareup.okio", NULL},
    {"graphql-java*", "com.graphql-java", NULL},
    {"aspectj*", "org.aspectj", NULL},
    {"asm", "asm", "3."},
    {"asm", "org.ow2.asm", NULL},
    {"asm-*", "org.ow2.asm", NULL},
    {"jna*", "net.java.dev.jna", NULL},
    {"jdom2", "org.jdom", NULL},
    {"lombok", "org.projectlombok", NULL},
    {"ojdbc*", "com.oracle.database.jdbc", NULL},
    {"zookeeper*", "org.apache.zookeeper", NULL},
    {"xmlbeans", "org.apache.xmlbeans", NULL},
    {"ant", "org.apache.ant", NULL},
    {"ant-*", "org.apache.ant", NULL},
    {"lucene-*", "org.apache.lucene", NULL},
    {"solr-*", "org.apache.solr", NULL},
    {"log4j-*", "org.apache.logging.log4j", NULL},
    {"xercesImpl", "xerces", NULL},
    {"serializer", "xalan", NULL},
    {"cglib-nodep", "cglib", NULL},
    {"dom4j", NULL, "1."},
    {"mysql-connector-java", "mysql", NULL},
    {"commons-beanutils*", "commons-beanutils", NULL},
    {"commons-chain", NULL, NULL},
    {"commons-cli", NULL, NULL},
    {"commons-codec", NULL, NULL},
    {"commons-collections", NULL, NULL},
    {"commons-configuration", NULL, NULL},
    {"commons-dbcp", NULL, NULL},
    {"commons-digester", NULL, NULL},
    {"commons-discovery", NULL, NULL},
    {"commons-el", NULL, NULL},
    {"commons-fileupload", NULL, NULL},
    {"commons-httpclient", NULL, NULL},
    {"commons-io", NULL, NULL},
    {"commons-jxpath", NULL, NULL},
    {"commons-lang", NULL, NULL},
    {"commons-logging*", "commons-logging", NULL},
    {"commons-net", NULL, NULL},
    {"commons-pool", NULL, NULL},
    {"commons-validator", NULL, NULL},
    {"antlr", NULL, NULL},
    {"aopalliance", NULL, NULL},
    {"axis", NULL, NULL},
    {"cglib", NULL, NULL},
    {"jaxen", NULL, NULL},
    {"junit", NULL, NULL},
    {"log4j", NULL, NULL},
    {"ognl", NULL, NULL},
    {"oro", NULL, NULL},
    {"wsdl4j", NULL, NULL},
    {"xalan", NULL, NULL},
    {"xml-apis*", "xml-apis", NULL},
};

static struct slice known_group(const struct java_coordinates *c)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct slice artifact = slice_str(known[i].artifact);
        bool open = slice_ends(artifact, SLICE("*"));
        artifact.n -= open;
        bool fits = open ? slice_starts(c->artifact, artifact) : slice_eq(c->artifact, artifact);
        if (fits && slice_starts(c->version, slice_str(known[i].version)))
            return known[i].group != NULL ? slice_str(known[i].group) : c->artifact;
    }
    return SLICE("");
}

// A reversed domain name that someone could own. The umbrellas are no group of anything.
static bool is_group(struct slice name)
{
    static const char *const domains[] = {"com", "org", "net", "io", "de", "fr", "uk", "ch",   "edu", "gov", "cn", "jp",
                                          "eu",  "me",  "dev", "nl", "it", "ru", "se", "be",   "at",  "cz",  "pl", "us",
                                          "co",  "app", "ai",  "no", "fi", "in", "br", "info", "biz", NULL};
    static const char *const umbrellas[] = {
        "org.apache", "com.google",    "com.sun", "org.eclipse",  "org.codehaus", "com.github",    "org.jboss",
        "com.oracle", "org.glassfish", "com.ibm", "org.sonatype", "org.ow2",      "com.fasterxml", NULL};
    struct slice domain, rest;
    return slice_cut(name, '.', &domain, &rest) && rest.n != 0 && java_is_plain(name) && is_one_of(domain, domains) &&
           !is_one_of(name, umbrellas);
}

// Where the artifact begins at the end of a dotted name, taking all separators for the same; -1 when it does not end
// so.
static ptrdiff_t find_artifact(struct slice name, struct slice artifact)
{
    if (artifact.n == 0 || name.n < artifact.n + 2 || !is_separator(name.p[name.n - artifact.n - 1]))
        return -1;
    size_t at = name.n - artifact.n;
    for (size_t i = 0; i < artifact.n; i++) {
        char x = lower(name.p[at + i]), y = lower(artifact.p[i]);
        if (x != y && !(is_separator(x) && is_separator(y)))
            return -1;
    }
    return (ptrdiff_t)at;
}

static size_t first_word(struct slice artifact)
{
    size_t n = 0;
    while (n < artifact.n && !is_separator(artifact.p[n]))
        n++;
    return n;
}

static struct slice last_word(struct slice artifact)
{
    size_t n = artifact.n;
    while (n > 0 && !is_separator(artifact.p[n - 1]))
        n--;
    return slice_from(artifact, n);
}

// The group in the name of a bundle, module or package that ends like the artifact: org.mockito.mockito-core has the
// artifact behind its group, org.apache.commons.text has commons-text's first word as the group's last, and of
// org.springframework.beans and spring-beans the last word is common. Empty when nothing is.
static struct slice group_in(struct slice name, struct slice artifact)
{
    ptrdiff_t at = find_artifact(name, artifact);
    struct slice group = SLICE("");
    if (at > 0) {
        size_t word = first_word(artifact);
        bool behind = word == artifact.n || slice_eq(slice_from(name, (size_t)at), artifact);
        group = slice_of(name.p, behind ? (size_t)at - 1 : (size_t)at + word);
    } else {
        struct slice last = last_word(artifact);
        at = find_artifact(name, last);
        if (at <= 0 || name.p[at - 1] != '.')
            return group;
        group = slice_of(name.p, (size_t)at - 1);
    }
    return is_group(group) ? group : is_group(name) ? name : SLICE("");
}

// The repository that the file lies in: GROUP/AS/FOLDERS/ARTIFACT/VERSION/ARTIFACT-VERSION.jar, and in Gradle's cache
// GROUP/ARTIFACT/VERSION/CHECKSUM/….
static struct slice repository_group(struct slice path, struct arena *a)
{
    static const char *const roots[] = {"repository", "maven-repo", "repo",      "m2",
                                        "maven2",     "system",     "files-2.1", NULL};
    struct slice folder = slice_dirname(path), name = slice_basename(path);
    for (int i = 0; i < 2; i++, folder = slice_dirname(folder)) {
        struct slice version = slice_basename(folder), above = slice_dirname(folder), artifact = slice_basename(above);
        if (artifact.n == 0 || name.n <= artifact.n || !slice_starts(name, artifact) || name.p[artifact.n] != '-' ||
            !slice_starts(slice_from(name, artifact.n + 1), version))
            continue;
        struct slice root = slice_dirname(above), group = SLICE("");
        while (root.n != 0 && !is_one_of(slice_basename(root), roots)) {
            struct slice part = slice_basename(root);
            group = group.n != 0 ? arena_printf(a, "%.*s.%.*s", SLICE_ARG(part), SLICE_ARG(group)) : part;
            root = slice_dirname(root);
        }
        return root.n != 0 && java_is_plain(group) ? group : SLICE("");
    }
    return SLICE("");
}

// The specifications' own archives: javax.annotation-api, jakarta.servlet.jsp-api, javax.inject.
static struct slice specification_group(struct slice artifact)
{
    if (!slice_starts(artifact, SLICE("javax.")) && !slice_starts(artifact, SLICE("jakarta.")))
        return SLICE("");
    ptrdiff_t dash = slice_find(artifact, '-');
    return dash > 0 ? slice_of(artifact.p, (size_t)dash) : artifact;
}

// A bundle that is named for its group alone, "com.h2database" for h2.
static bool is_named_for(struct slice group, struct slice artifact)
{
    struct slice last = slice_from(group, (size_t)(slice_rfind(group, '.') + 1));
    return is_group(group) && starts_nocase(last, artifact);
}

static struct slice dotted(struct slice folder, struct arena *a)
{
    struct buf out BUF_AUTO = {0};
    for (size_t i = 0; i < folder.n; i++)
        buf_addc(&out, folder.p[i] == '/' ? '.' : folder.p[i]);
    return arena_dup(a, buf_slice(&out));
}

// In the order of how seldom they are wrong; docs/scanners.md has the numbers.
static struct slice group_of(const struct java_evidence *e, const struct java_coordinates *c, struct arena *a)
{
    const struct java_manifest *m = e->manifest;
    struct slice package = dotted(e->package, a), group = repository_group(e->path, a);
    if (group.n == 0)
        group = known_group(c);
    if (group.n == 0)
        group = specification_group(c->artifact);
    if (group.n == 0 && is_group(m->vendor_id))
        group = m->vendor_id;
    const struct slice names[] = {m->symbolic_name, m->module_name, m->title};
    for (size_t i = 0; group.n == 0 && i < sizeof names / sizeof names[0]; i++)
        group = group_in(names[i], c->artifact);
    for (size_t i = 0; group.n == 0 && i < sizeof names / sizeof names[0]; i++)
        if (is_named_for(names[i], c->artifact))
            group = names[i];
    if (group.n == 0)
        group = group_in(package, c->artifact);
    if (group.n == 0 && is_group(m->title))
        group = m->title;
    return group.n == 0 && is_group(package) ? package : group;
}

// ---- All ------------------------------------------------------------------------------------------------------------

// "io.micrometer#micrometer-core;1.8.3", as one of Gradle's plugins writes titles.
static bool read_title(struct slice title, struct java_coordinates *c)
{
    struct slice rest;
    return slice_cut(title, '#', &c->group, &rest) && slice_cut(rest, ';', &c->artifact, &c->version) &&
           java_is_plain(c->group) && java_is_plain(c->artifact) && java_is_plain(c->version);
}

// A title that is an artifact's name rather than one for people: "spring-core".
static bool is_artifact(struct slice title)
{
    for (size_t i = 0; i < title.n; i++)
        if (lower(title.p[i]) != title.p[i] || title.p[i] == '.')
            return false;
    return java_is_plain(title) && slice_find(title, '-') > 0;
}

// "org.mortbay.jasper.apache-el": the whole name is group and artifact, unless the artifact itself is named so, as
// bundles of Eclipse are (org.eclipse.jdt.core, in the group org.eclipse.jdt).
static bool split_dotted(const struct java_manifest *m, struct java_coordinates *c)
{
    ptrdiff_t dot = slice_rfind(c->artifact, '.');
    struct slice group = slice_of(c->artifact.p, dot > 0 ? (size_t)dot : 0);
    if (!is_group(group))
        return false;
    struct slice last = slice_from(c->artifact, (size_t)dot + 1);
    if (slice_find(last, '-') > 0 || !slice_eq(m->symbolic_name, c->artifact))
        c->artifact = last;
    c->group = group;
    return true;
}

struct java_coordinates java_identify(const struct java_evidence *e, struct arena *a)
{
    const struct java_manifest *m = e->manifest;
    struct java_coordinates c, file = java_split_name(e->path, m);
    struct slice version = file.version.n != 0 ? file.version : manifest_version(m);
    if (read_title(m->title, &c))
        return c;
    if (m->group_id.n != 0 && m->short_name.n != 0)
        return (struct java_coordinates){m->group_id, m->short_name, version};
    if (e->pom_artifact.n != 0 && slice_find_slice(file.artifact, e->pom_artifact) >= 0)
        return (struct java_coordinates){e->pom_group, e->pom_artifact, version};
    c = (struct java_coordinates){.artifact = file.artifact, .version = version};
    if (file.version.n == 0 && is_artifact(m->title))
        c.artifact = m->title;
    // Tomcat's own archives bear their artifacts' names without its family's: catalina.jar is tomcat-catalina.
    if (slice_eq(m->title, SLICE("Apache Tomcat")) && !slice_starts(c.artifact, SLICE("tomcat-")))
        c.artifact = arena_printf(a, "tomcat-%.*s", SLICE_ARG(c.artifact));
    if (!split_dotted(m, &c))
        c.group = group_of(e, &c, a);
    return c;
}
