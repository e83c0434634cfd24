// Large pages: one entry of level 2 or 3 for a block of neighbouring frames, charged like the table
// that it may become.
//
// The block's first frame, its head, has the references of all entries. Who writes to a page that
// others have too makes a table of it; from then on the entries of the others stand for this table,
// and their references are its. The head's level tells: it is lower than that of such an entry,
// which has the table as split_table. There is a table as long as anything stands for it, and it is
// shared until nothing does, so it is not changed. References move from head to table under one
// lock, below a space's.
//
// A page is zeroed by those who touch it, a piece each time; its entries lack ENTRY_USER until they
// see that it is done. Nobody gets at a part of it before.
#pragma once

#include "memory/entry.h"

// What the entry of a large page has its reference to: the head, or a table.
struct frame *large_target(entry_t entry);

// One holder's entry becomes a table, of pages that are zeroed: the one that it stands for, and
// then `fresh` is freed; or else `fresh`, filled. Returns which.
struct frame *large_table(entry_t entry, struct frame *fresh);

// A page of a level, which is to be zeroed. ERR_PAGE_SIZE, ERR_NO_RUN.
status_t large_allocate(unsigned level, struct frame **head);

// Zeroes a piece of the page of an entry. True: all of it is zeroed, and the entry says so.
bool large_zero_some(cell_t *cell);
