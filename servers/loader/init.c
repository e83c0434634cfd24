// The first program, which gets all that the loader holds for it.

#include "crash.h"
#include "loader.h"

#include <baton/log.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>

static constexpr uint64_t INIT_LIMIT = 512; // frames
static const char init_path[] = "/sbin/init";

// A handle to call the loader's own port.
static status_t program_handle(handle_t port, handle_t *handle)
{
    uint64_t derived;
    status_t status =
        system_port_derive(port, 0, RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER, &derived);
    *handle = (handle_t)derived;
    return status;
}

status_t init_start(handle_t port)
{
    static const char *const names[] = {"system",  "memory", "file", "modules",
                                        "io",      "irq",    nullptr};
    struct spawn_handle handles[8];
    unsigned count = spawn_handles_inherit(names, handles, 7);
    handle_t program;
    status_t status = program_handle(port, &program);
    if (status != OK)
        return status;
    handles[count++] = (struct spawn_handle){"program", program, RIGHTS_ALL, true};
    struct loaded loaded;
    status = program_place(init_path, INIT_LIMIT, "init", &loaded);
    if (status != OK)
        return status;
    crash_expect(port, &loaded, init_path);
    struct spawn what = {.path = init_path, .handles = handles, .handle_count = count};
    struct child child;
    status = spawn_process(&what, loaded.process, loaded.entry, loaded.image, loaded.image_size,
                           port, BADGE_INIT, &child);
    if (status == OK)
        log_info("%s is process %u", init_path, child.number);
    return status;
}
