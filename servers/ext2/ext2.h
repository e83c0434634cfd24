// Reading an ext2 file system, on any device of pages. No global state: each mount is one
// struct ext2, used by one thread.
//
// Nothing on disk is believed: every number is checked before it is used, and whatever is wrong
// gives ERR_BAD_FORMAT with a log line that names the file system, the inode and the block. No loop
// runs longer than the image or the request is large. Errors of the device are passed on. Any
// function here can answer these two, so its comment lists only its other errors.
//
// Results are copies: nothing that a function hands out depends on a device page.
#pragma once

#include "device.h"
#include "format.h"

#include <stddef.h>

static constexpr size_t EXT2_PATH_MAX = 4096;    // bytes of a path, links expanded
static constexpr unsigned EXT2_LINKS_MAX = 40;   // symbolic links followed on one path
static constexpr unsigned EXT2_REPORTS_MAX = 64; // log lines about damage, for each mount

struct ext2 {
    struct ext2_device device;
    char label[EXT2_LABEL_MAX + 1]; // as the image has it, and a 0
    char name[EXT2_LABEL_MAX + 1];  // for the log: the label, if that is printable

    // From the superblock, checked; constant.
    uint32_t block_bits, block_size;
    uint32_t block_count, first_data_block, blocks_per_group;
    uint32_t inode_count, first_inode, inodes_per_group, inode_size;
    uint32_t group_count;
    uint32_t incompatible, read_only_compatible;
    uint64_t file_blocks_max; // that an inode's list of blocks can reach

    // As they were at mount.
    uint32_t free_blocks, free_inodes;

    unsigned reports;                      // log lines about damage so far
    uint32_t found_directory, found_block; // where the last look-up ended, and the next begins
    char path[EXT2_PATH_MAX];              // what ext2_resolve still has to walk
};

// An inode in memory.
struct ext2_inode {
    uint32_t number;
    uint16_t mode;
    uint16_t links_count;
    uint32_t uid, gid;
    uint64_t size;                                 // bytes
    int64_t access_time, modify_time, change_time; // seconds since 1970
    uint32_t sectors_count;                        // of 512 bytes
    uint32_t flags;
    uint32_t generation; // another one when the number goes to a new file
    uint32_t attribute_block;
    uint32_t block[EXT2_INODE_BLOCKS];
};

// Neighbouring blocks of a file that are neighbours in the image too, or a hole.
struct ext2_run {
    uint32_t block; // 0: a hole
    uint64_t count;
};

// How neighbouring pages of a file lie in the image.
enum ext2_layout : uint8_t {
    EXT2_PAGES_HOLE,  // nowhere: they read as zero
    EXT2_PAGES_IMAGE, // each is a page of the image, one after the other from image_page on
    EXT2_PAGES_MIXED, // one page, to be put together by ext2_read
};

struct ext2_pages {
    enum ext2_layout layout;
    uint64_t image_page;
    uint64_t count;
};

struct ext2_entry {
    uint32_t inode;
    uint16_t type;                // EXT2_MODE_ of the inode, 0 if the entry does not say
    uint16_t length;              // of the name, bytes
    char name[EXT2_NAME_MAX + 1]; // with a final 0
};

static inline bool ext2_is_type(const struct ext2_inode *inode, uint16_t type)
{
    return (inode->mode & EXT2_MODE_TYPE) == type;
}

// Opens the file system on `device`, which is copied and must stay usable. ERR_UNSUPPORTED: a
// revision, block size or feature that is not known (the log names it).
status_t ext2_mount(struct ext2 *fs, const struct ext2_device *device);

// Reads inode `number`. ERR_UNSUPPORTED: its contents are compressed, encrypted or in extents.
status_t ext2_inode_read(struct ext2 *fs, uint32_t number, struct ext2_inode *inode);

// Tells where block `file_block` of a file lies, and how many of the `limit` (at least 1) from
// there on follow in the same way. Blocks past the end of the file's map are a hole.
status_t ext2_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t file_block,
                  uint64_t limit, struct ext2_run *run);

// Tells how page `page_index` of a file, which lies before its end, and those after it lie in the
// image; at most `limit` pages, none past the end. In the last one, bytes past the end of the file
// are whatever the image has there: the caller must not let them out.
status_t ext2_pages_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t page_index,
                        uint64_t limit, struct ext2_pages *pages);

// Copies bytes of a file into `buffer`; `done` is how many, less than `length_bytes` at the end.
status_t ext2_read(struct ext2 *fs, const struct ext2_inode *inode, uint64_t offset_bytes,
                   size_t length_bytes, void *buffer, size_t *done_bytes);

// Copies a symbolic link's text, without a final 0. ERR_TOO_LARGE: longer than `capacity_bytes`;
// ERR_BAD_ARGUMENT: not a symbolic link.
status_t ext2_link_read(struct ext2 *fs, const struct ext2_inode *inode, size_t capacity_bytes,
                        char *text, size_t *length_bytes);

// Finds a name in a directory. ERR_NOT_FOUND, ERR_NOT_DIRECTORY; ERR_NAME_TOO_LONG.
status_t ext2_lookup(struct ext2 *fs, const struct ext2_inode *directory, const char *name,
                     size_t length_bytes, uint32_t *number);

// Reads the directory entry at `cookie`, which begins as 0 and is moved on to the next; a cookie
// of any value is safe. ERR_NOT_FOUND: no entry is left; ERR_NOT_DIRECTORY.
status_t ext2_list(struct ext2 *fs, const struct ext2_inode *directory, uint64_t *cookie,
                   struct ext2_entry *entry);

// Walks a path from directory `start` (an absolute one from the root) to its inode. Symbolic links
// are followed, at the path's end only if `follow` or a slash stands behind. ERR_NOT_FOUND (an
// empty path too), ERR_NOT_DIRECTORY, ERR_NAME_TOO_LONG, ERR_LOOP.
status_t ext2_resolve(struct ext2 *fs, uint32_t start, const char *path, size_t length_bytes,
                      bool follow, struct ext2_inode *inode);
