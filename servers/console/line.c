#include "line.h"

#include <string.h>

enum key : uint8_t {
    KEY_INTERRUPT = 0x03,
    KEY_END = 0x04,
    KEY_BACKSPACE = 0x08,
    KEY_TAB = 0x09,
    KEY_NEWLINE = 0x0a,
    KEY_RETURN = 0x0d,
    KEY_KILL = 0x15,
    KEY_DELETE = 0x7f,
};

static void show(struct line *line, const char *text)
{
    if (line->echo)
        line->show(line->context, text, strlen(text));
}

static void ready_put(struct line *line, uint16_t item)
{
    line->ready[(line->first + line->count++) % READY_SIZE] = item;
}

static bool has_room(const struct line *line, unsigned items)
{
    return READY_SIZE - line->count >= items;
}

// Moves the line to what is ready, with `end` behind it.
static void finish(struct line *line, uint16_t end)
{
    if (!has_room(line, line->length + 1)) {
        show(line, "\a");
        return;
    }
    for (unsigned i = 0; i < line->length; i++)
        ready_put(line, line->edit[i]);
    ready_put(line, end);
    line->length = 0;
    if (end == KEY_NEWLINE)
        show(line, "\r\n");
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80; // of a character in UTF-8
}

// Takes the last character back, all its bytes.
static void erase(struct line *line)
{
    if (line->length == 0)
        return;
    while (line->length > 1 && is_continuation(line->edit[line->length - 1]))
        line->length--;
    line->length--;
    show(line, "\b \b");
}

static void insert(struct line *line, uint8_t byte)
{
    bool printable = byte >= ' ' || byte == KEY_TAB;
    if (!printable || line->length == LINE_SIZE) {
        show(line, "\a");
        return;
    }
    line->edit[line->length++] = byte;
    show(line, (char[]){(char)byte, 0});
}

static void type_edited(struct line *line, uint8_t byte)
{
    switch (byte) {
    case KEY_RETURN:
    case KEY_NEWLINE:
        finish(line, KEY_NEWLINE);
        break;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        erase(line);
        break;
    case KEY_KILL:
        while (line->length > 0)
            erase(line);
        break;
    case KEY_END:
        finish(line, LINE_MARK);
        break;
    case KEY_INTERRUPT: // nothing to interrupt yet: the line is dropped, and an empty one read
        line->length = 0;
        show(line, "^C");
        finish(line, KEY_NEWLINE);
        break;
    default:
        insert(line, byte);
    }
}

static void type_raw(struct line *line, uint8_t byte)
{
    if (!has_room(line, 1))
        return;
    ready_put(line, byte);
    show(line, (char[]){(char)byte, 0});
}

void line_type(struct line *line, uint8_t byte)
{
    bool swallowed = byte == KEY_NEWLINE && line->after_return && !line->raw;
    line->after_return = byte == KEY_RETURN;
    if (swallowed)
        return;
    if (line->raw)
        type_raw(line, byte);
    else
        type_edited(line, byte);
}

static uint16_t ready_take(struct line *line)
{
    uint16_t item = line->ready[line->first];
    line->first = (line->first + 1) % READY_SIZE;
    line->count--;
    return item;
}

size_t line_read(struct line *line, uint8_t *buffer, size_t limit)
{
    size_t taken = 0;
    while (line->count > 0) {
        uint16_t next = line->ready[line->first];
        if (next == LINE_MARK) {
            ready_take(line);
            break;
        }
        if (taken == limit)
            break;
        buffer[taken++] = (uint8_t)ready_take(line);
        if (next == KEY_NEWLINE && !line->raw)
            break;
    }
    return taken;
}
