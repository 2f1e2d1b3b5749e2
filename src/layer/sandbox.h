// What a layer worker may still do once hostile bytes come in: read the layer, write its answer, use memory.
#pragma once

#include "base/error.h"
#include "base/limits.h"

// True in builds with a sanitizer, whose run-time needs more than the sandbox of ordinary builds gives: there memory is
// not bounded, some further harmless calls are allowed, and a forbidden one fails with EPERM instead of killing, so
// that the sanitizer can still print its report. Only what no sanitizer asks for kills there too (sandbox.c).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

// Shuts the calling process in, for good: resource limits, no new privileges, Landlock without any rule (where the
// kernel has it), and a seccomp filter that leaves standard input for reading, standard output and standard error for
// writing, and memory that is neither shared nor executable. ERR_IO when the filter or a limit cannot be had: then
// nothing hostile may be read.
bool sandbox_enter(const struct limits *limits, struct error *err);

// The version of Landlock that the kernel offers; 0 when it has none.
int sandbox_landlock_abi(void);

bool sandbox_has_seccomp(void);
