// What the loader's files share.
#pragma once

#include "elf.h"

#include <abi/status.h>
#include <abi/types.h>

// The servers that the loader uses.
struct services {
    handle_t file, memory;
};
extern struct services services;

// What the loader's port calls the deaths that it hears of.
enum : uint64_t { BADGE_INIT, BADGE_PROGRAM };

// A program in a process of its own that does not run yet.
struct loaded {
    handle_t process;
    uint64_t entry;
    uaddr_t image;
    uint64_t image_size; // bytes
};

// Makes a process with a limit (frames) and puts the program of a file into it at a random base.
// Logs what is wrong with a file. On error nothing is left. Errors: those of program.load. Blocks.
status_t program_place(const char *path, uint64_t limit, const char *name, struct loaded *loaded);

// An executable file, open.
struct executable {
    const char *path;
    uint32_t fd;
    uint64_t size, inode, generation; // as file.open says
};

// Puts a segment's pages into a process whose image begins at `base`: clones of those that are kept
// at `kept`, or of the file's if that is 0.
status_t segment_place(const struct executable *file, const struct image_segment *segment,
                       uaddr_t kept, handle_t process, uaddr_t base);

// Puts the pages of a segment that come from the file into empty slots, to be cloned from there.
// Errors of file.read, landing_take and memory_create: some slots may be filled.
status_t segment_keep(const struct executable *file, const struct image_segment *segment,
                      uaddr_t slots);

// Starts /sbin/init with all that init holds, and has its end told to the port.
status_t init_start(handle_t port);
