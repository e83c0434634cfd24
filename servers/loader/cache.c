// The programs that are kept. Their pages are clones of the file's, or copies where programs write,
// which a clone of is copied when it is written.

#include "cache.h"

#include <baton/parcel.h>
#include <baton/system.h>

#include <string.h>

static struct cached programs[CACHE_PROGRAMS];
static uint64_t uses;

static unsigned pages_of(const struct image *image)
{
    uint64_t pages = 0;
    for (unsigned i = 0; i < image->segment_count; i++)
        pages += image->segment[i].file_pages;
    return pages > CACHE_PAGES ? CACHE_PAGES + 1 : (unsigned)pages;
}

static bool is_same(const struct cached *cached, const struct executable *file)
{
    return cached->inode == file->inode && cached->size == file->size &&
           cached->generation == file->generation;
}

const struct cached *cache_find(const struct executable *file)
{
    for (struct cached *cached = programs; cached < programs + CACHE_PROGRAMS; cached++) {
        if (cached->path[0] == 0 || strcmp(cached->path, file->path) != 0)
            continue;
        if (is_same(cached, file)) {
            cached->used = ++uses;
            return cached;
        }
        cache_drop(cached);
    }
    return nullptr;
}

// A free place, or else the one that was not used for longest.
static struct cached *oldest(void)
{
    struct cached *found = programs;
    for (struct cached *cached = programs; cached < programs + CACHE_PROGRAMS; cached++)
        if (cached->used < found->used)
            found = cached;
    return found;
}

struct cached *cache_add(const struct executable *file, const struct image *image)
{
    unsigned count = pages_of(image);
    size_t length = strlen(file->path);
    if (count == 0 || count > CACHE_PAGES || length == 0 || length > CACHE_PATH_MAXIMUM)
        return nullptr;
    uaddr_t pages = slots_allocate(count);
    if (!pages)
        return nullptr;
    struct cached *cached = oldest();
    if (cached->path[0] != 0)
        cache_drop(cached);
    *cached = (struct cached){
        .inode = file->inode,
        .size = file->size,
        .generation = file->generation,
        .image = *image,
        .pages = pages,
        .count = count,
        .used = ++uses,
    };
    memcpy(cached->path, file->path, length);
    return cached;
}

void cache_drop(struct cached *cached)
{
    // It fails if none of them were filled yet, and then there is nothing to free.
    (void)system_memory_free(pages_parcel(cached->pages, cached->count, PARCEL_NONE, 0));
    slots_free(cached->pages, cached->count);
    cached->path[0] = 0;
    cached->used = 0;
}

bool cache_clear(void)
{
    bool any = false;
    for (struct cached *cached = programs; cached < programs + CACHE_PROGRAMS; cached++) {
        if (cached->path[0] == 0)
            continue;
        cache_drop(cached);
        any = true;
    }
    return any;
}
