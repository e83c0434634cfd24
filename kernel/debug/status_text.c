#include "debug/log.h"

const char *status_text(status_t status) {
    static const char *const texts[] = {
#define STATUS_ROW(name, number, text) [number] = text,
        STATUS_TABLE(STATUS_ROW)};
    return texts[status];
}
