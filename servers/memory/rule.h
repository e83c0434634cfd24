// Which process ends when no frame is left and no page can be moved out: the rule of
// include/protocols/memory.protocol.
#pragma once

#include <baton/time.h>

// Ends one. False: there is none that may be ended.
bool rule_apply(void);

// Is the end of one awaited?
bool rule_is_ending(void);

// When not to wait any more, 0 if none is ending; and that it is time. A process can end late: its
// memory goes only when what it has lent comes home.
ticks_t rule_deadline(void);
void rule_give_up(void);

// A process has ended. True if it was the one.
bool rule_died(uint32_t process);

// How many were ended until now, and which was the last.
uint32_t rule_count(void);
uint32_t rule_last(void);
