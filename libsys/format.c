// A small printf, for programs that must not link the large one.

#include <baton/log.h>

#include <string.h>

struct output {
    char *buffer;
    size_t size, length;
};

struct conversion {
    bool left, zero, plus;
    int width, precision; // precision -1: none given
    int bytes;            // size of an integer argument
};

static void put(struct output *output, char character)
{
    if (output->length + 1 < output->size)
        output->buffer[output->length] = character;
    output->length++;
}

static void put_padded(struct output *output, const struct conversion *how, const char *prefix,
                       const char *text, size_t length)
{
    size_t prefix_length = strlen(prefix), total = prefix_length + length;
    size_t padding = how->width > 0 && (size_t)how->width > total ? (size_t)how->width - total : 0;
    bool zero = how->zero && !how->left;
    for (size_t i = 0; !how->left && !zero && i < padding; i++)
        put(output, ' ');
    for (size_t i = 0; i < prefix_length; i++)
        put(output, prefix[i]);
    for (size_t i = 0; zero && i < padding; i++)
        put(output, '0');
    for (size_t i = 0; i < length; i++)
        put(output, text[i]);
    for (size_t i = 0; how->left && i < padding; i++)
        put(output, ' ');
}

static void put_number(struct output *output, const struct conversion *how, const char *prefix,
                       uint64_t value, unsigned base, const char *digits)
{
    char text[20];
    char *first = text + sizeof text;
    do {
        *--first = digits[value % base];
        value /= base;
    } while (value);
    put_padded(output, how, prefix, first, (size_t)(text + sizeof text - first));
}

static void put_string(struct output *output, struct conversion *how, const char *text)
{
    if (!text)
        text = "(null)";
    how->zero = false;
    size_t limit = how->precision >= 0 ? (size_t)how->precision : SIZE_MAX;
    put_padded(output, how, "", text, strnlen(text, limit));
}

static int number_read(const char **format, va_list *arguments)
{
    if (**format == '*') {
        (*format)++;
        return va_arg(*arguments, int);
    }
    int number = 0;
    while (**format >= '0' && **format <= '9' && number < 10'000)
        number = number * 10 + *(*format)++ - '0';
    return number;
}

static int length_read(const char **format)
{
    int bytes = 4;
    for (;; (*format)++) {
        switch (**format) {
        case 'h':
            bytes /= 2;
            break;
        case 'l':
        case 'z':
        case 'j':
        case 't':
            bytes = 8;
            break;
        default:
            return bytes;
        }
    }
}

static struct conversion conversion_read(const char **format, va_list *arguments)
{
    struct conversion how = {.precision = -1};
    for (;; (*format)++) {
        if (**format == '-')
            how.left = true;
        else if (**format == '0')
            how.zero = true;
        else if (**format == '+')
            how.plus = true;
        else if (**format != '#' && **format != ' ')
            break;
    }
    how.width = number_read(format, arguments);
    if (how.width < 0) {
        how.left = true;
        how.width = -how.width;
    }
    if (**format == '.') {
        (*format)++;
        how.precision = number_read(format, arguments);
    }
    how.bytes = length_read(format);
    return how;
}

// An integer argument, cut to its type.
static uint64_t argument_unsigned(const struct conversion *how, va_list *arguments)
{
    uint64_t value = how->bytes == 8 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
    return how->bytes == 8 ? value : value & ((1ull << how->bytes * 8) - 1);
}

static void put_signed(struct output *output, const struct conversion *how, va_list *arguments)
{
    uint64_t raw = argument_unsigned(how, arguments);
    unsigned unused_bits = 64 - (unsigned)how->bytes * 8;
    int64_t value = (int64_t)(raw << unused_bits) >> unused_bits;
    const char *sign = value < 0 ? "-" : how->plus ? "+" : "";
    put_number(output, how, sign, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, "0123456789");
}

static void put_conversion(struct output *output, char type, struct conversion *how,
                           va_list *arguments)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    switch (type) {
    case 'd':
    case 'i':
        put_signed(output, how, arguments);
        break;
    case 'u':
        put_number(output, how, "", argument_unsigned(how, arguments), 10, lower);
        break;
    case 'x':
        put_number(output, how, "", argument_unsigned(how, arguments), 16, lower);
        break;
    case 'X':
        put_number(output, how, "", argument_unsigned(how, arguments), 16, upper);
        break;
    case 'p':
        put_number(output, how, "0x", (uintptr_t)va_arg(*arguments, void *), 16, lower);
        break;
    case 'c':
        put_padded(output, how, "", &(char){(char)va_arg(*arguments, int)}, 1);
        break;
    case 's':
        put_string(output, how, va_arg(*arguments, const char *));
        break;
    default:
        put(output, type);
    }
}

size_t text_format_list(char *buffer, size_t size, const char *format, va_list given)
{
    struct output output = {.buffer = buffer, .size = size};
    va_list arguments;
    va_copy(arguments, given);
    while (*format) {
        if (*format != '%') {
            put(&output, *format++);
            continue;
        }
        format++;
        struct conversion how = conversion_read(&format, &arguments);
        if (*format)
            put_conversion(&output, *format++, &how, &arguments);
    }
    va_end(arguments);
    if (size > 0)
        buffer[output.length < size ? output.length : size - 1] = 0;
    return output.length;
}

size_t text_format(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = text_format_list(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
