// YAML 1.2 and JSON documents of the operator's own as one kind of tree, in which each value knows where it stands.
//
// Scalars are told apart by the core schema (YAML 1.2.2, section 10.3): `yes` and `on` are text there. JSON is read as
// the subset of YAML that it is, and nothing beyond it is taken. Aliases are expanded; what they multiply counts.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_place {
    const char *file;
    unsigned line, column; // from 1
};

struct yaml_node;

struct yaml_member {
    struct slice key; // empty in a list
    struct yaml_place place;
    struct yaml_node *value;
};

struct yaml_node {
    enum yaml_type type;
    struct slice text; // of a scalar, as it is written
    struct yaml_place place;
    VEC(struct yaml_member) members; // of a list or map, in their order; keys of a map are distinct
};

// What all documents of one configuration share: where they live and what they may cost together.
struct yaml_source {
    struct arena *arena;
    const struct limits *limits; // yaml_bytes, yaml_nodes, yaml_depth
    uint64_t nodes;              // made so far
};

// Parses one document; an empty one gives NULL in `*root`. `file` must live as long as the tree. Errors: ERR_FORMAT and
// ERR_LIMIT with FILE:LINE:COLUMN in front.
bool yaml_parse(struct yaml_source *s, const char *file, struct slice text, bool json, struct yaml_node **root,
                struct error *err);

// The value of a map's member; NULL when there is none.
struct yaml_node *yaml_get(const struct yaml_node *map, struct slice key);

// "a map", "a list", "text", …
const char *yaml_type_name(enum yaml_type type);

// yaml_at(struct error *err, struct yaml_place place): puts "FILE:LINE:COLUMN: " in front of the error; false, as
// error_wrap. yaml_error(err, code, place, format, ...): sets an error at a place.
#define yaml_at(err, place) error_wrap((err), "%s:%u:%u", (place).file, (place).line, (place).column)
#define yaml_error(err, code, place, ...)                                                                              \
    ({                                                                                                                 \
        error_text_set((err), (code), __VA_ARGS__);                                                                    \
        yaml_at((err), (place));                                                                                       \
    })

// ---- yaml_patch.c ---------------------------------------------------------------------------------------------------

// JSON merge patch (RFC 7396): answers what `target` (NULL for nothing) is then. Takes both over.
struct yaml_node *yaml_merge(struct yaml_source *s, struct yaml_node *target, struct yaml_node *patch);

// JSON patch (RFC 6902): a list of operations, done one by one on `*root`. Errors: ERR_FORMAT, at the operation that
// cannot be done; those before it are done then.
bool yaml_patch(struct yaml_source *s, struct yaml_node **root, const struct yaml_node *patch, struct error *err);

// A copy that shares nothing. Errors: ERR_LIMIT.
struct yaml_node *yaml_copy(struct yaml_source *s, const struct yaml_node *node, unsigned depth, struct error *err);

// Another node, counted. NULL with ERR_LIMIT when there are too many, or when `depth` is too much.
struct yaml_node *yaml_node_new(struct yaml_source *s, struct yaml_place place, unsigned depth, struct error *err);
