// The answer to the question where something is, as a list and as JSON: what the command line and the API share.
#pragma once

#include "base/buf.h"
#include "notify/where.h"

struct where_row {
    struct slice manifest, reference, layer, kind, name, version, arch, db;
    // Of a vulnerability that was asked for:
    struct slice vulnerability, fixed_in;
    const char *severity; // NULL: a package was asked for
    // By what VEX statement it is suppressed:
    const char *status; // "not_affected" or "fixed"; NULL: by none
    struct slice justification, impact, document;
    size_t statement; // its place in the document, from 1
};

typedef VEC(struct where_row) where_rows;

struct where_list {
    struct arena arena;
    where_rows rows, suppressed;      // image by image
    uint64_t images, suppressed_only; // images with a row; those with suppressed ones alone
    bool more;
    struct holders_key next; // where there is more
};

void where_list_free(struct where_list *list);
#define WHERE_LIST_AUTO __attribute__((cleanup(where_list_free)))

// Appends what comes behind `list->next`: a page, of at most `most` images.
bool where_list_add(struct where_list *list, struct where_answer *answer, uint64_t most, struct error *err);

// Is it the first row of its image?
bool where_list_begins_image(const where_rows *rows, size_t row);

// {"asked","images":[{"manifest","reference","packages":[…]}],"suppressed":[likewise],"next"}
void where_list_write(const struct where_list *list, struct slice asked, bool pretty, struct buf *out);
