// What the kernel has noted about its own start.

#include "measure.h"

#include <abi/query.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>

#include <stdio.h>

int main(void)
{
    void *page;
    uint64_t count;
    measure_calibrate();
    measure_demand(pages_allocate(1, &page), "a page");
    measure_demand(
        system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)page, &count),
        "the machine's record");
    const struct query_machine *machine = page;
    measure_single("kernel_entry", machine->boot_ticks);
    measure_single("calibration", machine->calibration_ticks);
    measure_single("to_server", machine->ready_ticks - machine->boot_ticks -
                                    machine->calibration_ticks);
    return 0;
}
