// One row for each field of an image that ext2_corrupt_test damages, and what has to come of it.
#pragma once

#include <abi/status.h>

enum place { SUPERBLOCK, GROUP, INODE, DATA, LIST }; // LIST: the single indirect block of a file

struct damage {
    enum place place;
    const char *path; // whose inode or data
    uint32_t offset;
    uint32_t width; // bytes
    uint32_t value;
    status_t status;
    const char *log; // part of the line; null: nothing is logged
};

static constexpr uint32_t SUPER_BLOCKS = 4, SUPER_FIRST = 20, SUPER_LOG_SIZE = 24,
                          SUPER_BLOCKS_PER_GROUP = 32, SUPER_INODES_PER_GROUP = 40,
                          SUPER_MAGIC = 56, SUPER_REVISION = 76, SUPER_INODE_SIZE = 88,
                          SUPER_INCOMPATIBLE = 96, SUPER_READ_ONLY = 100;
static constexpr uint32_t INODE_MODE = 0, INODE_SIZE = 4, INODE_LINKS = 26, INODE_SECTORS = 28,
                          INODE_FLAGS = 32, INODE_BLOCK = 40, INODE_SINGLE = 88, INODE_DOUBLE = 92,
                          INODE_TRIPLE = 96, INODE_SIZE_HIGH = 108;

