// Look-ups compare first pages; whoever was used longest ago makes room.

#include "cache.h"

static struct cache_line *line_older(struct cache_line *a, struct cache_line *b)
{
    return a->last_use <= b->last_use ? a : b;
}

static bool line_holds(const struct cache_line *line, uint64_t page)
{
    return page - line->first_page < line->count;
}

// The line that holds a page, or null; `victim` is the one to empty.
static struct cache_line *line_find(struct cache_line *lines, unsigned count, uint64_t page,
                                    struct cache_line **victim)
{
    *victim = lines;
    for (unsigned i = 0; i < count; i++) {
        if (line_holds(&lines[i], page))
            return &lines[i];
        *victim = line_older(*victim, &lines[i]);
    }
    return nullptr;
}

static status_t line_load(struct cache *cache, struct cache_line *line, uint64_t page,
                          unsigned limit)
{
    window_drop(line->slots, line->count);
    line->count = 0;
    cache->misses++;
    if (limit > cache->page_count - page)
        limit = (unsigned)(cache->page_count - page);
    unsigned count;
    status_t status = window_load(cache->block, page, limit, line->slots, &count);
    if (status != OK)
        return status;
    line->first_page = page;
    line->count = count;
    return OK;
}

static uaddr_t line_use(struct cache *cache, struct cache_line *line, uint64_t page)
{
    line->last_use = ++cache->uses;
    return line->slots + (page - line->first_page) * PAGE_SIZE;
}

status_t cache_open(struct cache *cache, handle_t block, uint64_t size_bytes)
{
    *cache = (struct cache){.block = block};
    cache->page_count = size_bytes / PAGE_SIZE + (size_bytes % PAGE_SIZE != 0);
    uaddr_t slots;
    status_t status = window_slots(CACHE_FRAMES, &slots);
    if (status != OK)
        return status;
    for (unsigned i = 0; i < CACHE_RUNS; i++, slots += CACHE_RUN_PAGES * PAGE_SIZE)
        cache->runs[i].slots = slots;
    for (unsigned set = 0; set < CACHE_SETS; set++)
        for (unsigned way = 0; way < CACHE_WAYS; way++, slots += PAGE_SIZE)
            cache->singles[set][way].slots = slots;
    return OK;
}

status_t cache_page(void *context, uint64_t page_index, const void **page)
{
    struct cache *cache = context;
    if (page_index >= cache->page_count)
        return ERR_IO;
    struct cache_line *victim, *run_victim;
    struct cache_line *line =
        line_find(cache->singles[page_index % CACHE_SETS], CACHE_WAYS, page_index, &victim);
    if (!line)
        line = line_find(cache->runs, CACHE_RUNS, page_index, &run_victim);
    if (!line) {
        line = victim;
        status_t status = line_load(cache, line, page_index, 1);
        if (status != OK)
            return status;
    }
    *page = (const void *)line_use(cache, line, page_index);
    return OK;
}

status_t cache_run(struct cache *cache, uint64_t page_index, unsigned limit, uaddr_t *slots,
                   unsigned *count)
{
    if (page_index >= cache->page_count)
        return ERR_IO;
    if (limit > CACHE_RUN_PAGES)
        limit = CACHE_RUN_PAGES;
    struct cache_line *victim;
    struct cache_line *line = line_find(cache->runs, CACHE_RUNS, page_index, &victim);
    if (!line) {
        line = victim;
        status_t status = line_load(cache, line, page_index, limit);
        if (status != OK)
            return status;
    }
    *slots = line_use(cache, line, page_index);
    unsigned there = (unsigned)(line->first_page + line->count - page_index);
    *count = there < limit ? there : limit;
    return OK;
}
