// Mappings: each begins at a 2 MiB of its own, and no address is used twice, so that nothing has to
// be kept about them. There is room for 60 million.

#include "internal.h"

#include <abi/layout.h>
#include <baton/map.h>
#include <baton/parcel.h>

#include <errno.h>
#include <sys/mman.h>

static constexpr uint64_t TABLE_SIZE = TABLE_ENTRIES * PAGE_SIZE;
static constexpr uint64_t PARCEL_SIZE = PARCEL_ENTRIES * PAGE_SIZE;

static uaddr_t next_address = LAYOUT_MAPPED;

static uaddr_t range_end(uaddr_t address, size_t length)
{
    return address + (length + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
}

// The first address of the next table, or of what one parcel can name, or the range's end.
static uaddr_t part_end(uaddr_t address, uaddr_t end, uint64_t size)
{
    uaddr_t next = (address | (size - 1)) + 1;
    return next < end ? next : end;
}

static status_t range_free(uaddr_t address, uaddr_t end)
{
    status_t status = OK;
    for (uaddr_t next; address < end && status == OK; address = next) {
        next = part_end(address, end, TABLE_SIZE);
        bool whole = next - address == TABLE_SIZE; // then with its table
        if (!whole)
            next = part_end(address, end, PARCEL_SIZE);
        status = parcel_free(parcel_make(address, whole ? 2 : 1,
                                         whole ? 1 : (unsigned)((next - address) / PAGE_SIZE),
                                         PARCEL_NONE, 0));
    }
    return status;
}

static status_t range_map(const struct descriptor *file, uint64_t page, uaddr_t address,
                          uaddr_t end, bool writable)
{
    status_t status = OK;
    for (uaddr_t at = address, next; at < end && status == OK; at = next) {
        next = part_end(at, end, PARCEL_SIZE);
        unsigned pages = (unsigned)((next - at) / PAGE_SIZE);
        status = file_map(file->port, file->remote, page, pages, at, writable);
        if (status != OK)
            (void)range_free(address, at);
        page += pages;
    }
    return status;
}

void *mmap(void *, size_t length, int protection, int flags, int fd, off_t offset)
{
    struct descriptor *file = descriptor_get(fd);
    if (!file)
        return MAP_FAILED;
    if (length == 0 || length > LAYOUT_SLOTS - LAYOUT_MAPPED || flags != MAP_PRIVATE ||
        offset < 0 || offset % (off_t)PAGE_SIZE != 0)
        errno = EINVAL;
    else if ((protection & ~PROT_WRITE) != PROT_READ)
        errno = ENOTSUP;
    else if (file->kind != DESCRIPTOR_FILE || file->directory)
        errno = ENODEV;
    else
        errno = 0;
    uaddr_t address = next_address, end = range_end(address, length);
    if (errno == 0 && end > LAYOUT_SLOTS)
        errno = ENOMEM;
    if (errno != 0)
        return MAP_FAILED;
    next_address = (end + TABLE_SIZE - 1) & ~(TABLE_SIZE - 1);
    status_t status = range_map(file, (uint64_t)offset / PAGE_SIZE, address, end,
                                (protection & PROT_WRITE) != 0);
    if (status == OK)
        return (void *)address;
    posix_fail(status);
    return MAP_FAILED;
}

int munmap(void *address, size_t length)
{
    uaddr_t first = (uaddr_t)address, end = range_end(first, length);
    if (length == 0 || first % PAGE_SIZE != 0 || first < LAYOUT_MAPPED || end > next_address ||
        end < first) {
        errno = EINVAL;
        return -1;
    }
    status_t status = range_free(first, end);
    return status == OK ? 0 : posix_fail(status);
}
