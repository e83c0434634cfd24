#include "hart/wiring.h"

#include "debug/log.h"
#include "hal/string.h"

struct word {
    const char *text;
    size_t length;
};

// Cuts off what stands in front of the first `end`, or all; that character goes, too.
static struct word cut(struct word *rest, char end) {
    struct word part = {rest->text, 0};
    while (part.length < rest->length && part.text[part.length] != end)
        part.length++;
    size_t gone = part.length + (part.length < rest->length);
    *rest = (struct word){rest->text + gone, rest->length - gone};
    return part;
}

static bool equals(struct word word, const char *text) {
    return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

static bool name_copy(struct word word, char name[WIRING_NAME]) {
    if (word.length == 0 || word.length >= WIRING_NAME)
        return false;
    memset(name, 0, WIRING_NAME);
    memcpy(name, word.text, word.length);
    return true;
}

// Digits with K or M behind them, in whole frames.
static bool limit_copy(struct word word, struct wiring *wiring) {
    const char *text = word.text;
    uint64_t value = 0;
    size_t i = 0;
    if (equals(word, "rest"))
        return wiring->rest = true;
    for (; i < word.length && text[i] >= '0' && text[i] <= '9' && value < 1 << 20; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    if (i == 0 || i + 1 != word.length || (text[i] != 'K' && text[i] != 'M'))
        return false;
    wiring->limit_frames = text[i] == 'K' ? value / 4 : value * 256;
    return wiring->limit_frames != 0;
}

// Names with commas between them, at least one.
static bool grants_copy(struct word list, enum wiring_kind kind, struct wiring *wiring) {
    do {
        struct wiring_grant *grant = &wiring->grant[wiring->grants];
        if (wiring->grants == WIRING_GRANTS || !name_copy(cut(&list, ','), grant->name))
            return false;
        grant->kind = kind;
        wiring->grants++;
    } while (list.length > 0);
    return true;
}

static bool word_take(struct word word, struct wiring *wiring) {
    static const char *const kinds[WIRING_KINDS] = {"serves", "uses", "opens", "holds"};
    if (equals(word, "data"))
        return wiring->data = true;
    struct word key = cut(&word, '=');
    if (equals(key, "limit"))
        return limit_copy(word, wiring);
    if (equals(key, "overcommit")) {
        wiring->overcommit = (uint8_t)(word.length == 1 ? word.text[0] - '0' : 0);
        return wiring->overcommit - 1u < 9;
    }
    for (unsigned kind = 0; kind < WIRING_KINDS; kind++)
        if (equals(key, kinds[kind]))
            return grants_copy(kind == WIRING_SERVES ? cut(&word, ':') : word,
                               (enum wiring_kind)kind, wiring);
    return false;
}

bool wiring_parse(const char *line, struct wiring *wiring, char *problem, size_t problem_size) {
    struct word rest = {line, strlen(line)};
    *wiring = (struct wiring){.overcommit = 1};
    while (rest.length > 0) {
        struct word word = cut(&rest, ' ');
        if (word.length == 0)
            continue;
        if (wiring->name[0] == 0) {
            if (!name_copy(word, wiring->name))
                break;
        } else if (!word_take(word, wiring)) {
            text_format(problem, problem_size, "cannot read \"%.*s\"", (int)word.length, word.text);
            return false;
        }
    }
    if (wiring->name[0] == 0)
        text_format(problem, problem_size, "no name of up to 15 characters");
    return wiring->name[0] != 0;
}
