// One file over HTTP into an unnamed temporary file: conditional, resumed, retried, bounded. Used by fetch.c.
#pragma once

#include "feed/fetch.h"

struct downloader;

// Never NULL. `spool` and `limits` must outlive it.
struct downloader *downloader_new(const char *spool, const struct limits *limits);
void downloader_free(struct downloader **d); // NULL is fine

// Seconds before the second try; each further one waits twice as long.
void downloader_set_first_wait(struct downloader *d, double seconds);

// As fetch_file().
enum fetch_result download(struct downloader *d, const char *url, struct fetch_validators *validators, struct arena *a,
                           int *file, struct error *err);
