// Files as memory:
//
//     mapped read PATH         maps all of a file, and compares it with what read() brings
//     mapped write PATH        writes to each page, and looks whether the file has changed
//     mapped parts PATH        frees pages of a mapping from its middle, then the rest by tables
//     mapped many PATH N       maps and frees two pages N times, every second time touched
//     mapped beyond PATH       touches the first page behind the file's end: ends it
//     mapped readonly PATH     writes to what may only be read: ends it
//     mapped freed PATH        touches what was freed: ends it
//     mapped served            is the file server itself, and answers
//     mapped unserved          the same, and goes away instead: ends it
//     mapped refused PATH      what cannot be mapped
//
// A status other than 0 is the line that was not as expected.

#include <baton/map.h>
#include <baton/message.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <protocols/file.h>
#include <protocols/memory.h>

static constexpr uaddr_t ELSEWHERE = 0x60'0000'0000;
static constexpr char SERVED[] = "a page of nobody's file";

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: errno %d\n", __LINE__, errno);                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (false)

static int file;
static size_t size;

static char *map_whole(int protection, size_t more)
{
    char *pages = mmap(nullptr, size + more, protection, MAP_PRIVATE, file, 0);
    EXPECT(pages != MAP_FAILED);
    return pages;
}

static void compare(const char *pages)
{
    static char part[3 * PAGE_SIZE];
    EXPECT(lseek(file, 0, SEEK_SET) == 0);
    for (size_t done = 0; done < size;) {
        ssize_t got = read(file, part, sizeof part);
        EXPECT(got > 0);
        EXPECT(memcmp(part, pages + done, (size_t)got) == 0);
        done += (size_t)got;
    }
}

static void test_read(void)
{
    char *pages = map_whole(PROT_READ, 0);
    compare(pages);
    for (size_t i = size; i % PAGE_SIZE != 0; i++)
        EXPECT(pages[i] == 0); // behind the file's end
    EXPECT(munmap(pages, size) == 0);
    printf("%zu bytes are the same\n", size);
}

static void test_write(void)
{
    char *pages = map_whole(PROT_READ | PROT_WRITE, 0), *again = map_whole(PROT_READ, 0);
    for (size_t i = 0; i < size; i += PAGE_SIZE)
        pages[i] = (char)(pages[i] + 1);
    compare(again);
    for (size_t i = 0; i < size; i++)
        EXPECT(pages[i] == (char)(again[i] + (i % PAGE_SIZE == 0)));
    EXPECT(munmap(pages, size) == 0);
    EXPECT(munmap(again, size) == 0);
    printf("the file is as it was\n");
}

static void test_parts(void)
{
    char *pages = map_whole(PROT_READ, 0);
    EXPECT(size > 9 * PAGE_SIZE);
    EXPECT(munmap(pages + 2 * PAGE_SIZE, 3 * PAGE_SIZE) == 0);
    EXPECT(munmap(pages + 2 * PAGE_SIZE, 3 * PAGE_SIZE) == 0); // nothing is there any more
    EXPECT(munmap(pages + 1, 5) == -1 && errno == EINVAL);
    volatile char sum = (char)(pages[PAGE_SIZE] + pages[5 * PAGE_SIZE] + pages[9 * PAGE_SIZE]);
    (void)sum;
    uaddr_t table = (uaddr_t)pages;
    EXPECT(system_memory_free(parcel_make(table, 2, 1, PARCEL_NONE, 0)) == ERR_AWAY);
    EXPECT(parcel_free(parcel_make(table, 2, 1, PARCEL_NONE, 0)) == OK);
    printf("freed\n");
}

static void test_many(unsigned count)
{
    uint64_t used, used_before, limit;
    EXPECT(munmap(map_whole(PROT_READ, 0), size) == 0); // tables on the way stay
    EXPECT(system_account_query(HANDLE_NONE, &used_before, &limit) == OK);
    for (unsigned i = 0; i < count; i++) {
        char *pages = mmap(nullptr, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, file, 0);
        EXPECT(pages != MAP_FAILED);
        if (i % 2 != 0)
            (void)*(volatile char *)pages;
        EXPECT(parcel_free(parcel_make((uaddr_t)pages, 2, 1, PARCEL_NONE, 0)) == OK);
    }
    EXPECT(system_account_query(HANDLE_NONE, &used, &limit) == OK);
    printf("%u mappings, %lu frames\n", count, used - used_before);
}

