// uname: what runs here: system, processor, harts, boot options.

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>
#include <abi/query.h>

#include <stdio.h>

int main(void)
{
    void *page;
    uint64_t count;
    status_t status = pages_allocate(1, &page);
    if (status == OK)
        status = system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)page,
                                     &count);
    if (status != OK) {
        fprintf(stderr, "uname: %s\n", status_text(status));
        return 1;
    }
    const struct query_machine *machine = page;
    printf("Baton x86_64 ABI %u, %u harts, %.48s\n", ABI_NUMBER, machine->harts,
           machine->processor);
    if (machine->boot_options[0])
        printf("options: %.128s\n", machine->boot_options);
    return 0;
}
