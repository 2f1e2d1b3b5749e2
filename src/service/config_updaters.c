// updaters.config: Clair's settings of its updaters, as other places for what the feeds here fetch.
//
// Clair knows sets ("alpine") and single updaters ("alpine-main-v3.18-updater"), each with settings of its own
// (claircore, the FactoryConfig and UpdaterConfig of each package). Those that name a place are obeyed; of each other
// one it is said why it has no effect.
#include "service/config.h"

#define ALPINE  "https://secdb.alpinelinux.org/"
#define DEBIAN  "https://security-tracker.debian.org/tracker/data/json"
#define UBUNTU  "https://security-metadata.canonical.com/oval/com.ubuntu."
#define OSV     "https://osv-vulnerabilities.storage.googleapis.com/"
#define REDHAT  "https://security.access.redhat.com/data/csaf/v2/vex/"
#define SUSE    "https://ftp.suse.com/pub/projects/security/oval/"
#define PHOTON  "https://packages.vmware.com/photon/photon_oval_definitions/com.vmware.phsa-"
#define NVD     "https://nvd.nist.gov/feeds/json/cve/2.0/"
#define PACKING "how a file is packed is told by its first bytes"

// '*' stands for a part of a name, in `from` for the same part.
static const struct setting {
    const char *updater, *name;
    const char *from; // what the place is in the stead of; NULL: none
    const char *note; // with `from` NULL: why it has no effect
    bool removed;
} settings[] = {
    {"alpine", "url", .from = ALPINE},
    {"alpine-main-*-updater", "url", .from = ALPINE "*/main.json"},
    {"alpine-community-*-updater", "url", .from = ALPINE "*/community.json"},
    {"debian", "json_url", .from = DEBIAN},
    {"debian", "mirror_url", .note = "names and numbers of releases are not taken from a mirror of Debian's archive"},
    {"debian", "archive_url", .note = "Clair has removed it: use json_url", .removed = true},
    {"debian", "oval_url", .note = "Clair has removed it: use json_url", .removed = true},
    {"debian/updater", "json_url", .from = DEBIAN},
    {"ubuntu", "url", .from = "https://api.launchpad.net/1.0/"},
    {"ubuntu", "name", .note = "all releases that the list at ubuntu.url calls active are read"},
    {"ubuntu", "force", .note = "all releases that the list at ubuntu.url calls active are read, and no others"},
    {"ubuntu/updater/*", "url", .from = UBUNTU "*.cve.oval.xml.bz2"},
    {"ubuntu/updater/*", "use_bzip2", .note = PACKING},
    {"osv", "url", .from = OSV},
    {"osv/pypi", "url", .from = OSV "PyPI/all.zip"},
    {"osv/npm", "url", .from = OSV "npm/all.zip"},
    {"osv/go", "url", .from = OSV "Go/all.zip"},
    {"osv/maven", "url", .from = OSV "Maven/all.zip"},
    {"osv/crates.io", "url", .from = OSV "crates.io/all.zip"},
    {"osv/rubygems", "url", .from = OSV "RubyGems/all.zip"},
    {"osv/packagist", "url", .from = OSV "Packagist/all.zip"},
    {"osv/nuget", "url", .from = OSV "NuGet/all.zip"},
    {"rhel-vex", "url", .from = REDHAT},
    {"rhel-vex", "compressed_file_timeout", .note = "the limits fetch_slow_seconds and fetch_tries bound it"},
    {"rhel-vex", "ignore_kernel_packages", .note = "an ignore file of `clarion scan` can leave them out"},
    {"rhel-vex", "fixed_in_version_cel", .note = "versions are told as Red Hat writes them"},
    {"suse", "url", .from = SUSE},
    {"suse-updater-*", "url", .note = "which files there are is told by the list at suse.url"},
    {"suse-updater-*", "compression", .note = PACKING},
    {"photon-updater-*", "url", .from = PHOTON "*.xml"},
    {"photon-updater-*", "compression", .note = PACKING},
    {"oracle-*-updater", "url", .note = "one file has all years: set oracle.url"},
    {"oracle-*-updater", "compression", .note = PACKING},
    {"clair.cvss", "feed_root", .from = NVD},
};

// Does `pattern` fit the name, and what does its '*' stand for?
static bool fits(const char *pattern, struct slice name, struct slice *part)
{
    struct slice start, end;
    *part = (struct slice){0};
    if (!slice_cut(slice_str(pattern), '*', &start, &end))
        return slice_eq(slice_str(pattern), name);
    if (name.n <= start.n + end.n || !slice_starts(name, start) || !slice_ends(name, end))
        return false;
    *part = slice_of(name.p + start.n, name.n - start.n - end.n);
    return true;
}

static struct slice filled(struct arena *a, const char *from, struct slice part)
{
    struct slice start, end;
    if (!slice_cut(slice_str(from), '*', &start, &end))
        return slice_str(from);
    return arena_printf(a, "%.*s%.*s%.*s", SLICE_ARG(start), SLICE_ARG(part), SLICE_ARG(end));
}

// The setting of that name; NULL when the updater has none. `*known` tells whether there is such an updater at all.
static const struct setting *setting_of(struct slice updater, struct slice name, struct slice *part, bool *known)
{
    *known = false;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (!fits(settings[i].updater, updater, part))
            continue;
        *known = true;
        if (slice_eq(slice_str(settings[i].name), name))
            return &settings[i];
    }
    return NULL;
}

