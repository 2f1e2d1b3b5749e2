#include "cli/progress.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/progress_text.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NANOSECONDS 100000000L // between two times that it is drawn
#define RATE_SECONDS      3.0        // over which a rate is told
#define NAME_BYTES        128

struct bar {
    char what[NAME_BYTES]; // as it was given, to find it; empty: free
    uint64_t done, total;
    double since;
    double marked; // when `mark` was taken
    uint64_t mark;
    double rate;
};

struct progress {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    bool paused; // until the next time
    char words[256];
    struct bar bars[PROGRESS_BARS];
    size_t widths[PROGRESS_BARS + 2]; // of the lines on the screen
    size_t lines;
};

// ---- the screen -----------------------------------------------------------------------------------------------------

static struct winsize screen(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size.ws_col = 80;
    if (size.ws_row == 0)
        size.ws_row = 24;
    return size;
}

static void put(const struct buf *text)
{
    // What a terminal does not take is lost; nothing depends on it.
    ssize_t ignored = write(STDERR_FILENO, text->p, text->n);
    (void)ignored;
}

// The cursor stands behind the last line. A terminal that has become narrower has folded the lines.
static void erase(struct progress *p, const struct winsize *size, struct buf *out)
{
    size_t rows = 0;
    for (size_t i = 0; i < p->lines; i++)
        rows += p->widths[i] > size->ws_col ? (p->widths[i] + size->ws_col - 1) / size->ws_col : 1;
    if (p->lines == 0)
        return;
    buf_addc(out, '\r');
    if (rows > 1)
        buf_addf(out, "\033[%zuA", rows - 1);
    buf_adds(out, "\033[J");
    p->lines = 0;
}

static void add_line(struct progress *p, struct slice line, struct buf *out)
{
    if (p->lines != 0)
        buf_adds(out, "\r\n");
    buf_add(out, line);
    p->widths[p->lines++] = utf8_columns(line);
}

// As many columns of it as there are.
static void add_words(struct progress *p, struct slice words, size_t columns, struct buf *out)
{
    size_t n = words.n;
    while (utf8_columns(slice_of(words.p, n)) > columns) {
        n--;
        while (n > 0 && ((unsigned char)words.p[n] & 0xC0) == 0x80)
            n--;
    }
    add_line(p, slice_of(words.p, n), out);
}

static void measure(struct bar *bar, double now)
{
    double passed = now - bar->marked;
    if (passed < (bar->rate > 0 ? RATE_SECONDS : 0.5))
        return;
    bar->rate = (double)(bar->done - bar->mark) / passed;
    bar->mark = bar->done;
    bar->marked = now;
}

static void draw(struct progress *p)
{
    struct arena a ARENA_AUTO = {0};
    struct buf out BUF_AUTO = {0};
    struct winsize size = screen();
    size_t columns = size.ws_col - 1U, room = size.ws_row > 2 ? size.ws_row - 2U : 1; // the last column would fold
    size_t hidden = 0;
    double now = clock_monotonic();
    erase(p, &size, &out);
    if (p->words[0] != '\0')
        add_words(p, utf8_plain(&a, slice_str(p->words)), columns, &out);
    for (size_t i = 0; i < PROGRESS_BARS; i++) {
        struct bar *bar = &p->bars[i];
        if (bar->what[0] == '\0')
            continue;
        measure(bar, now);
        if (p->lines == room) {
            hidden++;
            continue;
        }
        struct buf line BUF_AUTO = {0};
        const struct progress_bar text = {utf8_plain(&a, slice_str(bar->what)).p, bar->done, bar->total, bar->rate,
                                          now - bar->since};
        progress_bar_write(&text, columns, &line);
        add_line(p, buf_slice(&line), &out);
    }
    if (hidden != 0)
        add_words(p, arena_printf(&a, "and %zu more", hidden), columns, &out);
    if (out.n != 0)
        put(&out);
}

static void clear(struct progress *p)
{
    struct buf out BUF_AUTO = {0};
    struct winsize size = screen();
    erase(p, &size, &out);
    if (out.n != 0)
        put(&out);
}

static void *draw_on(void *argument)
{
    struct progress *p = argument;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += PAUSE_NANOSECONDS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        while (!p->stop && pthread_cond_timedwait(&p->wake, &p->lock, &until) != ETIMEDOUT)
            continue;
        if (!p->stop && !p->paused)
            draw(p);
        p->paused = false;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

// ---- for commands ---------------------------------------------------------------------------------------------------

static bool is_wanted(const struct cli *cli)
{
    const char *term = getenv("TERM"); // NOLINT(concurrency-mt-unsafe): nothing changes it
    return !cli->quiet && !cli->json_logs && isatty(STDERR_FILENO) != 0 && term != NULL && strcmp(term, "dumb") != 0;
}

static void before_message(void *context)
{
    progress_pause(context);
}

struct progress *progress_new(const struct cli *cli)
{
    if (!is_wanted(cli))
        return NULL;
    struct progress *p = must_alloc(sizeof *p);
    *p = (struct progress){.stop = false};
    pthread_mutex_init(&p->lock, NULL);
    cond_init_monotonic(&p->wake);
    if (pthread_create(&p->thread, NULL, draw_on, p) != 0) { // then it goes without
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
        free(p);
        return NULL;
    }
    log_before(before_message, p);
    return p;
}

void progress_free(struct progress **progress)
{
    struct progress *p = *progress;
    *progress = NULL;
    if (p == NULL)
        return;
    log_before(NULL, NULL);
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    clear(p);
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void progress_say(struct progress *p, const char *format, ...)
{
    va_list args;
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    va_start(args, format);
    vsnprintf(p->words, sizeof p->words, format, args);
    va_end(args);
    pthread_mutex_unlock(&p->lock);
}

// The bar of that name, else a free one; NULL when there is neither.
static struct bar *find(struct progress *p, const char *what)
{
    struct bar *free_one = NULL;
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s", what);
    for (size_t i = 0; i < PROGRESS_BARS; i++) {
        if (strcmp(p->bars[i].what, name) == 0)
            return &p->bars[i];
        if (p->bars[i].what[0] == '\0' && free_one == NULL)
            free_one = &p->bars[i];
    }
    return free_one;
}

void progress_bytes(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    struct bar *bar = find(p, what);
    if (bar != NULL && bar->what[0] == '\0') {
        double now = clock_monotonic();
        *bar = (struct bar){.since = now, .marked = now, .mark = done};
        snprintf(bar->what, sizeof bar->what, "%s", what);
    }
    if (bar != NULL) {
        bar->mark = done < bar->done ? done : bar->mark; // it has begun anew
        bar->done = done;
        bar->total = total;
    }
    pthread_mutex_unlock(&p->lock);
}

void progress_done(struct progress *p, const char *what)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    struct bar *bar = find(p, what);
    if (bar != NULL)
        bar->what[0] = '\0';
    pthread_mutex_unlock(&p->lock);
}

void progress_pause(struct progress *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    clear(p);
    p->paused = true;
    pthread_mutex_unlock(&p->lock);
}
