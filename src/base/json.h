// Small helpers around yyjson: foreign documents read as slices, our own documents written from slices.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

#include <yyjson.h>

#define JSON_AUTO     __attribute__((cleanup(json_free)))
#define JSON_MUT_AUTO __attribute__((cleanup(json_mut_free)))

void json_free(yyjson_doc **doc);
void json_mut_free(yyjson_mut_doc **doc);

// Parses strict JSON (RFC 8259; a byte order mark is skipped). NULL with ERR_FORMAT that names the byte and the reason.
// The document keeps its own copy of the strings. yyjson does not recurse, so depth costs memory only.
yyjson_doc *json_parse(struct slice text, struct error *err);

// A member's string; an empty slice with p == NULL when it is missing or no string. Valid as long as the document.
struct slice json_str(yyjson_val *object, const char *key);

// The same, with the text parsed where it stands: no second copy of a large document. `text` is overwritten, and must
// outlive the document.
yyjson_doc *json_parse_in_place(struct buf *text, struct error *err);

// The string that a value is, likewise.
struct slice json_val_str(yyjson_val *value);

// The member of an object by its key; of several the last, as JavaScript, PHP and .NET read such an object, where
// yyjson_obj_get would give the first. NULL when there is none, or the value is no object.
yyjson_val *json_last(yyjson_val *object, const char *key);

// Adds a member; the bytes are copied and made valid UTF-8. The key must be a literal.
void json_add_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct slice value);

// The same, left out when the value is empty.
void json_add_str_if(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct slice value);

// Adds an empty object or array as a member, and gives it.
yyjson_mut_val *json_add_obj(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key);
yyjson_mut_val *json_add_arr(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key);

// Appends a string to an array, copied and made valid UTF-8.
void json_arr_add_str(yyjson_mut_doc *doc, yyjson_mut_val *array, struct slice value);

// A new document with an object as its root.
yyjson_mut_doc *json_new(yyjson_mut_val **root);

// Appends the document's text; `pretty` indents by two. What a terminal would obey is escaped.
void json_write(yyjson_mut_doc *doc, bool pretty, struct buf *out);
