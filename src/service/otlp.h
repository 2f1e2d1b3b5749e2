// Sending what was observed to a collector of OpenTelemetry's, by OTLP over HTTP with JSON, or to standard output.
//
// Source: opentelemetry-proto 1.x, docs/specification.md, "OTLP/HTTP"; for standard output the OTLP File Exporter of
// the OpenTelemetry specification: one document a line.
#pragma once

#include "service/config.h"

struct otlp_sender;

// To the collector of `config`, at its url_path or else `path`; with `config` NULL to standard output. Both, and the
// limits, must live as long. NULL with an error.
struct otlp_sender *otlp_sender_new(const struct config_otlp *config, const char *path, const struct limits *limits,
                                    struct error *err);
void otlp_sender_free(struct otlp_sender **sender); // NULL is fine

// Sends a document, again and again if that is of use (limit telemetry_retry_seconds). `*rejected`: how many spans or
// values of it the collector has not taken, as it says; when there are any, `err` says why. One thread at a time.
// Errors: ERR_NETWORK and those of http_send; ERR_IO.
bool otlp_send(struct otlp_sender *sender, struct slice document, uint64_t *rejected, struct error *err);

// From now on everything must be sent within so many seconds. Safe from any thread, as is:
void otlp_sender_hurry(struct otlp_sender *sender, double seconds);

// Breaks off what is being sent; nothing is sent any more.
void otlp_sender_break_off(struct otlp_sender *sender);
