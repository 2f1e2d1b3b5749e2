#include "service/systemd.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST 3 // SD_LISTEN_FDS_START

static uint64_t number_of(const char *variable)
{
    uint64_t number;
    return slice_to_u64(slice_str(getenv(variable)), &number) ? number : 0; // NOLINT(concurrency-mt-unsafe): at start
}

int systemd_socket(const char *name, int place)
{
    uint64_t n = number_of("LISTEN_FDS");
    if (number_of("LISTEN_PID") != (uint64_t)getpid() || n == 0 || n > 64)
        return -1;
    struct slice names = slice_str(getenv("LISTEN_FDNAMES")), each; // NOLINT(concurrency-mt-unsafe): at start
    int found = names.n == 0 && (uint64_t)place < n ? FIRST + place : -1;
    for (int i = 0; names.n != 0 && i < (int)n; i++) {
        slice_cut(names, ':', &each, &names);
        if (slice_eq(each, slice_str(name)))
            found = FIRST + i;
    }
    if (found < 0 || fcntl(found, F_SETFD, FD_CLOEXEC) != 0 || fcntl(found, F_SETFL, O_NONBLOCK) != 0)
        return -1;
    return found;
}

void systemd_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = path != NULL ? strlen(path) : 0;
    if (n < 2 || n >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, n);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; // the abstract name space
    int fd FD_AUTO = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}
