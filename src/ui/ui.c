#include "ui/ui.h"

#include "ui/assets.h"
#include "ui/feeds.h"
#include "ui/image.h"
#include "ui/images.h"
#include "ui/login.h"
#include "ui/notifications.h"
#include "ui/overview.h"
#include "ui/page.h"
#include "ui/search.h"
#include "ui/vulnerability.h"

// A page that only reads: HEAD is answered as GET is, without its body.
#define READS(handler, pace)                                                                                           \
    .methods = {{"GET", handler, pace}, {"HEAD", handler, pace}}, .admit = page_admit, .no_redirect = true

const struct web_route ui_routes[] = {
    {.path = "/", READS(overview_get, WEB_FAST)},
    {.path = "/images", READS(images_get, WEB_FAST)},
    {.path = "/images/", READS(image_get, WEB_FAST)},
    {.path = "/vulnerabilities/", READS(vulnerability_get, WEB_SLOW)},
    {.path = "/search", READS(search_get, WEB_SLOW)},
    {.path = "/notifications", READS(notifications_get, WEB_FAST)},
    {.path = "/notifications/", READS(notification_get, WEB_FAST)},
    {.path = "/feeds", READS(feeds_get, WEB_FAST)},
    {.path = "/assets/", .methods = {{"GET", asset_get, WEB_FAST}, {"HEAD", asset_get, WEB_FAST}}, .open = true},
    {.path = "/login",
     .methods = {{"GET", login_get, WEB_FAST}, {"HEAD", login_get, WEB_FAST}, {"POST", login_post, WEB_FAST}},
     .open = true},
    {.path = "/logout", .methods = {{"POST", logout_post, WEB_FAST}}, .open = true},
    {0},
};
