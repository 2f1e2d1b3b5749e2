#include "base/sort.h"

#include <string.h>

struct heap {
    char *items;
    size_t n, size;
    int (*compare)(const void *a, const void *b);
};

static char *item(const struct heap *h, size_t i)
{
    return h->items + i * h->size;
}

static void swap(char *a, char *b, size_t size)
{
    char kept[64];
    while (size != 0) {
        size_t n = size < sizeof kept ? size : sizeof kept;
        memcpy(kept, a, n);
        memcpy(a, b, n);
        memcpy(b, kept, n);
        a += n;
        b += n;
        size -= n;
    }
}

// Lets item `i` sink below those that are greater; what is under it is in order already.
static void sink(const struct heap *h, size_t i)
{
    while (i < h->n / 2) {
        size_t child = 2 * i + 1;
        if (child + 1 < h->n && h->compare(item(h, child), item(h, child + 1)) < 0)
            child++;
        if (h->compare(item(h, i), item(h, child)) >= 0)
            return;
        swap(item(h, i), item(h, child), h->size);
        i = child;
    }
}

void sort_items(void *items, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
    struct heap h = {items, n, size, compare};
    for (size_t i = n / 2; i > 0; i--)
        sink(&h, i - 1);
    while (h.n > 1) {
        h.n--;
        swap(item(&h, 0), item(&h, h.n), size);
        sink(&h, 0);
    }
}
