// The protocol `file` over one mounted file system.
#pragma once

#include <abi/status.h>
#include <abi/types.h>
#include <protocols/file.h>

extern const struct file_server service_handlers;

// Mounts what `block` holds. What goes wrong is logged, and answered to every request from then
// on; the port is served all the same, so that nobody waits for it.
void service_mount(handle_t block);

// Forgets a client that has ended.
void service_forget(uint32_t process);
