// The order of R's package versions: it is total, antisymmetric, transitive and reflexive for any texts.
#include "version_laws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    expect_version_laws(&version_cran, data, size);
    return 0;
}
