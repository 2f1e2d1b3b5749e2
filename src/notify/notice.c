#include "notify/notice.h"

const char *notice_reason_name(enum notice_reason reason)
{
    static const char *const names[] = {
        [NOTICE_ADDED] = "added", [NOTICE_CHANGED] = "changed", [NOTICE_REMOVED] = "removed"};
    return names[reason];
}
