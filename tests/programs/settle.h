// What is left when everything that was started has ended: the kernel's walk of all its structures
// finds no error, and as many frames are free as before.
#pragma once

#include "message.h"

#include <abi/query.h>

static constexpr uint64_t SETTLE_NS = 10'000 * MS;

static void *query(uint32_t topic)
{
    static void *answer;
    uint64_t count;
    if (answer == nullptr)
        EXPECT(pages_allocate(1, &answer), OK);
    EXPECT(system_system_query(start_handle("system"), topic, 0, (uaddr_t)answer, &count), OK);
    return answer;
}

static uint64_t frames_free(void)
{
    return ((const struct query_machine *)query(QUERY_MACHINE))->frames_free;
}

// What others do for a moment (zeroing, freeing) is over soon.
static void settle(uint64_t frames)
{
    ticks_t deadline = deadline_after(SETTLE_NS);
    const struct query_check *check;
    uint64_t free;
    do {
        EXPECT(sleep_until(deadline_after(20 * MS)), OK);
        free = frames_free();
        check = query(QUERY_CHECK);
    } while ((check->errors != 0 || free < frames) && ticks_now() < deadline);
    if (check->errors != 0)
        printf("check: %.248s\n", check->first);
    EXPECT(check->errors, 0);
    if (free < frames)
        fail(__LINE__, "free frames", (int64_t)free, (int64_t)frames);
}
