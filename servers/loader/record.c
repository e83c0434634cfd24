// The table of programs that run.

#include "record.h"

#include <string.h>

static struct record records[RECORDS_MAXIMUM];

static struct record *record_find(uint32_t process)
{
    for (unsigned i = 0; i < RECORDS_MAXIMUM; i++) {
        if (records[i].process == process)
            return &records[i];
    }
    return nullptr;
}

bool record_add(uint32_t process, uaddr_t image, uint64_t image_size, const char *path)
{
    struct record *record = record_find(0);
    if (!record)
        return false;
    *record = (struct record){.process = process, .image = image, .image_size = image_size};
    size_t length = strlen(path);
    if (length <= RECORD_PATH_MAXIMUM)
        memcpy(record->path, path, length);
    return true;
}

bool record_take(uint32_t process, struct record *record)
{
    struct record *found = process ? record_find(process) : nullptr;
    if (!found)
        return false;
    *record = *found;
    found->process = 0;
    return true;
}
