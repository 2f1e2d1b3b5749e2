// How a store is opened; what store.c and store_copy.c share.
#pragma once

#include "store/store.h"

// While a store is copied into another one, schema_step has a row with this id there: so nobody takes a part for the
// whole, and opening a store costs no query more. Its name says how far the copy is (store_copy.c).
#define STORE_COPY_MARK "0"

enum store_opening {
    STORE_TO_USE,
    STORE_AS_SOURCE, // to be read: neither made nor brought up to date
    STORE_AS_TARGET, // of a copy, which may have begun
};

// As store_open. Of one that is read, home->folder need not be there.
bool store_open_as(struct store_home *home, enum store_opening opening, struct store *store, struct error *err);
