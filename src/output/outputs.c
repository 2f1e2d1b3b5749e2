#include "output/output.h"

#define DECLARE(name) extern const struct output output_##name;
OUTPUTS(DECLARE)

#define ENTRY(name) &output_##name,
const struct output *const outputs[] = {OUTPUTS(ENTRY) NULL};

const struct output *output_named(struct slice name)
{
    for (size_t i = 0; outputs[i] != NULL; i++)
        if (slice_eq(name, slice_str(outputs[i]->name)))
            return outputs[i];
    return NULL;
}

bool output_leaves_out(const struct output_options *options, const struct report_finding *finding)
{
    return (options->only_fixed && finding->fixed_in.n == 0) || (options->only_code && finding->code.missing);
}

size_t output_left_out(const struct output_options *options, const struct report *report)
{
    size_t n = 0;
    for (size_t i = 0; i < report->findings_n; i++)
        n += output_leaves_out(options, &report->findings[i]);
    return n;
}
