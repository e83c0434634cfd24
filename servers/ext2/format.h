// The records of the second extended file system as they lie on disk, little-endian like the
// processor. Every field is there, also those that only writing will need, so that offsets can be
// read off and checked.
//
// Source: Dave Poirier, "The Second Extended File System: Internal Layout" (2001-2019), sections
// "Superblock", "Block Group Descriptor Table", "Inode Table", "Linked List Directories"; names of
// the later features from Linux Documentation/filesystems/ext4, "Super Block".
#pragma once

#include <stddef.h>
#include <stdint.h>

static constexpr uint32_t EXT2_SUPERBLOCK_OFFSET = 1024; // bytes, whatever the block size
static constexpr uint16_t EXT2_MAGIC = 0xef53;
static constexpr uint32_t EXT2_ROOT_INODE = 2;
static constexpr uint32_t EXT2_NAME_MAX = 255; // bytes, without a final 0
static constexpr uint32_t EXT2_LABEL_MAX = 16; // likewise

static constexpr uint32_t EXT2_REVISION_ORIGINAL = 0; // inodes of 128 bytes, no features
static constexpr uint32_t EXT2_REVISION_DYNAMIC = 1;
static constexpr uint32_t EXT2_INODE_SIZE_ORIGINAL = 128;

struct ext2_disk_superblock {
    uint32_t inodes_count;            // 0
    uint32_t blocks_count;            // 4
    uint32_t reserved_blocks_count;   // 8
    uint32_t free_blocks_count;       // 12
    uint32_t free_inodes_count;       // 16
    uint32_t first_data_block;        // 20: 1 with blocks of 1 KiB, else 0
    uint32_t log_block_size;          // 24: 0 is 1 KiB
    uint32_t log_fragment_size;       // 28
    uint32_t blocks_per_group;        // 32
    uint32_t fragments_per_group;     // 36
    uint32_t inodes_per_group;        // 40
    uint32_t mount_time;              // 44
    uint32_t write_time;              // 48
    uint16_t mount_count;             // 52
    uint16_t mount_count_maximum;     // 54
    uint16_t magic;                   // 56
    uint16_t state;                   // 58
    uint16_t errors;                  // 60
    uint16_t minor_revision;          // 62
    uint32_t last_check;              // 64
    uint32_t check_interval;          // 68
    uint32_t creator_system;          // 72
    uint32_t revision;                // 76
    uint16_t reserved_uid;            // 80
    uint16_t reserved_gid;            // 82
    uint32_t first_inode;             // 84: from here on revision 1
    uint16_t inode_size;              // 88: bytes
    uint16_t block_group;             // 90
    uint32_t compatible;              // 92
    uint32_t incompatible;            // 96
    uint32_t read_only_compatible;    // 100
    uint8_t uuid[16];                 // 104
    char volume_name[EXT2_LABEL_MAX]; // 120
    char last_mounted[64];            // 136
    uint32_t compression;             // 200
    uint8_t preallocate_blocks;       // 204
    uint8_t preallocate_directory;    // 205
    uint16_t reserved_descriptors;    // 206
    uint8_t journal_uuid[16];         // 208
    uint32_t journal_inode;           // 224
    uint32_t journal_device;          // 228
    uint32_t last_orphan;             // 232
    uint32_t hash_seed[4];            // 236
    uint8_t hash_version;             // 252
    uint8_t reserved[771];            // 253
};
static_assert(sizeof(struct ext2_disk_superblock) == 1024);
static_assert(offsetof(struct ext2_disk_superblock, magic) == 56);
static_assert(offsetof(struct ext2_disk_superblock, incompatible) == 96);
static_assert(offsetof(struct ext2_disk_superblock, hash_version) == 252);

struct ext2_disk_group {
    uint32_t block_bitmap;      // 0: block
    uint32_t inode_bitmap;      // 4: block
    uint32_t inode_table;       // 8: first block
    uint16_t free_blocks_count; // 12
    uint16_t free_inodes_count; // 14
    uint16_t directories_count; // 16
    uint8_t reserved[14];       // 18
};
static_assert(sizeof(struct ext2_disk_group) == 32);

// Places in an inode's list of blocks.
static constexpr unsigned EXT2_DIRECT_BLOCKS = 12;
static constexpr unsigned EXT2_INDIRECT_LEVELS = 3; // single, double, triple: blocks 12, 13, 14
static constexpr unsigned EXT2_INODE_BLOCKS = EXT2_DIRECT_BLOCKS + EXT2_INDIRECT_LEVELS;

