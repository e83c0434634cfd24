#include "map.h"

#include "cookie.h"
#include "map_wait.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <protocols/file.h>
#include <protocols/memory.h>

static constexpr unsigned MAPPINGS = 1024, MAPPINGS_OF_PROCESS = 128;
static constexpr unsigned MAPPING_PAGES = PARCEL_ENTRIES;
static constexpr unsigned WORDS = MAPPING_PAGES / 64; // of marks, for a mapping
static_assert(MAPPINGS * MAPPING_PAGES <= COOKIES_OF_FILES);
static constexpr unsigned READ_PAGES = 16;
static constexpr uint64_t PATIENCE_NS = 5 * NS_PER_SECOND;

enum stage : uint8_t { FREE, READY, READING, CLOSING };

struct mapping {
    enum stage stage;
    uint16_t pages, left; // left: neither brought in nor freed
    uint16_t wanted;      // READING: from this page on
    uint32_t process, fd;
    handle_t file, call;
    uint64_t first; // page of the file
    uint64_t badge; // of its calls, never used again: some complete when nobody waits any more
};

static struct {
    handle_t port;
    uint64_t badge; // the last one
    unsigned in_use;
    struct mapping mapping[MAPPINGS];
    // What was read last, of whichever mapping.
    struct mapping *read;
    unsigned read_first, read_count;
    parcel_t read_pages; // 0: nothing
} map;

void map_prepare(handle_t port)
{
    map.port = port;
    map.badge = MAP_BADGE;
}

static uint32_t number_of(const struct mapping *m)
{
    return (uint32_t)(m - map.mapping);
}

static uint32_t cookie_of(const struct mapping *m, unsigned page)
{
    return number_of(m) * MAPPING_PAGES + page;
}

// --- what was read -------------------------------------------------------------------------------

static void read_drop(void)
{
    if (map.read_pages != 0)
        (void)landing_free(map.read_pages);
    map.read_pages = 0;
}

static bool read_has(const struct mapping *m, unsigned page)
{
    return map.read_pages != 0 && map.read == m && page - map.read_first < map.read_count;
}

// Answers with a clone of what was read, which may be written if the mapping may.
static void page_answer(struct mapping *m, unsigned page, handle_t reply)
{
    uaddr_t address = parcel_address(map.read_pages) + (page - map.read_first) * PAGE_SIZE;
    struct message message = {
        .parcel = pages_parcel(address, 1, PARCEL_CLONE, PARCEL_WRITABLE)};
    status_t status = message_reply(reply, &message);
    if (status == OK)
        m->left--;
    if (status == OK || status == ERR_CANCELLED) // its process has ended meanwhile
        return;
    if (status != ERR_OCCUPIED) // brought in, or freed, by another thread: touch again
        log_warning("process %u does not take a page of a file: %s", m->process,
                    status_text(status));
    message = (struct message){.tag = status == ERR_OCCUPIED ? OK : (uint16_t)status};
    (void)message_reply(reply, &message);
}

// --- messages to the file server -----------------------------------------------------------------

static status_t begin(struct mapping *m, enum file_method method, uint64_t word0, uint64_t word1)
{
    struct message message = {
        .tag = (uint64_t)FILE_PROTOCOL << TAG_PROTOCOL_SHIFT | method,
        .word = {word0, word1},
    };
    return message_begin(m->call, m->file, &message, deadline_after(PATIENCE_NS));
}

// Whoever waits for the page that cannot be read ends.
static void read_failed(struct mapping *m, status_t status)
{
    handle_t reply;
    log_warning("process %u touches page %lu of a file that cannot be read: %s", m->process,
                m->first + m->wanted, status_text(status));
    while (map_wait_take(cookie_of(m, m->wanted), 1, nullptr, &reply))
        (void)message_reply(reply, &(struct message){.tag = (uint16_t)status});
}

static void mapping_free(struct mapping *m)
{
    (void)system_handle_close(m->call); // what is on its way with it will not come
    (void)system_handle_close(m->file);
    if (map.read == m)
        read_drop();
    *m = (struct mapping){};
    map.in_use--;
}

// Nothing is left to be brought in.
static void mapping_close(struct mapping *m)
{
    m->stage = CLOSING;
    if (begin(m, FILE_METHOD_CLOSE, m->fd, 0) != OK)
        mapping_free(m);
}

// Reads what is waited for, until it is there, or cannot be read.
static void mapping_go_on(struct mapping *m)
{
    uint32_t cookie;
    while (m->stage == READY && map_wait_find(cookie_of(m, 0), MAPPING_PAGES, &cookie)) {
        m->wanted = (uint16_t)(cookie % MAPPING_PAGES);
        unsigned most = m->pages - m->wanted;
        uint64_t count = most < READ_PAGES ? most : READ_PAGES;
        status_t status =
            begin(m, FILE_METHOD_READ, m->fd | count << 32, (m->first + m->wanted) * PAGE_SIZE);
        if (status == OK)
            m->stage = READING;
        else
            read_failed(m, status);
    }
    if (m->stage == READY && m->left == 0)
        mapping_close(m);
}

