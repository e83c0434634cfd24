// sources: servers/memory/holder.c libsys/status.c
//
// The memory server's swap device: servers/memory/swap.c, wait.c and holder.c themselves; the
// kernel, the device and what is around them are played here. How pages go and come back.

#include "swap_around.h"

TEST(pages_go_out_side_by_side) {
    begin_anew(100);
    out(3);
    CHECK_EQ(begun.method, BLOCK_METHOD_WRITE);
    CHECK_EQ(begun.word0, 0);
    CHECK_EQ(parcel_count(begun.parcel), 3);
    CHECK_EQ(swap_places(), 0); // until they are there
    CHECK_EQ(frames_freed, 0);
    complete(WRITE, OK, nullptr);
    CHECK(frames_freed == 3 && ends == 1);
    CHECK(swap_state().used == 3 && swap_state().moved_out == 3);
    CHECK_EQ(holder_find(A)->away, 3);
    out(2);
    CHECK_EQ(begun.word0, 3);
}

TEST(a_page_comes_back_once) {
    begin_anew(100);
    out_completed(3);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE + 8, 1), REQUEST_KEPT);
    CHECK_EQ(begun.method, BLOCK_METHOD_READ);
    CHECK_EQ(begun.word0, 1);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE + 16, 1), REQUEST_KEPT); // another of its threads
    read_completed(77);
    CHECK(answers[1].done && answers[1].status == OK && answers[1].contents == 77);
    CHECK(answers[2].done && answers[2].status == OK && answers[2].contents == 0);
    CHECK(swap_state().used == 2 && swap_state().moved_in == 1);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 1), OK); // it has come back
}

TEST(a_page_that_moves_out_comes_back_from_here) {
    begin_anew(100);
    out(2);
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK(!answers[1].done && begun.method == BLOCK_METHOD_WRITE);
    complete(WRITE, OK, nullptr);
    CHECK(answers[1].done && answers[1].contents == PLACE);
    CHECK(frames_freed == 1 && swap_state().used == 1);
}

TEST(reads_wait_for_frames_and_for_each_other) {
    begin_anew(100);
    out_completed(3);
    frames_left = false;
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK(starts == 1 && begun.method == BLOCK_METHOD_WRITE);
    swap_read(true);
    CHECK(begun.method == BLOCK_METHOD_READ && begun.word0 == 0);
    frames_left = true;
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 1), REQUEST_KEPT);
    CHECK_EQ(begun.word0, 0);
    read_completed(5);
    CHECK_EQ(begun.word0, 1);
    read_completed(6);
    CHECK(answers[1].contents == 5 && answers[2].contents == 6);
}