static void test_refused(void)
{
    handle_t port = start_handle("file");
    uint32_t shared;
    uint64_t again;
    EXPECT(mmap(nullptr, 0, PROT_READ, MAP_PRIVATE, file, 0) == MAP_FAILED && errno == EINVAL);
    EXPECT(mmap(nullptr, 1, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED && errno == EINVAL);
    EXPECT(mmap(nullptr, 1, PROT_READ, MAP_PRIVATE, file, 1) == MAP_FAILED && errno == EINVAL);
    EXPECT(mmap(nullptr, 1, PROT_EXEC, MAP_PRIVATE, file, 0) == MAP_FAILED && errno == ENOTSUP);
    EXPECT(mmap(nullptr, 1, PROT_READ, MAP_PRIVATE, 1, 0) == MAP_FAILED && errno == ENODEV);
    EXPECT(mmap(nullptr, 1, PROT_READ, MAP_PRIVATE, 63, 0) == MAP_FAILED && errno == EBADF);
    EXPECT(file_share(port, 12345, 1, &shared) == ERR_BAD_FD);
    EXPECT(file_map(port, 12345, 0, 1, ELSEWHERE, false) == ERR_BAD_FD);
    EXPECT(memory_map(start_handle("memory"), port, 1, 0, 1, ELSEWHERE + 5, false) == ERR_BAD_SLOT);
    uaddr_t two_tables = ELSEWHERE + 257 * PAGE_SIZE;
    EXPECT(memory_map(start_handle("memory"), port, 1, 0, 256, two_tables, false) == ERR_BAD_SLOT);
    parcel_t there = pages_parcel(ELSEWHERE, 1, PARCEL_NONE, 0);
    EXPECT(system_memory_create(HANDLE_NONE, there, MEMORY_PAGES) == OK);
    EXPECT(memory_map(start_handle("memory"), port, 1, 0, 2, ELSEWHERE, false) == ERR_OCCUPIED);
    EXPECT(system_memory_create(HANDLE_NONE, there, MEMORY_PAGER) == ERR_NOT_ALLOWED);
    EXPECT(system_process_paged(start_handle("memory"), start_process(), &again) != OK);
    printf("refused\n");
}

// --- a file server of one's own ------------------------------------------------------------------

static _Atomic bool touched;

[[noreturn]] static void toucher(uint64_t address)
{
    touched = memcmp((const char *)address, SERVED, sizeof SERVED) == 0;
    for (;;)
        (void)system_yield();
}

static handle_t serve_begin(void)
{
    uint64_t port, call, thread;
    void *stack;
    EXPECT(system_port_create(FILE_PROTOCOL, &port) == OK);
    EXPECT(system_port_derive((handle_t)port, 0, RIGHT_CALL | RIGHT_TRANSFER | RIGHT_DUPLICATE,
                              &call) == OK);
    EXPECT(memory_map(start_handle("memory"), (handle_t)call, 7, 3, 20, ELSEWHERE, true) == OK);
    EXPECT(pages_allocate(2, &stack) == OK);
    EXPECT(system_thread_create(HANDLE_NONE, (uaddr_t)toucher,
                                (uaddr_t)stack + 2 * PAGE_SIZE - 8, ELSEWHERE + 2 * PAGE_SIZE,
                                &thread) == OK);
    return (handle_t)port;
}

// The memory server reads 16 pages from the touched one on.
static void request_take(handle_t port, struct message *message)
{
    struct message_info info;
    *message = (struct message){};
    EXPECT(message_receive(port, message, &info, 0) == OK);
    EXPECT(info.kind == KIND_REQUEST && (uint8_t)message->tag == FILE_METHOD_READ);
    EXPECT(message->word[0] == (7 | 16ull << 32) && message->word[1] == 5 * PAGE_SIZE);
}

static void test_served(void)
{
    handle_t port = serve_begin();
    struct message message;
    void *page;
    request_take(port, &message);
    EXPECT(pages_allocate(1, &page) == OK);
    memcpy(page, SERVED, sizeof SERVED);
    message = (struct message){.word = {PAGE_SIZE},
                               .parcel = pages_parcel((uaddr_t)page, 1, PARCEL_GIVE, 0)};
    EXPECT(message_reply(HANDLE_NONE, &message) == OK);
    while (!touched)
        (void)system_yield();
    *(volatile char *)(ELSEWHERE + 2 * PAGE_SIZE) = 'A'; // one's own copy
    printf("%s\n", (const char *)(ELSEWHERE + 2 * PAGE_SIZE));
}

[[noreturn]] static void test_unserved(void)
{
    handle_t port = serve_begin();
    struct message message;
    request_take(port, &message);
    EXPECT(system_handle_close(port) == OK);
    for (;;)
        (void)system_yield();
}

// --- which ---------------------------------------------------------------------------------------

static void ends(const char *how)
{
    char *pages = map_whole(PROT_READ, PAGE_SIZE);
    printf("running\n");
    fflush(stdout);
    if (strcmp(how, "beyond") == 0)
        (void)*(volatile char *)(pages + (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE);
    if (strcmp(how, "readonly") == 0)
        *(volatile char *)pages = 1;
    if (strcmp(how, "freed") == 0) {
        EXPECT(munmap(pages, PAGE_SIZE) == 0);
        (void)*(volatile char *)pages;
    }
    printf("still running\n");
}

int main(int count, char **arguments)
{
    struct stat stat;
    const char *how = count > 1 ? arguments[1] : "";
    if (count > 2) {
        file = open(arguments[2], O_RDONLY);
        EXPECT(file >= 0 && fstat(file, &stat) == 0);
        size = (size_t)stat.st_size;
    }
    if (strcmp(how, "read") == 0)
        test_read();
    else if (strcmp(how, "write") == 0)
        test_write();
    else if (strcmp(how, "parts") == 0)
        test_parts();
    else if (strcmp(how, "many") == 0)
        test_many((unsigned)atoi(arguments[3]));
    else if (strcmp(how, "refused") == 0)
        test_refused();
    else if (strcmp(how, "served") == 0)
        test_served();
    else if (strcmp(how, "unserved") == 0)
        test_unserved();
    else
        ends(how);
    return 0;
}
