// What happens when no frame is left: pages move out, or a process ends by the rule. The order in
// which this is tried, and the rule, stand in include/protocols/memory.protocol.
#pragma once

#include <baton/server.h>

// Is there a frame for a program, and a few more?
bool evict_has_frames(void);

// Makes room, unless that is being done already. evict_done follows, soon or at once.
void evict_start(void);

// There may be frames now: whoever waits for one tries again.
void evict_done(void);

// A fault for want of a frame.
status_t evict_faulted(struct request *request);
