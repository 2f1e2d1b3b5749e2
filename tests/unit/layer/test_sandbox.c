// The sandbox: what must fail in it fails, what a worker needs works. Each case runs in a process of its own.
#include "layer/sandbox.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

static struct limits limits;

// What a case's process says when it ends by itself.
#define WORKED     0
#define FORBIDDEN  10
#define NO_SANDBOX 11

// Runs `act` in a new process inside the sandbox; gives the status as waitpid has it.
static int inside(int (*act)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct error err;
        if (!sandbox_enter(&limits, &err))
            _exit(NO_SANDBOX);
        _exit(act());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

// The filter kills; in a sanitizer's build it refuses.
static void forbids(const char *what, int (*act)(void))
{
    int status = inside(act);
    bool refused = SANDBOX_SANITIZED ? WIFEXITED(status) && WEXITSTATUS(status) == FORBIDDEN
                                     : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    if (!refused)
        fail_msg("%s: status %#x", what, (unsigned)status);
}

// System calls are made directly, so that no library's care stands before the kernel's answer.
static int outcome(long answer)
{
    return answer == -1 && errno == EPERM ? FORBIDDEN : WORKED;
}

static int open_file(void)
{
    return outcome(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static int create_file(void)
{
    return outcome(syscall(SYS_openat, AT_FDCWD, "/tmp/clarion-sandbox", O_CREAT | O_WRONLY, 0600));
}

static int remove_file(void)
{
    return outcome(syscall(SYS_unlinkat, AT_FDCWD, "/tmp/clarion-sandbox", 0));
}

static int look_at_file(void)
{
    return outcome(syscall(SYS_faccessat, AT_FDCWD, "/etc/passwd", R_OK, 0));
}

static int make_socket(void)
{
    return outcome(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
}

static int make_pair(void)
{
    int fds[2];
    return outcome(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds));
}

static int fork_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return outcome(pid);
}

static int execute(void)
{
    char *const none[] = {NULL};
    return outcome(syscall(SYS_execve, "/bin/true", none, none));
}

static int map(int protection, int flags, int fd)
{
    return outcome(syscall(SYS_mmap, NULL, 4096, protection, flags, fd, 0));
}

static int map_executable(void)
{
    return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int map_shared(void)
{
    return map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static int map_file(void)
{
    return map(PROT_READ, MAP_PRIVATE, STDIN_FILENO);
}

static int make_executable(void)
{
    return outcome(syscall(SYS_pkey_mprotect, NULL, 4096, PROT_READ | PROT_EXEC, -1));
}

static int read_other(void)
{
    char c;
    return outcome(syscall(SYS_read, 5, &c, 1));
}

static int write_other(void)
{
    return outcome(syscall(SYS_write, 5, "x", 1));
}

static int copy_descriptor(void)
{
    return outcome(syscall(SYS_dup, 0));
}

static int send_signal(void)
{
    return outcome(syscall(SYS_kill, getppid(), 0));
}

static int trace(void)
{
    return outcome(syscall(SYS_ptrace, 0, 0, 0, 0));
}

static int sleep_for_ever(void)
{
    return outcome(syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0));
}

static int raise_limit(void)
{
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    return outcome(syscall(SYS_prlimit64, 0, RLIMIT_CPU, &more, NULL));
}

static void test_forbidden(void **state)
{
    (void)state;
    const struct {
        const char *what;
        int (*act)(void);
    } cases[] = {
        {"open", open_file},
        {"create", create_file},
        {"unlink", remove_file},
        {"access", look_at_file},
        {"socket", make_socket},
        {"socketpair", make_pair},
        {"fork", fork_process},
        {"execve", execute},
        {"mmap executable", map_executable},
        {"mmap shared", map_shared},
        {"mmap of a file", map_file},
        {"mprotect executable", make_executable},
        {"read of another descriptor", read_other},
        {"write to another descriptor", write_other},
        {"dup", copy_descriptor},
        {"kill", send_signal},
        {"ptrace", trace},
        {"poll", sleep_for_ever},
        {"prlimit", raise_limit},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        forbids(cases[i].what, cases[i].act);
}

static int by_number(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int sort_much(void)
{
    static int numbers[100000];
    for (int i = 0; i < 100000; i++)
        numbers[i] = i ^ 0x5555;
    qsort(numbers, 100000, sizeof numbers[0], by_number);
    return WORKED;
}

static int ask_for_chance(void)
{
    char bytes[8];
    return outcome(syscall(SYS_getrandom, bytes, sizeof bytes, 0));
}

// What a library's function asks for, and goes on without when it is refused: that it is no good in a worker shows in
// every build.
static void test_telling(void **state)
{
    (void)state;
    int (*const acts[])(void) = {sort_much, ask_for_chance};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        int status = inside(acts[i]);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

// Standard input and output, small and large memory that grows and goes.
static int do_a_workers_work(void)
{
    char text[4];
    if (read(STDIN_FILENO, text, sizeof text) != 4 || memcmp(text, "abcd", 4) != 0)
        return 1;
    char *p = must_alloc(100);
    for (size_t n = 1000; n < 20000000; n *= 10) {
        p = must_realloc(p, n);
        memset(p, 1, n);
    }
    free(p);
    struct arena a ARENA_AUTO = {0};
    for (int i = 0; i < 1000; i++)
        arena_alloc(&a, 1000);
    return write(STDOUT_FILENO, text, 4) == 4 ? WORKED : 2;
}

static void test_allowed(void **state)
{
    (void)state;
    int in[2], out[2], keep_in = dup(STDIN_FILENO), keep_out = dup(STDOUT_FILENO);
    char text[5] = {0};
    assert_int_equal(pipe(in) | pipe(out), 0);
    assert_int_equal(write(in[1], "abcd", 4), 4);
    fflush(stdout);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    int status = inside(do_a_workers_work);
    dup2(keep_in, STDIN_FILENO);
    dup2(keep_out, STDOUT_FILENO);
    assert_int_equal(status, 0);
    assert_int_equal(read(out[0], text, 4), 4);
    assert_string_equal(text, "abcd");
    int fds[] = {in[0], in[1], out[0], out[1], keep_in, keep_out};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
}

static int take_much_memory(void)
{
    for (int i = 0; i < 64; i++)
        memset(must_alloc(1 << 20), 1, 1 << 20);
    return WORKED;
}

static void test_memory(void **state)
{
    (void)state;
    if (SANDBOX_SANITIZED)
        skip(); // memory is not bounded there
    limits.layer_memory_bytes = 32 * MIB;
    int status = inside(take_much_memory);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    limits.layer_memory_bytes = 256 * MIB;
    assert_int_equal(inside(take_much_memory), 0);
}

static int compute_for_ever(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
    return WORKED;
}

static void test_processor_time(void **state)
{
    (void)state;
    limits.layer_cpu_seconds = 1;
    int status = inside(compute_for_ever);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGXCPU);
}

static int do_nothing(void)
{
    return WORKED;
}

static void test_support(void **state)
{
    (void)state;
    assert_true(sandbox_has_seccomp());
    assert_true(sandbox_landlock_abi() >= 0);
    assert_int_equal(inside(do_nothing), WORKED);
}

static int fresh_limits(void **state)
{
    (void)state;
    limits = limits_default();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_support, fresh_limits),        cmocka_unit_test_setup(test_forbidden, fresh_limits),
        cmocka_unit_test_setup(test_allowed, fresh_limits),        cmocka_unit_test_setup(test_memory, fresh_limits),
        cmocka_unit_test_setup(test_processor_time, fresh_limits), cmocka_unit_test_setup(test_telling, fresh_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
