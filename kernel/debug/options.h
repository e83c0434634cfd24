// Words of the kernel's command line: "name=value".
#pragma once

#include <stddef.h>

// Whether the option has exactly this value.
bool option_is(const char *options, const char *name, const char *value);

// A size in bytes, with K or M behind it; `otherwise` if the option is absent or unreadable.
size_t option_size(const char *options, const char *name, size_t otherwise);
