// Starting programs: the `program` server makes the process and puts the image in, the parent
// grants handles, gives it a stack and a start page, and starts its first thread.
#pragma once

#include <abi/rights.h>
#include <abi/status.h>
#include <abi/system_calls.h>
#include <abi/types.h>

static constexpr unsigned SPAWN_HANDLES_MAXIMUM = 32;
static constexpr unsigned SPAWN_START_PAGES_MAXIMUM = 16; // start page with all strings

// A handle that the child gets.
struct spawn_handle {
    const char *name; // up to 16 bytes; the child finds it with start_handle
    handle_t handle;  // one's own
    rights_t rights;  // ANDed with one's own
    bool moved;       // one's own goes away, and is lost with the child if the start fails
};

// What to start. Everything stays the caller's.
struct spawn {
    handle_t program;               // port of protocol `program`
    const char *path;               // absolute
    const char *name;               // what ps shows, up to 16 bytes; null: the path's last part
    const char *const *arguments;   // ended by null; null: the path alone
    const char *const *environment; // ended by null; null: empty
    const struct spawn_handle *handles;
    unsigned handle_count;
    uint64_t limit_frames; // of its account; 0: SPAWN_LIMIT_DEFAULT
};

static constexpr uint64_t SPAWN_LIMIT_DEFAULT = 1024; // frames

struct child {
    handle_t process; // with control, end and watch; whoever has the struct closes it
    uint32_t number;
};

// How a child ended.
struct child_end {
    uint32_t number;
    uint32_t status; // 0 to 255
    enum end_cause cause;
    uint8_t exception; // END_FAULTED: the processor's number for it, 0 if it was not told
    uaddr_t address;   // END_FAULTED: where
};

// Starts a program, and has its death told to `port` (one's own) with `badge`; with HANDLE_NONE to
// a port that child_wait knows. Whatever fails, nothing is left of the child. Errors: those of
// program.load; ERR_TOO_LARGE (arguments, environment, handles), ERR_NO_MEMORY, ERR_NO_HANDLE.
// Blocks while the program is loaded.
status_t spawn(const struct spawn *what, handle_t port, uint64_t badge, struct child *child);

// Starts what a process server has made already: `process` holds an image and nothing else. On
// error the process is ended and its handle closed.
status_t spawn_process(const struct spawn *what, handle_t process, uaddr_t entry, uaddr_t image,
                       uint64_t image_size, handle_t port, uint64_t badge, struct child *child);

// Waits for the next death of a child that was started without a port. Blocks until the deadline
// (0: for ever). Not for a server's handlers: it receives, which answers the request in hand with
// ERR_NO_REPLY. ERR_TIMED_OUT.
status_t child_wait(struct child_end *end, ticks_t deadline);

// Puts the handle back and forgets the child, which runs on if it has not ended.
void child_close(struct child *child);

// The handles that this program has itself under the given names (ended by null), for handing
// down; those it lacks are left out. Returns how many.
unsigned spawn_handles_inherit(const char *const *names, struct spawn_handle *handles,
                               unsigned capacity);

// Why a child ended, in words: "exited with 3", "crashed: page fault at 0x0".
void child_end_text(const struct child_end *end, char *buffer, unsigned size);
