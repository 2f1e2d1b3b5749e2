#include "notify/documents.h"

#include "base/clock.h"
#include "base/json.h"
#include "output/clair.h"

#define ITEMS_AT_A_TIME 500

// ---- Clair's --------------------------------------------------------------------------------------------------------

struct slice document_callback_url(struct arena *a, struct slice configured, const struct delivery *delivery)
{
    if (configured.n == 0)
        return delivery->callback;
    struct buf url BUF_AUTO = {0};
    buf_add(&url, configured);
    if (!slice_ends(configured, SLICE("/")))
        buf_addc(&url, '/');
    buf_add(&url, delivery->notice->id);
    return arena_dup(a, buf_slice(&url));
}

void document_callback(const struct notice *notice, struct slice callback, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "callback", callback);
    json_add_str(doc, root, "notification_id", notice->id);
    json_write(doc, false, out);
}

static void add_vulnerability(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct notice_flaw *flaw)
{
    struct slice severity = slice_str(severity_name(flaw->severity_clair));
    yyjson_mut_val *value = json_add_obj(doc, root, "vulnerability");
    json_add_str(doc, value, "name", flaw->vulnerability);
    json_add_str(doc, value, "description", flaw->description);
    const struct clair_package package = {.kind = flaw->of_source ? "source" : "binary", .name = flaw->record_package};
    clair_add_source(doc, value, "package", &package);
    clair_add_distribution(doc, value, "distribution", "", &flaw->distribution);
    yyjson_mut_val *repository = json_add_obj(doc, value, "repo");
    clair_add_repository(doc, repository, flaw->repository, SLICE(""), flaw->repository_uri, SLICE(""));
    json_add_str(doc, value, "severity", severity);
    json_add_str(doc, value, "normalized_severity", severity);
    json_add_str(doc, value, "fixed_in_version", flaw->fixed_in_clair);
    json_add_str(doc, value, "links", flaw->links);
}

void document_item(const struct notice_item *item, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "id", item->id);
    json_add_str(doc, root, "manifest", digest_slice(&item->manifest));
    json_add_str(doc, root, "reason", slice_str(notice_reason_name(item->reason)));
    add_vulnerability(doc, root, item->flaw);
    json_write(doc, false, out);
}

// ---- Clarion's ------------------------------------------------------------------------------------------------------

static void add_counts(yyjson_mut_doc *doc, yyjson_mut_val *data, const struct summary *summary)
{
    yyjson_mut_val *all = json_add_obj(doc, data, "vulnerabilities");
    for (int reason = 0; reason < SUMMARY_REASONS; reason++) {
        yyjson_mut_val *counts = json_add_obj(doc, all, notice_reason_name((enum notice_reason)reason));
        for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
            if (summary->counts[reason][s] != 0)
                yyjson_mut_obj_add_uint(doc, counts, severity_name((enum severity)s), summary->counts[reason][s]);
    }
}

static void add_flaw(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct summary_flaw *flaw)
{
    yyjson_mut_val *value = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, value, "vulnerability", slice_str(flaw->vulnerability));
    json_add_str(doc, value, "reason", slice_str(notice_reason_name(flaw->reason)));
    json_add_str(doc, value, "severity", slice_str(severity_name(flaw->severity)));
    yyjson_mut_obj_add_bool(doc, value, "exploited", flaw->exploited);
    json_add_str(doc, value, "kind", flaw->kind);
    json_add_str(doc, value, "package", slice_str(flaw->package));
    json_add_str(doc, value, "installed", slice_str(flaw->version));
    json_add_str(doc, value, "fixed_in", slice_str(flaw->fixed_in));
    json_add_str_if(doc, value, "link", slice_str(flaw->link));
}

static void add_names(yyjson_mut_doc *doc, yyjson_mut_val *value, const struct summary_image *image)
{
    if (image->names_n != 0)
        json_add_str(doc, value, "reference", slice_str(image->names[0].text));
    yyjson_mut_val *names = json_add_arr(doc, value, "names");
    for (size_t i = 0; i < image->names_n; i++)
        json_arr_add_str(doc, names, slice_str(image->names[i].text));
    yyjson_mut_obj_add_uint(doc, value, "names_more", image->names_more);
}

