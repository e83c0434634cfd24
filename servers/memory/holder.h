// Processes that this server opened, and others that have asked it for something: what they have a
// right to, what they are promised, what they want to hear. Pointers are good until the next holder
// is added or goes.
#pragma once

#include <abi/status.h>
#include <abi/types.h>

struct holder {
    uint32_t process;
    bool opened;   // by this server, which is its pager
    bool resident; // never evicted, never ended by the rule
    bool below;    // has been told that little is left
    uint32_t news; // that it wants to hear: MEMORY_NEWS_
    handle_t notification;
    uint32_t away;        // of its pages, those on the swap device
    uint64_t right;       // frames it has a right to
    uint64_t promised;    // frames
    uint64_t little;      // frames: fewer are "little left"
    char name[16];        // of those that were opened
};

// nullptr: none has this number.
struct holder *holder_find(uint32_t process);

// From 0 on; nullptr behind the last.
struct holder *holder_at(unsigned index);
unsigned holder_count(void);

// All of it is 0 but the number. ERR_NO_MEMORY, ERR_NO_FRAME.
status_t holder_add(uint32_t process, struct holder **holder);

void holder_remove(struct holder *holder);
