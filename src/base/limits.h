// Every bound on what foreign bytes may cost, in one table: a name, a default, what it bounds.
//
// `--limit NAME=VALUE` changes one; an error that a limit causes names it. They stand by stage, as the data go.
// docs/security.md lists them, and a test holds that list against this one.
#pragma once

#include "base/error.h"
#include "base/slice.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

// clang-format off
// Finding an image's manifest and layers: src/image.
#define LIMITS_IMAGE(X)                                                                                                \
    X(manifest_bytes,       4 * MIB,   "size of a manifest, an index or an image configuration")                       \
    X(manifest_depth,       8,         "image indexes inside one another")                                             \
    X(manifest_layers,      1000,      "layers of one image")                                                          \
    X(archive_entries,      100000,    "members of a docker or OCI archive")                                           \
    X(index_entries,        10000,     "entries of one image index, images of one docker archive")                     \
    X(image_index_bytes,    64 * MIB,  "manifests, indexes, configurations and member names read for one image")       \
    X(root_depth,           400,       "folders inside one another in a root folder")

// Fetching images over HTTP: src/http, src/image.
#define LIMITS_FETCH(X)                                                                                                \
    X(fetch_layer_bytes,    64 * GIB,  "size of one layer as it is fetched")                                           \
    X(fetch_documents,      500,       "manifests, indexes and configurations fetched for one image")                  \
    X(fetch_header_bytes,   64 * KIB,  "size of the header of one answer")                                             \
    X(fetch_redirects,      10,        "redirects followed for one request")                                           \
    X(fetch_tries,          4,         "tries in a row that bring nothing, before a request is given up")              \
    X(fetch_connect_seconds, 30,       "seconds until a connection stands")                                            \
    X(fetch_slow_seconds,   60,        "seconds that a server may send less than 1 KiB each before it is given up")    \
    X(fetch_connections,    16,        "requests on their way at the same time")                                       \
    X(fetch_host_connections, 6,       "of them, to one host")                                                         \
    X(fetch_layer_urls,     16,        "places that a manifest names for one layer")                                   \
    X(list_pages,           10000,     "pages of a registry's catalog, or of one repository's list of tags")           \
    X(list_names,           1000000,   "repositories of a registry's catalog, or tags of one repository")

// Unpacking and walking one layer: src/layer.
#define LIMITS_LAYER(X)                                                                                                \
    X(layer_bytes,          64 * GIB,  "bytes that one layer unpacks to")                                              \
    X(layer_ratio,          250,       "bytes unpacked for one byte read, once a layer has unpacked to 1 GiB")         \
    X(layer_entries,        20000000,  "members of one layer's archive")                                               \
    X(layer_cpu_seconds,    600,       "processor seconds for one layer")                                              \
    X(layer_memory_bytes,   512 * MIB, "memory of one layer worker")                                                   \
    X(layer_findings_bytes, 256 * MIB, "size of what a layer worker reports")                                          \
    X(layer_links,          1000000,   "symbolic links and whiteouts remembered of one layer")                         \
    X(replacing_files,      100000,    "files and folders remembered of one layer that may replace lower layers'")     \
    X(database_links,       64,        "places that a layer's symbolic links move package databases to")               \
    X(zstd_window_bytes,    128 * MIB, "window of a zstd or xz stream")                                                \
    X(pax_bytes,            1 * MIB,   "size of one pax header or GNU long name")                                      \
    X(path_bytes,           4096,      "length of a path in a layer")                                                  \
    X(sparse_extents,       65536,     "stretches of data of one sparse file that is read")

// Reading the files of a layer, in the order of the scanners: src/scan.
#define LIMITS_SCAN(X)                                                                                                 \
    X(packages,             1000000,   "packages found in one layer")                                                  \
    X(owned_files,          1000000,   "files of a layer's packages that are remembered to tell who owns what")        \
    X(field_bytes,          4096,      "length of a name, a version or another field of a package or advisory")        \
    X(line_bytes,           1 * MIB,   "length of one line of a package database")                                     \
    X(dpkg_status_bytes,    128 * MIB, "size of a dpkg status file")                                                   \
    X(apk_installed_bytes,  128 * MIB, "size of an apk installed database")                                            \
    X(rpmdb_bytes,          192 * MIB, "size of an rpm database")                                                      \
    X(rpm_header_bytes,     64 * MIB,  "size of what an rpm database holds of one package")                            \
    X(rpm_package_files,    1000000,   "files, and folders of files, of one rpm package")                              \
    X(file_list_bytes,      32 * MIB,  "size of one package's list of files")                                          \
    X(dnf_history_bytes,    16 * MIB,  "size of dnf's history of transactions")                                        \
    X(build_info_bytes,     4 * MIB,   "size of a file in which a Red Hat image describes itself")                     \
    X(package_head_bytes,   1 * MIB,   "bytes that are read of a METADATA, a PKG-INFO or a gemspec")                   \
    X(package_json_bytes,   8 * MIB,   "size of a package.json, an installed.json of Composer or a deps.json of .NET") \
    X(jar_bytes,            240 * MIB, "size of a Java archive")                                                       \
    X(jar_depth,            8,         "Java archives inside one another")                                             \
    X(jar_entries,          1000000,   "members of a Java archive, with those of the archives in it")                  \
    X(jar_inner_bytes,      128 * MIB, "memory for unpacked archives of one Java archive at a time")                   \
    X(jar_text_bytes,       1 * MIB,   "size of a pom.properties, and of a manifest's main section")                   \
    X(jar_unpacked_bytes,   4 * GIB,   "bytes of one Java archive's members that are read")                            \
    X(jar_ratio,            100,       "such bytes for one byte of the archive, once there are more than 16 MiB")      \
    X(binary_bytes,         384 * MIB, "size of a program or shared library")                                          \
    X(crate_list_bytes,     8 * MIB,   "size that the list of crates in a Rust program unpacks to")                    \
    X(lock_file_bytes,      64 * MIB,  "size of a lock file of a source tree")                                         \
    X(lock_file_depth,      64,        "dependencies inside one another in a lock file")                               \
    X(sbom_bytes,           64 * MIB,  "size of a bill of materials, unpacked")                                        \
    X(sbom_depth,           64,        "components inside one another in a bill of materials")                         \
    X(release_file_bytes,   64 * KIB,  "size of an os-release file and its like")

