// Texts of statuses.

#include <baton/log.h>

const char *status_text(status_t status)
{
    switch (status) {
#define STATUS_CASE(name, number, text)                                                            \
    case name:                                                                                     \
        return text;
        STATUS_TABLE(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown error";
}
