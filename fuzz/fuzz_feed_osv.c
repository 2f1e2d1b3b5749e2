// An archive of OSV records, and a single record.
#include "fuzz_feed.h"

#include <isa-l/crc.h>
#include <stdio.h>
#include <string.h>

static void put(uint8_t *at, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

// An archive with the bytes as its one member, "a.json": what a fuzzer that has to guess check sums would never make.
static uint8_t *archive_of(const uint8_t *data, size_t size, size_t *n)
{
    enum { LOCAL = 30, ENTRY = 46, END = 22, NAME = 6 };
    *n = LOCAL + NAME + size + ENTRY + NAME + END;
    uint8_t *out = calloc(1, *n), *entry = out + LOCAL + NAME + size, *end = entry + ENTRY + NAME;
    if (out == NULL)
        abort();
    put(out, 0x04034b50, 4);
    put(out + 26, NAME, 2);
    memcpy(out + LOCAL, "a.json", NAME);
    memcpy(out + LOCAL + NAME, data, size);
    put(entry, 0x02014b50, 4);
    put(entry + 16, crc32_gzip_refl(0, data, size), 4);
    put(entry + 20, size, 4);
    put(entry + 24, size, 4);
    put(entry + 28, NAME, 2);
    memcpy(entry + ENTRY, "a.json", NAME);
    put(end, 0x06054b50, 4);
    put(end + 8, 1, 2);
    put(end + 10, 1, 2);
    put(end + 12, ENTRY + NAME, 4);
    put(end + 16, LOCAL + NAME + size, 4);
    return out;
}

// The same as a tar archive (ustar: size at 124, check sum at 148 made with blanks in its place, type at 156).
static uint8_t *tar_of(const uint8_t *data, size_t size, size_t *n)
{
    enum { BLOCK = 512 };
    unsigned sum = 0;
    *n = BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
    uint8_t *out = calloc(1, *n);
    if (out == NULL)
        abort();
    memcpy(out, "a.json", 6);
    snprintf((char *)out + 124, 12, "%011llo", (unsigned long long)size);
    memset(out + 148, ' ', 8);
    out[156] = '0';
    for (size_t i = 0; i < BLOCK; i++)
        sum += out[i];
    snprintf((char *)out + 148, 7, "%06o", sum);
    memcpy(out + BLOCK, data, size);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 2 && memcmp(data, "PK", 2) == 0) {
        fuzz_feed_file("osv-pypi", "", data, size);
        return 0;
    }
    size_t n;
    uint8_t *archive = archive_of(data, size, &n);
    fuzz_feed_file("osv-pypi", "", archive, n);
    fuzz_feed_file("almalinux", "almalinux:8", archive, n);
    free(archive);
    archive = tar_of(data, size, &n);
    fuzz_feed("ubuntu-osv", "", archive, n);
    free(archive);
    return 0;
}
