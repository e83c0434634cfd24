// What the memory server's files share.
#pragma once

#include <abi/query.h>
#include <baton/server.h>

struct self {
    handle_t port, system;
    uint64_t limit_at_start;       // frames
    uint32_t overcommit;           // what was promised at the start, over what there was
    struct query_machine *machine; // a page for the kernel's answers
};

extern struct self self;

// Of the limit, what is neither handed out nor used by this server itself.
uint64_t limit_left(void);

// Asks the kernel for topic QUERY_MACHINE or QUERY_MEMORY, into self.machine's page.
status_t kernel_ask(uint32_t topic, uint64_t index, uint64_t *records);
