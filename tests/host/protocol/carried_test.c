// Parcels and handles through generated stubs and dispatch.

#include "stub.h"

#include <baton/parcel.h>
#include <baton/system.h>

TEST(handles_and_a_writable_loan)
{
    begin();
    handle_t port = world_handle(OBJECT_PORT, RIGHTS_ALL, 999);
    handle_t process = world_handle(OBJECT_PROCESS, RIGHT_END | RIGHT_TRANSFER, 0);
    handle_t c, d;
    parcel_t data = world_pages(3);
    CHECK_EQ(sample_handles(WORLD_PORT, port, process, data, &c, &d), OK);
    CHECK_EQ(world.request.tag >> TAG_MOVE_SHIFT & 15, 2);
    CHECK_EQ(world.request.tag >> TAG_RIGHTS_SHIFT, RIGHT_CALL | RIGHT_TRANSFER | RIGHT_END << 8);
    CHECK_EQ(parcel_mode(world.request.parcel), PARCEL_LEND);
    CHECK((world.request.parcel & PARCEL_WRITABLE) != 0);
    CHECK_EQ(((char *)parcel_address(data))[PAGE_SIZE], 'w');
    CHECK(world_handle_is_open(port));
    CHECK(!world_handle_is_open(process));
    uint64_t kind, about;
    CHECK_EQ(system_handle_query(c, &kind, &about), OK);
    CHECK_EQ(kind, OBJECT_PROCESS | (RIGHT_CONTROL | RIGHT_END) << 8);
    CHECK_EQ(system_handle_close(c), OK);
    CHECK_EQ(system_handle_query(d, &kind, &about), OK);
    CHECK_EQ(kind, OBJECT_PORT | RIGHT_CALL << 8);
    CHECK_EQ(system_handle_close(d), OK);
    CHECK_EQ(system_handle_close(port), OK);
    CHECK_EQ(world_handles_open(), 1); // the server's own of d
    CHECK_EQ(landing_free(data), OK);
}

static status_t try_handles(handle_t a, handle_t b, unsigned pages)
{
    handle_t c, d;
    parcel_t data = pages == 0 ? 0 : world_pages(pages);
    sample_orders.leave_out = true;
    status_t status = sample_handles(WORLD_PORT, a, b, data, &c, &d);
    if (pages != 0)
        CHECK_EQ(landing_free(data), OK);
    CHECK_EQ(d, HANDLE_NONE);
    if (status == OK)
        CHECK_EQ(system_handle_close(c), OK);
    else
        CHECK_EQ(c, HANDLE_NONE);
    return status;
}

TEST(handles_are_checked)
{
    begin();
    handle_t port = world_handle(OBJECT_PORT, RIGHTS_ALL, 999);
    handle_t other = world_handle(OBJECT_PORT, RIGHTS_ALL, 3);
    handle_t weak = world_handle(OBJECT_PORT, RIGHT_CALL, 999);
    handle_t wrong = world_handle(OBJECT_THREAD, RIGHTS_ALL, 0);
    CHECK_EQ(try_handles(port, 0, 2), OK);
    CHECK_EQ(try_handles(0, 0, 2), ERR_BAD_MESSAGE);
    CHECK_EQ(try_handles(other, 0, 2), ERR_BAD_MESSAGE);
    CHECK_EQ(try_handles(weak, 0, 2), ERR_BAD_MESSAGE);
    CHECK_EQ(try_handles(wrong, 0, 2), ERR_BAD_MESSAGE);
    CHECK_EQ(try_handles(port, wrong, 2), ERR_BAD_MESSAGE); // and it was moved: closed there
    CHECK(!world_handle_is_open(wrong));
    CHECK_EQ(try_handles(port, 0, 0), ERR_BAD_MESSAGE);
    CHECK_EQ(try_handles(port, 0, 1), ERR_BAD_MESSAGE);
    CHECK_EQ(try_handles(port, 0, 17), ERR_BAD_MESSAGE);
    CHECK_EQ(try_handles(port, 0, 16), OK);
    CHECK_EQ(world_handles_open(), 3);
    CHECK_EQ(sample_orders.handled, 2);
}

TEST(parcels_that_an_argument_bounds)
{
    uint32_t used;
    parcel_t back;
    begin();
    CHECK_EQ(sample_parcels(WORLD_PORT, 3, world_pages(3), &used, &back), OK);
    CHECK_EQ(parcel_mode(world.request.parcel), PARCEL_GIVE);
    CHECK_EQ(used, 3);
    CHECK_EQ(parcel_mode(back), PARCEL_CLONE);
    CHECK_EQ(parcel_count(back), 3);
    CHECK_EQ(landing_free(back), OK);
    CHECK_EQ(landing_free(sample_orders.parcel), OK); // the server's own
    CHECK_EQ(sample_parcels(WORLD_PORT, 2, world_pages(3), &used, &back), ERR_BAD_MESSAGE);
    CHECK_EQ(back, 0);
    sample_orders.leave_out = true;
    CHECK_EQ(sample_parcels(WORLD_PORT, 3, world_pages(1), &used, &back), OK);
    CHECK_EQ(back, 0);
    check_nothing_left();
}

TEST(a_gift_comes_back)
{
    parcel_t page;
    begin();
    CHECK_EQ(sample_take(WORLD_PORT, &page), OK);
    CHECK_EQ(parcel_mode(page), PARCEL_GIVE);
    CHECK((page & PARCEL_WRITABLE) != 0);
    CHECK_EQ(landing_free(page), OK);
    sample_orders.status = ERR_NO_MEMORY;
    CHECK_EQ(sample_take(WORLD_PORT, &page), ERR_NO_MEMORY);
    CHECK_EQ(page, 0);
    CHECK_EQ(landing_free(sample_orders.parcel), OK); // results of an error stay the handler's
    check_nothing_left();
}

TEST(larger_entries)
{
    begin();
    parcel_t two = parcel_make(0x40000000, 2, 2, PARCEL_NONE, PARCEL_EXECUTABLE);
    CHECK_EQ(sample_large(WORLD_PORT, two), OK);
    CHECK_EQ(sample_orders.parcel, parcel_make(0x40000000, 2, 2, PARCEL_CLONE, PARCEL_EXECUTABLE));
    CHECK_EQ(sample_large(WORLD_PORT, 0), OK);
    CHECK_EQ(sample_orders.parcel, 0);
    parcel_t small = world_pages(1);
    CHECK_EQ(sample_large(WORLD_PORT, small), ERR_BAD_MESSAGE);
    CHECK_EQ(landing_free(small), OK);
    check_nothing_left();
}
