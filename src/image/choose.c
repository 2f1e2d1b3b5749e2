#include "image/choose.h"

#include "base/buf.h"

// An image that an index leads to.
struct candidate {
    const struct descriptor *descriptor;
    const struct descriptor *outer; // the entry of the outermost index that led to it
    size_t number;                  // of that entry, from 0 on
    struct platform platform;       // as the index says it, else the configuration; os is empty when neither does
    unsigned fit;                   // for the wanted platform: 0 is for another, 1 is for nobody knows which
};

struct search {
    const struct content *content;
    const struct descriptor *outer; // the entry of the outermost index at hand
    size_t number;
    VEC(struct candidate) candidates;
    size_t others, absent;   // entries passed over: that are no images, that are not there
    struct error why_passed; // the first of them
};

// ---- Tags -----------------------------------------------------------------------------------------------------------

static struct slice name_of(const struct descriptor *d)
{
    return d->ref_name.n != 0 ? d->ref_name : d->image_name;
}

static bool has_tag(const struct descriptor *d, struct slice tag)
{
    ptrdiff_t colon = slice_rfind(d->image_name, ':');
    return slice_eq(d->ref_name, tag) || slice_eq(d->image_name, tag) ||
           (colon >= 0 && slice_eq(slice_from(d->image_name, (size_t)colon + 1), tag));
}

// Is the entry one of those that the user means?
static bool is_meant(const struct manifest *index, size_t i, struct slice tag)
{
    uint64_t number;
    if (tag.n == 0)
        return true;
    return tag_is_index(tag, &number) ? number == i : has_tag(&index->items[i], tag);
}

// A name that stood there before is not listed again.
static bool is_repeated(const struct manifest *index, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (slice_eq(name_of(&index->items[j]), name_of(&index->items[i])))
            return true;
    return false;
}

static bool no_such_tag(const struct manifest *index, struct slice tag, struct error *err)
{
    uint64_t number;
    struct buf list BUF_AUTO = {0};
    if (tag_is_index(tag, &number))
        return error_set(err, ERR_NOT_FOUND, "there is no entry %.*s: the index has %zu, counted from 0 on",
                         SLICE_ARG(tag), index->n);
    for (size_t i = 0; i < index->n; i++)
        if (name_of(&index->items[i]).n != 0 && !is_repeated(index, i) &&
            !opening_list(&list, name_of(&index->items[i])))
            break;
    return error_set(err, ERR_NOT_FOUND, "there is no tag \"%.*s\"; there are: %.*s", SLICE_ARG(tag),
                     SLICE_ARG(list.n != 0 ? buf_slice(&list) : SLICE("(none)")));
}

// ---- Searching ------------------------------------------------------------------------------------------------------

static bool pass_over(struct search *s, size_t *counter, const struct error *why)
{
    if (s->others + s->absent == 0)
        s->why_passed = *why;
    ++*counter;
    return true;
}

// Passes over what only concerns this entry; anything else ends the search.
static bool pass_or_fail(struct search *s, const struct error *why, struct error *err)
{
    if (why->code == ERR_UNSUPPORTED)
        return pass_over(s, &s->others, why);
    if (why->code == ERR_NOT_FOUND)
        return pass_over(s, &s->absent, why);
    *err = *why;
    return false;
}

// Attestations, signatures and other companions of images are no images.
static bool may_be_image(const struct descriptor *d, struct error *why)
{
    struct slice what = d->reference_type.n != 0  ? d->reference_type
                        : d->artifact_type.n != 0 ? d->artifact_type
                                                  : d->platform.os;
    if (d->reference_type.n != 0 || d->artifact_type.n != 0 || slice_eq(d->platform.os, SLICE("unknown")))
        return error_set(why, ERR_UNSUPPORTED, "manifest %s is not of a container image, but of %.*s", d->digest.text,
                         SLICE_ARG(what));
    if (d->media_type.n != 0 && manifest_kind_of(d->media_type) == MANIFEST_UNKNOWN)
        return error_set(why, ERR_UNSUPPORTED, "%s: media type %.*s is neither an image manifest nor an index",
                         d->digest.text, SLICE_ARG(d->media_type));
    return true;
}

