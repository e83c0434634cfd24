// Every error that a system call or a protocol answers: one table of name, number and text.
// Numbers are part of the ABI and never change. 0 to 63 belong to the kernel, 64 to 127 are the
// common errors of protocols.
#pragma once

#include <stdint.h>

// X(name, number, text)
#define STATUS_TABLE(X)                                                                            \
    X(OK, 0, "success")                                                                            \
    X(ERR_BAD_CALL, 1, "no such system call")                                                      \
    X(ERR_BAD_HANDLE, 2, "no such handle")                                                         \
    X(ERR_WRONG_TYPE, 3, "the handle names an object of another type")                             \
    X(ERR_NO_RIGHT, 4, "the handle lacks the right")                                               \
    X(ERR_BAD_ARGUMENT, 5, "an argument is out of range or has reserved bits set")                 \
    X(ERR_BAD_SLOT, 6, "not a slot: misaligned, out of range, or a table is missing")              \
    X(ERR_OCCUPIED, 7, "the slot is not empty")                                                    \
    X(ERR_EMPTY, 8, "the slot holds nothing, or has holes")                                        \
    X(ERR_BUSY, 9, "lent, borrowed, pinned or in flight")                                          \
    X(ERR_NO_MEMORY, 10, "the account's limit is reached")                                         \
    X(ERR_NO_FRAME, 11, "no frame is left")                                                        \
    X(ERR_NO_SLOT, 12, "the receiver has no slot, charge or room for what was sent")               \
    X(ERR_NO_REPLY, 13, "the server took the request and never answered it")                       \
    X(ERR_TIMED_OUT, 14, "the deadline has passed")                                                \
    X(ERR_CANCELLED, 15, "cancelled")                                                              \
    X(ERR_DEADLOCK, 16, "the call would close a cycle of waiting calls")                           \
    X(ERR_PEER_DIED, 17, "the server died")                                                        \
    X(ERR_PORT_CLOSED, 18, "nobody can receive on the port any more")                              \
    X(ERR_NO_HANDLE, 19, "the handle table is full")                                               \
    X(ERR_NOT_CALLED, 20, "there is no request to answer")                                         \
    X(ERR_ENDED, 21, "the process has ended")                                                      \
    X(ERR_AWAY, 22, "part of the parcel is elsewhere: lent, or with a pager")                      \
    X(ERR_NOT_ALLOWED, 23, "not allowed in this state")                                            \
    X(ERR_NO_RUN, 24, "no run of frames that is long enough")                                      \
    X(ERR_PAGE_SIZE, 25, "there are no large pages of this level")                                 \
    X(ERR_BAD_METHOD, 64, "the protocol has no such method")                                       \
    X(ERR_BAD_PROTOCOL, 65, "the port speaks another protocol")                                    \
    X(ERR_BAD_MESSAGE, 66, "the message's arguments are malformed")                                \
    X(ERR_NOT_FOUND, 67, "no such file or directory")                                              \
    X(ERR_EXISTS, 68, "it exists already")                                                         \
    X(ERR_NOT_DIRECTORY, 69, "not a directory")                                                    \
    X(ERR_IS_DIRECTORY, 70, "is a directory")                                                      \
    X(ERR_NAME_TOO_LONG, 71, "the name is too long")                                               \
    X(ERR_LOOP, 72, "too many symbolic links")                                                     \
    X(ERR_READ_ONLY, 73, "read-only")                                                              \
    X(ERR_NO_SPACE, 74, "no space left")                                                           \
    X(ERR_TOO_LARGE, 75, "too large")                                                              \
    X(ERR_BAD_FORMAT, 76, "the format is wrong or damaged")                                        \
    X(ERR_IO, 77, "input or output error")                                                         \
    X(ERR_NO_SERVICE, 78, "no one serves it")                                                      \
    X(ERR_DENIED, 79, "permission denied")                                                         \
    X(ERR_BAD_FD, 80, "no such open file")                                                         \
    X(ERR_TOO_MANY, 81, "too many of them")                                                        \
    X(ERR_UNSUPPORTED, 82, "not supported")                                                        \
    X(ERR_NOT_EXECUTABLE, 83, "not an executable")                                                 \
    X(ERR_NOT_CHILD, 84, "no such child process")

// The type itself carries the obligation to look at it.
enum [[nodiscard]] status : int16_t {
#define STATUS_ENUMERATOR(name, number, text) name = number,
    STATUS_TABLE(STATUS_ENUMERATOR)
#undef STATUS_ENUMERATOR
};
typedef enum status status_t;