static void problem(struct config_check *c, struct arena *a, bool error, const struct yaml_node *at,
                    struct slice updater, struct slice name, struct slice text)
{
    struct slice key =
        arena_printf(a, "updaters.config.%.*s%s%.*s", SLICE_ARG(updater), name.n != 0 ? "." : "", SLICE_ARG(name));
    config_add_problem(c, a, error, at->place, key, text);
}

void config_add_place(struct config *config, struct arena *a, struct slice from, struct slice to)
{
    struct feed_place *places = ARENA_NEW(a, struct feed_place, config->places_n + 1);
    if (config->places_n != 0)
        memcpy(places, config->places, config->places_n * sizeof *places);
    places[config->places_n++] = (struct feed_place){from, to};
    config->places = places;
}

static void take_place(struct config_check *c, struct arena *a, struct slice updater, const struct yaml_member *m,
                       struct slice from)
{
    struct error wrong;
    if (m->value->type != YAML_TEXT)
        problem(c, a, true, m->value, updater, m->key, SLICE("must be a URL"));
    else if (m->value->text.n == 0)
        return; // as Clair: as if it were not there
    else if (!feed_place_check(m->value->text, &wrong))
        problem(c, a, true, m->value, updater, m->key, arena_dup(a, slice_str(wrong.text)));
    else
        config_add_place(&c->config, a, from, m->value->text);
}

// osv.allowlist: Clair's names of ecosystems, in letters of either case. The feeds are called after them.
static bool is_ecosystem(struct slice feed, struct slice name)
{
    struct slice ecosystem = slice_from(feed, sizeof "osv-" - 1);
    return slice_eq_nocase(ecosystem, name) ||
           (slice_eq(ecosystem, SLICE("crates")) && slice_eq_nocase(name, SLICE("crates.io")));
}

bool config_allows_ecosystem(const struct config *config, struct slice feed)
{
    if (config->ecosystems.n == 0 || !slice_starts(feed, SLICE("osv-")))
        return true;
    for (size_t i = 0; i < config->ecosystems.n; i++)
        if (is_ecosystem(feed, config->ecosystems.v[i]))
            return true;
    return false;
}

static bool has_ecosystem(struct slice name)
{
    for (size_t i = 0; feeds[i] != NULL; i++)
        if (slice_starts(slice_str(feeds[i]->name), SLICE("osv-")) && is_ecosystem(slice_str(feeds[i]->name), name))
            return true;
    return false;
}

static void take_allowlist(struct config_check *c, struct arena *a, const struct yaml_member *m)
{
    struct slice updater = SLICE("osv");
    const struct yaml_node *list = m->value;
    VEC(struct slice) names = {0};
    if (list->type != YAML_LIST) {
        problem(c, a, true, list, updater, m->key, SLICE("must be a list of texts"));
        return;
    }
    for (size_t i = 0; i < list->members.n; i++) {
        const struct yaml_node *item = list->members.v[i].value;
        if (item->type != YAML_TEXT) {
            problem(c, a, true, item, updater, m->key, SLICE("must be a list of texts"));
            continue;
        }
        if (!has_ecosystem(item->text))
            problem(
                c, a, false, item, updater, m->key,
                arena_printf(a, "\"%.*s\" has no effect: no feed is made of that ecosystem", SLICE_ARG(item->text)));
        VEC_PUSH(a, &names) = item->text;
    }
    c->config.ecosystems = (struct slices){names.v, names.n};
}

static void take_setting(struct config_check *c, struct arena *a, struct slice updater, const struct yaml_member *m)
{
    struct slice part;
    bool known;
    const struct setting *s = setting_of(updater, m->key, &part, &known);
    const struct feed *feed = feed_named(updater);
    if (m->value->type == YAML_NULL)
        return;
    if (slice_eq(updater, SLICE("osv")) && slice_eq(m->key, SLICE("allowlist")))
        take_allowlist(c, a, m);
    else if (s != NULL && s->from != NULL)
        take_place(c, a, updater, m, filled(a, s->from, part));
    else if (s != NULL)
        problem(c, a, s->removed, m->value, updater, m->key,
                s->removed ? slice_str(s->note) : arena_printf(a, "has no effect: %s", s->note));
    else if (feed != NULL && slice_eq(m->key, SLICE("url")))
        take_place(c, a, updater, m, slice_str(feed->url));
    else
        problem(c, a, false, m->value, updater, m->key,
                known || feed != NULL ? SLICE("has no effect: the updater has no such setting")
                                      : SLICE("has no effect: this version has no feed for it"));
}

void config_take_updaters(struct config_check *c, struct arena *a, const struct yaml_node *map)
{
    for (size_t i = 0; i < map->members.n; i++) {
        const struct yaml_member *updater = &map->members.v[i];
        if (updater->value->type == YAML_NULL)
            continue;
        if (updater->value->type != YAML_MAP) {
            problem(c, a, true, updater->value, updater->key, SLICE(""),
                    arena_printf(a, "must be a map of settings, not %s", yaml_type_name(updater->value->type)));
            continue;
        }
        for (size_t j = 0; j < updater->value->members.n; j++)
            take_setting(c, a, updater->key, &updater->value->members.v[j]);
    }
}
