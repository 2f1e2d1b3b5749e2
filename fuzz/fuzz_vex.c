// VEX documents of every format, held against an image: what is read can be indexed, found and compared.
#include "fuzz.h"

#include "vex/vex.h"

static struct package packages[] = {
    {.kind = SLICE("deb"), .name = SLICE("openssl"), .version = SLICE("3.0.8-1"), .arch = SLICE("amd64")},
    {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("1:3-1.el9"), .module = SLICE("nss:3")},
    {.kind = SLICE("maven"), .name = SLICE("g:a"), .version = SLICE("1.0")},
};
#define PACKAGES (sizeof packages / sizeof packages[0])

static void hold_against(const struct vex_statement *s, const struct vex_image *image)
{
    for (size_t i = 0; i < s->products_n; i++)
        for (size_t p = 0; p < PACKAGES; p++) {
            struct arena a ARENA_AUTO = {0};
            struct slice why;
            enum vex_agreement told = vex_covers(&s->products[i], image, &packages[p], &a, &why);
            if (told != vex_covers(&s->products[i], image, &packages[p], &a, NULL))
                abort();
            if (told != VEX_AGREES && why.n == 0)
                abort();
            vex_product_title(&a, &s->products[i]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = fuzz_limits();
    struct inventory_package installed[PACKAGES];
    struct slice cpes[] = {SLICE("cpe:/a:redhat:enterprise_linux:9::appstream")};
    struct inventory inventory = {.distribution = {.known = true, .id = SLICE("debian"), .version_id = SLICE("12")},
                                  .packages = installed,
                                  .packages_n = PACKAGES};
    struct vex_image image = {.reference = SLICE("docker.io/library/debian:12"),
                              .manifest = SLICE("sha256:00"),
                              .arch = SLICE("amd64"),
                              .inventory = &inventory,
                              .cpes = cpes,
                              .cpes_n = 1};
    struct vex_document d;
    struct vex_set set = {0};
    struct error err = {0};
    limits.vex_statements = limits.vex_products = 200;
    for (size_t i = 0; i < PACKAGES; i++)
        installed[i] = (struct inventory_package){.package = packages[i]};
    if (!vex_read(slice_of((const char *)data, size), SLICE("input"), &limits, &a, &d, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return 0;
    }
    vex_set_add(&a, &set, &d);
    vex_set_index(&a, &set);
    for (size_t i = 0; i < d.statements_n; i++) {
        size_t n;
        vex_set_find(&set, d.statements[i].vulnerability, &n);
        if (n == 0)
            abort();
        hold_against(&d.statements[i], &image);
    }
    return 0;
}
