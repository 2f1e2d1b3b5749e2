// A segment file that is not ours: opened, asked for what it holds, and compared.
#include "fuzz.h"

#include "advisory/advisory.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool pass_over(void *context, const struct segment_change *change, struct error *err)
{
    (void)context, (void)change, (void)err;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct digest digest = digest_of(SLICE("fuzz"));
    struct error err;
    char path[256];
    static char folder[64];
    if (folder[0] == '\0')
        snprintf(folder, sizeof folder, "/dev/shm/clarion-fuzz-%ld", (long)getpid());
    snprintf(path, sizeof path, "%s/%s.segment", folder, digest_hex(&digest));
    if (!dir_make(folder, &err))
        abort();
    int fd FD_AUTO = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || !fd_write_all(fd, slice_of((const char *)data, size), &err))
        abort();
    struct segment *segment = segment_open(folder, &digest, &err);
    if (segment != NULL) {
        advisory_vec records = {0};
        segment_lookup(segment, SLICE("debian:bookworm"), SLICE("openssl"), &a, &records, &err);
        segment_vulnerability(segment, SLICE("CVE-2014-0160"), &a, &records, &err);
        struct limits limits = fuzz_limits();
        struct segment_builder *builder = segment_builder_new("debian", NULL);
        segment_carry(builder, segment, SLICE("debian:bookworm"), &limits, &err);
        segment_builder_free(&builder);
        segment_diff(NULL, segment, pass_over, NULL, &err);
    }
    segment_close(&segment);
    return 0;
}
