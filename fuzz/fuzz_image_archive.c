// An image archive as a whole: docker's or an OCI layout, plain or compressed.
#include "fuzz.h"

#include "base/file.h"
#include "image/image.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = fuzz_limits();
    struct image_options options = {.limits = &limits};
    struct image image;
    struct error err;
    char path[64];
    int fd FD_AUTO = memfd_create("archive", MFD_CLOEXEC);
    if (fd < 0 || !fd_write_all(fd, slice_of((const char *)data, size), &err))
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!image_open(path, &options, &a, &image, &err))
        return 0;
    // What results are kept under.
    struct digest ignored;
    if (!digest_parse(digest_slice(&image.manifest), &ignored, &err))
        abort();
    for (size_t i = 0; i < image.layers_n && i < 4; i++) {
        if (!digest_parse(digest_slice(&image.layers[i].digest), &ignored, &err))
            abort();
        if (image.layers[i].skip_reason.n != 0)
            continue;
        struct reader *r READER_AUTO = image_open_layer(&image, i, &err);
        struct slice chunk;
        while (r != NULL && reader_next(r, &chunk, &err) && chunk.n != 0)
            ;
    }
    image_close(&image);
    return 0;
}
