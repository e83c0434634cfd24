// Faults of processes that this server opened: their stacks grow, up to LAYOUT_STACK_MAXIMUM, a
// page at each first touch; mapped files are read (map.h); whatever else they touch that is not
// there ends them.
#pragma once

#include <baton/server.h>

// False: no address for the page that is given next.
bool stack_prepare(void);

// For struct server: the badge is the process's number.
status_t process_faulted(struct server *server, struct request *request);
