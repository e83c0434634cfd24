// What generated client stubs are made of (include/protocols/README.md). Programs call the stubs;
// of this file they use at most client_default_ticks and client_deadline.
//
// A stub copies what does not fit into the words into pages of its own (never the caller's, which
// hold other things too), lends them, and clears them when they are back. A page whose call timed
// out while the server held it stays away until the server answers or ends; until then calls take
// another one.
//
// Results that are parcels lie in a landing window (baton/parcel.h), which has to be large enough
// and is taken until the program has called landing_take or landing_free.
#pragma once

#include <baton/message.h>
#include <baton/shape.h>
#include <stddef.h>

static constexpr unsigned CLIENT_PAGES = 4;

// What a call may take unless its caller says otherwise: 5 s, set before main.
extern ticks_t client_default_ticks;

static inline ticks_t client_deadline(void)
{
    return __builtin_ia32_rdtsc() + client_default_ticks;
}

// A reply that brought what its method does not return: drops it. ERR_BAD_MESSAGE, or the reply's
// own error.
status_t client_reject(status_t status, parcel_t parcel, uint64_t handles_low,
                       uint64_t handles_high);

// A call whose arguments and results are words: the message becomes the reply, all 0 after an
// error. Errors of call, and those that the server answers.
static inline status_t client_words(handle_t port, struct message *message, ticks_t deadline)
{
    status_t status = message_call(port, message, deadline);
    uint64_t low = message->handle[0] | (uint64_t)message->handle[1] << 32;
    uint64_t high = message->handle[2] | (uint64_t)message->handle[3] << 32;
    if (status == OK)
        status = message_reply_status(message);
    if ((message->parcel | low | high) != 0) [[clang::unlikely]]
        status = client_reject(status, message->parcel, low, high);
    if (status != OK) [[clang::unlikely]]
        *message = (struct message){};
    return status;
}

// Any other call, from client_open to client_close. The first error stays in `status`, and what
// follows it does nothing.
struct client_call {
    struct message message; // the request, then the reply; all 0 after an error
    status_t status;
    unsigned pages; // lent with the arguments
    char *page;     // where they begin
    size_t used;    // bytes of them that were written
};

// Takes pages of 0 for the arguments. ERR_BUSY: all are with servers that do not answer.
void client_open(struct client_call *call, unsigned pages);

// Put arguments into the page, or into the words from `word` on. Text that is too long is
// ERR_NAME_TOO_LONG, too many bytes are ERR_TOO_LARGE.
void client_page_text(struct client_call *call, size_t offset, const char *text, size_t bound);
void client_page_bytes(struct client_call *call, size_t offset, const void *bytes, size_t length,
                       size_t bound);
void client_page_copy(struct client_call *call, size_t offset, const void *from, size_t size);
void client_word_text(struct client_call *call, unsigned word, const char *text, size_t bound);
void client_word_bytes(struct client_call *call, unsigned word, const void *bytes, size_t length,
                       size_t bound);
void client_word_copy(struct client_call *call, unsigned word, const void *from, size_t size);

// Calls, and compares the reply with its shape. A result parcel has at most `most` entries.
// ERR_BAD_MESSAGE, ERR_NO_SLOT (no landing window for the results), errors of call and those that
// the server answers.
void client_exchange(struct client_call *call, handle_t port, const struct message_shape *results,
                     uint64_t most, ticks_t deadline);

// Get results from the page or from the words; malformed ones are ERR_BAD_MESSAGE.
void client_text_in_page(struct client_call *call, size_t offset, char *text, size_t bound);
void client_bytes_in_page(struct client_call *call, size_t offset, void *bytes, uint32_t *length,
                          size_t bound);
void client_copy_in_page(struct client_call *call, size_t offset, void *to, size_t size);
void client_text_in_words(struct client_call *call, unsigned word, char *text, size_t bound);
void client_bytes_in_words(struct client_call *call, unsigned word, void *bytes, uint32_t *length,
                           size_t bound);
void client_copy_in_words(struct client_call *call, unsigned word, void *to, size_t size);

// Refuses the reply, unless `sound`.
void client_demand(struct client_call *call, bool sound);

// Frees the results' pages, and returns the status.
status_t client_close(struct client_call *call);
