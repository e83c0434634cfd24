// sources: servers/loader/symbols.c
//
// Any bytes as a file: looking for names reads nothing outside it, ends, and gives short text.

#include "symbols.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *data;
    size_t size;
};

static bool bytes_read(void *context, uint64_t offset, void *to, size_t size)
{
    const struct bytes *bytes = context;
    if (offset > bytes->size || size > bytes->size - offset)
        return false;
    memcpy(to, bytes->data + offset, size);
    return true;
}

static void find(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct symbol_place places[] = {{.address = 0x1008}, {.address = 0}, {.address = UINT64_MAX}};
    symbols_find(&(struct symbol_file){bytes_read, &bytes}, places, 3);
    for (unsigned i = 0; i < 3; i++) {
        if (strlen(places[i].name) > SYMBOL_NAME_MAXIMUM)
            abort();
        for (const char *c = places[i].name; *c; c++) {
            if (*c <= ' ' || *c >= 127)
                abort();
        }
    }
}

// The input as it is, and behind the first bytes of a header, which it would take long to find.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t begin[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    static uint8_t file[4096];
    find(data, size);
    if (size > sizeof file)
        size = sizeof file;
    memcpy(file, data, size);
    memcpy(file, begin, size < sizeof begin ? size : sizeof begin);
    if (size >= 64) {
        file[58] = 64; // the size of a section header
        file[59] = 0;
    }
    find(file, size);
    return 0;
}
