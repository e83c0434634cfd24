// From the kernel's report of a crash to names.

#include "crash.h"

#include "record.h"
#include "symbols.h"
#include "view.h"

#include <abi/query.h>
#include <baton/log.h>
#include <baton/start.h>
#include <baton/system.h>

static constexpr unsigned PLACES_MAXIMUM = 17; // where it crashed, and its callers
static_assert(sizeof((struct query_crash){}.caller) == (PLACES_MAXIMUM - 1) * sizeof(uaddr_t));

// What the kernel has kept; null if later crashes have taken its place.
static const struct query_crash *report_get(uint32_t process)
{
    [[gnu::aligned(PAGE_SIZE)]] static char page[PAGE_SIZE];
    uint64_t records;
    status_t status = system_system_query(start_handle("system"), QUERY_CRASH, process,
                                          (uaddr_t)page, &records);
    return status == OK && records == 1 ? (const struct query_crash *)page : nullptr;
}

// A call that is a function's last instruction returns behind it, so callers are looked up by the
// byte before.
static unsigned places_set(const struct query_crash *crash, const struct record *record,
                           struct symbol_place *places)
{
    unsigned callers = crash->frames < PLACES_MAXIMUM ? crash->frames : PLACES_MAXIMUM - 1;
    places[0].address = crash->ip - record->image;
    for (unsigned i = 0; i < callers; i++)
        places[i + 1].address = crash->caller[i] - record->image - 1;
    return callers + 1;
}

static void names_find(const struct record *record, struct symbol_place *places, unsigned count)
{
    struct view view;
    status_t status = record->path[0] ? view_open(&view, record->path) : ERR_NAME_TOO_LONG;
    if (status != OK) {
        log_warning("%s (%u): no names of its functions: %s", record->path, record->process,
                    status_text(status));
        return;
    }
    symbols_find(&(struct symbol_file){view_read, &view}, places, count);
    view_close(&view);
}

static bool is_in_image(const struct record *record, const struct symbol_place *place)
{
    return place->address < record->image_size;
}

// "copy_line+0x14", "image+0x1234", or the address alone if it is not the image's.
static void place_text(const struct record *record, const struct symbol_place *place,
                       unsigned behind, char *text, size_t size)
{
    if (place->name[0])
        text_format(text, size, "%s+0x%lx", place->name, place->inside + behind);
    else if (is_in_image(record, place))
        text_format(text, size, "image+0x%lx", place->address + behind);
    else
        text_format(text, size, "0x%lx", record->image + place->address + behind);
}

// Recursion would fill the log with one line: what repeats is counted.
static void callers_log(const struct record *record, const struct symbol_place *places,
                        unsigned count)
{
    char text[SYMBOL_NAME_MAXIMUM + 24], times[20];
    for (unsigned i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && places[next].address == places[i].address;)
            next++;
        place_text(record, &places[i], 1, text, sizeof text);
        times[0] = 0;
        if (next - i > 1)
            text_format(times, sizeof times, ", %u times", next - i);
        log_error("  called from %s%s", text, times);
    }
}

static void crash_log(const struct record *record)
{
    static struct symbol_place places[PLACES_MAXIMUM];
    const struct query_crash *crash = report_get(record->process);
    if (!crash) {
        log_error("%s (%u): crashed; where is not known any more", record->path, record->process);
        return;
    }
    for (unsigned i = 0; i < PLACES_MAXIMUM; i++)
        places[i].name[0] = 0;
    unsigned count = places_set(crash, record, places);
    names_find(record, places, count);
    char text[SYMBOL_NAME_MAXIMUM + 24];
    place_text(record, &places[0], 0, text, sizeof text);
    const char *where = is_in_image(record, &places[0]) ? "in" : "at";
    log_error("%s (%u): crashed %s %s", record->path, record->process, where, text);
    callers_log(record, places + 1, count - 1);
}

// What is not watched is not remembered either: its record would stay for ever.
static status_t record_and_watch(handle_t port, const struct loaded *loaded, const char *path)
{
    uint64_t type, number;
    struct record forgotten;
    status_t status = system_handle_query(loaded->process, &type, &number);
    if (status != OK)
        return status;
    if (!record_add((uint32_t)number, loaded->image, loaded->image_size, path))
        return ERR_TOO_MANY;
    status = system_process_watch(loaded->process, 0, port, BADGE_PROGRAM);
    if (status != OK)
        (void)record_take((uint32_t)number, &forgotten);
    return status;
}

void crash_expect(handle_t port, const struct loaded *loaded, const char *path)
{
    status_t status = record_and_watch(port, loaded, path);
    if (status != OK)
        log_info("%s: a crash would be told without names: %s", path, status_text(status));
}

void program_ended(uint32_t process, bool crashed)
{
    struct record record;
    if (record_take(process, &record) && crashed)
        crash_log(&record);
}