static unsigned fit_of(const struct platform *wanted, const struct platform *have)
{
    unsigned rank = platform_rank(wanted, have);
    return rank != 0 ? rank + 1 : have->os.n == 0;
}

static void add_candidate(struct search *s, const struct descriptor *d, const struct platform *platform)
{
    const struct opening *o = s->content->opening;
    VEC_PUSH(o->arena, &s->candidates) = (struct candidate){
        .descriptor = d,
        .outer = s->outer,
        .number = s->number,
        .platform = *platform,
        .fit = fit_of(&o->wanted, platform),
    };
}

static bool search_index(struct search *s, const struct manifest *index, uint64_t depth, struct error *err);

// Documents are read only where the entry leaves open what it leads to. An index cannot lead back to itself, since it
// would have to contain its own digest; and what fans out is bounded by image_index_bytes, for each visit counts anew.
static bool search_entry(struct search *s, const struct descriptor *d, uint64_t depth, struct error *err)
{
    const struct content *content = s->content;
    const struct limits *limits = content->opening->limits;
    struct blob blob;
    struct manifest m;
    struct image_config config;
    struct error why;
    if (!may_be_image(d, &why) || !content_find_manifest(content, d, &blob, &why))
        return pass_or_fail(s, &why, err);
    if (d->platform.os.n != 0 && manifest_kind_of(d->media_type) == MANIFEST_IMAGE) {
        add_candidate(s, d, &d->platform);
        return true;
    }
    if (!content_read_manifest(content, d, &m, &why))
        return pass_or_fail(s, &why, err);
    if (m.kind == MANIFEST_INDEX && depth >= limits->manifest_depth)
        return error_set(err, ERR_LIMIT, "indexes stand more than %llu deep inside one another (limit manifest_depth)",
                         (unsigned long long)limits->manifest_depth);
    if (m.kind == MANIFEST_INDEX)
        return search_index(s, &m, depth + 1, err) || error_wrap(err, "index %s", d->digest.text);
    if (!content_read_config(content, &m, &config, &why)) {
        error_wrap(&why, "manifest %s", d->digest.text);
        return pass_or_fail(s, &why, err);
    }
    add_candidate(s, d, d->platform.os.n != 0 ? &d->platform : &config.platform);
    return true;
}

static bool search_index(struct search *s, const struct manifest *index, uint64_t depth, struct error *err)
{
    for (size_t i = 0; i < index->n; i++)
        if (!search_entry(s, &index->items[i], depth, err))
            return false;
    return true;
}

static bool search_outermost(struct search *s, const struct manifest *index, struct slice tag, struct error *err)
{
    size_t meant = 0;
    for (size_t i = 0; i < index->n; i++) {
        if (!is_meant(index, i, tag))
            continue;
        meant++;
        s->outer = &index->items[i];
        s->number = i;
        if (!search_entry(s, s->outer, 1, err))
            return false;
    }
    return meant != 0 || tag.n == 0 || no_such_tag(index, tag, err);
}

// ---- Choosing -------------------------------------------------------------------------------------------------------

static bool same_image(const struct candidate *a, const struct candidate *b)
{
    return digest_eq(&a->descriptor->digest, &b->descriptor->digest);
}

static const struct candidate *first_of_best(const struct search *s)
{
    const struct candidate *best = &s->candidates.v[0];
    for (size_t i = 1; i < s->candidates.n; i++)
        if (s->candidates.v[i].fit > best->fit)
            best = &s->candidates.v[i];
    return best;
}

static bool none_fits(struct search *s, struct error *err)
{
    struct opening *o = s->content->opening;
    struct buf list BUF_AUTO = {0};
    for (size_t i = 0; i < s->candidates.n; i++)
        if (!opening_list(&list, platform_text(o->arena, &s->candidates.v[i].platform)))
            break;
    struct slice wanted = platform_text(o->arena, &o->wanted);
    return error_set(err, ERR_NOT_FOUND, "there is no image for %.*s; there are: %.*s (choose with --platform)",
                     SLICE_ARG(wanted), SLICE_ARG(buf_slice(&list)));
}

