// Random sequences of all operations on memory, over several spaces and harts, against a plain
// model; a TLB that forgets nothing unasked; all equations recounted as it goes. A sequence that
// fails is shortened and printed, with its seed.
//
//     MEMORY_MODEL_STEPS=5000000 host-memory_model      more steps (default 400,000)
//     MEMORY_MODEL_SEED=17 host-memory_model            first seed (default 1)
//
// sources: kernel/memory/space.c kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c
// sources: kernel/memory/free.c kernel/memory/protect.c kernel/memory/move.c kernel/memory/parcel.c
// sources: kernel/memory/pass.c kernel/memory/landing.c kernel/memory/fault.c kernel/memory/fork.c
// sources: kernel/memory/query.c kernel/debug/check_memory.c kernel/memory/tlb.c
// sources: kernel/memory/evict.c
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/debug/canary.c kernel/memory/account.c kernel/sync/spinlock.c
// sources: tests/host/hal/machine.c tests/host/hal/spaces.c tests/host/hal/adversary.c
// sources: tests/host/hal/memory_model.c tests/host/hal/model_parcels.c
// sources: tests/host/hal/memory_steps.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "machine.h"
#include "memory_steps.h"
#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static constexpr unsigned LENGTH = 20'000; // steps of a sequence

static uint64_t random_state;

static uint16_t random_16(void) {
    random_state = random_state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    return (uint16_t)(random_state >> 40);
}

static void sequence_make(uint64_t seed, struct step *steps, unsigned count) {
    random_state = seed;
    for (unsigned i = 0; i < count; i++)
        for (unsigned n = 0; n < STEP_NUMBERS; n++)
            steps[i].number[n] = random_16();
}

// In a process of its own, since a crash ends it and every sequence begins with a new machine.
static bool sequence_passes(const struct step *steps, unsigned count, unsigned shift,
                            bool aloud) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (!aloud) {
            freopen("/dev/null", "w", stdout);
            freopen("/dev/null", "w", stderr);
        }
        bool passed = steps_run(steps, count, shift, aloud);
        fflush(stdout);
        _exit(passed ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static unsigned without(const struct step *steps, unsigned count, unsigned from, unsigned length,
                        struct step *shorter) {
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++)
        if (i < from || i >= from + length)
            shorter[kept++] = steps[i];
    return kept;
}

// Leaves out as much as it can, in ever smaller pieces.
static unsigned sequence_shorten(struct step *steps, unsigned count, unsigned shift) {
    static struct step shorter[LENGTH];
    for (unsigned length = count / 2; length != 0; length /= 2)
        for (unsigned from = 0; from < count;) {
            unsigned kept = without(steps, count, from, length, shorter);
            if (sequence_passes(shorter, kept, shift, false)) {
                from += length;
                continue;
            }
            memcpy(steps, shorter, kept * sizeof(*steps));
            count = kept;
        }
    return count;
}

static uint64_t setting(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != nullptr ? strtoull(text, nullptr, 0) : otherwise;
}

TEST(memory_does_what_the_model_does) {
    static struct step steps[LENGTH];
    uint64_t seed = setting("MEMORY_MODEL_SEED", 1);
    uint64_t sequences = setting("MEMORY_MODEL_STEPS", 400'000) / LENGTH;
    for (uint64_t i = 0; i < sequences; i++, seed++) {
        unsigned shift = seed % 3;
        machine_tags = seed / 3 % 2 != 0;
        sequence_make(seed, steps, LENGTH);
        if (sequence_passes(steps, LENGTH, shift, false))
            continue;
        unsigned count = sequence_shorten(steps, LENGTH, shift);
        printf("seed %lu fails, after %u steps at least, pages of level %u:\n", seed, count,
               shift + 1);
        sequence_passes(steps, count, shift, true);
        CHECK(!"memory does what the model does");
    }
}