static void was_read(struct mapping *m, status_t status, parcel_t pages)
{
    unsigned most = m->pages - m->wanted, count = parcel_count(pages);
    uint32_t cookie;
    handle_t reply;
    if (status == ERR_NO_SLOT) // others' pages lie in all windows: once more
        return;
    if (status != OK || pages == 0) {
        read_failed(m, status != OK ? status : ERR_EMPTY); // behind the end of the file
        return;
    }
    read_drop();
    map.read = m;
    map.read_first = m->wanted;
    map.read_count = count < most ? count : most; // others' cookies follow
    map.read_pages = pages;
    while (map_wait_take(cookie_of(m, m->wanted), map.read_count, &cookie, &reply))
        page_answer(m, cookie % MAPPING_PAGES, reply);
}

void map_completed(const struct server_completion *completion)
{
    struct mapping *m = &map.mapping[completion->badge % MAPPINGS];
    parcel_t pages = completion->reply->parcel;
    status_t status =
        completion->error != OK ? completion->error : message_reply_status(completion->reply);
    if (m->badge == completion->badge && m->stage == READING) {
        m->stage = READY;
        was_read(m, status, pages);
    } else if (m->badge == completion->badge) {
        mapping_free(m);
    }
    if (pages != 0 && map.read_pages != pages)
        (void)landing_free(pages);
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++) // nobody asked for them
        if (completion->reply->handle[i] != HANDLE_NONE)
            (void)system_handle_close(completion->reply->handle[i]);
    if (m->badge == completion->badge)
        mapping_go_on(m);
}

// --- mappings ------------------------------------------------------------------------------------

// Counts what was freed unseen.
static void harvest(struct mapping *m)
{
    for (unsigned i = 0; i < WORDS; i++) {
        uint64_t freed = cookies_take(number_of(m) * WORDS + i);
        m->left -= (uint16_t)__builtin_popcountll(freed);
    }
    if (m->stage == READY && m->left == 0)
        mapping_close(m);
}

// A free one for the process, after all have been harvested; nullptr: it or all have too many.
static struct mapping *mapping_find(uint32_t process)
{
    struct mapping *found = nullptr;
    unsigned count = 0;
    for (struct mapping *m = map.mapping; m < map.mapping + MAPPINGS; m++) {
        if (m->stage == READY || m->stage == READING)
            harvest(m);
        if (m->stage == FREE)
            found = m;
        count += m->process == process;
    }
    return count < MAPPINGS_OF_PROCESS ? found : nullptr;
}

static status_t cookies_make(const struct mapping *m, uaddr_t address, bool writable)
{
    uint64_t process;
    status_t status = system_process_paged(map.port, m->process, &process);
    if (status != OK)
        return status;
    parcel_t slots = pages_parcel(address, m->pages, PARCEL_NONE, writable ? PARCEL_WRITABLE : 0);
    status = system_memory_create((handle_t)process, slots,
                                  MEMORY_PAGER | (uint64_t)cookie_of(m, 0) << MEMORY_COOKIE_SHIFT);
    (void)system_handle_close((handle_t)process);
    return status;
}

status_t map_open(struct request *request, handle_t file, uint32_t fd, uint64_t page,
                  uint32_t pages, uint64_t address, bool writable)
{
    struct mapping *m = mapping_find(request_process(request));
    uint64_t call, badge = map.badge + MAPPINGS;
    status_t status = address % PAGE_SIZE != 0 ? ERR_BAD_SLOT : m == nullptr ? ERR_TOO_MANY : OK;
    if (status == OK)
        status = system_call_create(map.port, badge | number_of(m), &call);
    if (status != OK) {
        (void)system_handle_close(file);
        return status;
    }
    *m = (struct mapping){
        .stage = READY,
        .pages = (uint16_t)pages,
        .left = (uint16_t)pages,
        .process = request_process(request),
        .fd = fd,
        .file = file,
        .call = (handle_t)call,
        .first = page,
        .badge = badge | number_of(m),
    };
    map.badge = badge;
    map.in_use++;
    status = cookies_make(m, address, writable);
    if (status != OK)
        mapping_free(m);
    return status;
}

status_t map_pager(struct request *request, struct memory_pager_results *results)
{
    (void)request;
    results->process = start_process();
    return OK;
}

void map_forget(uint32_t process)
{
    handle_t reply;
    for (struct mapping *m = map.mapping; map.in_use != 0 && m < map.mapping + MAPPINGS; m++) {
        if (m->process != process)
            continue;
        while (map_wait_take(cookie_of(m, 0), MAPPING_PAGES, nullptr, &reply))
            (void)message_reply(reply, &(struct message){}); // to nobody
        harvest(m); // so that the next one begins without marks
        mapping_free(m);
    }
}

status_t map_faulted(struct request *request, uint32_t process, uint64_t cookie)
{
    uint64_t number = cookie / MAPPING_PAGES;
    unsigned page = cookie % MAPPING_PAGES;
    struct mapping *m = &map.mapping[number];
    bool stands = number < MAPPINGS && m->process == process && page < m->pages &&
                  (m->stage == READY || m->stage == READING);
    if (!stands) // freed since the touch: touch again
        return OK;
    if (read_has(m, page)) {
        page_answer(m, page, HANDLE_NONE);
    } else if (!map_wait_keep(request, (uint32_t)cookie)) {
        return OK; // touch again
    }
    mapping_go_on(m);
    return REQUEST_KEPT;
}
