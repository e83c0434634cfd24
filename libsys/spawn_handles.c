// Handing down one's own handles, and putting a child's end into words.

#include <baton/log.h>
#include <baton/spawn.h>
#include <baton/start.h>

unsigned spawn_handles_inherit(const char *const *names, struct spawn_handle *handles,
                               unsigned capacity)
{
    unsigned count = 0;
    for (; *names && count < capacity; names++) {
        const struct start_handle *own = start_handle_find(*names);
        if (own)
            handles[count++] = (struct spawn_handle){*names, own->handle, RIGHTS_ALL, false};
    }
    return count;
}

// Intel SDM vol. 3A table 6-1.
static const char *exception_text(uint8_t exception)
{
    switch (exception) {
    case 6:
        return "invalid instruction";
    case 13:
        return "general protection fault";
    case 14:
        return "page fault";
    case 16:
    case 19:
        return "floating-point exception";
    }
    return "fault";
}

void child_end_text(const struct child_end *end, char *buffer, unsigned size)
{
    switch (end->cause) {
    case END_EXITED:
        text_format(buffer, size, "exited with %u", end->status);
        return;
    case END_KILLED:
        text_format(buffer, size, "ended by another process");
        return;
    case END_FAULTED:
        text_format(buffer, size, "crashed: %s at 0x%lx", exception_text(end->exception),
                    end->address);
        return;
    }
    text_format(buffer, size, "ended for an unknown reason");
}
