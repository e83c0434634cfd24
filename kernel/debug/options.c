#include "debug/options.h"

#include "hal/string.h"

// The value's first character, or nullptr. It ends at a space or the end of the line.
static const char *option_find(const char *options, const char *name) {
    size_t length = strlen(name);
    for (const char *word = options; *word != 0;) {
        if (strncmp(word, name, length) == 0 && word[length] == '=')
            return word + length + 1;
        while (*word != 0 && *word != ' ')
            word++;
        while (*word == ' ')
            word++;
    }
    return nullptr;
}

bool option_is(const char *options, const char *name, const char *value) {
    const char *found = option_find(options, name);
    size_t length = strlen(value);
    return found != nullptr && strncmp(found, value, length) == 0 &&
           (found[length] == 0 || found[length] == ' ');
}

size_t option_size(const char *options, const char *name, size_t otherwise) {
    const char *digit = option_find(options, name);
    size_t size = 0;
    if (digit == nullptr || *digit < '0' || *digit > '9')
        return otherwise;
    for (; *digit >= '0' && *digit <= '9' && size < 1 << 30; digit++)
        size = size * 10 + (size_t)(*digit - '0');
    return *digit == 'K' ? size << 10 : *digit == 'M' ? size << 20 : size;
}
