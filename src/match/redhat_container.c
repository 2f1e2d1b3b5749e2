// Container images of Red Hat as a whole, judged by its VEX documents: per repository that publishes the image.
//
// A fix is the tag of the image that has it, and there are two ways of tagging: "v4.12.0-202301", the version and
// release that the image's labels tell, and of the newer build system the second in which the image was made
// ("1770332067"). Both are compared as rpm does, each with its like.
#include "match/redhat.h"

static bool is_moment(struct slice version)
{
    uint64_t seconds;
    return version.n >= 10 && slice_to_u64(version, &seconds);
}

static void container_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded,
                             size_t loaded_n, scope_vec *out)
{
    (void)image, (void)loaded, (void)loaded_n;
    VEC_PUSH(a, out) = SLICE("rhcc");
}

// Each name with the version of the labels and, where it is known, with the moment of the build.
static void container_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    const struct package *p = package->package;
    for (size_t i = 0; i < package->published_n; i++) {
        VEC_PUSH(a, out) = (struct match_name){.name = package->published[i], .version = p->version};
        if (is_moment(p->source_version))
            VEC_PUSH(a, out) = (struct match_name){.name = package->published[i], .version = p->source_version};
    }
}

// "v4.12.0" and "4.12.0" are one version.
static struct slice plain(struct slice tag)
{
    bool v = tag.n > 1 && tag.p[0] == 'v' && tag.p[1] >= '0' && tag.p[1] <= '9';
    return slice_from(tag, v ? 1 : 0);
}

// The version of the name that the record goes by that is of the record's own way; the first where there is only one.
static struct match_name name_for(const struct match_key *key, const struct advisory *record)
{
    const struct match_name *first = match_applies(key, record), *like = first;
    for (size_t i = 0; first != NULL && i < key->names_n; i++)
        if (slice_eq(key->names[i].name, first->name) && is_moment(key->names[i].version) == is_moment(record->bound)) {
            like = &key->names[i];
            break;
        }
    return like != NULL ? (struct match_name){.name = like->name, .version = plain(like->version)}
                        : (struct match_name){0};
}

// Judges record by record, since each is compared in its own way; the one that asks for most decides.
static void container_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                            bool explain, struct verdict *out)
{
    struct advisory *counting = ARENA_NEW(a, struct advisory, n);
    size_t best = 0;
    bool decided = false;
    *out = (struct verdict){.kind = VERDICT_NOT_AFFECTED};
    for (size_t i = 0; i < n; i++) {
        struct match_name *name = ARENA_NEW(a, struct match_name, 1);
        struct match_key own = {.names = name, .names_n = 1};
        struct verdict verdict;
        *name = name_for(key, &records[i]);
        counting[i] = records[i];
        counting[i].bound = plain(records[i].bound);
        counting[i].introduced = plain(records[i].introduced);
        match_by_ranges(&matcher_redhat_container, a, &own, &counting[i], 1, explain, &verdict);
        bool heavier =
            verdict.kind == VERDICT_AFFECTED
                ? out->kind != VERDICT_AFFECTED ||
                      (out->fixed_in.n != 0 &&
                       (verdict.fixed_in.n == 0 || version_rpm.compare(counting[i].bound, counting[best].bound) > 0))
                : verdict.kind == VERDICT_UNDETERMINED && out->kind == VERDICT_NOT_AFFECTED;
        if (verdict.decided_by == NULL || (decided && !heavier))
            continue;
        *out = verdict;
        out->decided_by = &records[i];
        best = i;
        decided = true;
        if (verdict.kind == VERDICT_AFFECTED)
            out->fixed_in = advisory_fix(&records[i]);
    }
    if (!decided && explain)
        out->why = SLICE("what the feed says of it is for another image");
}

static void redhat_container_clair(struct arena *a, const struct advisory *record, struct match_clair *value)
{
    redhat_clair(a, record, value);
    value->key = SLICE("rhcc-container-repository");
}

const struct matcher matcher_redhat_container = {
    .name = "redhat-container",
    .feeds = {"redhat-vex"},
    .kind = "container",
    .authority = "Red Hat",
    .scheme = &version_rpm,
    .scopes = container_scopes,
    .names = container_names,
    .judge = container_judge,
    .severity = redhat_severity,
    .severity_clair = redhat_severity,
    .links = redhat_links,
    .clair = redhat_container_clair,
    .clair_updater = redhat_clair_updater,
};
