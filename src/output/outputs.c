#include "output/output.h"

extern const struct output output_clair, output_cyclonedx, output_gitlab, output_html, output_intoto, output_json,
    output_junit, output_openvex, output_sarif, output_spdx, output_table;

// In the order of --help.
const struct output *const outputs[] = {&output_table,   &output_json,   &output_clair,     &output_sarif,
                                        &output_junit,   &output_gitlab, &output_cyclonedx, &output_spdx,
                                        &output_openvex, &output_intoto, &output_html,      NULL};

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
