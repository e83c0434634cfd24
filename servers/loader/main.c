// The loader: starts /sbin/init, then serves `program`.

#include "crash.h"
#include "loader.h"
#include "rtc.h"

#include <baton/log.h>
#include <baton/server.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <protocols/file.h>
#include <protocols/program.h>

#include <stdlib.h>

static constexpr uint32_t SYSTEM_CRASHED = 125;
static constexpr uint64_t BOOT_PATIENCE_NS = 20 * NS_PER_SECOND;

struct services services;

// The system cannot go on: says why and ends it. A machine that is no emulator stands still with
// the kernel's report of this server's end, for somebody to read.
[[noreturn]] static void give_up(const char *what, const char *why)
{
    log_error("%s: %s; the system ends", what, why);
    status_t status = system_system_end(start_handle("system"), SYSTEM_EXIT, SYSTEM_CRASHED);
    if (status != OK)
        log_error("cannot end the system: %s", status_text(status));
    exit(1);
}

static status_t load(struct request *request, const char *path, uint64_t limit, const char *name,
                     struct program_load_results *results)
{
    struct loaded loaded;
    status_t status = program_place(path, limit, name, &loaded);
    if (status != OK) {
        log_info("process %u: %s: %s", request_process(request), path, status_text(status));
        return status;
    }
    crash_expect(request->server->port, &loaded, path);
    results->process = loaded.process;
    results->entry = loaded.entry;
    results->image = loaded.image;
    results->image_size = loaded.image_size;
    return OK;
}

static void died(struct server *server, const struct server_death *death)
{
    (void)server;
    program_ended(death->process, death->cause == END_FAULTED);
    if (death->badge != BADGE_INIT)
        return;
    char why[80];
    text_format(why, sizeof why, "ended with status %u, cause %u, at 0x%lx", death->status,
                death->cause, death->address);
    give_up("/sbin/init", why);
}

// Until the file system answers, which it does once its disk is there.
static void wait_for_files(void)
{
    uint32_t block_bytes, inodes, inodes_free;
    uint64_t blocks, blocks_free;
    char label[17];
    status_t status =
        file_info_until(services.file, &block_bytes, &inodes, &inodes_free, &blocks, &blocks_free,
                        label, deadline_after(BOOT_PATIENCE_NS));
    if (status != OK)
        give_up("file system", status_text(status));
    log_info("file system %s: %lu blocks of %u bytes", label, blocks, block_bytes);
}

// For the loader and for all that descend from init.
static void read_clock(void)
{
    uint64_t now = rtc_read(start_handle("io"));
    if (now != 0)
        start_boot_time_set(now - time_since_boot_ns() / NS_PER_SECOND);
    else
        log_warning("no battery clock tells the time");
}

int main(void)
{
    static const struct program_server handlers = {.load = load};
    handle_t port = start_handle("program");
    services = (struct services){start_handle("file"), start_handle("memory")};
    read_clock();
    wait_for_files();
    status_t status = init_start(port);
    if (status != OK)
        give_up("/sbin/init", status_text(status));
    struct server server = {
        .port = port, .protocols = {program_serve(&handlers)}, .died = died};
    give_up("program port", status_text(server_run(&server)));
}
