// firmware: what QUERY_FIRMWARE tells, and that it tells nothing else.

#include <abi/query.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>

#include <stdio.h>
#include <string.h>

static constexpr uint64_t KERNEL_IMAGE = 0x100000; // physical, where it begins
static constexpr uint64_t WIDEST = 1ull << 52;     // no physical address is larger

static uint8_t *page;

static uint64_t query(uint32_t topic, uint64_t index)
{
    uint64_t count;
    status_t status =
        system_system_query(start_handle("system"), topic, index, (uaddr_t)page, &count);
    return status == OK ? count : ~0ull;
}

static bool is_root_table(uint64_t offset)
{
    return memcmp(page + offset, "RSDT", 4) == 0 || memcmp(page + offset, "XSDT", 4) == 0;
}

int main(void)
{
    if (pages_allocate(1, (void **)&page) != OK || query(QUERY_MACHINE, 0) != 1)
        return 1;
    uint64_t root = ((const struct query_machine *)page)->firmware_tables;
    if (query(QUERY_FIRMWARE, root / PAGE_SIZE) != 1 || !is_root_table(root % PAGE_SIZE))
        return 2;
    const uint64_t refused[] = {KERNEL_IMAGE, WIDEST - PAGE_SIZE, WIDEST, ~0ull};
    for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++)
        if (query(QUERY_FIRMWARE, refused[i] / PAGE_SIZE) != 0)
            return 3;
    if (query(QUERY_FIRMWARE, ~0ull) != 0)
        return 4;
    puts("only the tables");
    return 0;
}
