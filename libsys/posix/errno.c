// From the system's statuses to errno.

#include "internal.h"

#include <errno.h>

// Every status that a program can see has a row; a status without one is EIO.
static const struct {
    status_t status;
    int number;
} table[] = {
    {ERR_BAD_CALL, ENOSYS},
    {ERR_BAD_HANDLE, EBADF},
    {ERR_WRONG_TYPE, EBADF},
    {ERR_NO_RIGHT, EPERM},
    {ERR_BAD_ARGUMENT, EINVAL},
    {ERR_BAD_SLOT, EFAULT},
    {ERR_OCCUPIED, EEXIST},
    {ERR_EMPTY, EFAULT},
    {ERR_BUSY, EBUSY},
    {ERR_NO_MEMORY, ENOMEM},
    {ERR_NO_FRAME, ENOMEM},
    {ERR_NO_SLOT, ENOBUFS},
    {ERR_NO_REPLY, EIO},
    {ERR_TIMED_OUT, ETIMEDOUT},
    {ERR_CANCELLED, ECANCELED},
    {ERR_DEADLOCK, EDEADLK},
    {ERR_PEER_DIED, EPIPE},
    {ERR_PORT_CLOSED, EPIPE},
    {ERR_NO_HANDLE, ENFILE},
    {ERR_NOT_CALLED, EINVAL},
    {ERR_ENDED, ESRCH},
    {ERR_AWAY, EBUSY},
    {ERR_NOT_ALLOWED, EPERM},
    {ERR_BAD_METHOD, ENOSYS},
    {ERR_BAD_PROTOCOL, EPROTONOSUPPORT},
    {ERR_BAD_MESSAGE, EBADMSG},
    {ERR_NOT_FOUND, ENOENT},
    {ERR_EXISTS, EEXIST},
    {ERR_NOT_DIRECTORY, ENOTDIR},
    {ERR_IS_DIRECTORY, EISDIR},
    {ERR_NAME_TOO_LONG, ENAMETOOLONG},
    {ERR_LOOP, ELOOP},
    {ERR_READ_ONLY, EROFS},
    {ERR_NO_SPACE, ENOSPC},
    {ERR_TOO_LARGE, EFBIG},
    {ERR_BAD_FORMAT, EIO},
    {ERR_IO, EIO},
    {ERR_NO_SERVICE, ENXIO},
    {ERR_DENIED, EACCES},
    {ERR_BAD_FD, EBADF},
    {ERR_TOO_MANY, EMFILE},
    {ERR_UNSUPPORTED, ENOTSUP},
    {ERR_NOT_EXECUTABLE, ENOEXEC},
    {ERR_NOT_CHILD, ECHILD},
};

int posix_fail(status_t status)
{
    errno = EIO;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].status == status)
            errno = table[i].number;
    }
    return -1;
}
