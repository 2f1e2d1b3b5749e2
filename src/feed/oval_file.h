// An OVAL file as it is kept while it is read: definitions name tests that come behind them.
//
// The definitions are most of a file, so they wait packed; tests, objects, states and variables are numbers, and their
// texts are kept once.
#pragma once

#include "base/buf.h"
#include "feed/oval.h"

enum oval_kind { OVAL_RPM, OVAL_DPKG, OVAL_UNAME, OVAL_VARIABLE, OVAL_TEXT_FILE, OVAL_OTHER_KIND };

enum oval_node_kind { OVAL_AND, OVAL_OR, OVAL_OTHER_OPERATOR, OVAL_CRITERION, OVAL_EXTEND };

// Of the criteria, in the order of the file: what stands in a node follows it, up to `end`.
struct oval_node {
    enum oval_node_kind kind;
    bool negate;
    uint32_t end;
    uint64_t id; // of the test, or of the definition that is extended
    struct slice comment;
};

// Ids are their numbers: all of a file are of one namespace. 0 is none, or one that is no id. Texts are numbers of
// oval_text(); 0 is the empty text.
struct oval_test {
    uint64_t id, object, state;
    uint8_t kind; // enum oval_kind
    bool odd;     // it asks for more than that an object is in a state
};

struct oval_object {
    uint64_t id, variable; // `variable` holds the names, unless it is 0
    uint32_t name;
    bool odd;
};

struct oval_field {
    uint8_t operation;
    uint32_t text;
};

struct oval_state {
    uint64_t id;
    struct oval_field evr, version, release, arch, value;
    bool is_signed; // the key that signed the package is asked for
    bool odd;
};

struct oval_variable {
    uint64_t id;
    size_t first, n; // of `values`
    bool odd;        // its values are not all in the file
};

// Definitions, packed by zstd.
struct oval_block {
    char *bytes;
    size_t n, unpacked_n;
};

struct oval_file {
    // Rows one behind the other, each array by id once all is read: they are many, and grow without leaving copies.
    struct buf tests, objects, states, variables;
    struct buf inventories; // uint64_t: definitions that only say which system it is
    struct buf values;      // uint32_t: texts
    struct arena text_arena;
    struct buf texts;     // struct slice
    uint32_t *text_table; // numbers of texts by their hashes, open addressing; 0 is free
    size_t text_table_n;  // a power of two
    struct buf plain;     // definitions on their way
    size_t plain_at;      // where the next one stands, for oval_file_next
    struct buf blocks;    // struct oval_block
    size_t next_block;    // the first that is not unpacked yet; those before are gone
    uint64_t packed_n;    // bytes of all
};

// Reads all of it. `file` is all zero, and to be freed also after an error.
bool oval_file_read(struct oval_file *file, struct reader *r, const struct limits *limits, struct error *err);
void oval_file_free(struct oval_file *file);

#define OVAL_FILE_AUTO __attribute__((cleanup(oval_file_free)))

// The definitions in their order; false behind the last. It lives in the arena, and until the next one is asked for.
bool oval_file_next(struct oval_file *file, struct arena *a, struct oval_definition *definition);

struct slice oval_text(const struct oval_file *file, uint32_t number);

// The i-th of the values of a variable.
struct slice oval_value_of(const struct oval_file *file, const struct oval_variable *variable, size_t i);

// By id; NULL when there is none.
const struct oval_test *oval_test(const struct oval_file *file, uint64_t id);
const struct oval_object *oval_object(const struct oval_file *file, uint64_t id);
const struct oval_state *oval_state(const struct oval_file *file, uint64_t id);
const struct oval_variable *oval_variable(const struct oval_file *file, uint64_t id);
bool oval_is_inventory(const struct oval_file *file, uint64_t id);

// ---- the ways in which a definition holds ---------------------------------------------------------------------------

#define OVAL_TERMS 8

// Nodes (criteria and extensions) all of which hold.
struct oval_way {
    uint32_t nodes[OVAL_TERMS];
    size_t n;
    const char *obstacle; // why it is none that Clarion can read
};
typedef VEC(struct oval_way) oval_way_vec;

// Appends all ways. False when more than `most` had to be worked out for that, those of parts of the criteria counted
// too: they take memory and time although few may be left in the end. *worked_out is how many were.
bool oval_ways(const struct oval_definition *definition, uint64_t most, struct arena *a, oval_way_vec *out,
               uint64_t *worked_out);

// What a way says; NULL, or the reason (a literal) why it cannot be said of one package.
const char *oval_rule_of(const struct oval_file *file, const struct oval_definition *definition,
                         const struct oval_way *way, struct arena *a, struct oval_rule *out);
