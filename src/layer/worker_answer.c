#include "layer/worker_answer.h"

#include "inventory/inventory.h"

// Between processes of one program, so plain memory will do: a head, the error's text, the findings as JSON, a tail
// that shows that nothing is missing.
#define HEAD_MAGIC 0x4c61796572416e73U
#define TAIL_MAGIC 0x656e64204c617965U

struct head {
    uint64_t magic, complete, code, text_n, json_n;
};

uint64_t worker_answer_most(const struct limits *limits)
{
    return limits->layer_findings_bytes + sizeof(struct head) + ERROR_TEXT + sizeof(uint64_t);
}

void worker_answer_encode(const struct findings *findings, const struct error *problem, struct buf *out)
{
    const uint64_t tail = TAIL_MAGIC;
    size_t start = out->n;
    struct head head = {.magic = HEAD_MAGIC, .complete = problem == NULL};
    if (problem != NULL) {
        head.code = (uint64_t)problem->code;
        head.text_n = strlen(problem->text);
    }
    buf_add(out, slice_of((const char *)&head, sizeof head));
    if (problem != NULL)
        buf_adds(out, problem->text);
    size_t json = out->n;
    findings_encode(findings, out);
    head.json_n = out->n - json;
    memcpy(out->p + start, &head, sizeof head);
    buf_add(out, slice_of((const char *)&tail, sizeof tail));
}

static bool malformed(struct error *err)
{
    return error_set(err, ERR_FORMAT, "an answer that is none");
}

bool worker_answer_decode(struct slice bytes, struct arena *a, const struct limits *limits,
                          struct worker_answer *answer, struct error *err)
{
    struct head head;
    uint64_t tail;
    *answer = (struct worker_answer){0};
    if (bytes.n < sizeof head + sizeof tail)
        return malformed(err);
    memcpy(&head, bytes.p, sizeof head);
    memcpy(&tail, bytes.p + bytes.n - sizeof tail, sizeof tail);
    struct slice body = slice_of(bytes.p + sizeof head, bytes.n - sizeof head - sizeof tail);
    if (head.magic != HEAD_MAGIC || tail != TAIL_MAGIC || head.complete > 1 || head.text_n >= ERROR_TEXT ||
        head.text_n > body.n || head.json_n != body.n - head.text_n)
        return malformed(err);
    bool known =
        head.code == ERR_FORMAT || head.code == ERR_UNSUPPORTED || head.code == ERR_LIMIT || head.code == ERR_IO;
    if (head.complete == 1 ? head.code != ERR_NONE || head.text_n != 0 : !known)
        return malformed(err);
    answer->complete = head.complete == 1;
    if (!answer->complete)
        error_set(&answer->problem, (enum error_code)head.code, "%.*s", (int)head.text_n, body.p);
    answer->findings_json = arena_dup(a, slice_from(body, (size_t)head.text_n));
    return findings_decode(answer->findings_json, a, limits, &answer->findings, err);
}
