#include "map_wait.h"

#include <string.h>

static constexpr unsigned WAITING_MOST = 256;

static struct {
    uint32_t cookie;
    handle_t reply;
} waiting[WAITING_MOST];
static unsigned waiting_count;

bool map_wait_keep(struct request *request, uint32_t cookie)
{
    struct kept_request kept;
    if (waiting_count == WAITING_MOST || request_keep(request, &kept) != OK)
        return false;
    waiting[waiting_count].cookie = cookie;
    waiting[waiting_count++].reply = kept.reply;
    return true;
}

static unsigned find(uint32_t first, unsigned count)
{
    unsigned i = 0;
    while (i < waiting_count && waiting[i].cookie - first >= count)
        i++;
    return i;
}

bool map_wait_find(uint32_t first, unsigned count, uint32_t *cookie)
{
    unsigned i = find(first, count);
    if (i == waiting_count)
        return false;
    *cookie = waiting[i].cookie;
    return true;
}

bool map_wait_take(uint32_t first, unsigned count, uint32_t *cookie, handle_t *reply)
{
    unsigned i = find(first, count);
    if (i == waiting_count)
        return false;
    if (cookie != nullptr)
        *cookie = waiting[i].cookie;
    *reply = waiting[i].reply;
    waiting_count--;
    memmove(&waiting[i], &waiting[i + 1], (waiting_count - i) * sizeof waiting[i]);
    return true;
}
