// The reference model of parcels: what each page of each space holds, and what may be done with it.
// It knows nothing of tables, references or sums; a clone is a copy of numbers. Its levels 1 and 2,
// pages and areas, are any two neighbouring ones of the machine: a sequence runs with 1 and 2, 2
// and 3, or 3 and 4.
#pragma once

#include "memory/space.h"

static constexpr unsigned SPACES = 4;
static constexpr unsigned AREAS = 7;  // slots of level 2 in use in each space
static constexpr unsigned PAGES = 12; // slots of level 1 in use in each area
static constexpr unsigned WORDS = 2;  // looked at in each page, as far from each other as can be
static constexpr unsigned WINDOWS = AREAS * (PAGES + 1);

enum model_kind : uint8_t { MODEL_EMPTY, MODEL_MEMORY, MODEL_LENT, MODEL_LANDING, MODEL_PAGER };

// A slot of either level. An area with MEMORY holds pages; LENT keeps the rights for the return.
// PAGER is a page's alone, and its cookie the first value.
struct model_slot {
    enum model_kind kind;
    bool writable, executable, read_only, borrowed, flight;
    uint16_t window; // LANDING: entries, in the first one of a free window
};

struct model_page {
    struct model_slot slot;
    uint64_t value[WORDS];
};

struct model_area {
    struct model_slot slot;
    bool full; // the pages that are not in use here are memory, not holes
    struct model_page page[PAGES];
};

struct model_window {
    unsigned area, page, window;
};

struct model_space {
    struct model_area area[AREAS];
    struct model_window windows[2][WINDOWS]; // free ones by level less one, in order of use
    unsigned window_count[2];
};

// A run in the model. At level 2 `page` is 0 and `count` counts areas.
struct model_run {
    unsigned level, area, page, count;
};

struct model_pass {
    enum parcel_mode mode;
    bool writable, executable;
};

extern struct model_space model[SPACES];
extern unsigned model_shift; // what the machine's levels are above the model's

uaddr_t model_address(const struct model_run *run);
uaddr_t model_word(const struct model_run *run, unsigned word);
parcel_t model_parcel(const struct model_run *run, enum parcel_mode mode, bool writable,
                      bool executable);
struct model_slot *model_slot(struct model_space *space, const struct model_run *run, unsigned i);

// Rights and marks of slot i of a run, by itself and by its area.
struct model_slot model_effective(struct model_space *space, const struct model_run *run,
                                  unsigned i);

// May it be done? Then do it.
bool model_create(struct model_space *space, const struct model_run *run, bool writable,
                  bool executable);
bool model_create_pager(struct model_space *space, const struct model_run *run, bool writable,
                        bool executable, uint64_t cookie);
bool model_free(struct model_space *space, const struct model_run *run);
bool model_protect(struct model_space *space, const struct model_run *run, bool writable,
                   bool executable);
bool model_refinable(struct model_space *space, const struct model_run *run); // contents stay
bool model_joinable(struct model_space *space, const struct model_run *run);
bool model_clone(struct model_space *space, const struct model_run *from,
                 const struct model_run *to);
bool model_fork(const struct model_space *parent, struct model_space *child);
bool model_prepare(struct model_space *space, const struct model_run *run, unsigned window);
bool model_release(struct model_space *space, const struct model_run *run);
bool model_mark(struct model_space *space, const struct model_run *run,
                const struct model_pass *pass);
void model_unmark(struct model_space *space, const struct model_run *run);
bool model_pass(struct model_space *from, const struct model_run *run,
                const struct model_pass *pass, bool marked, struct model_space *to, bool holes,
                bool execution, struct model_run *landed, unsigned *window);
bool model_move(struct model_space *from, const struct model_run *run,
                const struct model_pass *pass, struct model_space *to,
                const struct model_run *destination);
bool model_answer(struct model_space *from, const struct model_run *run,
                  const struct model_pass *pass, struct model_space *to,
                  const struct model_run *destination, uint64_t cookie);
// A writable page may come to an empty place, to which there is a way from now on.
bool model_way(struct model_space *space, const struct model_run *run);
// Then a page moves there; that nobody shares it the model does not know.
bool model_evict(struct model_space *from, const struct model_run *run, uint64_t cookie,
                 struct model_space *to, const struct model_run *destination);
bool model_return(struct model_space *borrower, const struct model_run *landed, unsigned window,
                  struct model_space *lender, const struct model_run *home);
