// Pages that are not in memory, but on the block device behind the handle "swap". Each place on it
// has a cookie, which stands in the page's own place, and knows whose it is.
//
// All of it goes by messages that are begun: a write of pages that lie side by side here until it
// has completed, and a read of one page at a time.
#pragma once

#include "holder.h"

#include <baton/server.h>

static constexpr unsigned SWAP_PAGES = 16; // that are moved out by one message

struct swap_state {
    uint32_t pages, used; // of the device
    uint64_t moved_out, moved_in;
};

// Asks the device how large it is, if there is one.
void swap_start(void);

struct swap_state swap_state(void);

// Free places side by side, up to SWAP_PAGES; 0: none, or pages are being moved out now.
unsigned swap_places(void);

// Moves a page of a process, by a handle to it, to the next of these places: one that has not been
// touched since this last came by, at the hand or behind. The hand goes on, to LAYOUT_LIMIT at the
// end. False: there was none as far as it came.
bool swap_take(handle_t handle, uint32_t process, uaddr_t *hand);

// Moves out what was taken, if anything was. evict_done follows, soon or at once.
bool swap_write(void);

bool swap_is_writing(void);

// Reads the page that has been waited for longest, if there are frames, or anyway.
void swap_read(bool anyway);

// Is this one of the cookies that swap_take leaves?
bool swap_has_cookie(uint64_t cookie);

// A fault on such a cookie.
status_t swap_faulted(struct request *request, uint32_t process, uaddr_t address, uint64_t cookie);

// A process has ended: its places are free.
void swap_forget(const struct holder *holder);

// What came of a call of this file's.
void swap_completed(const struct server_completion *completion);
