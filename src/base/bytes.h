// Numbers out of foreign bytes. The caller has checked that they are there; no alignment is asked for.
#pragma once

#include <stdint.h>

static inline uint16_t get_le16(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint16_t get_be16(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t get_le32(const char *p)
{
    return (uint32_t)get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

static inline uint32_t get_be32(const char *p)
{
    return (uint32_t)get_be16(p) << 16 | (uint32_t)get_be16(p + 2);
}
