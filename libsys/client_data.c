// Arguments and results of a client call that are more than scalars.

#include <baton/client.h>
#include <baton/marshal.h>
#include <string.h>

static void refuse(struct client_call *call, bool fits, status_t status)
{
    if (!fits)
        call->status = status;
}

// --- arguments -----------------------------------------------------------------------------------

void client_page_text(struct client_call *call, size_t offset, const char *text, size_t bound)
{
    if (call->status != OK)
        return;
    size_t size = text_into_page(call->page + offset, text, bound);
    call->used = offset + size;
    refuse(call, size != 0, ERR_NAME_TOO_LONG);
}

void client_page_bytes(struct client_call *call, size_t offset, const void *bytes, size_t length,
                       size_t bound)
{
    if (call->status != OK)
        return;
    size_t size = bytes_into_page(call->page + offset, bytes, length, bound);
    call->used = offset + size;
    refuse(call, size != 0, ERR_TOO_LARGE);
}

void client_page_copy(struct client_call *call, size_t offset, const void *from, size_t size)
{
    if (call->status != OK)
        return;
    memcpy(call->page + offset, from, size);
    call->used = offset + size;
}

void client_word_text(struct client_call *call, unsigned word, const char *text, size_t bound)
{
    if (call->status == OK)
        refuse(call, text_into_words(call->message.word + word, text, bound), ERR_NAME_TOO_LONG);
}

void client_word_bytes(struct client_call *call, unsigned word, const void *bytes, size_t length,
                       size_t bound)
{
    if (call->status == OK)
        refuse(call, bytes_into_words(call->message.word + word, bytes, length, bound),
               ERR_TOO_LARGE);
}

void client_word_copy(struct client_call *call, unsigned word, const void *from, size_t size)
{
    if (call->status == OK)
        memcpy(call->message.word + word, from, size);
}

// --- results -------------------------------------------------------------------------------------

// Where a result lies in the page that the reply gave.
static const char *result_place(const struct client_call *call, size_t offset)
{
    return (const char *)parcel_address(call->message.parcel) + offset;
}

void client_text_in_page(struct client_call *call, size_t offset, char *text, size_t bound)
{
    text[0] = 0;
    if (call->status == OK)
        client_demand(call, text_from_page(result_place(call, offset), text, bound));
}

void client_bytes_in_page(struct client_call *call, size_t offset, void *bytes, uint32_t *length,
                          size_t bound)
{
    *length = 0;
    if (call->status == OK)
        client_demand(call, bytes_from_page(result_place(call, offset), bytes, length, bound));
}

void client_copy_in_page(struct client_call *call, size_t offset, void *to, size_t size)
{
    if (call->status == OK)
        copy_from_page(result_place(call, offset), to, size);
    else
        memset(to, 0, size);
}

void client_text_in_words(struct client_call *call, unsigned word, char *text, size_t bound)
{
    client_demand(call, text_from_words(call->message.word + word, text, bound));
}

void client_bytes_in_words(struct client_call *call, unsigned word, void *bytes, uint32_t *length,
                           size_t bound)
{
    client_demand(call, bytes_from_words(call->message.word + word, bytes, length, bound));
}

void client_copy_in_words(struct client_call *call, unsigned word, void *to, size_t size)
{
    memcpy(to, call->message.word + word, size);
}