static void add_layer(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct summary_layer *layer)
{
    yyjson_mut_val *value = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, value, "layer", digest_slice(&layer->digest));
    yyjson_mut_obj_add_uint(doc, value, "images", layer->images_n);
    yyjson_mut_obj_add_uint(doc, value, "vulnerabilities", layer->flaws_n);
    yyjson_mut_val *flaws = json_add_arr(doc, value, "vulnerabilities_shown");
    for (size_t i = 0; i < layer->flaws_shown; i++)
        add_flaw(doc, flaws, &layer->flaws[i]);
    yyjson_mut_obj_add_uint(doc, value, "vulnerabilities_more", layer->flaws_n - layer->flaws_shown);
    yyjson_mut_val *images = json_add_arr(doc, value, "images_shown");
    for (size_t i = 0; i < layer->images_shown; i++) {
        yyjson_mut_val *image = yyjson_mut_arr_add_obj(doc, images);
        json_add_str(doc, image, "manifest", digest_slice(&layer->images[i].manifest));
        add_names(doc, image, &layer->images[i]);
    }
    yyjson_mut_obj_add_uint(doc, value, "images_more", layer->images_n - layer->images_shown);
}

static void add_data(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct notice *notice, struct slice callback,
                     const struct summary *summary)
{
    yyjson_mut_val *data = json_add_obj(doc, root, "data");
    json_add_str(doc, data, "schema", SLICE("clarion/notification/1"));
    json_add_str(doc, data, "notification_id", notice->id);
    json_add_str_if(doc, data, "callback", callback);
    json_add_str(doc, data, "feed", notice->feed);
    yyjson_mut_obj_add_uint(doc, data, "items", notice->items);
    yyjson_mut_obj_add_uint(doc, data, "images", notice->images);
    yyjson_mut_obj_add_uint(doc, data, "items_counted", summary->items);
    add_counts(doc, data, summary);
    yyjson_mut_val *layers = json_add_arr(doc, data, "layers");
    for (size_t i = 0; i < summary->layers_n; i++)
        add_layer(doc, layers, &summary->layers[i]);
    yyjson_mut_obj_add_uint(doc, data, "layers_more", summary->layers_more);
}

void document_event(const struct notice *notice, struct slice callback, const struct summary *summary, struct buf *out)
{
    char made[CLOCK_TEXT];
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    clock_format(notice->made, made);
    json_add_str(doc, root, "specversion", SLICE("1.0"));
    json_add_str(doc, root, "id", notice->id);
    json_add_str(doc, root, "source", SLICE("urn:clarion:notifier"));
    json_add_str(doc, root, "type", SLICE("clarion.notification.v1"));
    json_add_str_if(doc, root, "subject", notice->feed); // an attribute must not be empty
    json_add_str(doc, root, "time", slice_str(made));
    json_add_str(doc, root, "datacontenttype", SLICE("application/json"));
    add_data(doc, root, notice, callback, summary);
    json_write(doc, false, out);
}

// ---- items and messages ---------------------------------------------------------------------------------------------

bool notice_each_item(const struct notice_items *items, notice_item_fn *take, void *context, struct error *err)
{
    struct buf after BUF_AUTO = {0};
    for (;;) {
        struct arena a ARENA_AUTO = {0};
        struct notice_item *page;
        size_t n = 0;
        if (!items->read(items->context, buf_slice(&after), ITEMS_AT_A_TIME, &a, &page, &n, err))
            return error_wrap(err, "the notification's items");
        for (size_t i = 0; i < n; i++)
            if (!take(context, &page[i], err))
                return false;
        if (n == 0)
            return true;
        after.n = 0;
        buf_add(&after, page[n - 1].id);
    }
}

struct rollup {
    const struct message_plan *plan;
    message_fn *send;
    void *context;
    struct buf body;
    int64_t items; // in `body`
};

static bool flush(struct rollup *r, struct error *err)
{
    if (r->items == 0)
        return true;
    buf_addc(&r->body, ']');
    bool sent = r->send(r->context, buf_slice(&r->body), err);
    r->body.n = 0;
    r->items = 0;
    return sent;
}

static bool roll_up(void *context, const struct notice_item *item, struct error *err)
{
    struct rollup *r = context;
    struct buf text BUF_AUTO = {0};
    document_item(item, &text);
    if (r->items != 0 && r->body.n + text.n + 2 > r->plan->limits->target_message_bytes && !flush(r, err))
        return false;
    buf_addc(&r->body, r->items == 0 ? '[' : ',');
    buf_add(&r->body, buf_slice(&text));
    r->items++;
    return r->items < r->plan->rollup || flush(r, err);
}

bool document_messages(const struct message_plan *plan, const struct delivery *delivery, message_fn *send,
                       void *context, struct error *err)
{
    if (!plan->direct) {
        struct buf body BUF_AUTO = {0};
        document_callback(delivery->notice, plan->callback, &body);
        return send(context, buf_slice(&body), err);
    }
    struct rollup r = {.plan = plan, .send = send, .context = context};
    bool sent = notice_each_item(&delivery->items, roll_up, &r, err) && flush(&r, err);
    buf_free(&r.body);
    return sent;
}
