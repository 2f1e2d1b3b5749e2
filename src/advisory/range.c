#include "advisory/range.h"

bool advisory_range_holds(struct advisory_range range, const struct version_scheme *scheme, struct slice version)
{
    if (range.introduced.n != 0 && scheme->compare(version, range.introduced) < 0)
        return false;
    switch (range.status) {
    case ADVISORY_AFFECTED:
        return true;
    case ADVISORY_FIXED:
        return scheme->compare(version, range.bound) < 0;
    case ADVISORY_LAST_AFFECTED:
        return scheme->compare(version, range.bound) <= 0;
    case ADVISORY_NOT_AFFECTED:
    case ADVISORY_UNDETERMINED:
        break;
    }
    return false;
}
