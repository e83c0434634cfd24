// One handler for each method of `file`: it finds the inode, and fills in the results.

#include "service.h"

#include "descriptors.h"
#include "listing.h"
#include "reader.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/system.h>
#include <protocols/block.h>
#include <string.h>

static struct ext2 fs;
static struct cache cache;
static struct descriptors descriptors;
static status_t mounted = ERR_IO; // why requests are refused, or OK

// What the protocol lists: a feature that this server does not know is, to a client, a format.
static status_t public_status(status_t status)
{
    return status == ERR_UNSUPPORTED ? ERR_BAD_FORMAT : status;
}

static status_t path_find(const char *path, bool follow, struct ext2_inode *inode)
{
    if (mounted != OK)
        return mounted;
    return public_status(ext2_resolve(&fs, EXT2_ROOT_INODE, path, strlen(path), follow, inode));
}

static status_t file_find(const struct request *request, uint32_t fd, struct ext2_inode **inode)
{
    struct descriptor *descriptor;
    status_t status = descriptor_find(&descriptors, request_process(request), fd, &descriptor);
    if (status == OK)
        *inode = &descriptor->inode;
    return status;
}

// The client's record. Its first one also has the server hear of its end.
static status_t client_find(const struct request *request, struct client **client)
{
    bool is_new;
    uint32_t process = request_process(request);
    status_t status = descriptors_client(&descriptors, process, client, &is_new);
    if (status != OK || !is_new)
        return status;
    status = system_process_watch(HANDLE_NONE, process, request->server->port, process);
    if (status == OK)
        return OK;
    log_warning("cannot watch process %u: %s", process, status_text(status));
    descriptors_drop(&descriptors, process);
    return ERR_NO_MEMORY;
}

static status_t answer_open(struct request *request, const char *path, uint32_t mode,
                            struct file_open_results *results)
{
    struct ext2_inode inode;
    struct client *client;
    status_t status = path_find(path, true, &inode);
    if (status != OK)
        return status;
    if (mode & FILE_MODE_WRITE)
        return ext2_is_type(&inode, EXT2_MODE_DIRECTORY) ? ERR_IS_DIRECTORY : ERR_READ_ONLY;
    status = client_find(request, &client);
    if (status == OK)
        status = descriptor_open(&descriptors, client, &inode, &results->fd);
    results->kind = kind_of_mode(inode.mode);
    results->size = inode.size;
    results->inode = inode.number;
    results->generation = (uint64_t)inode.generation << 32 | (uint32_t)inode.change_time;
    return status;
}

static status_t answer_close(struct request *request, uint32_t fd)
{
    return descriptor_close(&descriptors, request_process(request), fd);
}

static status_t answer_share(struct request *request, uint32_t fd, uint32_t process,
                             struct file_share_results *results)
{
    return descriptor_share(&descriptors, request_process(request), fd, process,
                            &results->shared);
}

static status_t answer_read(struct request *request, uint32_t fd, uint32_t count, uint64_t offset,
                            struct file_read_results *results)
{
    struct ext2_inode *inode;
    status_t status = file_find(request, fd, &inode);
    if (status != OK)
        return status;
    if (ext2_is_type(inode, EXT2_MODE_DIRECTORY))
        return ERR_IS_DIRECTORY;
    if (!ext2_is_type(inode, EXT2_MODE_REGULAR))
        return ERR_BAD_ARGUMENT;
    struct reader_answer answer;
    status = reader_read(&fs, &cache, inode, offset, count, &answer);
    if (status != OK)
        return public_status(status);
    results->bytes = answer.bytes;
    results->data = answer.count ? pages_parcel(answer.slots, answer.count, PARCEL_NONE, 0) : 0;
    return OK;
}

