// What files cost, through the C library and the ext2 server; everything read is in its cache.

#include "measure.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static constexpr size_t READ_SIZE = 4096;
static constexpr off_t FAR = 80 * 1024; // libsys reads 64 KiB ahead

// Longer than FAR. scripts/bench adds it to the image, first of its folder and of the root's, so
// that what else the image holds is not looked through.
static const char path[] = "/alone/data";

static int file;

static void demand(bool done, const char *what)
{
    measure_demand(done ? OK : ERR_IO, what);
}

static inline void open_close(void *context)
{
    (void)context;
    int opened = open(path, O_RDONLY);
    demand(opened >= 0 && close(opened) == 0, "opening a file");
}

static inline void stat_file(void *context)
{
    demand(stat(path, context) == 0, "stat");
}

static inline void read_page(void *context)
{
    demand(read(file, context, READ_SIZE) == (ssize_t)READ_SIZE, "reading a file");
}

// Back to what the C library holds already.
static void rewind_file(void *context)
{
    (void)context;
    demand(lseek(file, 0, SEEK_SET) == 0, "seeking");
}

// To and fro over more than the C library reads ahead, so that each read asks the server.
static void seek_far(void *context)
{
    static off_t position;
    (void)context;
    position = FAR - position;
    demand(lseek(file, position, SEEK_SET) == position, "seeking");
}

int main(void)
{
    static char buffer[READ_SIZE];
    struct stat state;
    measure_calibrate();
    measure("open_close", open_close, nullptr, nullptr);
    measure("stat", stat_file, nullptr, &state);
    file = open(path, O_RDONLY);
    demand(file >= 0, "opening a file");
    measure("read_4k", read_page, seek_far, buffer);
    measure("read_4k_ahead", read_page, rewind_file, buffer);
    return 0;
}
