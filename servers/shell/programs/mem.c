// mem: who holds the machine's memory. First frames by what they are used for, and what is handed
// out; then each process: frames used and granted, those of them that kernel objects take, tables
// and pages that are there, pages that others may share, entries that are pinned (lent, borrowed,
// prepared, in flight); then the kernel objects that are alive.

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>
#include <abi/query.h>

#include <protocols/memory.h>

#include <stdio.h>

static void *page; // what the kernel answers

static status_t ask(uint32_t topic, uint64_t index, uint64_t *count)
{
    return system_system_query(start_handle("system"), topic, index, (uaddr_t)page, count);
}

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
    uint64_t count;
    status_t status = ask(QUERY_MACHINE, 0, &count);
    if (status != OK)
        return status;
    const struct query_machine *machine = page;
    print("total", machine->frames_total);
    print("free", machine->frames_free);
    print("  of it zeroed", machine->frames_zeroed);
    if (machine->frames_kept != 0)
        print("  kept for boot modules", machine->frames_kept);
    print("  largest run", machine->largest_free_frames);
    print("kernel", machine->frames_kernel);
    print("kernel objects", machine->frames_object);
    print("boot modules", machine->frames_module);
    print("page tables", machine->frames_table);
    print("pages", machine->frames_user);
    return OK;
}

static status_t handed_out_print(void)
{
    uint64_t total, available, handed_out;
    uint32_t processes;
    status_t status =
        memory_query(start_handle("memory"), &total, &available, &handed_out, &processes);
    if (status != OK)
        return status;
    print("handed out", handed_out);
    printf("%-22s %10u\n", "to processes", processes);
    return OK;
}

static status_t processes_print(void)
{
    const struct query_memory *p = page;
    uint64_t count;
    status_t status;
    puts("\n  PID     USED     LIMIT  OBJECTS   TABLES    PAGES   SHARED   PINNED NAME");
    for (uint64_t next = 0; (status = ask(QUERY_MEMORY, next, &count)) == OK && count != 0;
         next = p->number + 1ull)
        printf("%5u %8llu %9llu %8llu %8llu %8llu %8llu %8llu %.16s\n", p->number,
               (unsigned long long)p->used, (unsigned long long)p->limit,
               (unsigned long long)p->objects, (unsigned long long)p->tables,
               (unsigned long long)p->pages, (unsigned long long)p->shared,
               (unsigned long long)p->pinned, p->name);
    return status;
}

static status_t objects_print(void)
{
    static const char *const names[OBJECT_TYPES] = {
        [OBJECT_PORT] = "ports",         [OBJECT_REPLY] = "kept requests",
        [OBJECT_NOTIFICATION] = "notifications", [OBJECT_PROCESS] = "processes",
        [OBJECT_THREAD] = "threads",     [OBJECT_CALL] = "calls",
        [OBJECT_SYSTEM] = "system",      [OBJECT_MODULE] = "modules",
        [OBJECT_IO] = "I/O ranges",      [OBJECT_IRQ] = "interrupt lines",
    };
    uint64_t count;
    status_t status = ask(QUERY_MACHINE, 0, &count);
    if (status != OK)
        return status;
    const struct query_machine *machine = page;
    puts("");
    for (unsigned type = 0; type < OBJECT_TYPES; type++)
        if (names[type] != nullptr && machine->objects[type] != 0)
            printf("%-22s %10u\n", names[type], machine->objects[type]);
    return OK;
}

int main(void)
{
    status_t status = pages_allocate(1, &page);
    if (status == OK)
        status = machine_print();
    if (status == OK)
        status = handed_out_print();
    if (status == OK)
        status = processes_print();
    if (status == OK)
        status = objects_print();
    return status == OK ? 0 : complain(status);
}
