// Records that system_query writes into a page: an array of one of these, by topic.
#pragma once

#include <abi/rights.h>
#include <abi/types.h>

enum query_topic : uint32_t {
    QUERY_MACHINE = 0,   // one struct query_machine
    QUERY_PROCESSES = 1, // struct query_process, by number; index: first number to report
    QUERY_HARTS = 2,     // struct query_hart
    QUERY_LOG = 3,       // struct query_log: kernel modules and their levels
    QUERY_CHECK = 4,     // struct query_check: walks all equations; debugging aid, slow
    QUERY_TRACE = 5,     // struct trace_record (abi/trace.h) of a hart; index: hart << 48 | n
    QUERY_LOG_TEXT = 6,  // bytes of the log ring, from an offset on
    QUERY_SYMBOL = 7,    // bytes: name of the kernel function at an address
    QUERY_CRASH = 8,     // one struct query_crash: the latest of a process; index: its number
    QUERY_MEMORY = 9,    // one struct query_memory, of the first process from the number index on;
                         // debugging aid: walks its tables
    QUERY_FIRMWARE = 10, // one page of the firmware's tables; index: physical page number
};

struct query_machine {
    uint64_t frames_total, frames_free, frames_zeroed; // free: those that are zeroed too
    uint64_t frames_kernel, frames_object, frames_module, frames_table, frames_user;
    uint64_t largest_free_frames;
    uint64_t frames_kept; // so many free ones are left to the programs of the boot modules
    uint64_t ticks_per_second;
    ticks_t boot_ticks, ready_ticks; // kernel entry; first instruction of a server
    uint64_t calibration_ticks;      // spent on calibrating the clock
    uint64_t firmware_tables;        // where ACPI's root table lies (QUERY_FIRMWARE), 0: none
    uint32_t harts, processes, threads, overcommit;
    uint32_t objects[OBJECT_TYPES]; // alive, by enum object_type
    char processor[48];
    char boot_options[128];
};

struct query_process {
    uint32_t number, parent;
    char name[16];
    uint32_t threads, handles;
    uint64_t used_frames, limit_frames;
    uint64_t run_ticks;
    uint32_t state;  // enum process_state
    uint32_t quantum, watchdog_hits, reserved;
    uint64_t calls;
};

enum process_state : uint32_t { PROCESS_NEW, PROCESS_LIVE, PROCESS_ENDING, PROCESS_ENDED };

// What a process has. Frames; `used` is what `charge` grants and what its objects take.
struct query_memory {
    uint32_t number, state;
    char name[16];
    uint64_t used, limit, charge, objects;
    uint64_t tables, pages; // that are there
    uint64_t shared;        // of the pages: others may have them too
    uint64_t pinned;        // entries LENT, borrowed, prepared, in flight
};

struct query_hart {
    uint32_t index, apic_id, online, reserved;
    uint64_t idle_ticks, page_flushes, flush_ipis, wake_ipis, interrupts, spurious;
    uint64_t switches, space_loads; // the fast path of a call, and of its reply, counts neither
    uint64_t space_keeps; // loads that kept the translations, those of the fast path included
};

// Why and where a program was ended by a fault: for whoever knows the names of its functions.
struct query_crash {
    uint32_t process, exception;
    uaddr_t address, ip; // what was touched; where
    uint64_t error;
    uint32_t frames, reserved;
    uaddr_t caller[16]; // return addresses, innermost first
};

struct query_log {
    char name[12];
    uint32_t level;
};

struct query_check {
    uint64_t errors;
    char first[248]; // what is wrong, as text
};
