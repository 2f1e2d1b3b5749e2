// Tries that failed, by the address of who made them: so that nobody can guess a token as fast as the network goes.
#pragma once

#include "base/slice.h"

#include <stdint.h>

struct tries;

// At most `most` failures of one address within a minute; 0: any number. Memory is bounded: of very many addresses some
// share a count.
struct tries *tries_new(uint64_t most);
void tries_free(struct tries **tries); // NULL is fine

// Safe from several threads. May the address try again? 0: now; else the seconds until it may.
unsigned tries_wait(struct tries *tries, struct slice address);
void tries_failed(struct tries *tries, struct slice address);
