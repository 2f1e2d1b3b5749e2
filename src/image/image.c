#include "image/image.h"

#include "base/file.h"
#include "image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- what the kinds share
// -----------------------------------------------------------------------------------------------

void image_remark(struct arena *a, struct image *image, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (image->remarks_n == image->remarks_cap)
        image->remarks = arena_grow(a, image->remarks, sizeof *image->remarks, image->remarks_n, &image->remarks_cap);
    image->remarks[image->remarks_n++] = arena_dup(a, slice_str(text));
}

struct image_layer *image_add_layer(struct arena *a, struct image *image)
{
    if (image->layers_n == image->layers_cap)
        image->layers = arena_grow(a, image->layers, sizeof *image->layers, image->layers_n, &image->layers_cap);
    image->layers[image->layers_n] = (struct image_layer){0};
    return &image->layers[image->layers_n++];
}

bool image_describe(struct slice config, const struct image_options *options, struct arena *a, struct image *image,
                    struct image_config *parsed, struct error *err)
{
    if (!image_config_parse(config, options->limits, a, parsed, err))
        return error_wrap(err, "configuration %s", image->config.text);
    image->os = parsed->platform.os;
    image->arch = parsed->platform.arch;
    for (size_t i = 0; i < image->layers_n && parsed->created_by.n == image->layers_n; i++)
        image->layers[i].created_by = parsed->created_by.v[i];
    if (parsed->diff_ids.n != 0 && parsed->diff_ids.n != image->layers_n)
        image_remark(a, image, "the configuration speaks of %zu layers, the manifest of %zu", parsed->diff_ids.n,
                     image->layers_n);
    return true;
}

bool image_check_platform(const struct image_config *config, const struct image_options *options, struct arena *a,
                          struct error *err)
{
    struct platform wanted;
    if (options->platform == NULL || config->platform.os.n == 0)
        return true;
    if (!platform_parse(options->platform, a, &wanted, err))
        return false;
    if (platform_rank(&wanted, &config->platform) != 0)
        return true;
    struct slice have = platform_text(a, &config->platform);
    return error_set(err, ERR_NOT_FOUND, "there is no image for %s; the only one is for %.*s", options->platform,
                     SLICE_ARG(have));
}

static struct reader *open_blob_layer(struct image *image, size_t i, struct error *err)
{
    return blobs_open(image->source, image->layers[i].where, err);
}

static void close_blobs(struct image *image)
{
    struct blobs *blobs = image->source;
    blobs_close(&blobs);
}

const struct image_source_ops blobs_source = {open_blob_layer, close_blobs};

// ---- recognising
// --------------------------------------------------------------------------------------------------------

struct target {
    const struct image_options *options;
    struct arena *arena;
    struct image *image;
};

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

