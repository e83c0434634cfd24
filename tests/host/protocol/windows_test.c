// Landing windows: libsys/landing.c itself, with a list of windows like the kernel's.

#include <baton/system.h>

static status_t slot_prepare(parcel_t slots, uint32_t window);
static status_t slot_release(parcel_t slots);
static status_t kernel_accept(uint64_t charge, uint32_t handles, uint32_t flags);
static status_t parcel_move(handle_t process, parcel_t source, uaddr_t destination);
#define system_slot_prepare     slot_prepare
#define system_slot_release     slot_release
#define system_accept           kernel_accept
#define system_parcel_move      parcel_move
#define landing_prepare         real_landing_prepare
#define landing_prepare_default real_landing_prepare_default
#define handles_accept          real_handles_accept
#define landing_restore         real_landing_restore
#define landing_free            real_landing_free
#define landing_take            real_landing_take
#include "landing.c"

#include "test.h"
#include "world.h"

static constexpr unsigned LIST = 64;

static struct {
    uaddr_t address[LIST];
    unsigned pages[LIST];
    unsigned count;
    uint64_t charge;
    uint32_t handles;
    unsigned failures; // that come first
} kernel;

static status_t slot_prepare(parcel_t slots, uint32_t window)
{
    uaddr_t address = parcel_address(slots);
    if (address % (window * PAGE_SIZE) != 0 ||
        address % PARCEL_SIZE + parcel_size(slots) > PARCEL_SIZE)
        return ERR_BAD_SLOT;
    if (kernel.failures != 0 && kernel.failures-- != 0)
        return ERR_NO_MEMORY;
    for (unsigned i = 0; i < parcel_count(slots) / window; i++) {
        CHECK(kernel.count < LIST);
        kernel.address[kernel.count] = address + i * window * PAGE_SIZE;
        kernel.pages[kernel.count++] = window;
    }
    return OK;
}

// Takes a window off the list, which keeps its order.
static uaddr_t list_take(unsigned index)
{
    uaddr_t address = kernel.address[index];
    kernel.count--;
    for (unsigned i = index; i < kernel.count; i++) {
        kernel.address[i] = kernel.address[i + 1];
        kernel.pages[i] = kernel.pages[i + 1];
    }
    return address;
}

static status_t slot_release(parcel_t slots)
{
    for (unsigned i = 0; i < kernel.count; i++)
        if (kernel.address[i] == parcel_address(slots)) {
            CHECK_EQ(kernel.pages[i], parcel_count(slots));
            (void)list_take(i);
            return OK;
        }
    return ERR_EMPTY;
}

static status_t kernel_accept(uint64_t charge, uint32_t handles, uint32_t)
{
    kernel.charge = charge;
    kernel.handles = handles;
    return OK;
}

static status_t parcel_move(handle_t, parcel_t, uaddr_t)
{
    return OK;
}

// A gift lands in the first window that it fits into; 0: nowhere.
static uaddr_t land(unsigned pages)
{
    for (unsigned i = 0; i < kernel.count; i++)
        if (kernel.pages[i] >= pages)
            return list_take(i);
    return 0;
}

static void begin(void)
{
    memset(&kernel, 0, sizeof kernel);
    memset(pools, 0, sizeof pools);
    pool_count = window_pages = window_count = accepted_pages = 0;
    accepts_handles = false;
    next_address = LAYOUT_SLOTS;
}

static status_t take(uaddr_t landed)
{
    return landing_take(pages_parcel(landed, 1, PARCEL_GIVE, 0), 0x1000);
}

static void expect_windows(unsigned count, unsigned pages)
{
    CHECK_EQ(kernel.count, count);
    for (unsigned i = 0; i < count; i++)
        CHECK_EQ(kernel.pages[i], pages);
    CHECK_EQ(kernel.charge, pages);
    CHECK_EQ(kernel.handles, MESSAGE_HANDLES);
}

TEST(windows_are_made_once)
{
    begin();
    CHECK_EQ(landing_prepare_default(), OK);
    CHECK_EQ(landing_prepare_default(), OK);
    expect_windows(4, 16);
}

TEST(who_asks_first_gets_the_first_four_too)
{
    begin();
    CHECK_EQ(landing_prepare(2, 4), OK);
    expect_windows(6, 16);
    begin();
    CHECK_EQ(landing_prepare(2, 64), OK);
    expect_windows(6, 64);
    CHECK_EQ(landing_prepare_default(), OK);
    expect_windows(6, 64);
}

TEST(handles_need_no_window)
{
    begin();
    CHECK_EQ(handles_accept(), OK);
    expect_windows(0, 0);
    CHECK_EQ(landing_prepare_default(), OK);
    expect_windows(4, 16);
    CHECK_EQ(handles_accept(), OK);
    expect_windows(4, 16);
}

TEST(windows_are_made_after_a_failure)
{
    begin();
    kernel.failures = 1;
    CHECK_EQ(landing_prepare_default(), ERR_NO_MEMORY);
    CHECK_EQ(kernel.handles, 0);
    CHECK_EQ(landing_prepare_default(), OK);
    expect_windows(4, 16);
}

TEST(windows_are_added)
{
    begin();
    CHECK_EQ(landing_prepare_default(), OK);
    expect_windows(4, 16);
    CHECK_EQ(landing_prepare(60, 16), OK);
    expect_windows(64, 16);
}

TEST(a_larger_size_becomes_that_of_all)
{
    begin();
    CHECK_EQ(landing_prepare_default(), OK);
    CHECK_EQ(landing_prepare(2, 256), OK);
    expect_windows(6, 256);
    CHECK_EQ(landing_prepare(1, 4), OK);
    expect_windows(7, 256);
}

TEST(small_parcels_leave_room_for_large_ones)
{
    begin();
    CHECK_EQ(landing_prepare_default(), OK);
    CHECK_EQ(landing_prepare(2, 256), OK);
    for (unsigned i = 0; i < 100; i++) { // in any order: windows come back at the end of the list
        uaddr_t small[5];
        for (unsigned s = 0; s < 5; s++)
            CHECK((small[s] = land(1)) != 0);
        uaddr_t large = land(256);
        CHECK(large != 0);
        CHECK_EQ(take(large), OK);
        for (unsigned s = 0; s < 5; s++)
            CHECK_EQ(take(small[(s + i) % 5]), OK);
    }
    expect_windows(6, 256);
}

TEST(a_window_in_use_is_replaced_too)
{
    begin();
    CHECK_EQ(landing_prepare_default(), OK);
    uaddr_t landed = land(3);
    CHECK_EQ(landing_prepare(1, 32), OK);
    expect_windows(5, 32);
    CHECK_EQ(take(landed), OK);
    expect_windows(5, 32);
}

TEST(many_large_windows)
{
    begin();
    CHECK_EQ(landing_prepare_default(), OK);
    CHECK_EQ(landing_prepare(40, 256), OK);
    expect_windows(44, 256);
    for (unsigned pages = 1; pages <= 1024; pages *= 2)
        CHECK_EQ(landing_prepare(0, pages), pages <= 256 ? OK : ERR_BAD_ARGUMENT);
    CHECK_EQ(landing_prepare(1, 3), ERR_BAD_ARGUMENT);
    CHECK_EQ(landing_prepare(1, 0), ERR_BAD_ARGUMENT);
}

TEST(nothing_is_restored_that_is_no_window)
{
    begin();
    CHECK_EQ(landing_prepare_default(), OK);
    CHECK_EQ(landing_restore(LAYOUT_SLOTS + 64 * PAGE_SIZE), ERR_BAD_SLOT);
}