static status_t answer_list(struct request *request, uint32_t fd, uint64_t cookie,
                            struct file_list_results *results)
{
    struct ext2_inode *inode;
    uaddr_t page;
    status_t status = file_find(request, fd, &inode);
    if (status != OK)
        return status;
    status = window_gift(&page);
    if (status != OK)
        return status;
    status = listing_fill(&fs, inode, cookie, (void *)page, &results->next, &results->count);
    if (status != OK || results->count == 0)
        window_drop(page, 1);
    else
        results->entries = pages_parcel(page, 1, PARCEL_NONE, 0);
    return public_status(status);
}

static void stat_set(const struct ext2_inode *inode, struct file_stat *stat)
{
    *stat = (struct file_stat){
        .inode = inode->number,
        .size = inode->size,
        .modified = inode->modify_time,
        .permissions = inode->mode & ~EXT2_MODE_TYPE,
        .kind = kind_of_mode(inode->mode),
        .links = inode->links_count,
        .owner = inode->uid,
        .group = inode->gid,
    };
}

static status_t answer_stat(struct request *request, const char *path, bool follow,
                            struct file_stat_results *results)
{
    (void)request;
    struct ext2_inode inode;
    status_t status = path_find(path, follow, &inode);
    if (status == OK)
        stat_set(&inode, &results->stat);
    return status;
}

static status_t answer_stat_fd(struct request *request, uint32_t fd,
                               struct file_stat_fd_results *results)
{
    struct ext2_inode *inode;
    status_t status = file_find(request, fd, &inode);
    if (status == OK)
        stat_set(inode, &results->stat);
    return status;
}

static status_t answer_read_link(struct request *request, const char *path,
                                 struct file_read_link_results *results)
{
    (void)request;
    struct ext2_inode inode;
    size_t length;
    status_t status = path_find(path, false, &inode);
    if (status == OK)
        status = ext2_link_read(&fs, &inode, FILE_LINK_LIMIT, results->target, &length);
    if (status != OK)
        return status == ERR_TOO_LARGE ? ERR_BAD_FORMAT : status;
    results->target[length] = 0;
    return OK;
}

static status_t answer_info(struct request *request, struct file_info_results *results)
{
    (void)request;
    if (mounted != OK)
        return ERR_IO;
    results->block_bytes = fs.block_size;
    results->inodes = fs.inode_count;
    results->inodes_free = fs.free_inodes;
    results->blocks = fs.block_count;
    results->blocks_free = fs.free_blocks;
    memcpy(results->label, fs.label, sizeof(fs.label));
    return OK;
}

const struct file_server service_handlers = {
    .open = answer_open,
    .close = answer_close,
    .share = answer_share,
    .read = answer_read,
    .list = answer_list,
    .stat = answer_stat,
    .stat_fd = answer_stat_fd,
    .read_link = answer_read_link,
    .info = answer_info,
};

static status_t image_open(handle_t block, struct ext2_device *device)
{
    uint32_t page_bytes, features;
    if (block == HANDLE_NONE) {
        log_error("no block device: the server was started without a handle 'block'");
        return ERR_IO;
    }
    status_t status = block_info(block, &device->size_bytes, &page_bytes, &features);
    if (status == OK && page_bytes != PAGE_SIZE)
        status = ERR_BAD_FORMAT;
    if (status != OK) {
        log_error("no image: block.info: %s", status_text(status));
        return status == ERR_BAD_FORMAT ? status : ERR_IO;
    }
    return cache_open(&cache, block, device->size_bytes);
}

void service_mount(handle_t block)
{
    struct ext2_device device = {.page = cache_page, .context = &cache};
    mounted = image_open(block, &device);
    if (mounted == OK)
        mounted = public_status(ext2_mount(&fs, &device));
    if (mounted != OK) {
        log_error("nothing is mounted: %s", status_text(mounted));
        return;
    }
    log_info("%s: %u blocks of %u bytes, %u inodes, read-only", fs.name, fs.block_count,
             fs.block_size, fs.inode_count);
}

void service_forget(uint32_t process)
{
    descriptors_drop(&descriptors, process);
}
