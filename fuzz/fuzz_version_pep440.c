// Python's version order: it is total, antisymmetric, transitive and reflexive for any texts. What is a version has
// numbers.
#include "version_laws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int32_t numbers[VERSION_NUMBERS];
    struct slice text = slice_of((const char *)data, size);
    expect_version_laws(&version_pep440, data, size);
    if (version_pep440_numbers(text, numbers) != version_pep440.valid(text))
        abort();
    return 0;
}
