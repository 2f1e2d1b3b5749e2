// Runs a fuzz harness on one input, from the file that is named or from standard input: what AFL++ starts, and what
// repeats a finding without libFuzzer.
#include "base/buf.h"
#include "base/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    struct buf input BUF_AUTO = {0};
    struct error err;
    int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct reader *r READER_AUTO = reader_of_fd(fd, argc > 1);
    if (fd < 0 || !reader_read_all(r, &input, UINT32_MAX, "the input", &err)) {
        fprintf(stderr, "%s: cannot read the input\n", argv[0]);
        return 3;
    }
    buf_reserve(&input, 1);
    return LLVMFuzzerTestOneInput((const uint8_t *)input.p, input.n);
}
