// Vector registers of programs that are interrupted: three processes compute at once, each with a
// pattern of its own in them, and each finds its own again.

#include "message.h"

static constexpr unsigned OTHERS = 2;
static constexpr uint64_t COMPUTE_NS = 400 * MS;

// Fills all vector registers, waits without a system call until the counter has come to `until`,
// and counts the words that are not as they were.
static uint64_t vectors_hold(uint64_t pattern, ticks_t until)
{
    static uint64_t found[16][2];
    uint64_t wrong = 0, words[2] = {pattern, ~pattern};
    __asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
                     "movups (%[words]), %%xmm\\n\n\t"
                     ".endr\n\t"
                     "1: pause\n\t"
                     "rdtsc\n\t"
                     "shl $32, %%rdx\n\t"
                     "or %%rdx, %%rax\n\t"
                     "cmp %[until], %%rax\n\t"
                     "jb 1b\n\t"
                     ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
                     "movups %%xmm\\n, 16*\\n(%[found])\n\t"
                     ".endr"
                     :
                     : [words] "r"(words), [found] "r"(found), [until] "r"(until)
                     : "rax", "rdx", "memory", "cc", SYSTEM_CALL_VECTORS);
    for (unsigned i = 0; i < 16; i++)
        wrong += (found[i][0] != words[0]) + (found[i][1] != words[1]);
    return wrong;
}

int main(int argc, char **argv)
{
    (void)argv;
    uint64_t pattern = 0x0101'0101'0101'0101 * start_process();
    if (argc > 1)
        return (int)vectors_hold(pattern, deadline_after(COMPUTE_NS));
    struct peer others[OTHERS];
    for (unsigned i = 0; i < OTHERS; i++)
        others[i] = peer_start_program("/test/message_vectors", "one", HANDLE_NONE);
    EXPECT(vectors_hold(pattern, deadline_after(COMPUTE_NS)), 0);
    for (unsigned i = 0; i < OTHERS; i++) {
        struct child_end end;
        EXPECT(child_wait(&end, deadline_default()), OK);
        EXPECT(end.cause, END_EXITED);
        EXPECT(end.status, 0);
    }
    for (unsigned i = 0; i < OTHERS; i++) {
        child_close(&others[i].child);
        (void)system_handle_close(others[i].port);
    }
    printf("kept\n");
    return 0;
}
