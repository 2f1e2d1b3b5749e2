#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)32 * 1024)
#define ALIGNMENT  _Alignof(max_align_t)

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) char bytes[];
};

static _Noreturn void out_of_memory(void)
{
    // Nothing that allocates may be called from here, hence no stdio.
    static const char message[] = "clarion: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
    (void)ignored;
    _exit(3);
}

void *must_alloc(size_t size)
{
    void *p = malloc(size != 0 ? size : 1);
    if (p == NULL)
        out_of_memory();
    return p;
}

void *must_realloc(void *old, size_t size)
{
    void *p = realloc(old, size != 0 ? size : 1);
    if (p == NULL)
        out_of_memory();
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t padded;
    if (__builtin_add_overflow(size, ALIGNMENT - 1, &padded))
        out_of_memory();
    padded &= ~(ALIGNMENT - 1);
    struct arena_block *block = a->head;
    if (block == NULL || block->size - block->used < padded) {
        // A large piece gets a block of its own, put behind the head so that the head's room is not lost.
        size_t room = padded > BLOCK_SIZE / 4 ? padded : BLOCK_SIZE;
        size_t whole;
        if (__builtin_add_overflow(room, sizeof *block, &whole))
            out_of_memory();
        block = must_alloc(whole);
        *block = (struct arena_block){.size = room};
        if (room != BLOCK_SIZE && a->head != NULL) {
            block->next = a->head->next;
            a->head->next = block;
        } else {
            block->next = a->head;
            a->head = block;
        }
    }
    void *p = block->bytes + block->used;
    block->used += padded;
    a->used += padded;
    return memset(p, 0, padded);
}

void *arena_alloc_array(struct arena *a, size_t size, size_t n)
{
    size_t bytes;
    if (__builtin_mul_overflow(size, n, &bytes))
        out_of_memory();
    return arena_alloc(a, bytes);
}

struct slice arena_dup(struct arena *a, struct slice s)
{
    char *copy = arena_alloc(a, s.n + 1);
    if (s.n != 0)
        memcpy(copy, s.p, s.n);
    return slice_of(copy, s.n);
}

struct slice arena_dup_lower(struct arena *a, struct slice s)
{
    struct slice copy = arena_dup(a, s);
    char *p = (char *)(uintptr_t)copy.p; // ours
    for (size_t i = 0; i < copy.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    return copy;
}

struct slice arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) {
        va_end(again);
        return slice_of("", 0);
    }
    char *text = arena_alloc(a, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return slice_of(text, (size_t)n);
}

void arena_free(struct arena *a)
{
    struct arena_block *block = a->head;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *a = (struct arena){0};
}

void *arena_grow(struct arena *a, void *old, size_t size, size_t n, size_t *cap)
{
    size_t wanted = *cap != 0 ? *cap * 2 : 8;
    void *grown = arena_alloc_array(a, size, wanted);
    if (n != 0)
        memcpy(grown, old, size * n);
    *cap = wanted;
    return grown;
}
