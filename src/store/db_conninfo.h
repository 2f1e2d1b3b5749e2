// How a server is written: libpq's connection strings, with what Go's pgx adds to them.
//
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING and pgxpool's ParseConfig, whose
// options Clair v4's configuration files have in their connection strings.
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct conninfo {
    struct buf text;      // terminated: for libpq
    unsigned connections; // of pool_max_conns; 0: it does not say
};

// Takes it apart; what is wrong is told without the string, which may hold a password. To be freed also after false.
bool conninfo_parse(struct slice where, struct conninfo *out, struct error *err);
void conninfo_free(struct conninfo *conninfo);
#define CONNINFO_AUTO __attribute__((cleanup(conninfo_free)))
