// The page of one image, and its parts: each a tab of its own, chosen by the parameter `show`.
#pragma once

#include "store/names.h"
#include "ui/page.h"

struct image_page {
    struct page *page;
    struct digest digest;
    struct report report;
    struct image_name *names; // those in force first
    size_t names_n;
};

void image_get(void *service, const struct web_request *request, struct web_response *response);

// ---- the tabs -------------------------------------------------------------------------------------------------------

void image_write_findings(const struct image_page *image);
void image_write_updates(const struct image_page *image);
void image_write_packages(const struct image_page *image);
void image_write_layers(const struct image_page *image);
void image_write_suppressed(const struct image_page *image);
void image_write_coverage(const struct image_page *image);

// The first few updates, and how many there are (image_updates.c).
void image_add_first_updates(const struct image_page *image);
uint64_t image_count_updates(const struct report *report);

// ---- for the tabs ---------------------------------------------------------------------------------------------------

#define IMAGE_PAGE 100 // findings or packages of one page

// "sha256:…?show=TAB": this image's page, relative to itself.
struct slice image_path(const struct image_page *image);

// The package of a finding.
const struct package *image_package(const struct image_page *image, const struct report_finding *finding);

// The layer that brought a package: its number and the command that made it.
void image_add_layer(const struct image_page *image, size_t layer);

// The list of pages, with `query` as its other parameters.
void image_add_pager(const struct image_page *image, uint64_t total, struct slice query);
