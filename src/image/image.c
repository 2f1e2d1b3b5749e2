#include "image/image.h"

#include "base/file.h"
#include "image/registry_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- Images whose layers are blobs ----------------------------------------------------------------------------------

static struct reader *open_blob_layer(struct image *image, size_t i, struct error *err)
{
    return blobs_open(image->source, image->layers[i].where, err);
}

static void close_blobs(struct image *image)
{
    struct blobs *blobs = image->source;
    blobs_close(&blobs);
}

// The blobs belong to the image from now on.
static struct blobs *give_blobs(struct opening *o, struct slice kind, struct blobs *blobs)
{
    static const struct image_source_ops ops = {open_blob_layer, close_blobs};
    o->image->kind = kind;
    o->image->ops = &ops;
    o->image->source = blobs;
    o->image->sequential = blobs->sequential;
    return blobs;
}

// ---- Recognising ----------------------------------------------------------------------------------------------------

static bool open_folder_fd(const char *path, int *fd, struct error *err)
{
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd >= 0)
        return true;
    bool absent = errno == ENOENT;
    error_errno(err, "cannot open folder %s", path);
    err->code = absent ? ERR_NOT_FOUND : err->code;
    return false;
}

static bool open_file_fd(const char *path, int *fd, struct error *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO must not keep us waiting
    if (*fd < 0) {
        bool absent = errno == ENOENT;
        error_errno(err, "cannot open %s", path);
        err->code = absent ? ERR_NOT_FOUND : err->code;
        return false;
    }
    if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
        return true;
    fd_close(fd);
    return error_set(err, ERR_FORMAT, "%s is no regular file", path);
}

static bool has_file(struct blobs *blobs, const char *name)
{
    struct blob blob;
    struct error ignored;
    return blobs_find(blobs, slice_str(name), &blob, &ignored);
}

static bool open_oci_folder(struct opening *o, const char *path, struct slice tag, struct error *err)
{
    int fd;
    if (!open_folder_fd(path, &fd, err))
        return false;
    return oci_layout_open(o, give_blobs(o, SLICE("oci"), blobs_of_folder(fd, o->limits)), tag, err);
}

enum archive_kind { ARCHIVE_ANY, ARCHIVE_DOCKER, ARCHIVE_OCI };

static bool open_archive(struct opening *o, const char *path, struct slice tag, enum archive_kind kind,
                         struct error *err)
{
    int fd;
    if (!open_file_fd(path, &fd, err))
        return false;
    struct blobs *blobs = blobs_of_archive(fd, o->limits, err);
    if (blobs == NULL)
        return error_wrap(err, "cannot read it as an image archive");
    if (kind != ARCHIVE_OCI && has_file(blobs, "manifest.json"))
        return docker_archive_open(o, give_blobs(o, SLICE("docker-archive"), blobs), tag, err);
    if (kind != ARCHIVE_DOCKER && has_file(blobs, "index.json"))
        return oci_layout_open(o, give_blobs(o, SLICE("oci-archive"), blobs), tag, err);
    blobs_close(&blobs);
    return error_set(err, ERR_FORMAT, "the archive holds no image: it has %s",
                     kind == ARCHIVE_DOCKER ? "no manifest.json"
                     : kind == ARCHIVE_OCI  ? "no index.json"
                                            : "neither manifest.json nor index.json");
}

