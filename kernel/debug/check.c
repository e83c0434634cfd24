#include "debug/check.h"

#include "hart/process.h"

static constexpr unsigned SPACES = 256;

unsigned system_check(char *text, size_t size) {
    static struct space *spaces[SPACES];
    unsigned count = 0;
    struct process *p;
    text[0] = 0;
    for (uint32_t n = 1; count < SPACES && (p = process_from(n)) != nullptr; process_release(p)) {
        n = p->number + 1;
        if (p->state < PROCESS_ENDED && p->space.root != 0)
            spaces[count++] = &p->space;
    }
    return memory_check_all(spaces, count, text, size);
}
