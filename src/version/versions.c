// The table of version schemes.
#include "version/version.h"

// clang-format off
const struct version_scheme *const version_schemes[] = {
    &version_dpkg,
    &version_apk,
    &version_rpm,
    &version_semver,
    &version_pep440,
    &version_gem,
    &version_composer,
    &version_maven,
    &version_nuget,
    &version_cran,
    NULL,
};
// clang-format on

const struct version_scheme *version_scheme_named(struct slice name)
{
    for (size_t i = 0; version_schemes[i] != NULL; i++)
        if (slice_eq(name, slice_str(version_schemes[i]->name)))
            return version_schemes[i];
    return NULL;
}
