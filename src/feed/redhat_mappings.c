// Red Hat's two mappings: repositories (content sets) to CPEs, and the names of container images to the repositories
// that publish them.
//
// Forms, as security.access.redhat.com publishes them under data/metrics: repository-to-cpe.json is {"data":
// {"rhel-9-for-x86_64-baseos-rpms": {"cpes": ["cpe:/o:redhat:…"], …}}}, container-name-repos-map.json is {"data":
// {"ubi9/httpd-24": ["rhel9/httpd-24", …]}}.
#include "advisory/mapping.h"
#include "base/json.h"
#include "feed/feed.h"
#include "feed/json_members.h"

static bool take_values(struct feed_input *input, struct slice scope, struct slice key, yyjson_val *values,
                        struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_val *value;
    size_t i, n;
    if (!yyjson_is_arr(values)) {
        struct advisory record = mapping_record(&scratch, scope, key, (struct mapping_value){0});
        feed_leave_out(input, "is a key without a list", &record);
    }
    yyjson_arr_foreach(values, i, n, value)
    {
        struct mapping_value text = {.text = json_val_str(value)};
        struct advisory record = mapping_record(&scratch, scope, key, text);
        if (!feed_add(input, &record, err))
            return false;
    }
    return true;
}

// Reads {"data": {KEY: …}}. The values of a key are its array, or the array that stands in it under `member`.
static bool parse(struct feed_input *input, struct slice scope, const char *member, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_read_all(input->body, input->limits, err);
    if (doc == NULL)
        return false;
    yyjson_val *data = yyjson_obj_get(yyjson_doc_get_root(doc), "data"), *key, *value;
    size_t i, n;
    if (!yyjson_is_obj(data))
        return error_set(err, ERR_FORMAT, "no \"data\" in it");
    segment_add_scope(input->builder, scope);
    yyjson_obj_foreach(data, i, n, key, value)
    {
        yyjson_val *values = member != NULL ? yyjson_obj_get(value, member) : value;
        if (!take_values(input, scope, json_val_str(key), values, err))
            return false;
    }
    return true;
}

#define FOLDER "https://security.access.redhat.com/data/metrics/"

// ---- repositories ---------------------------------------------------------------------------------------------------

static bool parse_repositories(struct feed_input *input, struct error *err)
{
    return parse(input, SLICE(MAPPING_REDHAT_REPOSITORIES), "cpes", err);
}

const struct feed feed_redhat_repositories = {
    .name = MAPPING_REDHAT_REPOSITORIES,
    .title = "Red Hat's CPEs of repositories",
    .url = FOLDER "repository-to-cpe.json",
    .version = 2,
    .parse = parse_repositories,
    .update = feed_update_one_file,
};

// ---- containers -----------------------------------------------------------------------------------------------------

static bool parse_containers(struct feed_input *input, struct error *err)
{
    return parse(input, SLICE(MAPPING_REDHAT_CONTAINERS), NULL, err);
}

const struct feed feed_redhat_containers = {
    .name = MAPPING_REDHAT_CONTAINERS,
    .title = "Red Hat's repositories of container images",
    .url = FOLDER "container-name-repos-map.json",
    .version = 2,
    .parse = parse_containers,
    .update = feed_update_one_file,
};
