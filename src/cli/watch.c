#include "cli/watch.h"

#include <stdio.h>

// ---- layers ---------------------------------------------------------------------------------------------------------

static void tell_layer(void *context, const struct image *image, size_t i, uint64_t bytes, bool ended)
{
    const struct image_layer *layer = &image->layers[i];
    char what[64];
    if (image->subject == SUBJECT_LAYER)
        snprintf(what, sizeof what, "layer %zu of %zu  %.12s", i + 1, image->layers_n, digest_hex(&layer->digest));
    else
        snprintf(what, sizeof what, image->subject == SUBJECT_SBOM ? "bill of materials" : "files");
    if (ended)
        progress_done(context, what);
    else
        progress_bytes(context, what, bytes, layer->size);
}

void watch_layers(struct index_options *how, struct progress *progress)
{
    how->reads = progress != NULL ? tell_layer : NULL;
    how->reads_context = progress;
}

// ---- feeds ----------------------------------------------------------------------------------------------------------

static void show(struct feed_watch *w, const char *bar)
{
    if (w->bar[0] != '\0' && strcmp(w->bar, bar) != 0)
        progress_done(w->progress, w->bar);
    snprintf(w->bar, sizeof w->bar, "%s", bar);
}

// Files are called by the last part of their URL.
static void tell_feed(void *context, const char *feed, const char *url, bool reading, uint64_t done, uint64_t total)
{
    struct feed_watch *w = context;
    struct slice name = slice_str(url);
    ptrdiff_t slash;
    char bar[sizeof w->bar];
    while (name.n != 0 && name.p[name.n - 1] == '/')
        name.n--;
    slash = slice_rfind(name, '/');
    name = slice_from(name, (size_t)(slash + 1));
    snprintf(bar, sizeof bar, "%s %s %.*s", feed, reading ? "reading" : "fetching", SLICE_ARG(name));
    show(w, bar);
    progress_bytes(w->progress, bar, done, total);
}

void watch_feeds(struct update_options *how, struct feed_watch *watch)
{
    how->bytes = watch->progress != NULL ? tell_feed : NULL;
    how->bytes_context = watch;
}

void watch_feed(struct feed_watch *w, const struct feed *feed)
{
    show(w, "");
    if (feed != NULL && w->of > 1)
        progress_say(w->progress, "feed %zu of %zu: %s", ++w->number, w->of, feed->name);
}
