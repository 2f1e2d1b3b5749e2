#include "notify/targets.h"

extern const struct target_maker target_webhook, target_amqp, target_stomp, target_mail, target_chat;

const struct target_maker *const target_makers[] = {
    &target_webhook, &target_amqp, &target_stomp, &target_mail, &target_chat, NULL,
};
