// Formatted text for the log and the crash report. Needs nothing and never fails: text that does
// not fit is cut, and what a format does not know is shown as it stands.
#include <stdarg.h>

#include "debug/log.h"
#include "hal/string.h"

// Where text goes: `length` counts all of it, also what no longer fits.
struct sink {
    char *buffer;
    size_t size, length;
};

// One conversion: %[-][0][width][.precision][h|hh|l|ll|z|j|t]type
struct conversion {
    bool left, zero;
    unsigned width, length; // length: how many 'l' (z, j and t count as one)
    int precision;          // -1: none
    char type;
};

static void put(struct sink *sink, char character) {
    if (sink->length + 1 < sink->size)
        sink->buffer[sink->length] = character;
    sink->length++;
}

static void put_times(struct sink *sink, char character, size_t count) {
    while (count-- > 0)
        put(sink, character);
}

static void put_field(struct sink *sink, const struct conversion *how, const char *text,
                      size_t length) {
    size_t fill = how->width > length ? how->width - length : 0;
    if (!how->left)
        put_times(sink, ' ', fill);
    for (size_t i = 0; i < length; i++)
        put(sink, text[i]);
    if (how->left)
        put_times(sink, ' ', fill);
}

static void put_number(struct sink *sink, const struct conversion *how, uint64_t value,
                       unsigned base, const char *prefix) {
    char text[32];
    char *at = text + sizeof text;
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);

    size_t wanted = how->precision > 0 ? (size_t)how->precision : 0;
    if (how->zero && !how->left && how->precision < 0)
        wanted = how->width > strlen(prefix) ? how->width - strlen(prefix) : 0;
    size_t zeroes = wanted > (size_t)(text + sizeof text - at)
                        ? wanted - (size_t)(text + sizeof text - at)
                        : 0;
    // Few leading zeroes fit in the buffer; a wider field is filled in front of it.
    while (zeroes > 0 && at > text + 2)
        *--at = '0', zeroes--;
    for (size_t i = strlen(prefix); i > 0; i--)
        *--at = prefix[i - 1];
    put_field(sink, how, at, (size_t)(text + sizeof text - at));
}

static void put_string(struct sink *sink, const struct conversion *how, const char *text) {
    if (text == nullptr)
        text = "(null)";
    put_field(sink, how, text,
              how->precision < 0 ? strlen(text) : strnlen(text, (size_t)how->precision));
}

// Reads digits, or '*' for an argument, at *format.
static unsigned read_count(const char **format, va_list *arguments) {
    if (**format == '*') {
        int value = va_arg(*arguments, int);
        (*format)++;
        return value < 0 ? 0 : (unsigned)value;
    }
    unsigned value = 0;
    for (; **format >= '0' && **format <= '9'; (*format)++)
        value = value < 10000 ? value * 10 + (unsigned)(**format - '0') : value;
    return value;
}

static struct conversion read_conversion(const char **format, va_list *arguments) {
    struct conversion how = {.precision = -1};
    for (;; (*format)++) {
        if (**format == '-')
            how.left = true;
        else if (**format == '0')
            how.zero = true;
        else
            break;
    }
    how.width = read_count(format, arguments);
    if (**format == '.') {
        (*format)++;
        how.precision = (int)read_count(format, arguments);
    }
    for (;; (*format)++) {
        if (**format == 'l' || **format == 'z' || **format == 'j' || **format == 't')
            how.length++;
        else if (**format != 'h')
            break;
    }
    how.type = **format;
    return how;
}

static uint64_t take_unsigned(const struct conversion *how, va_list *arguments) {
    return how->length > 0 ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned);
}

static void put_signed(struct sink *sink, const struct conversion *how, va_list *arguments) {
    int64_t value = how->length > 0 ? va_arg(*arguments, long) : va_arg(*arguments, int);
    put_number(sink, how, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0 ? "-" : "");
}

static void put_conversion(struct sink *sink, const struct conversion *how, va_list *arguments) {
    switch (how->type) {
    case 's':
        put_string(sink, how, va_arg(*arguments, const char *));
        break;
    case 'c':
        put_field(sink, how, &(char){(char)va_arg(*arguments, int)}, 1);
        break;
    case 'd':
    case 'i':
        put_signed(sink, how, arguments);
        break;
    case 'u':
        put_number(sink, how, take_unsigned(how, arguments), 10, "");
        break;
    case 'x':
        put_number(sink, how, take_unsigned(how, arguments), 16, "");
        break;
    case 'p':
        put_number(sink, how, (uintptr_t)va_arg(*arguments, void *), 16, "0x");
        break;
    case '%':
        put(sink, '%');
        break;
    default:
        put(sink, '%');
        if (how->type != 0)
            put(sink, how->type);
        break;
    }
}

size_t text_format_list(char *buffer, size_t size, const char *format, va_list arguments) {
    struct sink sink = {.buffer = buffer, .size = size};
    va_list rest;
    va_copy(rest, arguments);
    for (; *format != 0; format++) {
        if (*format != '%') {
            put(&sink, *format);
            continue;
        }
        format++;
        struct conversion how = read_conversion(&format, &rest);
        put_conversion(&sink, &how, &rest);
        if (how.type == 0)
            break;
    }
    va_end(rest);
    if (size > 0)
        buffer[sink.length < size ? sink.length : size - 1] = 0;
    return sink.length;
}

size_t text_format(char *buffer, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t length = text_format_list(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

void text_add(const struct text *text, const char *format, ...) {
    size_t length = strnlen(text->buffer, text->size);
    if (length + 3 >= text->size)
        return;
    if (length > 0)
        length += text_format(text->buffer + length, text->size - length, "; ");
    va_list arguments;
    va_start(arguments, format);
    text_format_list(text->buffer + length, text->size - length, format, arguments);
    va_end(arguments);
}
