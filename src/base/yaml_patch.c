// Changing a tree by JSON merge patch (RFC 7396) and JSON patch (RFC 6902), with JSON pointers (RFC 6901).
#include "base/yaml.h"

static void remove_member(struct yaml_node *node, size_t i)
{
    struct yaml_member *v = node->members.v;
    for (node->members.n--; i < node->members.n; i++)
        v[i] = v[i + 1];
}

// Where a map has a key; the number of its members when it does not have it.
static bool find_member(const struct yaml_node *map, struct slice key, size_t *i)
{
    for (*i = 0; *i < map->members.n; ++*i)
        if (slice_eq(map->members.v[*i].key, key))
            return true;
    return false;
}

static void set_member(struct yaml_source *s, struct yaml_node *map, const struct yaml_member *member)
{
    size_t i;
    if (find_member(map, member->key, &i))
        map->members.v[i] = *member;
    else
        VEC_PUSH(s->arena, &map->members) = *member;
}

// ---- merge patch ----------------------------------------------------------------------------------------------------

struct yaml_node *yaml_merge(struct yaml_source *s, struct yaml_node *target, struct yaml_node *patch)
{
    if (patch->type != YAML_MAP)
        return patch;
    if (target == NULL || target->type != YAML_MAP) {
        target = ARENA_NEW(s->arena, struct yaml_node, 1);
        target->type = YAML_MAP;
        target->place = patch->place;
    }
    for (size_t i = 0; i < patch->members.n; i++) {
        struct yaml_member member = patch->members.v[i];
        size_t old;
        bool found = find_member(target, member.key, &old);
        if (member.value->type == YAML_NULL) {
            if (found)
                remove_member(target, old);
            continue;
        }
        member.value = yaml_merge(s, found ? target->members.v[old].value : NULL, member.value);
        set_member(s, target, &member);
    }
    return target;
}

// ---- copies ---------------------------------------------------------------------------------------------------------

struct yaml_node *yaml_copy(struct yaml_source *s, const struct yaml_node *node, unsigned depth, struct error *err)
{
    struct yaml_node *copy = yaml_node_new(s, node->place, depth, err);
    if (copy == NULL)
        return NULL;
    copy->type = node->type;
    copy->text = node->text;
    for (size_t i = 0; i < node->members.n; i++) {
        struct yaml_member member = node->members.v[i];
        if ((member.value = yaml_copy(s, member.value, depth + 1, err)) == NULL)
            return NULL;
        VEC_PUSH(s->arena, &copy->members) = member;
    }
    return copy;
}

// ---- pointers -------------------------------------------------------------------------------------------------------

// Where a pointer leads: a member of `parent`, present or (for a map, or one behind a list's last) not. The root has
// no parent.
struct spot {
    struct yaml_node *parent;
    struct slice key;
    size_t index; // into the parent's members; their number when it is not there
    unsigned depth;
};

static bool present(const struct spot *spot)
{
    return spot->parent == NULL || spot->index < spot->parent->members.n;
}

static struct yaml_node *value_at(struct yaml_node *root, const struct spot *spot)
{
    return spot->parent == NULL ? root : spot->parent->members.v[spot->index].value;
}

// One part of a pointer with ~1 for '/' and ~0 for '~'.
static struct slice unescape(struct arena *a, struct slice part)
{
    char *out = arena_alloc(a, part.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < part.n; i++) {
        bool escaped = part.p[i] == '~' && i + 1 < part.n && (part.p[i + 1] == '0' || part.p[i + 1] == '1');
        out[n++] = !escaped ? part.p[i] : part.p[i + 1] == '1' ? '/' : '~';
        i += escaped;
    }
    return slice_of(out, n);
}

static bool list_index(const struct yaml_node *list, struct slice key, size_t *index)
{
    uint64_t number;
    *index = list->members.n;
    if (slice_eq(key, SLICE("-")))
        return true;
    if (!slice_to_u64(key, &number) || (key.n > 1 && key.p[0] == '0') || number > list->members.n)
        return false;
    *index = (size_t)number;
    return true;
}

static bool follow(struct yaml_source *s, struct yaml_node *root, struct slice pointer, struct spot *spot,
                   struct error *err)
{
    struct slice rest = slice_from(pointer, 1), part;
    *spot = (struct spot){0};
    if (pointer.n == 0)
        return true;
    if (pointer.p[0] != '/')
        return error_set(err, ERR_FORMAT, "the pointer \"%.*s\" does not begin with a slash", SLICE_ARG(pointer));
    for (bool more = true; more;) {
        struct yaml_node *parent = value_at(root, spot);
        more = slice_cut(rest, '/', &part, &rest);
        spot->key = unescape(s->arena, part);
        spot->parent = parent;
        spot->depth++;
        bool found =
            parent->type == YAML_MAP || (parent->type == YAML_LIST && list_index(parent, spot->key, &spot->index));
        if (found && parent->type == YAML_MAP)
            find_member(parent, spot->key, &spot->index);
        if (!found || (more && !present(spot)))
            return error_set(err, ERR_FORMAT, "there is nothing at \"%.*s\"", SLICE_ARG(pointer));
    }
    return true;
}

// ---- operations -----------------------------------------------------------------------------------------------------

