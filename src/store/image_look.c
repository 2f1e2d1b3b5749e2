// What an image consists of, and which of it the database has already: one question for all that it has once, one for
// its parts, one for its layers.
#include "store/image_put.h"

#include "base/buf.h"

#include <stdlib.h>

void image_ask(struct image_put *p, const struct db_request *request)
{
    size_t n = db_request_values(request);
    struct db_value *kept = ARENA_NEW(&p->arena, struct db_value, n);
    for (size_t i = 0; i < n; i++)
        kept[i] = request->values[i];
    struct db_request *asked = &VEC_PUSH(&p->arena, &p->requests);
    *asked = *request;
    asked->values = kept;
}

bool image_send_asked(struct image_put *p, struct error *err)
{
    size_t n = p->requests.n;
    p->requests.n = 0;
    return db_batch(p->s->db, p->requests.v, n, err);
}

struct db_value image_digest(struct image_put *p, const struct digest *digest)
{
    return db_blob(digest_pack(digest, arena_alloc(&p->arena, DIGEST_BYTES)));
}

// ---- the texts that are digested ------------------------------------------------------------------------------------

// Fields are separated by a byte that they cannot hold in JSON-clean text. One text that is hashed at once: hashing
// each field costs several times as much.
static void add_field(struct buf *text, struct slice field)
{
    buf_add(text, field);
    buf_addc(text, '\0');
}

static void add_member(struct buf *text, const struct inventory_package *p)
{
    const struct slice fields[] = {p->package.kind,
                                   p->package.name,
                                   p->package.version,
                                   p->package.arch,
                                   p->package.module,
                                   p->package.source_name,
                                   p->package.source_version,
                                   p->package.vendor,
                                   p->package.repository,
                                   slice_str(p->scanner),
                                   p->db,
                                   p->owner};
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
        add_field(text, fields[f]);
}

static void find_parts(struct image_put *p)
{
    const struct inventory *inventory = &p->image->inventory;
    size_t layers = 0;
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (inventory->packages[i].layer >= layers)
            layers = inventory->packages[i].layer + 1;
    p->parts = ARENA_NEW(&p->arena, struct wanted_part, layers);
    for (size_t layer = 0; layer < layers; layer++) {
        struct buf text BUF_AUTO = {0};
        for (size_t i = 0; i < inventory->packages_n; i++)
            if (inventory->packages[i].layer == layer)
                add_member(&text, &inventory->packages[i]);
        if (text.n != 0)
            p->parts[p->parts_n++] = (struct wanted_part){.digest = digest_of(buf_slice(&text)), .layer = layer};
    }
}

static void find_set(struct image_put *p)
{
    const struct inventory *inventory = &p->image->inventory;
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < p->parts_n; i++) {
        buf_addf(&text, "%zu ", p->parts[i].layer);
        add_field(&text, digest_slice(&p->parts[i].digest));
    }
    for (size_t i = 0; i < inventory->repositories_n; i++) {
        const struct inventory_repository *r = &inventory->repositories[i];
        add_field(&text, r->id);
        add_field(&text, r->path);
        buf_addf(&text, "%zu ", r->layer);
    }
    p->set_digest = digest_of(buf_slice(&text));
}

static int by_bytes(const void *a, const void *b)
{
    return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

// The context's: the ids in order, each once.
static void find_repositories(struct image_put *p)
{
    const struct inventory *inventory = &p->image->inventory;
    struct slice *ids = ARENA_NEW(&p->arena, struct slice, inventory->repositories_n);
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < inventory->repositories_n; i++)
        ids[i] = inventory->repositories[i].id;
    if (inventory->repositories_n != 0)
        qsort(ids, inventory->repositories_n, sizeof *ids, by_bytes);
    for (size_t i = 0; i < inventory->repositories_n; i++)
        if (i == 0 || !slice_eq(ids[i], ids[i - 1]))
            buf_addf(&text, "%.*s\n", SLICE_ARG(ids[i]));
    p->repositories = arena_dup(&p->arena, buf_slice(&text));
}

// ---- the chain of layers --------------------------------------------------------------------------------------------

// Rows of chains of these layers, base first: of each place those whose parent is one of the place before.
static bool chain_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    size_t position = (size_t)db_column_int(row, 2);
    const struct stored_layer *layer = &p->image->layers[position];
    (void)err;
    bool ours = position == p->chained && db_column_int(row, 1) == p->chain &&
                slice_eq(db_column(row, 3), layer->media_type) && slice_eq(db_column(row, 4), layer->created_by) &&
                slice_eq(db_column(row, 5), layer->skip_reason) && (uint64_t)db_column_int(row, 6) == layer->size;
    if (ours) {
        p->chain = db_column_int(row, 0);
        p->chained++;
    }
    return true;
}

