// Foreign bytes on their way to people: valid UTF-8, and nothing that a terminal would obey.
#pragma once

#include "base/arena.h"
#include "base/slice.h"

// True when all of `s` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool utf8_valid(struct slice s);

// Length of the well-formed character at the start of `s`, its code point in `*code`; 0 when there is none.
size_t utf8_decode(struct slice s, uint32_t *code);

// Takes the first character off `s`, which must not be empty. A byte that is not part of valid UTF-8 is U+FFFD.
uint32_t utf8_take(struct slice *s);

// `s` itself when it is valid and has no NUL, else a copy in the arena with U+FFFD for each NUL and each byte that is
// not part of valid UTF-8: text that every program and database can hold.
struct slice utf8_clean(struct arena *a, struct slice s);

// Copies `s` into `out` (terminated, at most `size` bytes with the NUL), invalid bytes and what a terminal would obey
// (C0, DEL, C1, the controls of writing direction, U+2028 and U+2029) written as \xNN. Never cuts a character in two.
// Answers the length written, without the NUL.
size_t utf8_printable(char *out, size_t size, struct slice s);

// The same in an arena, however long.
struct slice utf8_plain(struct arena *a, struct slice s);

// `s` itself, or a copy in the arena of at most `most` bytes with "…" for its middle. A character cut in two is left to
// whoever prints it.
struct slice utf8_shorten(struct arena *a, struct slice s, size_t most);

// Where the first character is that a terminal would obey, C0 apart, and its code point and length in bytes; `s.n` when
// there is none.
size_t utf8_find_obeyed(struct slice s, uint32_t *code, size_t *length);

// Columns that valid, printable UTF-8 takes on a terminal (wide characters count two, combining ones none).
size_t utf8_columns(struct slice s);
