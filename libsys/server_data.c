// What generated dispatches are made of: arguments out of requests, results into answers.

#include <baton/marshal.h>
#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/system.h>
#include <string.h>

#include "server_internal.h"

// --- requests ------------------------------------------------------------------------------------

status_t request_refuse(struct request *request, status_t status)
{
    message_drop(&request->message);
    return status;
}

status_t request_unknown(const void *, struct request *request)
{
    return request_refuse(request, ERR_BAD_METHOD);
}

bool request_fits(const struct request *request, const struct message_shape *shape, uint64_t most)
{
    return message_fits(&request->message, shape, most) &&
           message_handles_fit(&request->message, shape);
}

void request_dispatch(const struct server_protocol *protocol, struct request *request)
{
    uint64_t tag = request->message.tag;
    status_t status;
    request->message.tag = 0;
    if ((tag & 0xffff << TAG_PROTOCOL_SHIFT) != protocol->tag)
        status = request_refuse(request, ERR_BAD_PROTOCOL);
    else if ((uint8_t)tag >= protocol->methods)
        status = request_refuse(request, ERR_BAD_METHOD);
    else if ((tag & REQUEST_TAG_MASK) != protocol->tag)
        status = request_refuse(request, ERR_BAD_MESSAGE); // flags
    else
        status = protocol->table[(uint8_t)tag](protocol->handlers, request);
    if (status != OK)
        request->message = (struct message){.tag = (uint16_t)status};
}

static const char *argument_place(const struct request *request, size_t offset)
{
    return (const char *)parcel_address(request->message.parcel) + offset;
}

bool request_page_text(const struct request *request, size_t offset, char *text, size_t bound)
{
    return text_from_page(argument_place(request, offset), text, bound);
}

bool request_page_bytes(const struct request *request, size_t offset, void *bytes, uint32_t *length,
                        size_t bound)
{
    return bytes_from_page(argument_place(request, offset), bytes, length, bound);
}

void request_page_copy(const struct request *request, size_t offset, void *to, size_t size)
{
    copy_from_page(argument_place(request, offset), to, size);
}

bool request_word_text(const struct request *request, unsigned word, char *text, size_t bound)
{
    return text_from_words(request->message.word + word, text, bound);
}

bool request_word_bytes(const struct request *request, unsigned word, void *bytes, uint32_t *length,
                        size_t bound)
{
    return bytes_from_words(request->message.word + word, bytes, length, bound);
}

// --- answers -------------------------------------------------------------------------------------

static constexpr unsigned REPLY_PAGES = 4; // most that a method's results take

static uaddr_t reply_pages;

parcel_t reply_parcel(unsigned pages)
{
    return parcel_make(reply_pages, 1, pages, PARCEL_GIVE, PARCEL_WRITABLE);
}

// The pages leave with each answer. Those of an answer that was refused are still there.
char *reply_page(unsigned pages)
{
    if (reply_pages == 0 && (reply_pages = slots_allocate(REPLY_PAGES)) == 0)
        return nullptr;
    for (unsigned i = 0; i < pages; i++) {
        uaddr_t address = reply_pages + i * PAGE_SIZE;
        parcel_t page = parcel_make(address, 1, 1, PARCEL_NONE, PARCEL_WRITABLE);
        status_t status = system_memory_create(0, page, MEMORY_PAGES);
        if (status == ERR_OCCUPIED)
            memset((void *)address, 0, PAGE_SIZE);
        else if (status != OK)
            return nullptr;
    }
    return (char *)reply_pages;
}

static size_t length_within(const char *text, size_t bound)
{
    size_t length = 0;
    while (length < bound && text[length] != 0)
        length++;
    return length;
}

void reply_page_text(char *page, size_t offset, const char *text, size_t bound)
{
    char *place = page + offset;
    if (text != place) {
        size_t length = text == nullptr ? 0 : length_within(text, bound);
        if (length != 0)
            memcpy(place, text, length);
        place[length] = 0;
    }
    place[bound] = 0;
}

void reply_page_bytes(char *page, size_t offset, const void *bytes, size_t length, size_t bound)
{
    (void)bytes_into_page(page + offset, bytes, length < bound ? length : bound, bound);
}

void reply_word_text(struct message *message, unsigned word, const char *text, size_t bound)
{
    memcpy(message->word + word, text, length_within(text, bound));
}

void reply_word_bytes(struct message *message, unsigned word, const void *bytes, size_t length,
                      size_t bound)
{
    (void)bytes_into_words(message->word + word, bytes, length < bound ? length : bound, bound);
}

// The pages of reply_page stay for the next answer.
static void answer_drop(const struct message *answer)
{
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if (answer->handle[i] != HANDLE_NONE && (answer->tag >> (TAG_MOVE_SHIFT + i) & 1) != 0)
            (void)system_handle_close(answer->handle[i]);
    parcel_t parcel = answer->parcel;
    if (parcel_mode(parcel) == PARCEL_GIVE && parcel_address(parcel) != reply_pages)
        (void)system_memory_free(message_parcel(parcel, PARCEL_NONE, 0));
}

void answer_refused(handle_t reply, const struct message *answer, status_t reason)
{
    answer_drop(answer);
    struct message message = {.tag = (uint16_t)reason};
    if (reason != ERR_NOT_CALLED && reason != ERR_CANCELLED)
        (void)message_reply(reply, &message);
}

status_t reply_kept(struct kept_request *kept, struct message *message)
{
    struct message answer = *message;
    handle_t reply = kept->reply;
    kept->reply = HANDLE_NONE;
    status_t status = message_reply(reply, message);
    if (status == OK)
        return OK;
    answer_refused(reply, &answer, status);
    // Closed already unless the kernel would not take the second answer either.
    (void)system_handle_close(reply);
    return status;
}