struct ext2_disk_inode {
    uint16_t mode;                     // 0
    uint16_t uid;                      // 2
    uint32_t size;                     // 4: bytes, low half
    uint32_t access_time;              // 8
    uint32_t change_time;              // 12
    uint32_t modify_time;              // 16
    uint32_t delete_time;              // 20
    uint16_t gid;                      // 24
    uint16_t links_count;              // 26
    uint32_t sectors_count;            // 28: in 512 bytes, indirect and attribute blocks included
    uint32_t flags;                    // 32
    uint32_t system_1;                 // 36
    uint32_t block[EXT2_INODE_BLOCKS]; // 40: or the text of a fast symbolic link
    uint32_t generation;               // 100
    uint32_t attribute_block;          // 104
    uint32_t size_high;                // 108: regular files only
    uint32_t fragment;                 // 112
    uint8_t fragment_number;           // 116
    uint8_t fragment_size;             // 117
    uint16_t reserved;                 // 118
    uint16_t uid_high;                 // 120
    uint16_t gid_high;                 // 122
    uint32_t system_2;                 // 124
};
static_assert(sizeof(struct ext2_disk_inode) == 128);
static_assert(offsetof(struct ext2_disk_inode, block) == 40);
static_assert(offsetof(struct ext2_disk_inode, size_high) == 108);

// Mode, bits 12-15.
static constexpr uint16_t EXT2_MODE_TYPE = 0xf000;
static constexpr uint16_t EXT2_MODE_FIFO = 0x1000;
static constexpr uint16_t EXT2_MODE_CHARACTER = 0x2000;
static constexpr uint16_t EXT2_MODE_DIRECTORY = 0x4000;
static constexpr uint16_t EXT2_MODE_BLOCK = 0x6000;
static constexpr uint16_t EXT2_MODE_REGULAR = 0x8000;
static constexpr uint16_t EXT2_MODE_SYMLINK = 0xa000;
static constexpr uint16_t EXT2_MODE_SOCKET = 0xc000;

// Flags of inodes whose list of blocks means something else.
static constexpr uint32_t EXT2_FLAG_COMPRESSED = 0x00000200;
static constexpr uint32_t EXT2_FLAG_ENCRYPTED = 0x00000800;
static constexpr uint32_t EXT2_FLAG_EXTENTS = 0x00080000;
static constexpr uint32_t EXT2_FLAG_INLINE = 0x10000000;

// A directory entry's fixed part; the name follows. Entries begin at multiples of 4 and never
// cross a block.
struct ext2_disk_entry {
    uint32_t inode;       // 0: 0 for an unused entry
    uint16_t record_size; // 4: bytes to the next entry
    uint8_t name_size;    // 6: bytes
    uint8_t type;         // 7: with feature filetype, else the high byte of name_size
};
static_assert(sizeof(struct ext2_disk_entry) == 8);

// The mode's type for each value of `type`, from 1 on.
#define EXT2_ENTRY_TYPES                                                                          \
    EXT2_MODE_REGULAR, EXT2_MODE_DIRECTORY, EXT2_MODE_CHARACTER, EXT2_MODE_BLOCK, EXT2_MODE_FIFO, \
        EXT2_MODE_SOCKET, EXT2_MODE_SYMLINK

static constexpr uint32_t EXT2_INCOMPATIBLE_FILETYPE = 0x0002;
static constexpr uint32_t EXT2_READABLE_FEATURES = EXT2_INCOMPATIBLE_FILETYPE;

// Features that a reader must know, by bit: X(bit, name).
#define EXT2_INCOMPATIBLE_TABLE(X) \
    X(0, "compression")            \
    X(1, "filetype")               \
    X(2, "needs_recovery")         \
    X(3, "journal_dev")            \
    X(4, "meta_bg")                \
    X(6, "extents")                \
    X(7, "64bit")                  \
    X(8, "mmp")                    \
    X(9, "flex_bg")                \
    X(10, "ea_inode")              \
    X(12, "dirdata")               \
    X(13, "metadata_csum_seed")    \
    X(14, "large_dir")             \
    X(15, "inline_data")           \
    X(16, "encrypt")               \
    X(17, "casefold")
