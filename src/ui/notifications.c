// What was told of updates of the feeds: which images they concerned, and whether the targets have it.
#include "ui/notifications.h"

#include "notify/items.h"
#include "service/api.h"
#include "ui/page.h"

#define ROWS_A_PAGE 100

// ---- all of them ----------------------------------------------------------------------------------------------------

static void add_deliveries(struct buf *out, const struct stored_notification *n, const struct stored_delivery *all,
                           size_t all_n)
{
    bool any = false;
    for (size_t i = 0; i < all_n; i++) {
        if (all[i].row != n->row)
            continue;
        buf_adds(out, any ? "<br>" : "");
        buf_addf(out, "<span class=\"state %s\">%s</span> ", delivery_state_name(all[i].state),
                 delivery_state_name(all[i].state));
        markup_add(out, all[i].target);
        if (all[i].error.n != 0) {
            buf_adds(out, " <small>");
            html_count(out, all[i].attempts, "attempt");
            buf_adds(out, ": ");
            markup_add(out, all[i].error);
            buf_adds(out, "</small>");
        }
        any = true;
    }
    buf_adds(out, any ? "" : "<span class=\"none\">no target is configured</span>");
}

static void add_notification(struct page *p, const struct stored_notification *n, const struct stored_delivery *all,
                             size_t all_n)
{
    struct buf *out = p->out;
    buf_adds(out, "<tr><th scope=\"row\">");
    buf_addf(out, "<a href=\"%snotifications/%.*s\">", p->root, SLICE_ARG(n->uuid));
    html_time(out, n->made);
    buf_adds(out, "</a></th>");
    html_cell(out, NULL, n->feed);
    html_number_cell(out, n->images);
    html_number_cell(out, n->items);
    buf_adds(out, "<td>");
    add_deliveries(out, n, all, all_n);
    if (n->held_back != 0) {
        buf_adds(out, "<br>");
        html_count(out, n->held_back, "item");
        buf_adds(out, " held back (limit notification_items)");
    }
    buf_adds(out, n->deleted != 0 ? "<br><span class=\"none\">the client is done with it</span></td></tr>\n"
                                  : "</td></tr>\n");
}

static void write_list(struct page *p, const struct stored_notification *all, size_t n,
                       const struct stored_delivery *deliveries, size_t deliveries_n)
{
    uint64_t page = page_number(p, "page"), from = page * ROWS_A_PAGE;
    struct slice path = arena_printf(p->a, "%snotifications", p->root);
    page_begin(p, SLICE("Notifications"), SECTION_NOTIFICATIONS);
    buf_adds(p->out, "<h1>Notifications</h1>\n<p class=\"lead\">What updates of the feeds changed for the images that "
                     "are indexed here, the newest first.</p>\n");
    if (n == 0) {
        buf_adds(p->out, "<p>There is none: nothing has changed for any image, or no update came since it was "
                         "indexed. They are kept for some days (limit notification_days).</p>\n");
    } else {
        html_table_begin(p->out, "Notifications", "Notifications",
                         (const char *const[]){"Made", "Feed", "#Images", "#Items", "Deliveries", NULL});
        for (uint64_t i = from; i < n && i < from + ROWS_A_PAGE; i++)
            add_notification(p, &all[i], deliveries, deliveries_n);
        buf_adds(p->out, HTML_TABLE_END);
    }
    const struct html_pages pages = {.name = "page", .total = n, .page = page, .per = ROWS_A_PAGE, .path = path.p};
    html_pager(p->out, &pages);
    page_end(p);
}

static bool write_notifications(struct page *p, struct error *err)
{
    struct stored_notification *all;
    struct stored_delivery *deliveries;
    size_t n, deliveries_n;
    if (!store_notifications(&p->view->store, p->a, &all, &n, err) ||
        !store_deliveries(&p->view->store, 0, p->a, &deliveries, &deliveries_n, err))
        return false;
    write_list(p, all, n, deliveries, deliveries_n);
    return true;
}

void notifications_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer(service, request, response, write_notifications);
}

