// What picolibc's <dirent.h> leaves to the system: struct dirent and DIR.
#pragma once

#include <sys/types.h>

#define MAXNAMLEN 255

// Values of d_type.
#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12

struct dirent {
    ino_t d_ino;
    unsigned char d_type;
    char d_name[MAXNAMLEN + 1];
};

typedef struct directory DIR;