static bool exists(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool open_oci_folder(struct target *t, const char *path, struct slice tag, struct error *err)
{
    int fd;
    if (!open_folder_fd(path, &fd, err))
        return false;
    t->image->kind = SLICE("oci");
    return oci_layout_open(blobs_of_folder(fd, t->options->limits), tag, t->options, t->arena, t->image, err);
}

static bool has_member(struct blobs *blobs, const char *name)
{
    struct blob blob;
    struct error ignored;
    return blobs_find(blobs, slice_str(name), &blob, &ignored);
}

enum archive_kind { ARCHIVE_ANY, ARCHIVE_DOCKER, ARCHIVE_OCI };

static bool open_archive(struct target *t, const char *path, struct slice tag, enum archive_kind kind,
                         struct error *err)
{
    int fd;
    if (!open_file_fd(path, &fd, err))
        return false;
    struct blobs *blobs = blobs_of_archive(fd, t->options->limits, err);
    if (blobs == NULL)
        return error_wrap(err, "cannot read it as an image archive");
    bool docker = has_member(blobs, "manifest.json"), oci = has_member(blobs, "index.json");
    if (docker && kind != ARCHIVE_OCI) {
        t->image->kind = SLICE("docker-archive");
        return docker_archive_open(blobs, tag, t->options, t->arena, t->image, err);
    }
    if (oci && kind != ARCHIVE_DOCKER) {
        t->image->kind = SLICE("oci-archive");
        return oci_layout_open(blobs, tag, t->options, t->arena, t->image, err);
    }
    blobs_close(&blobs);
    return error_set(err, ERR_FORMAT, "the archive holds no image: it has %s",
                     kind == ARCHIVE_DOCKER ? "no manifest.json"
                     : kind == ARCHIVE_OCI  ? "no index.json"
                                            : "neither manifest.json nor index.json");
}

// A folder: a layout, blobs beside a manifest (skopeo's "dir:"), or the root of a file system.
static bool open_folder(struct target *t, const char *path, bool root_or_blobs, struct error *err)
{
    int fd;
    if (!open_folder_fd(path, &fd, err))
        return false;
    if (!root_or_blobs && exists(fd, "index.json") && exists(fd, "oci-layout")) {
        t->image->kind = SLICE("oci");
        return oci_layout_open(blobs_of_folder(fd, t->options->limits), SLICE(""), t->options, t->arena, t->image, err);
    }
    if (exists(fd, "manifest.json") && exists(fd, "version")) {
        t->image->kind = SLICE("blobs");
        return blob_folder_open(blobs_of_folder(fd, t->options->limits), t->options, t->arena, t->image, err);
    }
    t->image->kind = SLICE("dir");
    return root_folder_open(fd, t->options, t->arena, t->image, err);
}

static bool path_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

// "PATH" or "PATH:TAG"; a path that exists as it stands has no tag, whatever colons are in it.
static char *split_tag(const char *text, struct slice *tag)
{
    char *path = strdup(text);
    char *colon = path != NULL ? strchr(path, ':') : NULL;
    *tag = SLICE("");
    if (colon != NULL && !path_exists(path)) {
        *tag = slice_str(text + (colon - path) + 1);
        *colon = '\0';
    }
    return path;
}

static bool open_bare(struct target *t, const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_set(
            err, ERR_NOT_FOUND,
            "there is no such file or folder (images in a registry, registry:REFERENCE, cannot be read by this "
            "version: save them to a file first)");
    if (S_ISDIR(st.st_mode))
        return open_folder(t, path, false, err);
    return open_archive(t, path, SLICE(""), ARCHIVE_ANY, err);
}

static bool open_by_scheme(struct target *t, const char *target, struct error *err)
{
    static const char *const later[] = {"registry:", "sbom:"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        if (strncmp(target, later[i], strlen(later[i])) == 0)
            return error_set(err, ERR_UNSUPPORTED, "%s images cannot be read by this version", later[i]);
    const char *rest = strchr(target, ':');
    size_t scheme = rest != NULL ? (size_t)(rest - target) : 0;
    struct slice name = slice_of(target, scheme), tag;
    bool docker = slice_eq(name, SLICE("docker-archive")), oci = slice_eq(name, SLICE("oci")),
         oci_archive = slice_eq(name, SLICE("oci-archive"));
    if (slice_eq(name, SLICE("dir")))
        return open_folder(t, rest + 1, true, err);
    if (!docker && !oci && !oci_archive)
        return open_bare(t, target, err);
    char *path = split_tag(rest + 1, &tag);
    bool ok = oci ? open_oci_folder(t, path, tag, err)
                  : open_archive(t, path, tag, docker ? ARCHIVE_DOCKER : ARCHIVE_OCI, err);
    free(path);
    return ok;
}

bool image_open(const char *target, const struct image_options *options, struct arena *a, struct image *image,
                struct error *err)
{
    *image = (struct image){.reference = arena_dup(a, slice_str(target))};
    struct target t = {options, a, image};
    if (open_by_scheme(&t, target, err))
        return true;
    image_close(image);
    return false;
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
