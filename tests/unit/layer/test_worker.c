// Layer workers: real layers through the whole way, and every way in which one can end badly.
#include "layer/worker.h"

#include "archives.h"
#include "inventory/inventory.h"
#include "layer/capture.h"
#include "layer/inflate.h"
#include "layer/sandbox.h"
#include "layer/worker_answer.h"

#include <dirent.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

#define STATUS "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"

static struct limits limits;

static int start(void **state)
{
    struct error err;
    (void)state;
    limits = limits_default();
    return worker_start(&err) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    worker_stop();
    return 0;
}

static size_t open_descriptors(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

static void add_gzip(struct buf *out, struct slice bytes)
{
    struct isal_zstream s;
    static uint8_t level[ISAL_DEF_LVL1_DEFAULT];
    isal_deflate_init(&s);
    buf_reserve(out, bytes.n + 4096);
    s.level = 1;
    s.level_buf = level;
    s.level_buf_size = sizeof level;
    s.gzip_flag = IGZIP_GZIP;
    s.end_of_stream = 1;
    s.next_in = (uint8_t *)(uintptr_t)bytes.p;
    s.avail_in = (uint32_t)bytes.n;
    s.next_out = (uint8_t *)out->p + out->n;
    s.avail_out = (uint32_t)(out->cap - out->n);
    assert_int_equal(isal_deflate(&s), COMP_OK);
    out->n += s.total_out;
}

static void make_layer(struct buf *out)
{
    struct buf tar BUF_AUTO = {0};
    add_file(&tar, "etc/os-release", "ID=debian\n");
    add_file(&tar, "var/lib/dpkg/status", STATUS);
    add_file(&tar, "etc/.wh.motd", "");
    add_end(&tar);
    add_gzip(out, buf_slice(&tar));
}

static bool index_bytes(struct slice bytes, const struct digest *expected, struct arena *a, struct layer_result *result,
                        struct error *err)
{
    struct reader *r READER_AUTO = reader_in_pieces(bytes, 100000);
    return worker_index_layer(r, expected, SUBJECT_LAYER, &limits, a, result, err);
}

static void is_made_layer(const struct layer_result *r)
{
    assert_int_equal(r->findings.dbs_n, 1);
    assert_int_equal(r->findings.dbs[0].n, 1);
    assert_true(slice_eq(r->findings.dbs[0].packages[0].name, SLICE("a")));
    assert_int_equal(r->findings.releases_n, 1);
}

static void test_good(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct buf layer BUF_AUTO = {0}, again BUF_AUTO = {0};
    struct layer_result r;
    struct error err;
    make_layer(&layer);
    struct digest expected = digest_of(buf_slice(&layer));
    size_t before = open_descriptors();
    assert_true(index_bytes(buf_slice(&layer), &expected, &a, &r, &err));
    assert_true(r.complete);
    assert_true(digest_eq(&r.digest, &expected));
    assert_int_equal(r.bytes_in, layer.n);
    assert_int_equal(r.findings.entries, 3);
    assert_int_equal(r.findings.bytes, 3 * 512 + 2 * 512 + 1024);
    assert_int_equal(r.findings.whiteouts_n, 1);
    assert_true(r.peak_memory > 0);
    is_made_layer(&r);
    findings_encode(&r.findings, &again);
    assert_true(slice_eq(buf_slice(&again), r.findings_json));
    assert_int_equal(open_descriptors(), before);

    // Without a digest to hold it against; and by another algorithm.
    assert_true(index_bytes(buf_slice(&layer), NULL, &a, &r, &err));
    assert_true(digest_eq(&r.digest, &expected));
    struct hasher *h = hasher_new(&(struct digest){"sha512:"});
    hasher_add(h, buf_slice(&layer));
    expected = hasher_end(h);
    assert_true(index_bytes(buf_slice(&layer), &expected, &a, &r, &err));

    // Nothing at all is an empty layer.
    assert_true(index_bytes(SLICE(""), NULL, &a, &r, &err));
    assert_true(r.complete);
    assert_int_equal(r.findings.entries, 0);
}

static void test_wrong_digest(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct buf layer BUF_AUTO = {0};
    struct layer_result r;
    struct error err = {0};
    make_layer(&layer);
    struct digest expected = digest_of(SLICE("other bytes")), real = digest_of(buf_slice(&layer));
    size_t before = open_descriptors();
    assert_false(index_bytes(buf_slice(&layer), &expected, &a, &r, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    assert_non_null(strstr(err.text, expected.text));
    assert_non_null(strstr(err.text, real.text));
    // The digest is judged also when the worker has given up long before the end.
    struct buf garbage BUF_AUTO = {0};
    for (int i = 0; i < 3000000; i++)
        buf_addc(&garbage, 'x');
    assert_false(index_bytes(buf_slice(&garbage), &expected, &a, &r, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    assert_int_equal(open_descriptors(), before);
}

static void test_broken_layers(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct buf layer BUF_AUTO = {0}, garbage BUF_AUTO = {0};
    struct layer_result r;
    struct error err;
    make_layer(&layer);
    assert_true(index_bytes(slice_of(layer.p, layer.n - 8), NULL, &a, &r, &err));
    assert_false(r.complete);
    assert_int_equal(r.problem.code, ERR_FORMAT);
    assert_non_null(strstr(r.problem.text, "cut short"));
    is_made_layer(&r);

    for (int i = 0; i < 3000000; i++)
        buf_addc(&garbage, 'x');
    assert_true(index_bytes(buf_slice(&garbage), NULL, &a, &r, &err));
    assert_false(r.complete);
    assert_int_equal(r.problem.code, ERR_FORMAT);
    assert_int_equal(r.bytes_in, garbage.n);

    // Bytes behind the gzip stream are told of.
    buf_adds(&layer, "trailing");
    assert_true(index_bytes(buf_slice(&layer), NULL, &a, &r, &err));
    assert_true(r.complete);
    assert_int_equal(r.findings.skips_n, 1);
    assert_false(r.findings.skips[0].lost);
    assert_true(slice_eq(r.findings.skips[0].reason, SLICE("8 bytes behind the end of the gzip stream; ignored")));

    limits.layer_entries = 2;
    assert_true(index_bytes(buf_slice(&layer), NULL, &a, &r, &err));
    assert_false(r.complete);
    assert_int_equal(r.problem.code, ERR_LIMIT);
    is_made_layer(&r);
}

static void ends_with(const struct buf *layer, enum error_code code, const char *why)
{
    struct arena a ARENA_AUTO = {0};
    struct layer_result r;
    struct error err = {0};
    struct findings none;
    if (!index_bytes(buf_slice(layer), NULL, &a, &r, &err))
        fail_msg("%s", err.text);
    assert_false(r.complete);
    if (r.problem.code != code || strstr(r.problem.text, why) == NULL)
        fail_msg("code %d, \"%s\" does not say \"%s\"", (int)r.problem.code, r.problem.text, why);
    assert_int_equal(r.findings.dbs_n + r.findings.releases_n, 0);
    assert_true(findings_decode(r.findings_json, &a, &limits, &none, &err));
    assert_int_equal(r.bytes_in, layer->n);
}

static void test_limits(void **state)
{
    (void)state;
    struct buf layer BUF_AUTO = {0}, zeros BUF_AUTO = {0}, bomb BUF_AUTO = {0}, tar BUF_AUTO = {0};
    for (int i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "folder/.wh.%d", i);
        add_file(&tar, name, "");
    }
    limits.layer_findings_bytes = 1000;
    ends_with(&tar, ERR_LIMIT, "the 1000 bytes that limit layer_findings_bytes allows");
    limits = limits_default();
    tar.n = 0;
    make_layer(&layer);

    // Zeros without end: two blocks of them end the archive, and the rest is read and ignored.
    buf_reserve(&zeros, 16 << 20);
    memset(zeros.p, 0, 16 << 20);
    zeros.n = 16 << 20;
    add_gzip(&layer, buf_slice(&zeros));
    for (int i = 0; i < 4000; i++)
        buf_add(&bomb, buf_slice(&layer));
    limits.layer_cpu_seconds = 1;
    limits.layer_ratio = 1000000;
    ends_with(&bomb, ERR_LIMIT, "the 1 seconds that limit layer_cpu_seconds allows");
    limits = limits_default();

    if (SANDBOX_SANITIZED)
        return; // memory is not bounded there
    add_header(&tar, '0', "var/lib/dpkg/status", "", 64 << 20);
    for (int i = 0; i < 4; i++)
        buf_add(&tar, buf_slice(&zeros));
    limits.layer_memory_bytes = 16 * MIB;
    ends_with(&tar, ERR_LIMIT, "the 16777216 bytes that limit layer_memory_bytes allows");
}

// ---- Processes that die ---------------------------------------------------------------------------------------------

// A process by its name and its parent's, 0 when there is none.
static pid_t find_process(const char *name, pid_t parent)
{
    pid_t found = 0;
    DIR *d = opendir("/proc");
    assert_non_null(d);
    for (struct dirent *e; found == 0 && (e = readdir(d)) != NULL;) {
        char path[300], line[512] = "", wanted[64];
        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        ssize_t n = read(fd, line, sizeof line - 1);
        close(fd);
        // "PID (NAME) STATE PARENT …"
        snprintf(wanted, sizeof wanted, " (%s) ", name);
        char *at = n > 0 ? strstr(line, wanted) : NULL;
        if (at != NULL && strtol(at + strlen(wanted) + 2, NULL, 10) == parent)
            found = (pid_t)strtol(line, NULL, 10);
    }
    closedir(d);
    return found;
}

// It takes its name when it is ready.
static pid_t zygote(void)
{
    pid_t pid = 0;
    while (pid == 0)
        pid = find_process("clarion-zygote", getpid());
    return pid;
}

// Gives a piece of a layer, then waits for the worker and sends it a signal, then gives the rest.
struct killing_reader {
    struct reader base;
    struct slice first, rest;
    int step, number;
    bool whole_zygote;
};

static bool killing_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct killing_reader *r = (struct killing_reader *)base;
    (void)err;
    if (r->step == 1) {
        pid_t pid = 0;
        while (pid == 0)
            pid = r->whole_zygote ? zygote() : find_process("clarion-layer", zygote());
        assert_int_equal(kill(pid, r->number), 0);
    }
    *chunk = r->step == 0 ? r->first : r->step == 1 ? r->rest : SLICE("");
    r->step++;
    return true;
}

static void killing_close(struct reader *base)
{
    (void)base;
}

static bool index_killing(int number, bool whole_zygote, struct arena *a, struct layer_result *result,
                          struct error *err)
{
    struct buf layer BUF_AUTO = {0};
    make_layer(&layer);
    struct killing_reader r = {.base = {killing_next, killing_close},
                               .first = slice_of(layer.p, 20),
                               .rest = slice_of(layer.p + 20, layer.n - 20),
                               .number = number,
                               .whole_zygote = whole_zygote};
    return worker_index_layer(&r.base, NULL, SUBJECT_LAYER, &limits, a, result, err);
}

static void test_killed(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct layer_result r;
    struct error err;
    const struct {
        int number;
        enum error_code code;
        const char *why;
    } cases[] = {
        {SIGKILL, ERR_CRASH, "was killed"},
        {SIGSYS, ERR_CRASH, "its sandbox forbids"},
        {SIGXCPU, ERR_LIMIT, "limit layer_cpu_seconds"},
        {SIGBUS, ERR_CRASH, "crashed (Bus error)"},
    };
    size_t before = open_descriptors();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (SANDBOX_SANITIZED && cases[i].number == SIGBUS)
            continue; // the sanitizer catches it, and exits
        assert_true(index_killing(cases[i].number, false, &a, &r, &err));
        assert_false(r.complete);
        assert_int_equal(r.problem.code, cases[i].code);
        assert_non_null(strstr(r.problem.text, cases[i].why));
        assert_int_equal(r.findings.dbs_n, 0);
    }
    assert_int_equal(open_descriptors(), before);
}

// A blob that cannot be read on: nothing is believed, and the worker does not linger.
static bool failing_next(struct reader *base, struct slice *chunk, struct error *err)
{
    (void)base;
    (void)chunk;
    return error_set(err, ERR_NETWORK, "the peer is gone");
}

static void test_unreadable_blob(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct layer_result r;
    struct error err = {0};
    struct reader blob = {failing_next, killing_close};
    size_t before = open_descriptors();
    assert_false(worker_index_layer(&blob, NULL, SUBJECT_LAYER, &limits, &a, &r, &err));
    assert_int_equal(err.code, ERR_NETWORK);
    assert_int_equal(open_descriptors(), before);
    while (find_process("clarion-layer", zygote()) != 0)
        ;
}

static void test_zygote(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct buf layer BUF_AUTO = {0};
    struct layer_result r;
    struct error err = {0};
    make_layer(&layer);
    // What a terminal or a service manager sends to all processes is for the parent to act upon.
    pid_t pid = zygote();
    assert_int_equal(kill(pid, SIGINT) | kill(pid, SIGTERM) | kill(pid, SIGHUP), 0);
    assert_true(index_bytes(buf_slice(&layer), NULL, &a, &r, &err));
    assert_true(r.complete);

    size_t before = open_descriptors();
    assert_false(index_killing(SIGKILL, true, &a, &r, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_false(index_bytes(buf_slice(&layer), NULL, &a, &r, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(open_descriptors(), before);
    worker_stop();
    assert_false(index_bytes(buf_slice(&layer), NULL, &a, &r, &err)); // never started, or no more
    assert_int_equal(err.code, ERR_IO);
}

// ---- Many at once ---------------------------------------------------------------------------------------------------

static void *index_some(void *failed)
{
    struct buf layer BUF_AUTO = {0}, bad BUF_AUTO = {0};
    struct arena a ARENA_AUTO = {0};
    make_layer(&layer);
    buf_add(&bad, slice_of(layer.p, layer.n / 2));
    for (int i = 0; i < 10; i++) {
        struct layer_result r;
        struct error err;
        bool ok = index_bytes(buf_slice(&layer), NULL, &a, &r, &err) && r.complete && r.findings.dbs_n == 1 &&
                  index_bytes(buf_slice(&bad), NULL, &a, &r, &err) && !r.complete;
        if (!ok)
            *(bool *)failed = true;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[6];
    bool failed[6] = {0};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, index_some, &failed[i]), 0);
    for (size_t i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 6; i++)
        assert_false(failed[i]);
}

// ---- Answers that are none ------------------------------------------------------------------------------------------

static void test_answers(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct buf answer BUF_AUTO = {0}, longer BUF_AUTO = {0};
    struct slice path = SLICE("etc/motd");
    struct findings f = {.whiteouts = &path, .whiteouts_n = 1, .entries = 7};
    struct error problem = {0}, err;
    struct worker_answer got;
    error_set(&problem, ERR_LIMIT, "too much");
    worker_answer_encode(&f, &problem, &answer);
    assert_true(worker_answer_decode(buf_slice(&answer), &a, &limits, &got, &err));
    assert_false(got.complete);
    assert_int_equal(got.problem.code, ERR_LIMIT);
    assert_string_equal(got.problem.text, "too much");
    assert_int_equal(got.findings.whiteouts_n, 1);
    assert_int_equal(got.findings.entries, 7);
    assert_true(answer.n <= worker_answer_most(&limits));

    for (size_t n = 0; n < answer.n; n++) {
        struct buf cut BUF_AUTO = {0}; // memory of its own, so that a reach behind its end is seen
        buf_reserve(&cut, n);
        buf_add(&cut, slice_of(answer.p, n));
        assert_false(worker_answer_decode(buf_slice(&cut), &a, &limits, &got, &err));
        assert_int_equal(err.code, ERR_FORMAT);
    }
    buf_add(&longer, buf_slice(&answer));
    buf_addc(&longer, 'x');
    assert_false(worker_answer_decode(buf_slice(&longer), &a, &limits, &got, &err));
    // Whatever bit is wrong, nothing but an answer or an error comes of it.
    for (size_t i = 0; i < answer.n * 8; i++) {
        answer.p[i / 8] = (char)(answer.p[i / 8] ^ 1 << i % 8);
        if (worker_answer_decode(buf_slice(&answer), &a, &limits, &got, &err) && !got.complete)
            assert_true(got.problem.code == ERR_FORMAT || got.problem.code == ERR_LIMIT || got.problem.code == ERR_IO);
        answer.p[i / 8] = (char)(answer.p[i / 8] ^ 1 << i % 8);
    }
    // An error that a worker has no business with.
    answer.n = 0;
    problem.code = ERR_DIGEST;
    worker_answer_encode(&f, &problem, &answer);
    assert_false(worker_answer_decode(buf_slice(&answer), &a, &limits, &got, &err));
}

// ---- Real layers ----------------------------------------------------------------------------------------------------

// In the worker and in this process a layer comes to the same.
static void compare_layer(const char *path)
{
    struct arena a ARENA_AUTO = {0};
    struct layer_result r;
    struct findings f;
    struct error err = {0};
    struct buf json BUF_AUTO = {0};
    struct reader *blob = reader_of_fd(open(path, O_RDONLY | O_CLOEXEC), true);
    struct digest expected;
    char text[80];
    snprintf(text, sizeof text, "sha256:%.64s", strrchr(path, '/') + 1);
    assert_true(digest_parse(slice_str(text), &expected, &err));
    if (!worker_index_layer(blob, &expected, SUBJECT_LAYER, &limits, &a, &r, &err))
        fail_msg("%s: %s", path, err.text);
    if (!r.complete)
        fail_msg("%s: %s", path, r.problem.text);
    reader_close(&blob);

    struct reader *archive READER_AUTO =
        inflate_reader(reader_of_fd(open(path, O_RDONLY | O_CLOEXEC), true), inflate_bounds_of_layer(&limits), NULL);
    assert_true(capture_layer(archive, SUBJECT_LAYER, &limits, &a, &f, &err));
    findings_encode(&f, &json);
    if (!slice_eq(buf_slice(&json), r.findings_json))
        fail_msg("%s: another answer than in this process", path);
}

static bool is_layer(const char *path)
{
    char head[4] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : -1;
    if (fd >= 0)
        close(fd);
    return n == 4 && (memcmp(head, "\x1f\x8b", 2) == 0 || memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0);
}

static void test_real_layers(void **state)
{
    (void)state;
    const char *shared = getenv("CLARION_SHARED");
    if (shared == NULL)
        skip();
    char images[256], folder[600], path[900];
    size_t layers = 0;
    snprintf(images, sizeof images, "%s/images", shared);
    DIR *all = opendir(images);
    assert_non_null(all);
    for (struct dirent *image; (image = readdir(all)) != NULL;) {
        if (strncmp(image->d_name, "bad-", 4) == 0 || strstr(image->d_name, ".oci") == NULL)
            continue;
        snprintf(folder, sizeof folder, "%s/%s/blobs/sha256", images, image->d_name);
        DIR *blobs = opendir(folder);
        assert_non_null(blobs);
        for (struct dirent *blob; (blob = readdir(blobs)) != NULL;) {
            snprintf(path, sizeof path, "%s/%s", folder, blob->d_name);
            if (!is_layer(path))
                continue;
            compare_layer(path);
            layers++;
        }
        closedir(blobs);
    }
    closedir(all);
    assert_true(layers > 30);
}

// Half of a layer, then an order to break off; the rest comes when that has been carried out.
struct half_reader {
    struct reader reader;
    struct slice left;
    unsigned calls;
};

static bool half_next(struct reader *r, struct slice *chunk, struct error *err)
{
    struct half_reader *h = (struct half_reader *)r;
    size_t n = h->calls == 0 ? h->left.n / 2 : h->left.n;
    (void)err;
    if (h->calls++ == 1) {
        // A worker asked for later is refused only once the order has come, which then holds for the earlier one.
        struct arena a ARENA_AUTO = {0};
        struct layer_result result;
        struct error why;
        worker_break_off();
        assert_false(index_bytes(SLICE(""), NULL, &a, &result, &why));
        assert_int_equal(why.code, ERR_REFUSED);
    }
    *chunk = slice_of(h->left.p, n);
    h->left = slice_from(h->left, n);
    return true;
}

static void half_close(struct reader *r)
{
    (void)r; // the test's own
}

static void test_break_off(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct buf layer BUF_AUTO = {0};
    struct layer_result result;
    struct error err;
    make_layer(&layer);
    struct half_reader blob = {{half_next, half_close}, buf_slice(&layer), 0};
    assert_false(worker_index_layer(&blob.reader, NULL, SUBJECT_LAYER, &limits, &a, &result, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_non_null(strstr(err.text, "broken off"));
    assert_int_equal(blob.left.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, start, stop),
        cmocka_unit_test_setup_teardown(test_wrong_digest, start, stop),
        cmocka_unit_test_setup_teardown(test_broken_layers, start, stop),
        cmocka_unit_test_setup_teardown(test_limits, start, stop),
        cmocka_unit_test_setup_teardown(test_killed, start, stop),
        cmocka_unit_test_setup_teardown(test_unreadable_blob, start, stop),
        cmocka_unit_test_setup_teardown(test_zygote, start, stop),
        cmocka_unit_test_setup_teardown(test_threads, start, stop),
        cmocka_unit_test_setup_teardown(test_break_off, start, stop),
        cmocka_unit_test_setup_teardown(test_answers, start, stop),
        cmocka_unit_test_setup_teardown(test_real_layers, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
