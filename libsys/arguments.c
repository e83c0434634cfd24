// The start page's lists: arguments, environment, handles.

#include "start_internal.h"

#include <baton/parcel.h>

#include <string.h>
#include <unistd.h>

struct start_vector start_few_arguments;
static struct start_vector few_variables;

static char **vector_allocate(uint32_t count, struct start_vector *few)
{
    if (count <= START_FEW)
        return few->pointer;
    void *pages;
    if (count >= SLOTS_MAXIMUM * (PAGE_SIZE / sizeof(char *)) ||
        pages_allocate(pages_for((count + 1ull) * sizeof(char *)), &pages) != OK)
        return nullptr;
    return pages;
}

char **start_strings(uint32_t offset, uint32_t count, struct start_vector *few)
{
    char **vector = vector_allocate(count, few);
    char *text = (char *)(uintptr_t)start_page() + offset;
    char *end = (char *)(uintptr_t)start_page() + start_page()->size;
    for (uint32_t i = 0; vector && i < count; i++) {
        char *stop = text < end ? memchr(text, 0, (size_t)(end - text)) : nullptr;
        if (!stop)
            return nullptr;
        vector[i] = text;
        text = stop + 1;
    }
    if (vector)
        vector[count] = nullptr;
    return vector;
}

void start_environment(const struct start_page *start)
{
    char **variables = start_strings(start->environment, start->environment_count, &few_variables);
    environ = variables ? variables : few_variables.pointer;
}

const struct start_handle *start_handle_at(unsigned index)
{
    const struct start_page *page = start_page();
    if (index >= page->handle_count)
        return nullptr;
    return (const struct start_handle *)((uintptr_t)page + page->handles) + index;
}

const struct start_handle *start_handle_find(const char *name)
{
    const struct start_handle *handle;
    for (unsigned i = 0; (handle = start_handle_at(i)); i++) {
        if (strncmp(handle->name, name, sizeof handle->name) == 0)
            return handle;
    }
    return nullptr;
}

handle_t start_handle(const char *name)
{
    const struct start_handle *found = start_handle_find(name);
    return found ? found->handle : HANDLE_NONE;
}
