// Foreign links where a format wants an address, not a text.
#pragma once

#include "base/slice.h"

// Is it an http or https URL of plain form that every reader takes for one: a host by its name, no user, no characters
// that RFC 3986 does not have? Others are told as text.
bool is_plain_link(struct slice text);
