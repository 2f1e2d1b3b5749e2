// Version schemes: how two version texts compare, exactly as their own package manager does it.
#pragma once

#include "base/slice.h"

struct version_scheme {
    const char *name; // "dpkg", "semver"

    // Negative, zero or positive. Total: also for texts that are not valid, with some fixed order.
    int (*compare)(struct slice a, struct slice b);

    // True when the reference implementation takes the text as a version.
    bool (*valid)(struct slice v);
};

// deb-version(7), dpkg's lib/dpkg/version.c: [epoch:]upstream[-revision].
extern const struct version_scheme version_dpkg;

// apk-tools 3 (src/version.c): 1.2.3a_pre1-r4~hash.
extern const struct version_scheme version_apk;

// librpm's rpmverParse() and rpmverCmp(), of rpm 4.15 and later: [epoch:]version[-release].
extern const struct version_scheme version_rpm;

// Semantic Versioning 2.0.0, for npm, Cargo and Go: v1.2.3-rc.1+build, as npm's semver (loose) and Go's
// golang.org/x/mod/semver take and compare it.
extern const struct version_scheme version_semver;

// PyPA's "Version specifiers", packaging 26 (src/packaging/version.py): 1!2.3rc1.post2.dev3+local.
extern const struct version_scheme version_pep440;

// A version in ten numbers that compare one by one: the epoch, five of the release, the pre-release and its number, the
// post-release, the development release. This is how Clair v4 keeps them (claircore, pkg/pep440): what does not fit is
// lost. False for a text that is no version.
#define VERSION_NUMBERS 10
bool version_pep440_numbers(struct slice v, int32_t numbers[static VERSION_NUMBERS]);

// RubyGems' Gem::Version (lib/rubygems/version.rb): 1.2.3.rc1.
extern const struct version_scheme version_gem;

// composer/semver 3.4 (src/VersionParser.php) and PHP's version_compare(): v1.2.3-beta4, dev-main.
extern const struct version_scheme version_composer;

// Maven's "Version Order Specification", maven-artifact 3.9 (ComparableVersion): 1.2-beta-3. It takes every text, and
// is not transitive where Maven is not.
extern const struct version_scheme version_maven;

// NuGet's "Package versioning", NuGet.Versioning of NuGet.Client: 1.2.3.4-beta.5+build.
extern const struct version_scheme version_nuget;

// R's numeric_version() and compareVersion(), for CRAN and Bioconductor: 1.2-3.
extern const struct version_scheme version_cran;

// All schemes, terminated by NULL.
extern const struct version_scheme *const version_schemes[];

// By name; NULL when there is none.
const struct version_scheme *version_scheme_named(struct slice name);
