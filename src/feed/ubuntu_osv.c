// Ubuntu's vulnerabilities in the OSV schema: one archive of all releases.
//
// Form, as the security team documents it (https://documentation.ubuntu.com/security/security-updates/osv/) and
// security-metadata.canonical.com/osv publishes it: a record for each CVE, "UBUNTU-CVE-2024-6387", with the CVE in
// "upstream" and the notices in "related". An entry of "affected" is a source package in one release, of which the
// package URL has the code name: "distro=jammy", and "distro=esm-infra/bionic" for what only Ubuntu Pro brings, whose
// ecosystem is "Ubuntu:Pro:…". "severity" has the team's priority, as of type "Ubuntu". Records of notices (USN-, LSN-)
// tell the same by another order and are left out.
//
// It says what Ubuntu's OVAL says; a generation that has both is judged by the OVAL.
#include "feed/osv.h"

static bool is_codename(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 'a' || text.p[i] > 'z')
            return false;
    return text.n != 0;
}

// "jammy" of "pkg:deb/ubuntu/expat@2.4.7-1ubuntu0.3?arch=source&distro=jammy", "bionic" of "distro=esm-infra/bionic".
static struct slice codename_of(struct slice purl)
{
    static const struct slice key = {"distro=", sizeof "distro=" - 1};
    struct slice distro, rest;
    ptrdiff_t at = slice_find_slice(purl, key);
    slice_cut(at < 0 ? SLICE("") : slice_from(purl, (size_t)at + key.n), '&', &distro, &rest);
    ptrdiff_t encoded = slice_find_slice(distro, SLICE("%2F")), slash = slice_rfind(distro, '/');
    if (encoded >= 0)
        return slice_from(distro, (size_t)encoded + 3);
    return slice_from(distro, (size_t)(slash + 1));
}

static const char *place(struct arena *a, struct slice ecosystem, struct slice purl, struct advisory *record)
{
    struct slice name, variant, release, codename = codename_of(purl);
    slice_cut(ecosystem, ':', &name, &release);
    slice_cut(release, ':', &variant, &release);
    bool pro = slice_eq(variant, SLICE("Pro"));
    if (pro && (release.n == 0 || release.p[0] < '0' || release.p[0] > '9'))
        return "is for a variant of Ubuntu Pro (FIPS, Realtime, …)";
    if (!is_codename(codename))
        return "names no release";
    record->scope = arena_printf(a, "ubuntu:%.*s%s", SLICE_ARG(codename), pro ? "/pro" : "");
    if (pro)
        record->state = SLICE("Ubuntu Pro");
    return NULL;
}

static const struct osv_ecosystem ubuntu = {.name = "Ubuntu",
                                            .kind = "deb",
                                            .scheme = &version_dpkg,
                                            .of_source = true,
                                            .id_prefix = "UBUNTU-",
                                            .place = place};

static bool parse(struct feed_input *input, struct error *err)
{
    return osv_parse_tar(input, &ubuntu, err);
}

extern const struct feed feed_ubuntu_osv;
const struct feed feed_ubuntu_osv = {
    .name = "ubuntu-osv",
    .title = "Ubuntu's vulnerabilities, by OSV",
    .url = "https://security-metadata.canonical.com/osv/osv-all.tar.xz",
    .version = 1,
    .parse = parse,
    .update = feed_update_one_file,
};
