// Which harts there are, and how they start.
#pragma once

// Takes the list of harts over, moves to x2APIC mode if an id needs it, and names in the log what
// is left out. Once, on the boot hart, with its APIC on.
void harts_initialize(void);
