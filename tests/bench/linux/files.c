// Files that are in memory: what the image was unpacked to is a ramfs.
#define _GNU_SOURCE
#include "measure.h"
#include "rows.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE = 4096 };

static const char path[] = "/folder/file";

static inline void open_close(void *context)
{
    (void)context;
    int file = open(path, O_RDONLY);
    measure_demand(file >= 0 && close(file) == 0, "open");
}

static inline void stat_file(void *context)
{
    measure_demand(stat(path, context) == 0, "stat");
}

static int file;

static inline void read_page(void *context)
{
    measure_demand(read(file, context, READ_SIZE) == READ_SIZE, "read");
}

static void rewind_file(void *context)
{
    (void)context;
    measure_demand(lseek(file, 0, SEEK_SET) == 0, "lseek");
}

void files_measure(void)
{
    static char buffer[READ_SIZE];
    struct stat state;
    measure("open_close", open_close, NULL, NULL);
    measure("stat", stat_file, NULL, &state);
    file = open(path, O_RDONLY);
    measure_demand(file >= 0, "open");
    measure("read_4k", read_page, rewind_file, buffer);
}
