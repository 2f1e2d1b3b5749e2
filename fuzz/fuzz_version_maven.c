// Maven's version order: it is total, antisymmetric and reflexive for any two texts. Transitive it is not, in Maven.
#include "fuzz.h"
#include "version/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice a, b;
    slice_cut(slice_of((const char *)data, size), '\n', &a, &b);
    int order = version_maven.compare(a, b), reverse = version_maven.compare(b, a);
    if ((order > 0) != (reverse < 0) || (order == 0) != (reverse == 0) || version_maven.compare(a, a) != 0)
        abort();
    version_maven.valid(a);
    return 0;
}