// Merging the layers, and what a report names: src/inventory.
#define LIMITS_INVENTORY(X)                                                                                            \
    X(symlink_hops,         40,        "symbolic links followed for one path")                                         \
    X(merge_steps,          10000000,  "path components walked to merge the layers of one image")                      \
    X(skips,                1000,      "skipped files and records named one by one (the rest is counted)")             \
    X(report_bytes,         1 * GIB,   "size of a report that `clarion diff` reads")

// Fetching and keeping the feeds: src/feed, src/advisory.
#define LIMITS_FEED(X)                                                                                                 \
    X(feed_bytes,           4 * GIB,   "size of one downloaded feed file")                                             \
    X(feed_slow_seconds,    60,        "seconds that a download may bring less than 1 KiB each before it is given up") \
    X(feed_unpacked_bytes,  128 * GIB, "size that one feed file unpacks to")                                           \
    X(feed_member_bytes,    64 * MIB,  "size of one package's entry in a feed")                                        \
    X(feed_members,         2000000,   "members of one feed's archive")                                                \
    X(feed_range_events,    100000,    "events of one range of versions in an OSV record")                             \
    X(csaf_depth,           64,        "branches of products inside one another in a CSAF document")                   \
    X(feed_records,         20000000,  "records of one feed")                                                          \
    X(feed_text_bytes,      4 * GIB,   "texts of one feed's records, each counted once")                               \
    X(xml_depth,            64,        "elements of an XML file inside one another")                                    \
    X(xml_text_bytes,       4 * MIB,   "size of one tag or text of an XML file")                                        \
    X(oval_parts,           8000000,   "tests, objects, states and values of variables of one OVAL file")               \
    X(oval_alternatives,    262144,    "ways in which one OVAL definition, and each part of it, can hold")              \
    X(oval_file_alternatives, 200000000, "the same of all definitions of an OVAL file")                                \
    X(oval_references,      4096,      "references, CVEs, notices and vectors of one OVAL definition")                  \
    X(feed_updates,         20,        "updates of one feed that are kept, with their segments")                       \
    X(bundle_bytes,         64 * GIB,  "size that a bundle of feeds unpacks to")                                       \
    X(bundle_manifest_bytes, 64 * MIB, "size of the manifest of a bundle")

// What is said of findings by others: src/vex, ignore rules in src/match.
#define LIMITS_TRIAGE(X)                                                                                               \
    X(vex_bytes,            64 * MIB,  "size of a VEX document")                                                       \
    X(vex_depth,            64,        "branches and components inside one another in a VEX document")                 \
    X(vex_statements,       200000,    "statements of a VEX document")                                                 \
    X(vex_products,         2000000,   "products of a VEX document, each time that it names one")                      \
    X(ignore_rules,         10000,     "rules of one such file")

// From an update of a feed to notices of it: src/notify.
#define LIMITS_NOTIFY(X)                                                                                               \
    X(notification_items,   5000000,   "items of one notification; what is beyond is counted")                         \
    X(notification_days,    14,        "days that a notification is kept once nothing is to be delivered of it")       \
    X(delivery_attempts,    20,        "attempts to deliver a notification to a target before it is given up")         \
    X(delivery_first_wait_seconds, 5,  "seconds from the first failed attempt to the next; twice as many each time")   \
    X(delivery_most_wait_seconds, 3600, "seconds that are waited at most between two attempts")

