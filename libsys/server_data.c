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

static constexpr uint64_t MOVED_MASK = 15ull << TAG_MOVE_SHIFT;

// Its pages stay for the next answer, those of others do not.
static bool is_gift(parcel_t parcel)
{
    return parcel_mode(parcel) == PARCEL_GIVE && parcel_address(parcel) != reply_pages;
}

bool answer_parts_with(const struct message *answer)
{
    return (answer->tag & MOVED_MASK) != 0 || is_gift(answer->parcel);
}

static void answer_drop(const struct message *answer)
{
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if (answer->handle[i] != HANDLE_NONE && (answer->tag >> (TAG_MOVE_SHIFT + i) & 1) != 0)
            (void)system_handle_close(answer->handle[i]);
    if (is_gift(answer->parcel))
        (void)system_memory_free(message_parcel(answer->parcel, PARCEL_NONE, 0));
}

void answer_refused(handle_t reply, const struct message *answer, status_t reason)
{
    answer_drop(answer);
    if (reason == ERR_CANCELLED) // the reply handle is closed all the same
        return;
    struct message message = {.tag = (uint16_t)reason};
    bool answered = reason != ERR_NOT_CALLED && message_reply(reply, &message) == OK;
    if (!answered && reply != HANDLE_NONE)
        (void)system_handle_close(reply);
}

status_t reply_kept(struct kept_request *kept, struct message *message)
{
    struct message answer = *message;
    handle_t reply = kept->reply;
    kept->reply = HANDLE_NONE;
    status_t status = message_reply(reply, message);
    if (status != OK)
        answer_refused(reply, &answer, status);
    return status;
}
