#include "layer/tar_header.h"

static const struct {
    size_t offset, n;
} name_field = {0, 100}, mode_field = {100, 8}, size_field = {124, 12}, checksum_field = {148, 8},
  link_field = {157, 100}, prefix_field = {345, 155}, star_prefix_field = {345, 131}, gnu_atime_field = {345, 12};

#define TYPE_OFFSET    156
#define MAGIC_OFFSET   257
#define TRAILER_OFFSET 508

#define FIELD(block, f) slice_of((block) + (f).offset, (f).n)

static bool base256(struct slice field, uint64_t *value)
{
    // 0x80 alone marks a positive number; with 0xff a negative one would begin, with other bits one beyond 64 bits.
    if (field.p[0] != '\x80')
        return false;
    uint64_t v = 0;
    for (size_t i = 1; i < field.n; i++) {
        if (v >> 55 != 0)
            return false;
        v = (v << 8) | (unsigned char)field.p[i];
    }
    *value = v;
    return true;
}

bool tar_number(struct slice field, uint64_t *value)
{
    if (field.n != 0 && ((unsigned char)field.p[0] & 0x80) != 0)
        return base256(field, value);
    while (field.n > 0 && (field.p[0] == ' ' || field.p[0] == '\0'))
        field = slice_from(field, 1);
    uint64_t v = 0;
    while (field.n > 0 && field.p[0] >= '0' && field.p[0] <= '7') {
        if (v >> 60 != 0)
            return false;
        v = (v << 3) | (uint64_t)(field.p[0] - '0');
        field = slice_from(field, 1);
    }
    *value = v;
    return field.n == 0 || field.p[0] == ' ' || field.p[0] == '\0';
}

bool tar_block_is_zero(const char *block)
{
    return block[0] == '\0' && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

// The sum of the header's bytes, its own field taken as blanks. Some old programs summed signed bytes.
static bool checksum_is_right(const char *block)
{
    uint64_t wanted;
    if (!tar_number(FIELD(block, checksum_field), &wanted))
        return false;
    uint32_t sum = 0, high = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)block[i];
    for (size_t i = 0; i < checksum_field.n; i++)
        sum += (uint32_t)' ' - (unsigned char)block[checksum_field.offset + i];
    if (wanted == sum)
        return true;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        high += i - checksum_field.offset >= checksum_field.n && ((unsigned char)block[i] & 0x80) != 0;
    return wanted <= INT32_MAX && (int64_t)wanted == (int64_t)sum - 256 * (int64_t)high;
}

// The field's text up to its first NUL.
static struct slice text(struct slice field)
{
    ptrdiff_t end = slice_find(field, '\0');
    return end >= 0 ? slice_of(field.p, (size_t)end) : field;
}

static struct slice prefix_of(const char *block)
{
    const char *magic = block + MAGIC_OFFSET;
    uint64_t number;
    if (memcmp(magic, "ustar\0", 6) == 0)
        return memcmp(block + TRAILER_OFFSET, "tar\0", 4) == 0 ? text(FIELD(block, star_prefix_field))
                                                               : text(FIELD(block, prefix_field));
    // GNU's own headers have times where the prefix would be. Programs built with Go before 1.8 wrote a prefix there
    // all the same, and many old images come from them; Go's reader tells the two apart in this way too.
    if (memcmp(magic, "ustar  \0", 8) == 0 && !tar_number(FIELD(block, gnu_atime_field), &number))
        return text(FIELD(block, prefix_field));
    return slice_of(block, 0);
}

bool tar_header_decode(const char *block, struct tar_header *header, const char **problem)
{
    uint64_t mode;
    *problem = "a header with a wrong check sum: this is no tar archive, or a damaged one";
    if (!checksum_is_right(block))
        return false;
    *header = (struct tar_header){
        .type = block[TYPE_OFFSET],
        .prefix = prefix_of(block),
        .name = text(FIELD(block, name_field)),
        .link = text(FIELD(block, link_field)),
    };
    if (tar_number(FIELD(block, mode_field), &mode))
        header->mode = (uint32_t)(mode & 07777);
    *problem = "a header whose size is no number, or out of range";
    return tar_number(FIELD(block, size_field), &header->size);
}
