// sources: servers/memory/holder.c libsys/status.c
//
// The memory server's swap device: servers/memory/swap.c, wait.c and holder.c themselves; the
// kernel, the device and what is around them are played here. Every way in which a page does not
// go, does not come back, or is lost.

#include "swap_around.h"

TEST(cookies_that_have_gone_are_not_waited_for) {
    begin_anew(100);
    out_completed(1);
    CHECK_EQ(fault(B, PLACE, 0), OK); // another's
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 0), OK); // of another place
    CHECK_EQ(fault(A, PLACE, 1), OK); // of none
    CHECK_EQ(fault(A, PLACE, 100), OK);
    CHECK(!swap_has_cookie(0) && swap_has_cookie(cookie(0)));
}

TEST(places_are_used_again) {
    begin_anew(20);
    out_completed(16);
    CHECK_EQ(swap_places(), 4);
    out_completed(4);
    CHECK_EQ(swap_places(), 0);
    CHECK_EQ(fault(A, PLACE + 9 * PAGE_SIZE, 9), REQUEST_KEPT);
    read_completed(1);
    CHECK_EQ(swap_places(), 1);
    out_completed(1);
    CHECK_EQ(begun.word0, 9);
    CHECK_EQ(swap_places(), 0);
}

TEST(a_page_that_cannot_be_taken_takes_no_place) {
    begin_anew(100);
    CHECK_EQ(swap_places(), 16);
    uaddr_t hand = PLACE;
    none_idle = true;
    CHECK(!swap_take(1, A, &hand) && hand == PLACE + PAGE_SIZE);
    evict_status = ERR_ENDED;
    CHECK(!swap_take(1, A, &hand) && hand == LAYOUT_LIMIT);
    CHECK(!swap_write());
    CHECK_EQ(swap_state().used, 0);
}

TEST(the_device_fails_in_a_write) {
    begin_anew(100);
    out_completed(1);
    CHECK(swap_places() != 0 && take(A, PLACE + PAGE_SIZE) && swap_write());
    complete(WRITE, ERR_PEER_DIED, nullptr);
    CHECK(told == MEMORY_NEWS_SWAP_LOST && swap_places() == 0 && ends == 2);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 1), REQUEST_KEPT); // it has stayed here
    CHECK(answers[1].done && answers[1].contents == PLACE + PAGE_SIZE);
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT); // what is there can be asked for
    complete(READ, ERR_PEER_DIED, nullptr);
    CHECK(answers[2].done && answers[2].status == ERR_IO);
    CHECK_EQ(swap_state().used, 0);
}

TEST(the_device_refuses) {
    begin_anew(100);
    out(1);
    complete(WRITE, OK, &(struct message){.tag = (uint16_t)ERR_IO});
    CHECK_EQ(told, MEMORY_NEWS_SWAP_LOST);
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    complete(READ, OK, &(struct message){.tag = (uint16_t)ERR_IO});
    CHECK_EQ(answers[1].status, ERR_IO);
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    complete(READ, OK, nullptr); // without a page
    CHECK_EQ(answers[1].status, ERR_IO);
}

TEST(nothing_can_be_begun) {
    begin_anew(100);
    CHECK(swap_places() != 0 && take(A, PLACE));
    begin_status = ERR_PORT_CLOSED;
    CHECK(!swap_write());
    CHECK(told == MEMORY_NEWS_SWAP_LOST && !swap_is_writing());
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK_EQ(answers[1].contents, PLACE);
    begin_anew(100);
    out_completed(1);
    begin_status = ERR_PORT_CLOSED;
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK(answers[1].done && answers[1].status == ERR_IO);
}

TEST(there_is_no_device) {
    static const struct message unfit[] = {
        {.word = {0, PAGE_SIZE}}, // no pages
        {.word = {PAGE_SIZE, PAGE_SIZE | (uint64_t)BLOCK_FEATURE_READ_ONLY << 32}},
        {.tag = (uint16_t)ERR_IO},
    };
    for (unsigned i = 0; i < 3; i++) {
        struct message reply = unfit[i];
        begin_anew(100);
        memset(&swap, 0, sizeof swap);
        swap_start();
        complete(INFO, OK, &reply);
        CHECK(told == MEMORY_NEWS_SWAP_LOST && swap_places() == 0);
    }
    begin_anew(100);
    memset(&swap, 0, sizeof swap);
    begun.count = 0;
    no_handle = HANDLE_NONE;
    swap_start();
    CHECK(begun.count == 0 && swap_places() == 0 && fault(A, PLACE, 0) == OK);
}

TEST(its_process_ends) {
    begin_anew(100);
    out(2); // while its pages move out
    (void)fault(A, PLACE, 0);
    swap_forget(holder_find(A));
    CHECK(swap_state().used == 0 && holder_find(A)->away == 0);
    complete(WRITE, OK, nullptr);
    CHECK_EQ(frames_freed, 2);
    out_completed(2); // while one is read, and its place is taken by another's page then
    (void)fault(A, PLACE, 2);
    CHECK_EQ(begun.method, BLOCK_METHOD_READ);
    swap_forget(holder_find(A));
    swap.next = 2;
    CHECK(swap_places() != 0 && take(B, PLACE) && swap_write());
    CHECK_EQ(begun.word0, 2);
    complete(WRITE, OK, nullptr);
    CHECK_EQ(fault(B, PLACE, 2), REQUEST_KEPT);
    read_completed(99); // A's
    CHECK(!answers[replies].done && begun.method == BLOCK_METHOD_READ && begun.word0 == 2);
    read_completed(42);
    CHECK(answers[replies].done && answers[replies].contents == 42);
}

TEST(its_place_has_changed) {
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    reply_status = ERR_OCCUPIED;
    read_completed(1);
    CHECK(answers[1].done && answers[1].status == OK); // it touches again
    CHECK(swap_state().used == 1 && frames_freed == 2); // and the fresh one
    swap.next = 0;
    CHECK_EQ(swap_places(), 16);
    CHECK_EQ(swap.first, 1); // until it is marked
    mark(0);
    harvest();
    CHECK(swap_state().used == 0 && holder_find(A)->away == 0);
}

TEST(what_was_freed_unseen_makes_room) {
    begin_anew(20);
    out_completed(16);
    mark(3);
    mark(15);
    CHECK_EQ(swap_places(), 4);
    out_completed(4);
    CHECK_EQ(swap_state().used, 18);
    CHECK_EQ(swap_places(), 1);
    CHECK(swap.first == 3 && bits[COOKIES_OF_FILES / 64] == 0);
    (void)fault(A, PLACE + 5 * PAGE_SIZE, 5); // read while it is freed
    mark(5);
    harvest();
    CHECK(answers[replies].done && answers[replies].status == OK);
    read_completed(7);
    CHECK_EQ(answers[replies].contents, 0);
    mark(6);
    swap_forget(holder_find(A)); // none is left for whoever comes next
    CHECK(bits[COOKIES_OF_FILES / 64] == 0 && swap_state().used == 0);
}

TEST(no_page_to_give_back) {
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    create_status = ERR_NO_FRAME;
    read_completed(1);
    CHECK(answers[1].done && answers[1].status == OK && answers[1].contents == 0);
    create_status = OK;
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT); // it is still on the device
    read_completed(3);
    CHECK_EQ(answers[2].contents, 3);
}
