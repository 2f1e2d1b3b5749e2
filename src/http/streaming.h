// Answers whose body is made while it is sent.
#pragma once

#include "http/exchange.h"

// The library's response for the stream of an exchange, which has it from then on. NULL when the library has no memory:
// then the stream has been ended.
struct MHD_Response *streaming_response(struct exchange *exchange);
