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
    where_rows rows, suppressed;
    uint64_t most; // rows of both; 0: as many as there are
};

void where_list_free(struct where_list *list);
#define WHERE_LIST_AUTO __attribute__((cleanup(where_list_free)))

// Fills it with the images that have a vulnerability or, where no feed knows one of that name, with the packages of
// that name; ordered by image. `*known` as where_vulnerability has it. ERR_LIMIT beyond list->most.
bool where_list_fill(struct where_list *list, const struct where_question *question, bool *known, struct error *err);

// Is it the first row of its image?
bool where_list_begins_image(const where_rows *rows, size_t row);

// How many images have nothing but what is suppressed?
size_t where_list_images_suppressed(const struct where_list *list);

// {"asked","images":[{"manifest","reference","packages":[…]}],"suppressed":[likewise]}
void where_list_write(const struct where_list *list, struct slice asked, bool pretty, struct buf *out);
