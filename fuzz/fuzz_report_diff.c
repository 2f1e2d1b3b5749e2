// A report of a stranger, compared with itself and with the smallest one there is.
#include "fuzz.h"

#include "output/report_diff.h"

static void compare(struct slice before, struct slice after)
{
    struct buf out BUF_AUTO = {0};
    struct error err;
    struct report_diff *d = report_diff_new(before, after, &err);
    if (d == NULL)
        return;
    report_diff_text(d, &out);
    report_diff_json(d, &out);
    report_diff_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice least = SLICE("{\"schema\":\"clarion/report/1\",\"packages\":[],\"findings\":[]}");
    struct slice text = slice_of((const char *)data, size);
    compare(text, text);
    compare(text, least);
    compare(least, text);
    return 0;
}
