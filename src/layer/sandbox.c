#include "layer/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// ---- Resource limits: getrlimit(2) ----------------------------------------------------------------------------------

static bool limit_resources(const struct limits *limits, struct error *err)
{
    const struct {
        uint64_t soft, hard;
        __rlimit_resource_t resource;
        bool wanted;
    } wanted[] = {
        // The soft limit's signal tells what happened; the hard one is for a process that has learned to ignore it.
        {limits->layer_cpu_seconds, limits->layer_cpu_seconds + 1, RLIMIT_CPU, true},
        // Private writable memory; the filter lets no other be had.
        {limits->layer_memory_bytes, limits->layer_memory_bytes, RLIMIT_DATA, !SANDBOX_SANITIZED},
        {0, 0, RLIMIT_FSIZE, true},
        {0, 0, RLIMIT_NOFILE, true},
        {0, 0, RLIMIT_NPROC, true}, // means nothing for root, whom the filter stops
        {0, 0, RLIMIT_CORE, true},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct rlimit limit = {.rlim_cur = wanted[i].soft, .rlim_max = wanted[i].hard};
        if (wanted[i].wanted && setrlimit(wanted[i].resource, &limit) != 0)
            return error_errno(err, "cannot set a resource limit");
    }
    return true;
}

// ---- Landlock: Linux, Documentation/userspace-api/landlock.rst ------------------------------------------------------

// The kernel's headers may be older than the kernel itself, so the present form of the structure stands here.
struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; // from version 4 on
    uint64_t scoped;             // from version 6 on
};

int sandbox_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
}

// All that the kernel's version can forbid is handled, and nothing of it is granted.
static bool forbid_files_and_network(struct error *err)
{
    int abi = sandbox_landlock_abi();
    if (abi == 0)
        return true;
    // Version 1 had thirteen rights to files; 2 added linking across folders, 3 truncation, 5 ioctl on devices.
    int rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
    struct ruleset_attributes attributes = {
        .handled_access_fs = ((uint64_t)1 << rights) - 1,
        .handled_access_net = abi >= 4 ? 3 : 0, // TCP: bind, connect
        .scoped = abi >= 6 ? 3 : 0,             // abstract sockets and signals of processes outside
    };
    // A kernel that knows less of the structure takes it as long as the rest is zero.
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0)
        return error_errno(err, "cannot make a Landlock ruleset");
    bool done = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    if (!done)
        error_errno(err, "cannot enter the Landlock ruleset");
    close(ruleset);
    return done;
}

// ---- seccomp: seccomp(2), libseccomp --------------------------------------------------------------------------------

// Nothing in this list can wait for anything but the parent, so a worker that was taken over cannot hang without using
// processor time, which is bounded.
static const int allowed[] = {
    SCMP_SYS(exit_group), SCMP_SYS(exit),    SCMP_SYS(brk),           SCMP_SYS(munmap),
    SCMP_SYS(mremap),     SCMP_SYS(madvise), SCMP_SYS(clock_gettime),
};

// For a sanitizer's bookkeeping and report.
static const int allowed_sanitized[] = {
    SCMP_SYS(getpid),      SCMP_SYS(gettid),       SCMP_SYS(mprotect),       SCMP_SYS(futex),
    SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(sched_yield),
};

// What no sanitizer asks for, but functions of libraries do that go on when it is refused: qsort, and whatever wants
// chance. A sanitizer's build is killed for these as an ordinary one, so that tests show such a function in a worker.
static const int telling[] = {SCMP_SYS(sysinfo), SCMP_SYS(getrandom)};

static bool allow_calls(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp from_input = SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO, 0);
    const struct scmp_arg_cmp to_output[] = {SCMP_A0(SCMP_CMP_EQ, STDOUT_FILENO, 0),
                                             SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO, 0)};
    const unsigned kind = MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN;
    const struct scmp_arg_cmp plain_memory[] = {
        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
        SCMP_A3(SCMP_CMP_MASKED_EQ, kind, MAP_PRIVATE | MAP_ANONYMOUS),
    };
    bool ok = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, &from_input) == 0 &&
              seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, &to_output[0]) == 0 &&
              seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, &to_output[1]) == 0 &&
              seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, plain_memory) == 0;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    for (size_t i = 0; SANDBOX_SANITIZED && i < sizeof allowed_sanitized / sizeof allowed_sanitized[0]; i++)
        ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_sanitized[i], 0) == 0;
    for (size_t i = 0; SANDBOX_SANITIZED && i < sizeof telling / sizeof telling[0]; i++)
        ok = ok && seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, telling[i], 0) == 0;
    return ok;
}

static bool filter_calls(struct error *err)
{
    const uint32_t forbidden = SANDBOX_SANITIZED ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS;
    scmp_filter_ctx filter = seccomp_init(forbidden);
    if (filter == NULL)
        return error_set(err, ERR_IO, "cannot make a system call filter");
    bool ok = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 && allow_calls(filter) &&
              seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok || error_set(err, ERR_IO, "the kernel does not take the system call filter (seccomp)");
}

bool sandbox_has_seccomp(void)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// ---- All ------------------------------------------------------------------------------------------------------------

bool sandbox_enter(const struct limits *limits, struct error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_errno(err, "cannot give up privileges");
    // Landlock takes a descriptor for a moment, and the filter forbids the making of both others.
    return forbid_files_and_network(err) && limit_resources(limits, err) && filter_calls(err);
}
