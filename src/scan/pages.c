#include "scan/pages.h"

void pages_set(struct pages *p, struct arena *a, size_t size, uint64_t first)
{
    p->first = first;
    p->size = size;
    p->n = p->file.n / size;
    p->taken = ARENA_NEW(a, unsigned char, p->n / 8 + 1);
}

bool pages_take(struct pages *p, uint64_t number, struct slice *page)
{
    uint64_t i = number - p->first;
    if (number < p->first || i >= p->n) {
        scan_skip(p->out, p->path, p->lost, "page %llu is not there: the file has %llu", (unsigned long long)number,
                  (unsigned long long)p->n);
        return false;
    }
    unsigned char bit = (unsigned char)(1U << i % 8);
    if ((p->taken[i / 8] & bit) != 0) {
        scan_skip(p->out, p->path, p->lost, "page %llu is used twice", (unsigned long long)number);
        return false;
    }
    p->taken[i / 8] |= bit;
    *page = slice_of(p->file.p + i * p->size, p->size);
    return true;
}
