// sources: servers/ramdisk/range.c
//
// Which slots a read of the ramdisk answers with.

#include "store.h"
#include "test.h"

struct range_case {
    uint64_t pages, page;
    uint32_t count;
    status_t status;
    uint64_t first; // page that the slots begin with
    unsigned got;
};

static const struct range_case RANGES[] = {
    {1, 0, 1, OK, 0, 1},
    {1, 0, 256, OK, 0, 1},
    {1, 1, 1, ERR_TOO_LARGE, 0, 0},
    {0, 0, 1, ERR_TOO_LARGE, 0, 0},
    {1000, 0, 256, OK, 0, 256},
    {1000, 0, 512, OK, 0, 256},
    {1000, 0, 0, ERR_TOO_LARGE, 0, 0},
    {1000, 1, 256, OK, 1, 255}, // up to where the next parcel begins
    {1000, 511, 2, OK, 511, 1},
    {1000, 768, 256, OK, 768, 232},
    {1000, 999, 16, OK, 999, 1},
    {1000, 1000, 1, ERR_TOO_LARGE, 0, 0},
    {1000, UINT64_MAX, 512, ERR_TOO_LARGE, 0, 0},
    {1000, 1ull << 52, 1, ERR_TOO_LARGE, 0, 0},
    {1000, 100, UINT32_MAX, OK, 100, 156},
    {1ull << 28, (1ull << 28) - 1, 512, OK, (1ull << 28) - 1, 1},
};

TEST(ranges)
{
    for (unsigned i = 0; i < sizeof(RANGES) / sizeof(RANGES[0]); i++) {
        const struct range_case *row = &RANGES[i];
        struct store store = {.size_bytes = row->pages * PAGE_SIZE, .page_count = row->pages};
        parcel_t slots;
        CHECK_EQ(store_range(&store, row->page, row->count, &slots), row->status);
        if (row->status != OK)
            continue;
        CHECK_EQ(parcel_address(slots), STORE_BASE + row->first * PAGE_SIZE);
        CHECK_EQ(parcel_count(slots), row->got);
        CHECK_EQ(parcel_level(slots), 1);
        CHECK_EQ(parcel_mode(slots), PARCEL_NONE);
        CHECK_EQ(slots & PARCEL_RESERVED, 0);
    }
}

// A table's pages begin where the store's tables do, so a run never crosses one unnoticed.
TEST(base_is_a_tables_begin)
{
    CHECK_EQ(STORE_BASE % (TABLE_ENTRIES * PAGE_SIZE), 0);
}

// Reading on from where an answer ended gives every page once.
TEST(reading_on_covers_the_image)
{
    struct store store = {.page_count = 3 * TABLE_ENTRIES + 77};
    for (uint32_t count = 1; count <= PARCEL_ENTRIES; count = count * 3 + 1) {
        uint64_t page = 7, steps = 0;
        for (parcel_t slots; store_range(&store, page, count, &slots) == OK; steps++) {
            CHECK_EQ(parcel_address(slots), STORE_BASE + page * PAGE_SIZE);
            CHECK(parcel_count(slots) <= count);
            page += parcel_count(slots);
        }
        CHECK_EQ(page, store.page_count);
        CHECK(steps <= store.page_count / count + 8);
    }
}
