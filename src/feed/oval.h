// OVAL, the language in which several distributions publish what is wrong with their packages: definitions that hold on
// a machine which is affected.
//
// Language: "The OVAL Language Specification", version 5.11 (https://oval-community-guidelines.readthedocs.io), its
// core, linux, unix and independent schemas. A definition's criteria are a tree of AND and OR over tests; a test looks
// for an object (packages of a name) in a state (an evr below another). Clarion does not evaluate them on a machine: it
// works out the ways in which a definition can hold, each of which says one thing of one package, and keeps these as
// records. What does not come down to that is left out with the reason.
#pragma once

#include "feed/feed.h"

enum oval_operation {
    OVAL_NOT_SAID, // there is no such value
    OVAL_EQUALS,
    OVAL_LESS,
    OVAL_LESS_OR_EQUAL,
    OVAL_GREATER,
    OVAL_GREATER_OR_EQUAL,
    OVAL_PATTERN,
    OVAL_OTHER,
};

struct oval_value {
    enum oval_operation operation;
    struct slice text;
};

struct oval_reference {
    struct slice source, id, url;
};

struct oval_cve {
    struct slice id;   // "CVE-2014-0160"; empty when the element names none
    struct slice url;  //
    struct slice cvss; // vectors, blank-separated
    struct slice usns; // of Ubuntu: the numbers of its notices, separated by commas
};

enum oval_class { OVAL_PATCH, OVAL_VULNERABILITY, OVAL_INVENTORY, OVAL_OTHER_CLASS };

struct oval_node;

struct oval_definition {
    enum oval_class class;
    struct slice title, description, severity;
    struct oval_reference *references;
    size_t references_n;
    struct oval_cve *cves; // of the advisory
    size_t cves_n;
    struct oval_node *nodes; // the criteria
    size_t nodes_n;
};

// One way in which a definition holds: on this product, with this package in this range of versions.
struct oval_rule {
    struct slice release; // the package by which the product is told: "sles-release"; empty: any product
    struct oval_value release_is;
    struct slice comment; // of the criterion that speaks of the package
    bool kernel;          // it asks which kernel runs, of which only the comment tells the package
    struct slice *names;  // of the packages, each of which will do; none with `kernel`
    size_t names_n;
    enum advisory_status status; // with introduced and bound as in an advisory, without an epoch of 0
    struct slice introduced, bound;
    struct slice arch, module; // as in an advisory
};

// What is about to be said of a package.
struct oval_statement {
    const struct feed_input *input;
    const struct oval_definition *definition;
    const struct oval_rule *rule;
    struct arena *arena;    // lives as long as the statement
    struct advisory record; // for all vulnerabilities of the definition
};

// How a distribution writes its OVAL.
struct oval_dialect {
    // Sets the record's scope, and what else the distribution says in its own way. With a `package` the record is for
    // that one, else for each of the rule's names. Answers NULL, or the reason (a literal) to leave the statement out.
    const char *(*complete)(struct oval_statement *s);
    bool of_source; // the names are those of source packages
    // Replaces a definition's description; NULL: as it is.
    struct slice (*description)(struct slice text);
    // The notice that a definition is; NULL: its references other than CVEs.
    struct slice (*notice)(struct arena *a, const struct oval_definition *definition);
};

// Reads a file of OVAL definitions into records.
bool oval_read(struct feed_input *input, const struct oval_dialect *dialect, struct error *err);
