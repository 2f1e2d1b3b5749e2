// What a user keeps to log in to registries: Docker's config.json, and the helper programs that it names.
//
// Source: Docker's documentation of `docker login` (credentials store, credential helpers) and the helpers' protocol of
// the docker-credential-helpers project. The file is $DOCKER_CONFIG/config.json, else ~/.docker/config.json.
//
// A helper is run only when that file names it for the registry at hand: by its name alone, found on PATH, with the
// variables of the environment that helpers are known to read, for at most half a minute.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "http/secret.h"

struct login {
    struct slice user;
    struct secret *password; // NULL: none
    struct secret *identity; // an identity token, to be exchanged for others; NULL: none
    struct secret *basic;    // user and password as they stand in a header, "Basic …"; NULL: as above
    struct slice source;     // where it was found, or where none was, for people
};

// What is kept for a registry, by its domain ("docker.io", "localhost:5000"). Nothing is no error. ERR_FORMAT for a
// file that cannot be read as what it should be; ERR_IO for a helper that fails.
bool credentials_find(struct slice domain, struct arena *a, struct login *login, struct error *err);

// The same in a file that is named, its path terminated. One that is not there keeps nothing.
bool credentials_read(struct slice path, struct slice domain, struct arena *a, struct login *login, struct error *err);

void login_free(struct login *login);
#define LOGIN_AUTO __attribute__((cleanup(login_free)))

// The password of "Basic …" (RFC 7617; the scheme in letters of either case), whoever its user is; NULL when there is
// none. To be freed.
struct secret *login_password(struct slice authorization);

// "Basic …" of RFC 7617; NULL without a password. To be freed.
struct secret *login_basic(const struct login *login);
