// Reading and copying as a program without vector code does it: 8 bytes at a time, 8 times a round.
// Emulation charges a `rep` instruction one instruction per step, whatever hardware makes of it, so
// neither moving nor copying may use one: each access is one plain load or store.
#pragma once

#include <abi/types.h>

static constexpr uint64_t WORDS_ROUND = 8;
static constexpr uint64_t WORDS_ROUND_SIZE = WORDS_ROUND * sizeof(uint64_t);

// Sizes are multiples of WORDS_ROUND_SIZE.
void words_copy(uaddr_t to, uaddr_t from, uint64_t bytes);
uint64_t words_sum(uaddr_t from, uint64_t bytes);

// The first word of each page alone.
uint64_t words_sum_pages(uaddr_t from, uint64_t bytes);