// ---- the items of one -----------------------------------------------------------------------------------------------

static void add_item(struct page *p, const struct notice_item *item)
{
    static const char *const words[] = {
        [NOTICE_ADDED] = "new", [NOTICE_CHANGED] = "changed", [NOTICE_REMOVED] = "gone"};
    struct buf *out = p->out;
    const struct notice_flaw *f = item->flaw;
    struct slice manifest = digest_slice(&item->manifest);
    buf_addf(out, "<tr><td>%s</td><td>", words[item->reason]);
    html_severity(out, f->severity);
    buf_adds(out, "</td><th scope=\"row\">");
    html_link(out, p->root, "vulnerabilities/", f->vulnerability, f->vulnerability);
    html_exploited(out, f->exploited);
    buf_adds(out, "</th>");
    html_cell(out, "name", f->package.name);
    html_cell(out, "version", f->package.version);
    if (f->fixed_in.n != 0)
        html_cell(out, "version fix", f->fixed_in);
    else
        buf_adds(out, "<td class=\"none\">no fix yet</td>");
    buf_adds(out, "<td class=\"name\">");
    html_link(out, p->root, "images/", manifest, item->reference.n != 0 ? item->reference : manifest);
    buf_adds(out, "<br>");
    html_digest(out, manifest);
    buf_adds(out, "</td></tr>\n");
}

static void write_items(struct page *p, const struct stored_notification *n, const struct notice_item *items,
                        size_t items_n)
{
    bool more = items_n > ROWS_A_PAGE;
    page_begin(p, SLICE("Notification"), SECTION_NOTIFICATIONS);
    buf_adds(p->out, "<h1>What the update of ");
    markup_add(p->out, n->feed);
    buf_adds(p->out, " changed</h1>\n<p class=\"lead\">");
    html_count(p->out, n->items, "item");
    buf_adds(p->out, " about ");
    html_count(p->out, n->images, "image");
    buf_adds(p->out, ", made ");
    html_time(p->out, n->made);
    buf_adds(p->out, ".</p>\n");
    html_table_begin(
        p->out, "Items", "Items",
        (const char *const[]){"What", "Severity", "Vulnerability", "Package", "Installed", "Fixed in", "Image", NULL});
    for (size_t i = 0; i < items_n && i < ROWS_A_PAGE; i++)
        add_item(p, &items[i]);
    if (items_n == 0)
        buf_adds(p->out, "<tr><td colspan=\"7\">There are no more.</td></tr>\n");
    buf_adds(p->out, HTML_TABLE_END);
    if (more)
        buf_addf(p->out,
                 "<nav class=\"pager\" aria-label=\"Pages of the list\"><a class=\"btn btn-sm\" rel=\"next\" "
                 "href=\"%snotifications/%.*s?after=%.*s\">Next →</a></nav>\n",
                 p->root, SLICE_ARG(n->uuid), SLICE_ARG(items[ROWS_A_PAGE - 1].id));
    page_end(p);
}

static bool write_notification(struct page *p, struct error *err)
{
    struct stored_notification n;
    struct notice_item *items = NULL;
    struct slice id, after = web_parameter(p->request, "after");
    struct error why;
    size_t items_n = 0;
    bool found = api_uuid(p->request->rest, p->a, &id, &why) && (after.n == 0 || api_uuid(after, p->a, &after, &why));
    if (found && !store_notification_get(&p->view->store, id, p->a, &n, &found, err))
        return false;
    if (!found) {
        page_refuse(p, 404, SLICE("There is no such notification"),
                    SLICE("It may have been removed: a notification is kept for some days once nothing is to be "
                          "delivered of it (limit notification_days)."));
        return true;
    }
    struct stored_items source = {&p->view->store, &n};
    struct notice_items reader = notice_items_of(&source);
    if (!reader.read(reader.context, after, ROWS_A_PAGE + 1, p->a, &items, &items_n, err))
        return false;
    write_items(p, &n, items, items_n);
    return true;
}

void notification_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer(service, request, response, write_notification);
}
