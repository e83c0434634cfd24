// Starting a program. Everything that can fail comes before the thread that starts it; a child that
// is given up is ended, and takes with it what was put into it.

#include "spawn_internal.h"

#include <baton/message.h>
#include <baton/parcel.h>
#include <baton/system.h>
#include <abi/layout.h>

#include <protocols/program.h>

#include <string.h>

static handle_t deaths; // port of children that were started without one

static status_t deaths_open(void)
{
    uint64_t port;
    if (deaths)
        return OK;
    status_t status = system_port_create(0, &port);
    deaths = (handle_t)port;
    return status;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// Gives the child a copy of a handle and writes down what it is called there.
static status_t grant(handle_t process, const struct spawn_handle *from, struct start_handle *to)
{
    uint64_t what, protocol, value;
    status_t status = system_handle_query(from->handle, &what, &protocol);
    if (status != OK)
        return status;
    status = system_process_grant(process, from->handle, from->rights, from->moved, &value);
    *to = (struct start_handle){
        .handle = (handle_t)value,
        .type = (uint8_t)what,
        .rights = (rights_t)(what >> 8) & from->rights,
        .protocol = (uint8_t)what == OBJECT_PORT ? (uint16_t)protocol : 0,
    };
    memcpy(to->name, from->name, strnlen(from->name, sizeof to->name));
    return status;
}

static status_t grant_all(handle_t process, const struct spawn *what, struct start_handle *granted)
{
    for (unsigned i = 0; i < what->handle_count; i++) {
        status_t status = grant(process, &what->handles[i], &granted[i]);
        if (status != OK)
            return status;
    }
    return OK;
}

static status_t make_stack(handle_t process)
{
    static constexpr unsigned PAGES = LAYOUT_STACK_SIZE / PAGE_SIZE;
    parcel_t slots = pages_parcel(LAYOUT_STACK_TOP - LAYOUT_STACK_SIZE, PAGES, PARCEL_NONE,
                                  PARCEL_WRITABLE);
    return system_memory_create(process, slots, MEMORY_ZERO);
}

static status_t start_thread(handle_t process, uaddr_t entry)
{
    uint64_t thread;
    status_t status =
        system_thread_create(process, entry, LAYOUT_STACK_TOP, LAYOUT_START_PAGE, &thread);
    if (status == OK)
        (void)system_handle_close((handle_t)thread);
    return status;
}

static status_t fill(const struct spawn *what, handle_t process, struct start_data *data)
{
    static struct start_handle granted[SPAWN_HANDLES_MAXIMUM];
    if (what->handle_count > SPAWN_HANDLES_MAXIMUM)
        return ERR_TOO_LARGE;
    uint64_t unused, number;
    status_t status = system_handle_query(process, &unused, &number);
    if (status != OK)
        return status;
    data->process = (uint32_t)number;
    data->handles = granted;
    status = make_stack(process);
    if (status != OK)
        return status;
    status = grant_all(process, what, granted);
    if (status != OK)
        return status;
    return spawn_page_give(process, data);
}

status_t spawn_process(const struct spawn *what, handle_t process, uaddr_t entry, uaddr_t image,
                       uint64_t image_size, handle_t port, uint64_t badge, struct child *child)
{
    struct start_data data = {.what = what, .image = image, .image_size = image_size};
    status_t status = port ? OK : deaths_open();
    if (status == OK)
        status = fill(what, process, &data);
    if (status == OK)
        status = start_thread(process, entry);
    // Last, so that a child that could not be started tells nobody of its end; one that has ended
    // by now is told at once.
    if (status == OK)
        status = system_process_watch(process, 0, port ? port : deaths, badge);
    if (status != OK) {
        (void)system_process_end(process, 0);
        (void)system_handle_close(process);
        return status;
    }
    *child = (struct child){.process = process, .number = data.process};
    return OK;
}

status_t spawn(const struct spawn *what, handle_t port, uint64_t badge, struct child *child)
{
    uint64_t limit = what->limit_frames ? what->limit_frames : SPAWN_LIMIT_DEFAULT;
    const char *name = what->name ? what->name : last_part(what->path);
    char short_name[17] = "";
    strncpy(short_name, name, sizeof short_name - 1);
    handle_t process;
    uint64_t entry, image, image_size;
    status_t status = program_load(what->program, what->path, limit, short_name, &process, &entry,
                                   &image, &image_size);
    if (status != OK)
        return status;
    return spawn_process(what, process, entry, image, image_size, port, badge, child);
}

status_t child_wait(struct child_end *end, ticks_t deadline)
{
    struct message message;
    struct message_info info;
    status_t status = deaths_open();
    if (status == OK)
        status = message_receive(deaths, &message, &info, deadline);
    if (status != OK)
        return status;
    if (info.kind != KIND_DEATH) // nobody else has a handle to call this port
        return ERR_BAD_MESSAGE;
    *end = (struct child_end){
        .number = (uint32_t)message.word[0],
        .status = (uint32_t)message.word[1],
        .cause = (enum end_cause)(message.word[2] & 0xff),
        .exception = (uint8_t)(message.word[2] >> 8),
        .address = message.word[3],
    };
    return OK;
}

void child_close(struct child *child)
{
    (void)system_handle_close(child->process);
    *child = (struct child){};
}
