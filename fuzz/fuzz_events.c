// Deliveries of registries, in all their forms. What is refused has a reason, what is taken is bounded, and a name that
// can be one comes out of its reference as it went in.
#include "fuzz.h"

#include "image/reference.h"
#include "service/event_forms.h"

static void look_at(const struct pushed_name *name, struct arena *a)
{
    struct reference reference, again;
    struct error err = {0};
    struct digest none = {0};
    if (!name->deleted && name->digest.text[0] == '\0' && name->tag.n == 0)
        abort();
    if (name->at < 0)
        abort();
    if (!reference_of(SLICE("registry.example"), name->path, name->tag, &none, &reference, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return;
    }
    if (!reference_parse(reference_text(a, &reference), a, &again, &err) || !slice_eq(reference.path, again.path) ||
        (name->tag.n != 0 && !slice_eq(name->tag, again.tag)) || slice_find_slice(again.path, SLICE("..")) >= 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = limits_default();
    struct event_delivery delivery;
    struct error err = {0};
    limits.event_entries = 20;
    if (!event_delivery_parse(slice_of((const char *)data, size), &limits, &a, &delivery, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return 0;
    }
    if (delivery.form == NULL || delivery.names.n + delivery.ignored > limits.event_entries)
        abort();
    for (size_t i = 0; i < delivery.names.n; i++)
        look_at(&delivery.names.v[i], &a);
    return 0;
}
