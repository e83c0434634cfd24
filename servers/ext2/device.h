// What a file system lies on: an image, seen through pages of 4 KiB.
//
// Rules for the implementer: `page` answers the image's page with this index, or an error. The
// page stays as it is and readable until the next call of `page` on the same device and no
// longer; so the core never holds two, and a cache may recycle any other page at any time. The core
// never asks for a page beyond size_bytes (rounded up) and never writes to one.
#pragma once

#include <abi/status.h>
#include <abi/types.h>

struct ext2_device {
    status_t (*page)(void *context, uint64_t page_index, const void **page);
    void *context;
    uint64_t size_bytes;
};
