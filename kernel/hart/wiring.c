#include "hart/wiring.h"

#include "debug/log.h"
#include "hal/string.h"

struct word {
    const char *text;
    size_t length;
};

static bool word_next(const char **line, struct word *word) {
    while (**line == ' ')
        (*line)++;
    word->text = *line;
    while (**line != 0 && **line != ' ')
        (*line)++;
    word->length = (size_t)(*line - word->text);
    return word->length != 0;
}

static bool name_copy(const char *text, size_t length, char name[WIRING_NAME]) {
    if (length == 0 || length >= WIRING_NAME)
        return false;
    memset(name, 0, WIRING_NAME);
    memcpy(name, text, length);
    return true;
}

// Names with commas between them.
static bool list_copy(const char *text, size_t length, char list[WIRING_LIST][WIRING_NAME],
                      unsigned *count) {
    while (length > 0) {
        size_t part = 0;
        while (part < length && text[part] != ',')
            part++;
        if (*count == WIRING_LIST || !name_copy(text, part, list[*count]))
            return false;
        (*count)++;
        if (part < length)
            part++;
        text += part;
        length -= part;
    }
    return true;
}

// Digits with K or M behind them, in whole frames.
static bool limit_copy(const char *text, size_t length, struct wiring *wiring) {
    uint64_t value = 0;
    size_t i = 0;
    if (length == 4 && memcmp(text, "rest", 4) == 0)
        return wiring->rest = true;
    for (; i < length && text[i] >= '0' && text[i] <= '9' && value < 1 << 20; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    if (i == 0 || i + 1 != length || (text[i] != 'K' && text[i] != 'M'))
        return false;
    wiring->limit_frames = text[i] == 'K' ? value / 4 : value * 256;
    return wiring->limit_frames != 0;
}

static bool starts_with(struct word word, const char *key, struct word *value) {
    size_t length = strlen(key);
    if (word.length < length || memcmp(word.text, key, length) != 0)
        return false;
    *value = (struct word){word.text + length, word.length - length};
    return true;
}

static size_t until_colon(struct word word) {
    size_t length = 0;
    while (length < word.length && word.text[length] != ':')
        length++;
    return length;
}

static bool word_take(struct word word, struct wiring *w) {
    struct word value;
    if (word.length == 4 && memcmp(word.text, "data", 4) == 0)
        return w->data = true;
    if (starts_with(word, "limit=", &value))
        return limit_copy(value.text, value.length, w);
    if (starts_with(word, "serves=", &value))
        return name_copy(value.text, until_colon(value), w->serves);
    if (starts_with(word, "uses=", &value))
        return list_copy(value.text, value.length, w->uses, &w->uses_count);
    if (starts_with(word, "opens=", &value))
        return list_copy(value.text, value.length, w->opens, &w->opens_count);
    if (starts_with(word, "holds=", &value))
        return list_copy(value.text, value.length, w->holds, &w->holds_count);
    return false;
}

bool wiring_parse(const char *line, struct wiring *wiring, char *problem, size_t problem_size) {
    struct word word;
    *wiring = (struct wiring){};
    if (!word_next(&line, &word) || !name_copy(word.text, word.length, wiring->name)) {
        text_format(problem, problem_size, "no name of up to 15 characters");
        return false;
    }
    while (word_next(&line, &word)) {
        if (word_take(word, wiring))
            continue;
        text_format(problem, problem_size, "cannot read \"%.*s\"", (int)word.length, word.text);
        return false;
    }
    return true;
}
