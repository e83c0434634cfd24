#include <baton/map.h>
#include <baton/start.h>

#include <protocols/file.h>
#include <protocols/memory.h>

// Whoever brings in pages: it stays the same.
static status_t pager_find(handle_t memory, uint32_t *process)
{
    static uint32_t pager;
    status_t status = pager != 0 ? OK : memory_pager(memory, &pager);
    *process = pager;
    return status;
}

status_t file_map(handle_t file, uint32_t fd, uint64_t page, unsigned pages, uaddr_t address,
                  bool writable)
{
    handle_t memory = start_handle("memory");
    uint32_t pager, shared;
    if (memory == HANDLE_NONE)
        return ERR_NOT_FOUND;
    status_t status = pager_find(memory, &pager);
    if (status == OK)
        status = file_share(file, fd, pager, &shared);
    if (status != OK)
        return status;
    status = memory_map(memory, file, shared, page, pages, address, writable);
    if (status != OK)
        (void)file_close(file, shared);
    return status;
}
