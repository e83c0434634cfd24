// Free descriptors are a list through the table, so that opening does not search.

#include "descriptors.h"

#include <baton/parcel.h>

static struct descriptor *descriptor_at(struct descriptors *table, uint32_t number)
{
    return &table->pages[number / DESCRIPTORS_PER_PAGE][number % DESCRIPTORS_PER_PAGE];
}

// The process's record, or with process 0 a free one; or null.
static struct client *client_find(struct descriptors *table, uint32_t process)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (table->clients[i].process == process)
            return &table->clients[i];
    return nullptr;
}

status_t descriptors_client(struct descriptors *table, uint32_t process, struct client **client,
                            bool *is_new)
{
    *client = client_find(table, process);
    *is_new = *client == nullptr;
    if (*is_new)
        *client = client_find(table, 0);
    if (!*client)
        return ERR_TOO_MANY;
    (*client)->process = process;
    return OK;
}

static status_t table_grow(struct descriptors *table)
{
    if (table->count == DESCRIPTORS_MAX)
        return ERR_TOO_MANY;
    void *page;
    status_t status = pages_allocate(1, &page);
    if (status != OK)
        return ERR_NO_MEMORY;
    table->pages[table->count / DESCRIPTORS_PER_PAGE] = page;
    table->count += DESCRIPTORS_PER_PAGE;
    for (uint32_t number = table->first_free; number < table->count; number++)
        descriptor_at(table, number)->next_free = number + 1;
    return OK;
}

status_t descriptor_open(struct descriptors *table, struct client *client,
                         const struct ext2_inode *inode, uint32_t *number)
{
    if (client->open == DESCRIPTORS_PER_PROCESS)
        return ERR_TOO_MANY;
    if (table->first_free == table->count) {
        status_t status = table_grow(table);
        if (status != OK)
            return status;
    }
    *number = table->first_free;
    struct descriptor *descriptor = descriptor_at(table, *number);
    table->first_free = descriptor->next_free;
    descriptor->process = client->process;
    descriptor->inode = *inode;
    client->open++;
    return OK;
}

status_t descriptor_find(struct descriptors *table, uint32_t process, uint32_t number,
                         struct descriptor **descriptor)
{
    if (process == 0 || number >= table->count)
        return ERR_BAD_FD;
    *descriptor = descriptor_at(table, number);
    bool may_use = (*descriptor)->process == process || (*descriptor)->sharer == process;
    return may_use && (*descriptor)->process != 0 ? OK : ERR_BAD_FD;
}

status_t descriptor_share(struct descriptors *table, uint32_t process, uint32_t number,
                          uint32_t sharer, uint32_t *shared)
{
    struct descriptor *descriptor;
    status_t status = descriptor_find(table, process, number, &descriptor);
    if (status == OK && descriptor->process != process)
        status = ERR_BAD_FD; // it was shared itself
    if (status == OK)
        status = descriptor_open(table, client_find(table, process), &descriptor->inode, shared);
    if (status == OK)
        descriptor_at(table, *shared)->sharer = sharer;
    return status;
}

static void descriptor_free(struct descriptors *table, uint32_t number)
{
    struct descriptor *descriptor = descriptor_at(table, number);
    *descriptor = (struct descriptor){.next_free = table->first_free};
    table->first_free = number;
}

status_t descriptor_close(struct descriptors *table, uint32_t process, uint32_t number)
{
    struct descriptor *descriptor;
    status_t status = descriptor_find(table, process, number, &descriptor);
    if (status != OK)
        return status;
    client_find(table, descriptor->process)->open--;
    descriptor_free(table, number);
    return OK;
}

void descriptors_drop(struct descriptors *table, uint32_t process)
{
    struct client *client = process ? client_find(table, process) : nullptr;
    if (!client)
        return;
    for (uint32_t number = 0; number < table->count; number++)
        if (descriptor_at(table, number)->process == process)
            descriptor_free(table, number);
    *client = (struct client){};
}
