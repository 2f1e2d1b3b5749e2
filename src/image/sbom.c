// A bill of materials as the source of an inventory: one document, which stands where another image has layers. It is
// known by the digest of its bytes.
#include "image/source.h"

#include "base/file.h"

#include <stdlib.h>
#include <unistd.h>

struct document {
    int fd;
    uint64_t size;
};

static struct reader *open_layer(struct image *image, size_t i, struct error *err)
{
    (void)i, (void)err;
    const struct document *document = image->source;
    return reader_of_range(document->fd, 0, document->size);
}

static void close_document(struct image *image)
{
    struct document *document = image->source;
    fd_close(&document->fd);
    free(document);
}

static const struct image_source_ops document_source = {open_layer, close_document};

bool sbom_begins(int fd)
{
    char first[64];
    ssize_t n = pread(fd, first, sizeof first, 0);
    struct slice head = slice_of(first, n > 0 ? (size_t)n : 0);
    if (slice_starts(head, SLICE("\xef\xbb\xbf")))
        head = slice_from(head, 3);
    head = slice_trim(head);
    return head.n != 0 && head.p[0] == '{';
}

bool sbom_open(struct opening *o, int fd, struct error *err)
{
    struct document *document = must_alloc(sizeof *document);
    *document = (struct document){.fd = fd};
    o->image->ops = &document_source;
    o->image->source = document;
    o->image->subject = SUBJECT_SBOM;
    if (!fd_size(fd, &document->size, err))
        return false;
    if (document->size > o->limits->sbom_bytes)
        return error_set(err, ERR_LIMIT, "the document has %llu bytes, more than the %llu that limit sbom_bytes allows",
                         (unsigned long long)document->size, (unsigned long long)o->limits->sbom_bytes);
    struct reader *r READER_AUTO = reader_of_range(fd, 0, document->size);
    opening_add_layers(o, 1);
    struct image_layer *layer = o->image->layers;
    if (!digest_reader(r, NULL, &layer->digest, &layer->size, err))
        return false;
    o->image->manifest = layer->digest; // what changes between this pass and the next is an error
    return true;
}
