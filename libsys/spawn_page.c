// The start page of a child: written in pages of one's own, which then move to the child.

#include "spawn_internal.h"

#include <baton/parcel.h>
#include <baton/random.h>
#include <baton/system.h>
#include <abi/layout.h>

#include <string.h>

struct strings {
    const char *const *list;
    uint32_t count, bytes;
};

static struct strings strings_measure(const char *const *list)
{
    static constexpr uint32_t LIMIT = SPAWN_START_PAGES_MAXIMUM * PAGE_SIZE;
    struct strings strings = {.list = list};
    for (; list && list[strings.count] && strings.bytes < LIMIT; strings.count++)
        strings.bytes += (uint32_t)strnlen(list[strings.count], LIMIT) + 1;
    return strings;
}

// Copies the strings to an offset; returns the offset behind them.
static uint32_t strings_write(const struct strings *strings, char *page, uint32_t offset)
{
    for (uint32_t i = 0; i < strings->count; i++) {
        size_t size = strlen(strings->list[i]) + 1;
        memcpy(page + offset, strings->list[i], size);
        offset += (uint32_t)size;
    }
    return offset;
}

static void page_write(char *page, const struct start_data *data, const struct strings *arguments,
                       const struct strings *environment)
{
    struct start_page *start = (struct start_page *)page;
    *start = (struct start_page){
        .magic = START_MAGIC,
        .abi = ABI_NUMBER,
        .argument_count = arguments->count,
        .environment_count = environment->count,
        .handle_count = data->what->handle_count,
        .handles = sizeof *start,
        .process = data->process,
        .ticks_per_second = start_page()->ticks_per_second,
        .boot_ticks = start_page()->boot_ticks,
        .boot_time = start_page()->boot_time,
        .image = data->image,
        .image_size = data->image_size,
        .stack_top = LAYOUT_STACK_TOP,
        .stack_size = LAYOUT_STACK_SIZE,
    };
    for (unsigned i = 0; i < 4; i++)
        start->random[i] = random_next();
    uint32_t handle_bytes = data->what->handle_count * (uint32_t)sizeof *data->handles;
    memcpy(page + start->handles, data->handles, handle_bytes);
    start->arguments = start->handles + handle_bytes;
    start->environment = strings_write(arguments, page, start->arguments);
    start->size = strings_write(environment, page, start->environment);
}

static uint64_t page_size(const struct start_data *data, const struct strings *arguments,
                          const struct strings *environment)
{
    return sizeof(struct start_page) + data->what->handle_count * sizeof(struct start_handle) +
           arguments->bytes + environment->bytes;
}

status_t spawn_page_give(handle_t process, const struct start_data *data)
{
    const char *const only_path[] = {data->what->path, nullptr};
    struct strings arguments =
        strings_measure(data->what->arguments ? data->what->arguments : only_path);
    struct strings environment = strings_measure(data->what->environment);
    unsigned pages = pages_for(page_size(data, &arguments, &environment));
    if (pages > SPAWN_START_PAGES_MAXIMUM)
        return ERR_TOO_LARGE;
    void *page;
    status_t status = pages_allocate(pages, &page);
    if (status != OK)
        return status;
    page_write(page, data, &arguments, &environment);
    parcel_t parcel = pages_parcel((uaddr_t)page, pages, PARCEL_GIVE, PARCEL_WRITABLE);
    status = system_parcel_move(process, parcel, LAYOUT_START_PAGE);
    if (status == OK)
        slots_free((uaddr_t)page, pages);
    else
        pages_free(page, pages);
    return status;
}
