// Open files of all clients. A descriptor is a number in one table; it is valid for the process
// that opened it and no other. Which file it was is kept as the inode was when opened.
//
// The table grows by pages, up to DESCRIPTORS_MAX; one process has at most DESCRIPTORS_PER_PROCESS,
// so that one that leaks them keeps nobody else out.
#pragma once

#include "ext2.h"

struct descriptor {
    uint32_t process; // 0: free
    uint32_t sharer;  // another that may use it; 0: none
    uint32_t next_free;
    uint32_t reserved;
    struct ext2_inode inode;
};

static constexpr unsigned DESCRIPTORS_PER_PAGE = PAGE_SIZE / sizeof(struct descriptor);
static constexpr unsigned DESCRIPTOR_PAGES = 48;
static constexpr unsigned DESCRIPTORS_MAX = DESCRIPTORS_PER_PAGE * DESCRIPTOR_PAGES;
static constexpr unsigned DESCRIPTORS_PER_PROCESS = 256;
static constexpr unsigned CLIENTS_MAX = 512; // processes with a file open, or that had one

struct client {
    uint32_t process; // 0: free
    uint32_t open;    // descriptors
};

struct descriptors {
    struct descriptor *pages[DESCRIPTOR_PAGES];
    unsigned count;      // in the pages that are there
    uint32_t first_free; // or `count`
    struct client clients[CLIENTS_MAX];
};

// The client's record, made if there is none: then `is_new`, and the caller has to watch the
// process. ERR_TOO_MANY.
status_t descriptors_client(struct descriptors *table, uint32_t process, struct client **client,
                            bool *is_new);

// Opens a descriptor for a client. ERR_TOO_MANY, ERR_NO_MEMORY.
status_t descriptor_open(struct descriptors *table, struct client *client,
                         const struct ext2_inode *inode, uint32_t *number);

// The descriptor of this number, which is the process's or shared with it. ERR_BAD_FD.
status_t descriptor_find(struct descriptors *table, uint32_t process, uint32_t number,
                         struct descriptor **descriptor);

// Opens another one of the same file, which a second process may use, too. ERR_BAD_FD, and those of
// descriptor_open.
status_t descriptor_share(struct descriptors *table, uint32_t process, uint32_t number,
                          uint32_t sharer, uint32_t *shared);

// Closes one. ERR_BAD_FD.
status_t descriptor_close(struct descriptors *table, uint32_t process, uint32_t number);

// Forgets a process and all that it has open.
void descriptors_drop(struct descriptors *table, uint32_t process);
