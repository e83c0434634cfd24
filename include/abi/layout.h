// Where things lie in a program's address space (bits 0-46; the kernel has the upper half).
//
//   0x0000_0000_0000  never mapped: 1 MiB for null pointers with an offset
//   0x0000_0040_0000  a boot server's image (linked at 0, placed here; static-PIE)
//   0x0001_0000_0000  to 0x007f_0000_0000: a program's image, at a random 2 MiB
//   0x007f_0000_0000  heap, growing up
//   0x007f_8010_0000  end of the stack, which grows down (from LAYOUT_STACK_SIZE to
//                     LAYOUT_STACK_MAXIMUM); a hole of 1 MiB below it
//   0x007f_8010_1000  the start page (include/abi/start_page.h): in the stack's table, which
//                     has room for small allocations too, so that a small program needs no other
//   0x0080_0000_0000  mapped files, each at a 2 MiB of its own; no address is used twice
//   0x7f00_0000_0000  landing slots and windows: one top-level entry for all of them
//   0x7fff_ffff_f000  the last page is never mapped (no system call returns past it)
#pragma once

#include <abi/types.h>

static constexpr uaddr_t LAYOUT_LOWEST = 0x0000'0010'0000;
static constexpr uaddr_t LAYOUT_SERVER_IMAGE = 0x0000'0040'0000;
static constexpr uaddr_t LAYOUT_IMAGE_FIRST = 0x0001'0000'0000;
static constexpr uaddr_t LAYOUT_IMAGE_LAST = 0x007f'0000'0000;
static constexpr uaddr_t LAYOUT_HEAP = 0x007f'0000'0000;
static constexpr uaddr_t LAYOUT_STACK_TOP = 0x007f'8010'0000;
static constexpr uaddr_t LAYOUT_START_PAGE = 0x007f'8010'1000;
static constexpr uaddr_t LAYOUT_MAPPED = 0x0080'0000'0000;
static constexpr uaddr_t LAYOUT_SLOTS = 0x7f00'0000'0000;
static constexpr uaddr_t LAYOUT_SLOTS_END = 0x7f80'0000'0000;
static constexpr uaddr_t LAYOUT_LIMIT = 0x7fff'ffff'f000;

static constexpr uint64_t LAYOUT_STACK_SIZE = 64 * 1024;
static constexpr uint64_t LAYOUT_STACK_MAXIMUM = 1024 * 1024;
