// What systemd and a service say to each other: sockets that it opened for us (sd_listen_fds(3)), and that we are ready
// (sd_notify(3)). Both protocols are a few lines: environment variables, descriptors from 3 on, and a datagram.
#pragma once

#include "base/slice.h"

// The socket that systemd passed under that name (FileDescriptorName=), or, when names are not given, the `place`-th,
// from 0 on. -1 when there is none. Sockets are for the process that they were passed to, and close on exec.
int systemd_socket(const char *name, int place);

// "READY=1", "STOPPING=1", "STATUS=…". Nothing happens without systemd.
void systemd_notify(const char *state);
