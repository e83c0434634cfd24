// The ramdisk: serves `block` from the pages of the boot module "image". What a client reads are
// clones of the image's own pages.
//
// Without an image it serves all the same, and answers ERR_IO: its clients are told, and say so.

#include "store.h"

#include <baton/log.h>
#include <baton/server.h>
#include <baton/start.h>
#include <protocols/block.h>

static struct store store;

static status_t answer_info(struct request *request, struct block_info_results *results)
{
    (void)request;
    if (store.page_count == 0)
        return ERR_IO;
    results->size_bytes = store.size_bytes;
    results->page_bytes = PAGE_SIZE;
    results->features = BLOCK_FEATURE_READ_ONLY;
    return OK;
}

static status_t answer_read(struct request *request, uint64_t page, uint32_t count,
                            struct block_read_results *results)
{
    (void)request;
    return store.page_count ? store_range(&store, page, count, &results->data) : ERR_IO;
}

int main(void)
{
    static const struct block_server handlers = {.info = answer_info, .read = answer_read};
    struct server server = {
        .port = start_handle("block"),
        .protocols = {block_serve(&handlers)},
    };
    server.protocols[0].pages = 0; // it has no room for pages to write, which it does not
    status_t status = store_open(&store, start_handle("image"));
    if (status == OK)
        log_info("image: %lu bytes", store.size_bytes);
    status = server_run(&server);
    log_error("block: %s", status_text(status));
    return 1;
}
