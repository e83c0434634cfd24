// The way out of a program: what was registered with atexit, on_exit and __cxa_atexit, last first;
// then destructors, of which picolibc's flush stdout; then the end.
//
// picolibc has this too, but finds its list through a section that only its own linker script
// keeps; its atexit, on_exit and __cxa_atexit register here, by the name and kinds that it uses.

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

// As in picolibc's libc/stdlib/local-onexit.h.
enum handler_kind { HANDLER_ON_EXIT = 1, HANDLER_ATEXIT = 2, HANDLER_CXA_ATEXIT = 3 };

typedef void (*plain_t)(void);
typedef void (*with_argument_t)(void *argument);
typedef void (*with_status_t)(int status, void *argument);

struct handler {
    enum handler_kind kind;
    plain_t function;
    void *argument;
};

static constexpr unsigned HANDLERS_MAXIMUM = 32; // what C promises

static struct handler handlers[HANDLERS_MAXIMUM];
static unsigned count;

[[gnu::visibility("hidden")]] extern const plain_t __fini_array_start[], __fini_array_end[];

int _on_exit(enum handler_kind kind, plain_t function, void *argument);

int _on_exit(enum handler_kind kind, plain_t function, void *argument)
{
    if (count == HANDLERS_MAXIMUM) {
        errno = ENOMEM;
        return -1;
    }
    handlers[count++] = (struct handler){kind, function, argument};
    return 0;
}

static void handler_run(const struct handler *handler, int status)
{
    switch (handler->kind) {
    case HANDLER_ATEXIT:
        handler->function();
        break;
    case HANDLER_CXA_ATEXIT:
        ((with_argument_t)handler->function)(handler->argument);
        break;
    case HANDLER_ON_EXIT:
        ((with_status_t)handler->function)(status, handler->argument);
        break;
    }
}

[[noreturn]] void exit(int status)
{
    while (count > 0) { // a handler may register another
        struct handler last = handlers[--count];
        handler_run(&last, status);
    }
    for (const plain_t *destructor = __fini_array_end; destructor > __fini_array_start;)
        (*--destructor)();
    _exit(status);
}
