// One line of the log at a time, formatted into a page that system_log_write reads.

#include <baton/log.h>
#include <baton/system.h>

[[gnu::aligned(PAGE_SIZE)]] static char line[PAGE_SIZE];

static_assert(LOG_LINE_MAXIMUM <= PAGE_SIZE);

void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = text_format_list(line, LOG_LINE_MAXIMUM, format, arguments);
    va_end(arguments);
    if (length >= LOG_LINE_MAXIMUM)
        length = LOG_LINE_MAXIMUM - 1;
    // A program that cannot log has nobody to tell it to.
    (void)system_log_write(level, (uaddr_t)line, (uint32_t)length);
}
