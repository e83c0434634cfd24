// Faults that are answered later: threads that wait for a frame, or for a page of the swap device.
#pragma once

#include <baton/server.h>

static constexpr uint32_t WAITS_FOR_FRAME = UINT32_MAX; // else the number of a page on the device

// Keeps a fault. REQUEST_KEPT; or OK, if it cannot be kept: the thread touches again.
status_t wait_keep(struct request *request, uint32_t what);

bool wait_exists(uint32_t what);

// A page on the device that somebody waits for, from this one on in order of arrival:
// WAITS_FOR_FRAME if there is none.
uint32_t wait_first_page(void);

// Answers all who wait for this, with a status; OK: they touch again.
void wait_answer(uint32_t what, status_t status);

// Gives a page of one's own to the first who waits for this and takes it, and has the others touch
// again. False: nobody took it; whoever waited ends if the page cannot be given. `stale`: because
// it is not wanted any more where it was.
bool wait_give(uint32_t what, uaddr_t page, bool *stale);
