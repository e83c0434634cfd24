// The scalar types that the kernel and programs share.
#pragma once

#include <stdint.h>

// A process's name for a kernel object: index in bits 0-15, generation in bits 16-31.
// 0 is never a handle. Where a call takes a process handle, 0 means the caller's own process.
typedef uint32_t handle_t;

// An address in a program. An integer, never a pointer: the kernel names page-table entries with
// it and cannot read or write through it.
typedef uint64_t uaddr_t;

// A time: the processor's time-stamp counter, in ticks. 0 means "no deadline".
typedef uint64_t ticks_t;

static constexpr handle_t HANDLE_NONE = 0;
static constexpr unsigned HANDLE_INDEX_BITS = 16;
static constexpr unsigned PAGE_BITS = 12;
static constexpr uint64_t PAGE_SIZE = 1ull << PAGE_BITS;
static constexpr unsigned ENTRY_BITS = 9; // a table holds 2^9 entries
static constexpr unsigned TABLE_ENTRIES = 1u << ENTRY_BITS;
static constexpr unsigned LEVELS = 4;
