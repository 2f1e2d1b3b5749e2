#include "notify/post.h"

#include "http/client.h"

#include <stdatomic.h>
#include <stdlib.h>

struct post {
    struct arena arena;
    struct url url;
    struct slice shown;
    struct address_rules allow;
    struct http_client *client;
    atomic_bool broken_off;
};

static void take_rules(struct post *post, const struct target_parts *parts)
{
    struct error ignored; // the configuration has told them
    for (size_t i = 0; i < parts->allow->n; i++)
        address_rules_add(&post->allow, &post->arena, parts->allow->v[i], &ignored);
    address_rules_trust(&post->allow, &post->arena, post->url.host, post->url.port);
}

struct post *post_new(const struct secret *url, struct slice ca_file, const struct target_parts *parts,
                      struct error *err)
{
    struct limits limits = *parts->limits;
    limits.fetch_connect_seconds = limits.target_connect_seconds;
    limits.fetch_slow_seconds = limits.target_answer_seconds;
    struct post *post = must_alloc(sizeof *post);
    *post = (struct post){0};
    if (!url_parse(secret_reveal(url), &post->arena, &post->url, err)) {
        post_free(&post);
        return NULL;
    }
    post->shown = url_shown(&post->arena, post->url.text);
    take_rules(post, parts);
    const struct http_options options = {.limits = &limits, .ca_file = ca_file.n != 0 ? ca_file.p : NULL};
    post->client = http_client_new(&options);
    return post;
}

void post_free(struct post **post)
{
    if (*post == NULL)
        return;
    http_client_free(&(*post)->client);
    arena_free(&(*post)->arena);
    free(*post);
    *post = NULL;
}

struct slice post_shown(const struct post *post)
{
    return post->shown;
}

bool post_send(struct post *post, const struct post_message *message, long *status, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct http_answer answer;
    struct secret *body SECRET_AUTO = secret_new(message->body);
    const struct http_request request = {
        .url = post->url.text,
        .headers = message->headers,
        .headers_n = message->headers_n,
        .allow = &post->allow,
        .form = body,
        .form_type = message->type,
        .once = true,
    };
    if (!http_send(post->client, &request, &a, &answer, err)) {
        // A redirect, or an address that is not allowed, is the other side's to mend.
        if (err->code == ERR_REFUSED && !post->broken_off)
            err->code = ERR_NETWORK;
        return false;
    }
    *status = answer.status;
    reader_close(&answer.body); // which nobody reads
    return true;
}

void post_break_off(struct post *post)
{
    post->broken_off = true;
    http_client_break_off(post->client);
}
