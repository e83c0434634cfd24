// stderr by lines, in place of picolibc's, which sends each character as a message of its own and
// so mixes with what others write.

#include <stdio-bufio.h>
#include <stdio.h>
#include <unistd.h>

static char text[256];

static struct __file_bufio stream = FDEV_SETUP_BUFIO(STDERR_FILENO, text, sizeof text, read, write,
                                                     lseek, close, __SWR, __BLBF);

FILE *const stderr = &stream.xfile.cfile.file;

[[gnu::destructor]] static void flush(void)
{
    fflush(stderr);
}