// Names all candidates that fit as well as the chosen one, for the user to choose from.
static bool ask(struct search *s, const struct candidate *chosen, struct error *err)
{
    struct arena *a = s->content->opening->arena;
    struct buf list BUF_AUTO = {0};
    for (size_t i = 0; i < s->candidates.n; i++) {
        const struct candidate *c = &s->candidates.v[i];
        struct slice name = name_of(c->outer);
        if (c->fit == chosen->fit && !opening_list(&list, name.n != 0 ? name : arena_printf(a, "@%zu", c->number)))
            break;
    }
    return error_set(err, ERR_USAGE, "there are several images: name one behind a colon: %.*s",
                     SLICE_ARG(buf_slice(&list)));
}

// The only image is taken whatever it is for, unless another platform was asked for.
static bool take_only(struct search *s, const struct candidate *only, struct error *err)
{
    struct opening *o = s->content->opening;
    struct slice have = platform_text(o->arena, &only->platform);
    if (!opening_accept(o, &only->platform, err))
        return false;
    opening_remark(o, "the only image is for %.*s", SLICE_ARG(have));
    return true;
}

// NULL with an error when there is none, or the user must say which.
static const struct candidate *choose(struct search *s, struct error *err)
{
    const struct candidate *best = first_of_best(s);
    size_t different = 0, alike = 0;
    for (size_t i = 0; i < s->candidates.n; i++) {
        const struct candidate *c = &s->candidates.v[i];
        if (same_image(c, best))
            continue;
        different++;
        alike += c->fit == best->fit;
        if (c->fit != 0 && c->fit == best->fit && !slice_eq(name_of(c->outer), name_of(best->outer)))
            return ask(s, best, err) ? best : NULL;
    }
    if (best->fit == 0)
        return (different == 0 ? take_only(s, best, err) : none_fits(s, err)) ? best : NULL;
    if (alike != 0)
        opening_remark(s->content->opening, "%zu more images fit as well as the first, which was taken", alike);
    return best;
}

static bool no_image(const struct search *s, struct error *err)
{
    if (s->others + s->absent == 0)
        return error_set(err, ERR_NOT_FOUND, "the index names no image");
    *err = s->why_passed;
    return false;
}

static void remark_passed(const struct search *s)
{
    struct opening *o = s->content->opening;
    if (s->others != 0)
        opening_remark(o, "entries of the index that are no images: %zu", s->others);
    if (s->absent != 0)
        opening_remark(o, "images of the index that are not there: %zu", s->absent);
}

bool choose_manifest(const struct content *content, const struct manifest *index, struct slice tag,
                     struct choice *choice, struct error *err)
{
    struct search s = {.content = content};
    if (!search_outermost(&s, index, tag, err))
        return false;
    if (s.candidates.n == 0)
        return no_image(&s, err);
    const struct candidate *chosen = choose(&s, err);
    if (chosen == NULL)
        return false;
    remark_passed(&s);
    *choice = (struct choice){.descriptor = *chosen->descriptor, .reference = chosen->outer->image_name};
    return content_read_manifest(content, chosen->descriptor, &choice->manifest, err);
}

static bool stood_before(const struct search *s, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (same_image(&s->candidates.v[j], &s->candidates.v[i]))
            return true;
    return false;
}

bool choose_all(const struct content *content, const struct manifest *index, struct listed_manifest **images, size_t *n,
                struct error *err)
{
    struct search s = {.content = content};
    if (!search_outermost(&s, index, SLICE(""), err))
        return false;
    if (s.candidates.n == 0)
        return no_image(&s, err);
    *images = ARENA_NEW(content->opening->arena, struct listed_manifest, s.candidates.n);
    *n = 0;
    for (size_t i = 0; i < s.candidates.n; i++)
        if (!stood_before(&s, i))
            (*images)[(*n)++] =
                (struct listed_manifest){s.candidates.v[i].descriptor->digest, s.candidates.v[i].platform};
    return true;
}
