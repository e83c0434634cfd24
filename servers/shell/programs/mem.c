// mem: the machine's memory, and what of it is handed out to processes.

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>
#include <abi/query.h>

#include <protocols/memory.h>

#include <stdio.h>

static void print(const char *what, uint64_t frames)
{
    printf("%-22s %10llu KiB %9llu frames\n", what, (unsigned long long)frames * 4,
           (unsigned long long)frames);
}

static int complain(status_t status)
{
    fprintf(stderr, "mem: %s\n", status_text(status));
    return 1;
}

static status_t machine_print(void)
{
    void *page;
    uint64_t count;
    status_t status = pages_allocate(1, &page);
    if (status == OK)
        status = system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)page,
                                     &count);
    if (status != OK)
        return status;
    const struct query_machine *machine = page;
    print("total", machine->frames_total);
    print("free", machine->frames_free);
    print("  of it zeroed", machine->frames_zeroed);
    print("  largest run", machine->largest_free_frames);
    print("kernel", machine->frames_kernel);
    print("page tables", machine->frames_table);
    print("programs", machine->frames_user);
    return OK;
}

int main(void)
{
    status_t status = machine_print();
    if (status != OK)
        return complain(status);
    uint64_t total, available, handed_out;
    uint32_t processes;
    status = memory_query(start_handle("memory"), &total, &available, &handed_out, &processes);
    if (status != OK)
        return complain(status);
    print("handed out", handed_out);
    printf("%-22s %10u\n", "to processes", processes);
    return 0;
}