static void insert(struct yaml_source *s, struct yaml_node **root, const struct spot *spot, struct yaml_node *value)
{
    struct yaml_member member = {spot->key, value->place, value};
    if (spot->parent == NULL) {
        *root = value;
    } else if (spot->parent->type == YAML_MAP) {
        set_member(s, spot->parent, &member);
    } else {
        member.key = (struct slice){0};
        (void)VEC_PUSH(s->arena, &spot->parent->members);
        struct yaml_member *v = spot->parent->members.v;
        memmove(&v[spot->index + 1], &v[spot->index], (spot->parent->members.n - spot->index - 1) * sizeof *v);
        v[spot->index] = member;
    }
}

static bool take_out(struct yaml_node **root, const struct spot *spot, struct slice pointer, struct error *err)
{
    if (!present(spot))
        return error_set(err, ERR_FORMAT, "there is nothing at \"%.*s\"", SLICE_ARG(pointer));
    if (spot->parent == NULL)
        (*root)->members.n = 0;
    else
        remove_member(spot->parent, spot->index);
    return true;
}

static bool same_value(const struct yaml_node *a, const struct yaml_node *b)
{
    if (a->type != b->type || a->members.n != b->members.n)
        return false;
    for (size_t i = 0; i < a->members.n; i++) {
        const struct yaml_node *other = a->type == YAML_MAP ? yaml_get(b, a->members.v[i].key) : b->members.v[i].value;
        if (other == NULL || !same_value(a->members.v[i].value, other))
            return false;
    }
    return slice_eq(a->text, b->text);
}

static bool text_member(const struct yaml_node *operation, const char *name, struct slice *text, struct error *err)
{
    const struct yaml_node *value = yaml_get(operation, slice_str(name));
    if (value == NULL || value->type != YAML_TEXT)
        return error_set(err, ERR_FORMAT, "an operation wants \"%s\", as text", name);
    *text = value->text;
    return true;
}

// The operations that put a value somewhere: `value` is a copy of their own.
static bool put(struct yaml_source *s, struct yaml_node **root, struct slice path, const struct yaml_node *value,
                bool replacing, struct error *err)
{
    struct spot spot;
    if (!follow(s, *root, path, &spot, err))
        return false;
    if (replacing && !present(&spot))
        return error_set(err, ERR_FORMAT, "there is nothing at \"%.*s\"", SLICE_ARG(path));
    struct yaml_node *copy = yaml_copy(s, value, spot.depth, err);
    if (copy == NULL)
        return false;
    if (replacing && spot.parent != NULL)
        spot.parent->members.v[spot.index].value = copy;
    else
        insert(s, root, &spot, copy);
    return true;
}

static bool move_or_copy(struct yaml_source *s, struct yaml_node **root, const struct yaml_node *operation,
                         struct slice path, bool moving, struct error *err)
{
    struct slice from;
    struct spot spot;
    if (!text_member(operation, "from", &from, err) || !follow(s, *root, from, &spot, err))
        return false;
    if (!present(&spot))
        return error_set(err, ERR_FORMAT, "there is nothing at \"%.*s\"", SLICE_ARG(from));
    const struct yaml_node *value = value_at(*root, &spot);
    if (!moving)
        return put(s, root, path, value, false, err);
    if (slice_eq(from, path))
        return true;
    if (slice_starts(path, from) && (from.n == 0 || path.p[from.n] == '/'))
        return error_set(err, ERR_FORMAT, "\"%.*s\" cannot be moved into itself", SLICE_ARG(from));
    return take_out(root, &spot, from, err) && put(s, root, path, value, false, err);
}

static bool apply(struct yaml_source *s, struct yaml_node **root, const struct yaml_node *operation, struct error *err)
{
    struct slice op, path;
    struct spot spot;
    if (!text_member(operation, "op", &op, err) || !text_member(operation, "path", &path, err))
        return false;
    if (slice_eq(op, SLICE("move")) || slice_eq(op, SLICE("copy")))
        return move_or_copy(s, root, operation, path, slice_eq(op, SLICE("move")), err);
    if (slice_eq(op, SLICE("remove")))
        return follow(s, *root, path, &spot, err) && take_out(root, &spot, path, err);
    bool adds = slice_eq(op, SLICE("add")), replaces = slice_eq(op, SLICE("replace"));
    if (!adds && !replaces && !slice_eq(op, SLICE("test")))
        return error_set(err, ERR_FORMAT, "there is no operation \"%.*s\": add, remove, replace, move, copy or test",
                         SLICE_ARG(op));
    const struct yaml_node *value = yaml_get(operation, SLICE("value"));
    if (value == NULL)
        return error_set(err, ERR_FORMAT, "the operation \"%.*s\" wants a \"value\"", SLICE_ARG(op));
    if (adds || replaces)
        return put(s, root, path, value, replaces, err);
    return follow(s, *root, path, &spot, err) &&
           ((present(&spot) && same_value(value_at(*root, &spot), value)) ||
            error_set(err, ERR_FORMAT, "the test of \"%.*s\" fails: another value is there", SLICE_ARG(path)));
}

bool yaml_patch(struct yaml_source *s, struct yaml_node **root, const struct yaml_node *patch, struct error *err)
{
    if (patch->type != YAML_LIST) {
        error_set(err, ERR_FORMAT, "a patch is a list of operations (RFC 6902), not %s", yaml_type_name(patch->type));
        return yaml_at(err, patch->place);
    }
    for (size_t i = 0; i < patch->members.n; i++)
        if (!apply(s, root, patch->members.v[i].value, err))
            return yaml_at(err, patch->members.v[i].place);
    return true;
}
