// Cookies that this server leaves in processes, and the bits in which the kernel marks those that
// are freed unseen: pages of files first, then places on the swap device.
#pragma once

#include <abi/message.h>

static constexpr uint32_t COOKIES_PER_PAGE = PAGE_SIZE * 8; // whose bits stand in one page
static constexpr uint32_t COOKIES_OF_FILES = 8 * COOKIES_PER_PAGE;
static constexpr uint32_t COOKIES_OF_SWAP = 2 * COOKIES_PER_PAGE;
static constexpr unsigned COOKIE_PAGES = (COOKIES_OF_FILES + COOKIES_OF_SWAP) / COOKIES_PER_PAGE;

// Bits of cookies, 64 in each word, from 0 on.
extern _Atomic(uint64_t) *cookies_unseen;

// Takes the bits of a word.
static inline uint64_t cookies_take(uint32_t word)
{
    return __c11_atomic_exchange(&cookies_unseen[word], 0, __ATOMIC_ACQUIRE);
}
