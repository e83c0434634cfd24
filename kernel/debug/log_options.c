// The boot options that are the log's: "quiet", "log=LEVEL", "log=MODULE:LEVEL,MODULE:LEVEL".
#include "debug/log_crash.h"
#include "hal/string.h"

LOG_MODULE(LOG_BOOT);

static size_t length_until(const char *text, size_t length, char end) {
    const char *at = memchr(text, end, length);
    return at != nullptr ? (size_t)(at - text) : length;
}

// One of LEVEL and MODULE:LEVEL.
static void set_one(const char *text, size_t length) {
    size_t name_length = length_until(text, length, ':');
    unsigned module = ~0u;
    const char *level_text = text;
    if (name_length < length) {
        module = log_find_module(text, name_length);
        level_text = text + name_length + 1;
    }
    unsigned level = log_find_level(level_text, length - (size_t)(level_text - text));
    if (level == LOG_LEVELS || module == LOG_MODULES)
        log_warning("option log: \"%.*s\" is not known", (int)length, text);
    else
        log_level_set(module, (enum log_level)level);
}

static void set_list(const char *text, size_t length) {
    while (length > 0) {
        size_t one = length_until(text, length, ',');
        set_one(text, one);
        if (one < length)
            one++;
        text += one;
        length -= one;
    }
}

void log_configure(const char *option) {
    static constexpr char KEY[] = "log=";
    static constexpr size_t KEY_LENGTH = sizeof KEY - 1;
    while (*option != 0) {
        size_t length = length_until(option, strlen(option), ' ');
        if (length == 5 && memcmp(option, "quiet", 5) == 0)
            log_set_quiet();
        else if (length >= KEY_LENGTH && memcmp(option, KEY, KEY_LENGTH) == 0)
            set_list(option + KEY_LENGTH, length - KEY_LENGTH);
        option += length;
        option += *option == ' ';
    }
}