// ?1: the digests, each in 64 bytes; ?2: how many bytes each has, as a letter. A question of its own, not a join: a
// server does not know that each step of a chain has few rows, and would read all layers for it.
#define LAYER_OF(position)                                                                                             \
    "(SELECT l.id FROM layer l WHERE l.digest = substr(?1, 64 * " position " + 1, CASE WHEN substr(?2, " position      \
    " + 1, 1) = 'L' THEN 64 ELSE 32 END))"
#define CHAIN_COLUMNS "c.media_type, c.created_by, c.skip_reason, c.size"

void image_ask_chain(struct image_put *p)
{
    size_t n = p->image->layers_n;
    char *digests = arena_alloc(&p->arena, n * DIGEST_BYTES), *lengths = arena_alloc(&p->arena, n);
    for (size_t i = 0; i < n; i++)
        lengths[i] = digest_pack(&p->image->layers[i].digest, &digests[i * DIGEST_BYTES]).n == 64 ? 'L' : 'S';
    if (n != 0)
        IMAGE_ASK(
            p,
            "WITH RECURSIVE up (id, parent, position, media_type, created_by, skip_reason, size) AS (SELECT c.id, "
            "c.parent, CAST(0 AS INTEGER), " CHAIN_COLUMNS
            " FROM layer_chain c WHERE c.parent = 0 AND c.layer_id = " LAYER_OF(
                "0") " UNION ALL SELECT c.id, c.parent, up.position + 1, " CHAIN_COLUMNS
                     " FROM up JOIN layer_chain c ON c.parent = up.id AND c.layer_id = " LAYER_OF(
                         "(up.position + 1)") ") SELECT id, parent, position, media_type, created_by, skip_reason, size FROM up ORDER BY position, id",
            chain_row, p, db_blob(slice_of(digests, n * DIGEST_BYTES)), db_text(slice_of(lengths, n)));
}

// ---- all else -------------------------------------------------------------------------------------------------------

static bool part_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    (void)err;
    p->parts[db_column_int(row, 0)].id = db_column_int(row, 1);
    return true;
}

void image_ask_parts(struct image_put *p)
{
    struct db_value *values = ARENA_NEW(&p->arena, struct db_value, 2 * p->parts_n);
    for (size_t i = 0; i < p->parts_n; i++) {
        values[2 * i] = db_int((int64_t)i);
        values[2 * i + 1] = image_digest(p, &p->parts[i].digest);
    }
    const struct db_request request = {
        .sql = "SELECT column1, (SELECT id FROM package_part WHERE digest = column2) FROM (VALUES (?1, ?2)) AS each",
        .values = values,
        .n = 2,
        .rows = p->parts_n,
        .row = part_row,
        .context = p,
    };
    if (p->parts_n != 0)
        image_ask(p, &request);
}

static bool known_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    (void)err;
    p->context = db_column_int(row, 0);
    p->distribution = db_column_int(row, 1);
    p->replaces = !db_column_null(row, 2);
    p->former = db_column_int(row, 2);
    p->sort = db_column_int(row, 3);
    p->set = db_column_int(row, 4);
    p->placed = db_column_int(row, 5) != 0;
    return true;
}

// Questions within one, so that a server has one statement to begin and to end rather than six.
void image_ask_known(struct image_put *p)
{
    const struct stored_image *image = p->image;
    IMAGE_ASK(p,
              "SELECT c.id, c.distribution_id, (SELECT chain_id FROM image WHERE manifest = ?12), "
              "(SELECT image_sort.id FROM image_sort JOIN indexer_state ON indexer_state.id = state_id WHERE digest = "
              "?13 AND kind = ?14 AND os = ?15 AND arch = ?16), "
              "(SELECT id FROM package_set WHERE digest = ?17), "
              "(SELECT 1 FROM image WHERE set_id = (SELECT id FROM package_set WHERE digest = ?17) AND context_id = "
              "c.id LIMIT 1) "
              "FROM (SELECT 1 AS one) AS always LEFT JOIN context c ON c.distribution_id = " CONTEXT_DISTRIBUTION
              " AND c.repositories = ?10",
              known_row, p, CONTEXT_VALUES(p, &image->inventory.distribution), image_digest(p, &image->manifest),
              db_text(p->state), db_text(image->kind), db_text(image->os), db_text(image->arch),
              image_digest(p, &p->set_digest));
}

void image_take_apart(struct image_put *p)
{
    find_parts(p);
    find_set(p);
    find_repositories(p);
}
