// The dpkg scheme against dpkg itself: `dpkg --compare-versions` on 20,000 random pairs of versions and 5,000 pairs of
// texts that are hardly versions, `dpkg --validate-version` on 2,000 texts. The seed is the time, printed, and
// repeated with SEED=N in the environment.
#include "version/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DPKG "/usr/bin/dpkg"

static uint64_t random_state;

static uint64_t draw(uint64_t n)
{
    // xorshift64*, by Marsaglia and Vigna
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545f4914f6cdd1dU >> 33) % n;
}

struct text {
    char s[128];
    size_t n;
};

static void add(struct text *t, const char *s)
{
    while (*s != '\0' && t->n + 1 < sizeof t->s)
        t->s[t->n++] = *s++;
    t->s[t->n] = '\0';
}

static const char *pick(const char *const *from, size_t n)
{
    return from[draw(n)];
}

// ---- what a version may look like -----------------------------------------------------------------------------------

static void add_number(struct text *t)
{
    static const char *const usual[] = {"0", "1", "2", "9", "10", "00", "01", "011", "100", "99999999999999999999"};
    char digits[24];
    if (draw(3) != 0) {
        add(t, pick(usual, sizeof usual / sizeof usual[0]));
        return;
    }
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)draw(draw(2) ? 100 : 100000000));
    add(t, digits);
}

static void add_part(struct text *t, bool upstream)
{
    static const char *const glue[] = {".",    "+", "~",  "a",     "b", "rc", "~rc",
                                       "+deb", "u", "+b", ".dfsg", "Z", "~~", "+~"};
    add_number(t);
    for (uint64_t i = draw(5); i > 0; i--) {
        add(t, pick(glue, sizeof glue / sizeof glue[0]));
        if (draw(4) != 0)
            add_number(t);
    }
    if (upstream && draw(8) == 0)
        add(t, "-1");
}

static struct text random_version(void)
{
    struct text t = {.n = 0};
    if (draw(4) == 0) {
        static const char *const epochs[] = {"0:", "1:", "01:", "2:", "10:"};
        add(&t, pick(epochs, sizeof epochs / sizeof epochs[0]));
        if (draw(10) == 0)
            add(&t, "1:");
    }
    add_part(&t, true);
    if (draw(3) != 0) {
        add(&t, "-");
        add_part(&t, false);
    }
    return t;
}

// Anything that an argument may hold, mostly characters that mean something in versions.
static void add_odd(struct text *t)
{
    static const char odd[] = "0019aAzZ~~..++--::_ \t\n^!\xc3\xa4\xff";
    char c[2] = {odd[draw(sizeof odd - 1)], '\0'};
    add(t, c);
}

// Most pairs of unrelated versions differ in the first number, so one is made from the other.
static struct text changed(struct text from, bool odd)
{
    struct text t = {.n = 0};
    size_t at = draw(from.n + 1);
    for (size_t i = 0; i < from.n; i++) {
        char c[2] = {from.s[i], '\0'};
        if (i == at && odd)
            add_odd(&t);
        else if (i == at)
            add_number(&t);
        if (i != at || draw(2) == 0)
            add(&t, c);
    }
    if (at == from.n && odd)
        add_odd(&t);
    else if (at == from.n)
        add_part(&t, false);
    if (t.n == 0)
        add(&t, "0");
    if (t.s[0] == '-') // an option, for dpkg
        t.s[0] = '0';
    return t;
}

static struct text random_text(void)
{
    struct text t = random_version();
    for (uint64_t i = draw(4); i > 0; i--)
        t = changed(t, true);
    if (draw(8) == 0)
        add_odd(&t);
    return t;
}

// ---- asking dpkg ----------------------------------------------------------------------------------------------------

static posix_spawn_file_actions_t silent;

static pid_t spawn(char *const *argv)
{
    static char *environment[] = {"LC_ALL=C", NULL};
    pid_t pid;
    int error = posix_spawn(&pid, DPKG, &silent, NULL, argv, environment);
    assert_int_equal(error, 0);
    return pid;
}

static int exit_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

struct question {
    struct text a, b;
    const char *relation; // what the scheme says: lt, eq or gt
    pid_t pid;
};

static void ask(struct question *q)
{
    int order = version_dpkg.compare(slice_of(q->a.s, q->a.n), slice_of(q->b.s, q->b.n));
    q->relation = order < 0 ? "lt" : order > 0 ? "gt" : "eq";
    char *argv[] = {"dpkg", "--compare-versions", q->a.s, (char *)(uintptr_t)q->relation, q->b.s, NULL};
    q->pid = spawn(argv);
}

// dpkg answers 0 for yes, 1 for no and 2 when it refuses one of them, which the scheme must then call invalid.
static bool agrees(const struct question *q)
{
    int code = exit_of(q->pid);
    bool both_valid = version_dpkg.valid(slice_of(q->a.s, q->a.n)) && version_dpkg.valid(slice_of(q->b.s, q->b.n));
    bool fine = code == 0 || (code == 2 && !both_valid);
    if (!fine)
        print_error("\"%s\" %s \"%s\": dpkg ends with %d\n", q->a.s, q->relation, q->b.s, code);
    return fine;
}

// Two processes at a time.
static size_t compare_pairs(size_t n, bool odd)
{
    size_t disagreements = 0;
    struct question pending[2];
    for (size_t i = 0; i < n + 2; i++) {
        struct question *q = &pending[i % 2];
        if (i >= 2)
            disagreements += !agrees(q);
        if (i >= n)
            continue;
        q->a = odd ? random_text() : random_version();
        q->b = draw(4) == 0 ? (odd ? random_text() : random_version()) : changed(q->a, odd);
        ask(q);
    }
    return disagreements;
}

static void test_versions(void **state)
{
    (void)state;
    size_t disagreements = compare_pairs(20000, false);
    print_message("20000 pairs of versions: %zu disagreements\n", disagreements);
    assert_int_equal(disagreements, 0);
}

static void test_odd_texts(void **state)
{
    (void)state;
    size_t disagreements = compare_pairs(5000, true);
    print_message("5000 pairs of odd texts: %zu disagreements\n", disagreements);
    assert_int_equal(disagreements, 0);
}

static void test_valid(void **state)
{
    (void)state;
    size_t disagreements = 0;
    for (size_t i = 0; i < 2000; i++) {
        struct text t = draw(3) == 0 ? random_version() : random_text();
        char *argv[] = {"dpkg", "--validate-version", t.s, NULL};
        int code = exit_of(spawn(argv));
        bool valid = version_dpkg.valid(slice_of(t.s, t.n));
        if (valid == (code == 0))
            continue;
        print_error("\"%s\" is %s, dpkg ends with %d\n", t.s, valid ? "valid" : "invalid", code);
        disagreements++;
    }
    print_message("2000 texts, valid or not: %zu disagreements\n", disagreements);
    assert_int_equal(disagreements, 0);
}

static int set_up(void **state)
{
    (void)state;
    if (access(DPKG, X_OK) != 0) {
        print_message("there is no " DPKG " to ask\n");
        skip();
    }
    const char *seed = getenv("SEED");
    random_state = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)random_state);
    random_state = random_state * 2 + 1; // not 0
    assert_int_equal(posix_spawn_file_actions_init(&silent), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&silent, STDERR_FILENO, "/dev/null", O_WRONLY, 0), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_odd_texts),
        cmocka_unit_test(test_valid),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