// The image has 1024 blocks of 4 KiB and 128 inodes in one group.
static const struct damage DAMAGES[] = {
    {SUPERBLOCK, "/file", SUPER_MAGIC, 2, 0x1234, ERR_BAD_FORMAT, "magic 0x1234"},
    {SUPERBLOCK, "/file", SUPER_REVISION, 4, 2, ERR_UNSUPPORTED, "revision 2"},
    {SUPERBLOCK, "/file", SUPER_LOG_SIZE, 4, 3, ERR_UNSUPPORTED, "block size 8192"},
    {SUPERBLOCK, "/file", SUPER_LOG_SIZE, 4, 0xffffffff, ERR_BAD_FORMAT, "2^(10+4294967295)"},
    {SUPERBLOCK, "/file", SUPER_LOG_SIZE, 4, 0, ERR_BAD_FORMAT, "first data block 0"},
    {SUPERBLOCK, "/file", SUPER_FIRST, 4, 1, ERR_BAD_FORMAT, "first data block 1"},
    {SUPERBLOCK, "/file", SUPER_BLOCKS, 4, 1025, ERR_BAD_FORMAT,
     "truncated: 4194304 bytes, the superblock says 4198400"},
    {SUPERBLOCK, "/file", SUPER_BLOCKS, 4, 0xffffffff, ERR_BAD_FORMAT, "truncated"},
    {SUPERBLOCK, "/file", SUPER_BLOCKS, 4, 0, ERR_BAD_FORMAT, "0 blocks"},
    {SUPERBLOCK, "/file", SUPER_BLOCKS_PER_GROUP, 4, 0, ERR_BAD_FORMAT, "0 blocks in a group"},
    {SUPERBLOCK, "/file", SUPER_BLOCKS_PER_GROUP, 4, 32769, ERR_BAD_FORMAT, "32769 blocks in"},
    {SUPERBLOCK, "/file", SUPER_INODES_PER_GROUP, 4, 0, ERR_BAD_FORMAT, "0 inodes in a group"},
    {SUPERBLOCK, "/file", SUPER_INODES_PER_GROUP, 4, 100, ERR_BAD_FORMAT, "in 1 groups of 100"},
    {SUPERBLOCK, "/file", SUPER_INODES_PER_GROUP, 4, 0x80000000, ERR_BAD_FORMAT, "inodes in a"},
    {SUPERBLOCK, "/file", 0, 4, 0, ERR_BAD_FORMAT, "0 inodes"},
    {SUPERBLOCK, "/file", 0, 4, 0xffffffff, ERR_BAD_FORMAT, "4294967295 inodes"},
    {SUPERBLOCK, "/file", SUPER_INODE_SIZE, 2, 0, ERR_BAD_FORMAT, "inode size 0"},
    {SUPERBLOCK, "/file", SUPER_INODE_SIZE, 2, 64, ERR_BAD_FORMAT, "inode size 64"},
    {SUPERBLOCK, "/file", SUPER_INODE_SIZE, 2, 384, ERR_BAD_FORMAT, "inode size 384"},
    {SUPERBLOCK, "/file", SUPER_INODE_SIZE, 2, 8192, ERR_BAD_FORMAT, "inode size 8192"},
    {SUPERBLOCK, "/file", SUPER_INCOMPATIBLE, 4, 0x42, ERR_UNSUPPORTED, "feature extents"},
    {SUPERBLOCK, "/file", SUPER_INCOMPATIBLE, 4, 0x82, ERR_UNSUPPORTED, "feature 64bit"},
    {SUPERBLOCK, "/file", SUPER_INCOMPATIBLE, 4, 6, ERR_UNSUPPORTED, "feature needs_recovery"},
    {SUPERBLOCK, "/file", SUPER_INCOMPATIBLE, 4, 0x80000002, ERR_UNSUPPORTED,
     "feature unknown (incompatible 0x80000000)"},
    {SUPERBLOCK, "/file", SUPER_READ_ONLY, 4, 0xffffffff, OK, nullptr},
    {GROUP, "/file", 8, 4, 0, ERR_BAD_FORMAT, "group 0 has its table at block 0"},
    {GROUP, "/file", 8, 4, 1024, ERR_BAD_FORMAT, "group 0 has its table at block 1024"},
    {GROUP, "/file", 8, 4, 0xffffffff, ERR_BAD_FORMAT, "block 4294967295, beyond 1024 blocks"},
    {GROUP, "/file", 8, 4, 500, ERR_BAD_FORMAT, "inode 2: not in use"},
    {INODE, "/", INODE_MODE, 2, 0x81a4, ERR_BAD_FORMAT, "the root is not a directory"},
    {INODE, "/", INODE_LINKS, 2, 0, ERR_BAD_FORMAT, "inode 2: not in use"},
    {INODE, "/", INODE_SIZE, 4, 4095, ERR_BAD_FORMAT, "inode 2: a directory of 4095 bytes"},
    {INODE, "/", INODE_SIZE, 4, 0x80000000, ERR_BAD_FORMAT, "a directory of 2147483648 bytes"},
    {INODE, "/", INODE_SIZE, 4, 0, ERR_NOT_FOUND, nullptr},
    {INODE, "/", INODE_SIZE, 4, 8192, ERR_BAD_FORMAT, "block 1 of the directory is missing"},
    {INODE, "/", INODE_BLOCK, 4, 0, ERR_BAD_FORMAT, "block 0 of the directory is missing"},
    {INODE, "/", INODE_BLOCK, 4, 99999, ERR_BAD_FORMAT,
     "inode 2: block 99999 beyond the end (1024 blocks)"},
    {INODE, "/file", INODE_MODE, 2, 0, ERR_BAD_FORMAT, "not in use (mode 0x0"},
    {INODE, "/file", INODE_MODE, 2, 0x9000, ERR_BAD_FORMAT, "not in use (mode 0x9000"},
    {INODE, "/file", INODE_LINKS, 2, 0, ERR_BAD_FORMAT, ", 0 links)"},
    {INODE, "/file", INODE_FLAGS, 4, 0x80000, ERR_UNSUPPORTED, "flags 0x80000 are not supported"},
    {INODE, "/file", INODE_FLAGS, 4, 0x10000000, ERR_UNSUPPORTED, "flags 0x10000000"},
    {INODE, "/file", INODE_BLOCK, 4, 1024, ERR_BAD_FORMAT, "block 1024 beyond the end"},
    {INODE, "/file", INODE_BLOCK + 16, 4, 0xffffffff, ERR_BAD_FORMAT, "block 4294967295 beyond"},
    {INODE, "/file", INODE_SINGLE, 4, 0xfffffff0, ERR_BAD_FORMAT, "block 4294967280 beyond"},
    {INODE, "/file", INODE_SIZE_HIGH, 4, 0xffffffff, ERR_BAD_FORMAT, "more than blocks can be"},
    {INODE, "/file", INODE_SIZE_HIGH, 4, 0x40, OK, nullptr}, // 256 GiB, the rest is a hole
    {LIST, "/file", 4, 4, 1024, ERR_BAD_FORMAT, "block 1024 beyond the end (1024 blocks)"},
    {LIST, "/file", 0, 4, 0x7fffffff, ERR_BAD_FORMAT, "block 2147483647 beyond the end"},
    {INODE, "/folder", INODE_MODE, 2, 0x81a4, ERR_NOT_DIRECTORY, nullptr},
    {DATA, "/folder", 4, 2, 0, ERR_BAD_FORMAT, "entry of 0 bytes at 0 in block 0"},
    {DATA, "/folder", 4, 2, 4, ERR_BAD_FORMAT, "entry of 4 bytes at 0"},
    {DATA, "/folder", 4, 2, 13, ERR_BAD_FORMAT, "entry of 13 bytes at 0"},
    {DATA, "/folder", 4, 2, 8, ERR_BAD_FORMAT, "damaged name at 0"},
    {DATA, "/folder", 16, 2, 4096, ERR_BAD_FORMAT, "entry of 4096 bytes at 12"},
    {DATA, "/folder", 16, 2, 0xfffc, ERR_BAD_FORMAT, "entry of 65532 bytes at 12"},
    {DATA, "/folder", 6, 1, 0, ERR_BAD_FORMAT, "damaged name at 0 in block 0"},
    {DATA, "/folder", 6, 1, 255, ERR_BAD_FORMAT, "damaged name at 0 in block 0"},
    {DATA, "/folder", 32, 1, '/', ERR_BAD_FORMAT, "damaged name at 24"},
    {DATA, "/folder", 32, 1, 0, ERR_BAD_FORMAT, "damaged name at 24"},
    {DATA, "/folder", 24, 4, 129, ERR_BAD_FORMAT, "names inode 129 of 128"},
    {DATA, "/folder", 24, 4, 100, ERR_BAD_FORMAT, "inode 100: not in use"},
    {DATA, "/folder", 24, 4, 0, ERR_NOT_FOUND, nullptr},
    {INODE, "/fast", INODE_SIZE, 4, 0, ERR_BAD_FORMAT, "a symbolic link of 0 bytes"},
    {INODE, "/fast", INODE_SIZE, 4, 61, ERR_BAD_FORMAT, "a symbolic link of 61 bytes"},
    {INODE, "/fast", INODE_SECTORS, 4, 8, ERR_BAD_FORMAT, "beyond the end (1024 blocks)"},
    {INODE, "/slow", INODE_SIZE, 4, 4097, ERR_NAME_TOO_LONG, nullptr},
    {INODE, "/slow", INODE_SIZE, 4, 4095, ERR_NAME_TOO_LONG, nullptr}, // a name goes on in zeros
    {INODE, "/slow", INODE_BLOCK, 4, 2000, ERR_BAD_FORMAT, "block 2000 beyond the end"},
};
