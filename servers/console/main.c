// The console: serves `terminal` on the first serial port.
//
// Output goes out before the answer, so a program whose last write was answered has been heard.
// Reads that have to wait are kept, and answered in the order in which they came.
//
// With MODE=line in the environment (a single line is run and its output collected), output is sent
// byte by byte as it is and nothing is echoed; otherwise "\n" is sent as "\r\n".

#include "line.h"
#include "uart.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/start.h>
#include <baton/system.h>

#include <protocols/terminal.h>

#include <stdlib.h>
#include <string.h>

static constexpr unsigned READERS_MAXIMUM = 16;
static constexpr uint64_t INPUT_BADGE = 1;
static constexpr uint16_t COLUMNS = 80, ROWS = 24;

struct reader {
    struct kept_request kept;
    uint32_t limit;
};

static struct {
    bool exact; // output is not translated
    struct line line;
    struct reader reader[READERS_MAXIMUM];
    unsigned readers;
} console;

// Sends text, with a CR before each LF unless exact.
static status_t send(const char *text, size_t length)
{
    while (length > 0) {
        const char *newline = console.exact ? nullptr : memchr(text, '\n', length);
        size_t part = newline ? (size_t)(newline - text) : length;
        status_t status = uart_write(text, part);
        if (status == OK && newline)
            status = uart_write("\r\n", 2);
        if (status != OK)
            return status;
        part += newline ? 1 : 0;
        text += part;
        length -= part;
    }
    return OK;
}

static void show(void *context, const char *text, size_t length)
{
    (void)context;
    if (uart_write(text, length) != OK)
        log_warning("the serial port does not take the echo");
}

static status_t write_pages(struct request *request, parcel_t data, uint32_t offset, uint32_t count,
                            struct terminal_write_results *results)
{
    (void)request;
    uint64_t size = parcel_size(data);
    if (offset > size || count > size - offset)
        return ERR_BAD_ARGUMENT;
    results->written = count;
    return send((const char *)parcel_address(data) + offset, count);
}

static status_t write_short(struct request *request, const uint8_t *text, uint32_t length,
                            struct terminal_write_short_results *results)
{
    (void)request;
    results->written = length;
    return send((const char *)text, length);
}

// Takes what is ready into the results.
static status_t read_now(uint32_t limit, struct terminal_read_results *results)
{
    void *page;
    status_t status = pages_allocate(1, &page);
    if (status != OK)
        return status;
    results->count = (uint32_t)line_read(&console.line, page, limit);
    if (results->count == 0)
        pages_free(page, 1);
    else
        results->data = pages_parcel((uaddr_t)page, 1, PARCEL_NONE, 0);
    return OK;
}

static status_t read(struct request *request, uint32_t limit,
                     struct terminal_read_results *results)
{
    if (console.readers == 0 && line_is_ready(&console.line))
        return read_now(limit, results);
    if (console.readers == READERS_MAXIMUM)
        return ERR_TOO_MANY;
    struct reader *reader = &console.reader[console.readers];
    status_t status = request_keep(request, &reader->kept);
    if (status != OK)
        return status;
    reader->limit = limit;
    console.readers++;
    return REQUEST_KEPT;
}

// Answers readers while there is something for them. What a reader that has gone cannot take is
// lost with it.
static void serve_readers(void)
{
    while (console.readers > 0 && line_is_ready(&console.line)) {
        struct reader first = console.reader[0];
        console.readers--;
        memmove(console.reader, console.reader + 1, console.readers * sizeof first);
        struct terminal_read_results results = {};
        status_t status = read_now(first.limit, &results);
        status = terminal_read_reply(&first.kept, status, &results);
        if (status != OK)
            log_info("a reader has gone: %s", status_text(status));
    }
}

static void notified(struct server *server, uint64_t badge, uint64_t bits)
{
    (void)server, (void)badge, (void)bits;
    uint8_t byte;
    while (uart_read(&byte))
        line_type(&console.line, byte);
    uart_acknowledge();
    serve_readers();
}

static status_t set_mode(struct request *request, enum terminal_mode mode,
                         struct terminal_set_mode_results *results)
{
    (void)request;
    results->previous = (enum terminal_mode)((console.line.raw ? TERMINAL_MODE_RAW : 0) |
                                             (console.line.echo ? TERMINAL_MODE_ECHO : 0));
    console.line.raw = mode & TERMINAL_MODE_RAW;
    console.line.echo = mode & TERMINAL_MODE_ECHO;
    return OK;
}

static status_t size(struct request *request, struct terminal_size_results *results)
{
    (void)request;
    results->columns = COLUMNS;
    results->rows = ROWS;
    return OK;
}

int main(void)
{
    static const struct terminal_server handlers = {
        .write = write_pages,
        .write_short = write_short,
        .read = read,
        .set_mode = set_mode,
        .size = size,
    };
    handle_t port = start_handle("terminal");
    const char *mode = getenv("MODE");
    console.exact = mode && strcmp(mode, "line") == 0;
    console.line = (struct line){.echo = !console.exact, .show = show};
    status_t status = uart_open(start_handle("io"), start_handle("irq"), port, INPUT_BADGE);
    if (status != OK) {
        log_error("no serial port: %s", status_text(status));
        return 1;
    }
    struct server server = {
        .port = port, .protocols = {terminal_serve(&handlers)}, .notified = notified};
    log_error("cannot receive: %s", status_text(server_run(&server)));
    return 1;
}