// A folder with blobs beside their manifest, or the root of a file system; where the user did not say "dir:", it may be
// a layout too.
static bool open_folder(struct opening *o, const char *path, bool maybe_layout, struct error *err)
{
    int fd, root FD_AUTO = -1;
    if (!open_folder_fd(path, &fd, err))
        return false;
    if ((root = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0) {
        fd_close(&fd);
        return error_errno(err, "cannot open folder %s", path);
    }
    struct blobs *blobs = blobs_of_folder(fd, o->limits);
    if (maybe_layout && has_file(blobs, "index.json") && has_file(blobs, "oci-layout"))
        return oci_layout_open(o, give_blobs(o, SLICE("oci"), blobs), SLICE(""), err);
    if (blob_folder_is(blobs))
        return blob_folder_open(o, give_blobs(o, SLICE("blobs"), blobs), err);
    blobs_close(&blobs);
    o->image->kind = SLICE("dir");
    return root_folder_open(o, fd_take(&root), err);
}

static bool path_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

// "PATH" or "PATH:TAG". Both may have colons in them: the longest beginning that exists is the path; where none does,
// it ends before the first colon. To be freed.
static char *split_tag(const char *text, struct slice *tag)
{
    size_t size = strlen(text) + 1;
    char *path = memcpy(must_alloc(size), text, size);
    char *colon = NULL;
    *tag = SLICE("");
    while (!path_exists(path)) {
        char *before = strrchr(path, ':');
        if (before == NULL)
            break;
        colon = before;
        *colon = '\0';
    }
    if (colon != NULL)
        *tag = slice_str(text + (colon - path) + 1);
    return path;
}

static bool open_document(struct opening *o, const char *path, struct error *err)
{
    int fd;
    o->image->kind = SLICE("sbom");
    return open_file_fd(path, &fd, err) && sbom_open(o, fd, err);
}

static bool is_document(const char *path)
{
    struct error ignored;
    int fd;
    bool is = open_file_fd(path, &fd, &ignored) && sbom_begins(fd);
    fd_close(&fd);
    return is;
}

static bool open_registry(struct opening *o, const struct registry_settings *settings, const char *text,
                          struct error *err)
{
    struct reference reference;
    if (settings == NULL)
        return error_set(err, ERR_UNSUPPORTED, "images in registries are not read here");
    return reference_parse(slice_str(text), o->arena, &reference, err) &&
           registry_image_open(o, settings, &reference, err);
}

// What looks like a file's name is taken for one that is not there, so that a slip of the pen asks no registry.
static bool looks_like_path(struct slice text)
{
    static const char *const endings[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".json"};
    if (slice_starts(text, SLICE("/")) || slice_starts(text, SLICE(".")) || slice_starts(text, SLICE("~")))
        return true;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (slice_ends(text, slice_str(endings[i])))
            return true;
    return false;
}

static bool open_absent(struct opening *o, const struct registry_settings *settings, const char *text,
                        struct error *err)
{
    struct reference reference;
    struct error why;
    if (looks_like_path(slice_str(text)))
        return error_set(err, ERR_NOT_FOUND,
                         "there is no such file or folder (registry:NAME is an image in a registry)");
    if (!reference_parse(slice_str(text), o->arena, &reference, &why))
        return error_set(err, ERR_NOT_FOUND, "there is no such file or folder, and it names no image in a registry: %s",
                         why.text);
    return open_registry(o, settings, text, err) ||
           error_wrap(err, "there is no such file or folder; as an image in a registry, %.*s",
                      SLICE_ARG(reference_text(o->arena, &reference)));
}

static bool open_bare(struct opening *o, const struct registry_settings *settings, const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return open_absent(o, settings, path, err);
    if (S_ISDIR(st.st_mode))
        return open_folder(o, path, true, err);
    if (is_document(path))
        return open_document(o, path, err);
    return open_archive(o, path, SLICE(""), ARCHIVE_ANY, err);
}

static bool open_by_scheme(struct opening *o, const struct registry_settings *settings, const char *target,
                           struct error *err)
{
    const char *rest = strchr(target, ':');
    size_t scheme = rest != NULL ? (size_t)(rest - target) : 0;
    struct slice name = slice_of(target, scheme), tag;
    bool docker = slice_eq(name, SLICE("docker-archive")), oci = slice_eq(name, SLICE("oci")),
         oci_archive = slice_eq(name, SLICE("oci-archive"));
    if (slice_eq(name, SLICE("registry")))
        return open_registry(o, settings, rest + 1, err);
    if (slice_eq(name, SLICE("dir")))
        return open_folder(o, rest + 1, false, err);
    if (slice_eq(name, SLICE("sbom")))
        return open_document(o, rest + 1, err);
    if (!docker && !oci && !oci_archive)
        return open_bare(o, settings, target, err);
    char *path = split_tag(rest + 1, &tag);
    bool ok = oci ? open_oci_folder(o, path, tag, err)
                  : open_archive(o, path, tag, docker ? ARCHIVE_DOCKER : ARCHIVE_OCI, err);
    free(path);
    return ok;
}

// ---- Images ---------------------------------------------------------------------------------------------------------

bool image_open(const char *target, const struct image_options *options, struct arena *a, struct image *image,
                struct error *err)
{
    *image = (struct image){.reference = arena_dup(a, slice_str(target))};
    struct opening o = {.image = image, .arena = a, .limits = options->limits, .asked = options->platform != NULL};
    if (platform_parse(options->platform, a, &o.wanted, err) && open_by_scheme(&o, options->registry, target, err))
        return true;
    image_close(image);
    return false;
}

bool image_pull(const struct reference *reference, const struct image_options *options, struct arena *a,
                struct image *image, struct error *err)
{
    *image = (struct image){0};
    struct opening o = {.image = image, .arena = a, .limits = options->limits, .asked = options->platform != NULL};
    if (platform_parse(options->platform, a, &o.wanted, err) &&
        registry_image_open(&o, options->registry, reference, err))
        return true;
    image_close(image);
    return false;
}

bool image_list(const struct reference *reference, const struct image_options *options, struct arena *a,
                struct image_listing *listing, struct error *err)
{
    struct image image = {0}; // for remarks
    struct opening o = {.image = &image, .arena = a, .limits = options->limits};
    *listing = (struct image_listing){0};
    return platform_parse(NULL, a, &o.wanted, err) &&
           registry_image_list(&o, options->registry, reference, listing, err);
}

void image_close(struct image *image)
{
    if (image->ops != NULL)
        image->ops->close(image);
    image->ops = NULL;
    image->source = NULL;
}

struct reader *image_open_layer(struct image *image, size_t i, struct error *err)
{
    return image->ops->open_layer(image, i, err);
}