// The service: its configuration and its clients: src/service, src/http.
#define LIMITS_SERVICE(X)                                                                                              \
    X(yaml_bytes,         1 * MIB,   "size of a file of the configuration or of ignore rules")                                        \
    X(yaml_nodes,         100000,    "values of all such files together")                                            \
    X(yaml_depth,         64,        "values inside one another in them")                               \
    X(connections,          2000,      "connections that are open at a time")                                          \
    X(client_connections,   1000,      "of these, connections of one address")                                         \
    X(request_head_bytes,   32 * KIB,  "size of a request's path and headers")                                         \
    X(request_body_bytes,   4 * MIB,   "size of a request's body")                                                     \
    X(request_seconds,      60,        "seconds in which a request must have come whole, and in which one must come")  \
    X(request_queue,        1000,      "requests that wait for one of the threads that change the store")              \
    X(index_queue,          1000,      "manifests that wait to be indexed, and scans of Harbor that wait")                \
    X(index_failures,       1000,      "manifests of which it is remembered why they could not be indexed")            \
    X(layer_headers,        64,        "headers that a client gives to fetch one layer with")                          \
    X(stream_seconds,       600,       "seconds in which an answer that is made while it is sent must have been taken") \
    X(update_diffs,         4,         "differences of two updates of a feed that are sent at a time")                \
    X(affected_vulnerabilities, 10000, "vulnerabilities that affected_manifest is asked for at a time")                \
    X(affected_images,      1000000,   "pairs of an image and a vulnerability in an answer of affected_manifest")      \
    X(event_entries,        1000,      "events of one delivery of a registry")                                            \
    X(event_queue,          10000,     "pushes that registries told of and that wait to be indexed")                   \
    X(event_tries,          16,        "tries to index a push, before it is given up")                                 \
    X(event_history,        1000,      "ended events that are kept, of each kind of end")                              \
    X(tag_history,          100,       "earlier manifests that are remembered of one tag")                             \
    X(page_items,           1000,      "items of one page of a list")                                                  \
    X(page_tries,           10,        "logins to the web page in vain by one address within a minute")                \
    X(page_session_seconds, 28800,     "seconds after which one must log in to the web page again")                    \
    X(report_cache_bytes,   16 * MIB,  "finished vulnerability reports that are kept for who asks again")              \
    X(shutdown_seconds,     10,        "seconds that running requests have to end when the service stops")            \
    X(span_queue,           2048,      "finished spans that wait to be sent")                                          \
    X(span_batch,           512,       "of these, spans that are sent at a time")                                      \
    X(span_text_bytes,      1024,      "length of a text that a span carries; the rest is cut off")                    \
    X(telemetry_retry_seconds, 60,     "seconds after which spans or metrics that cannot be sent are given up")        \
    X(telemetry_flush_seconds, 5,      "seconds that they have to be sent when the service stops")                     \
    X(telemetry_answer_bytes, 64 * KIB, "size of a collector's answer that is read")

// Telling people and programs of notifications: src/notify.
#define LIMITS_TARGETS(X)                                                                                              \
    X(target_connect_seconds, 15,      "seconds until a connection to a target of notifications stands")               \
    X(target_answer_seconds, 30,       "seconds that a target of notifications may take for an answer")                \
    X(target_delivery_seconds, 300,    "seconds that one delivery of a notification may take in all")                  \
    X(target_message_bytes, 4 * MIB,   "size at which a message with items of a notification is closed for the next")  \
    X(target_frames,        1000,      "frames in a row that a broker may send without the awaited one among them")    \
    X(target_greeting_bytes, 1 * MIB,  "bytes that an AMQP broker may send until one is logged in")                    \
    X(stomp_frame_bytes,    64 * KIB,  "size of a frame that a STOMP broker sends")                                    \
    X(stomp_headers,        64,        "headers of such a frame")                                                      \
    X(summary_items,        1000000,   "items of a notification that are looked at for its summary")                   \
    X(summary_layers,       20,        "layers that a summary names (the rest is counted)")                            \
    X(summary_flaws,        20,        "vulnerabilities that it names for each, the worst first")                      \
    X(summary_images,       10,        "images that it names for each")                                                \
    X(summary_names,        5,         "names that it tells of each image")

// All of them: by R those that what is read of an image depends on, by O the others.
#define LIMITS_BY(R, O)                                                                                                \
    LIMITS_IMAGE(R) LIMITS_FETCH(O) LIMITS_LAYER(R) LIMITS_SCAN(R) LIMITS_INVENTORY(R)                                 \
    LIMITS_FEED(O) LIMITS_TRIAGE(O) LIMITS_NOTIFY(O) LIMITS_SERVICE(O) LIMITS_TARGETS(O)
#define LIMITS(X) LIMITS_BY(X, X)
// clang-format on

// Plain numbers, so that a worker can be handed a copy as bytes.
struct limits {
#define LIMIT_FIELD(name, value, text) uint64_t name;
    LIMITS(LIMIT_FIELD)
#undef LIMIT_FIELD
};

struct limits limits_default(void);

// Applies "NAME=VALUE" (a whole number, with an optional suffix K, M or G for powers of 1024). ERR_USAGE otherwise.
bool limits_set(struct limits *limits, struct slice assignment, struct error *err);

// The table, for listing: NULL past the end.
struct limit_entry {
    const char *name, *text;
    uint64_t value;
    bool reading; // another value changes what is read of an image
};
const struct limit_entry *limits_entry(size_t i);

// Which limit an error's text names first. False when it names none.
bool limits_named(struct slice text, size_t *which);

// What `limits` has for the i-th of the table.
uint64_t limits_value(const struct limits *limits, size_t i);
