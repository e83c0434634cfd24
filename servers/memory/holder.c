// Holders stand without gaps in pages that are made when they are needed and kept.

#include "holder.h"

#include <abi/message.h>
#include <baton/parcel.h>

static constexpr unsigned PAGES_MOST = 128;
static constexpr unsigned PER_PAGE = PAGE_SIZE / sizeof(struct holder);

static struct holder *page[PAGES_MOST];
static unsigned pages, count;

unsigned holder_count(void)
{
    return count;
}

struct holder *holder_at(unsigned index)
{
    return index < count ? &page[index / PER_PAGE][index % PER_PAGE] : nullptr;
}

struct holder *holder_find(uint32_t process)
{
    for (unsigned i = 0; i < count; i++)
        if (holder_at(i)->process == process)
            return holder_at(i);
    return nullptr;
}

status_t holder_add(uint32_t process, struct holder **holder)
{
    if (count == pages * PER_PAGE) {
        void *more;
        status_t status = pages == PAGES_MOST ? ERR_NO_MEMORY : pages_allocate(1, &more);
        if (status != OK)
            return status;
        page[pages++] = more;
    }
    count++;
    *holder = holder_at(count - 1);
    **holder = (struct holder){.process = process};
    return OK;
}

void holder_remove(struct holder *holder)
{
    *holder = *holder_at(count - 1);
    count--;
}
