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
[[gnu::visibility("hidden")]] extern ticks_t client_default_ticks;

static inline ticks_t client_deadline(void)
{
    uint64_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (high << 32) + client_default_ticks + low;
}

// What a call has come to that brought more than words, or an error: rax and the reply's registers.
// What the method does not return is dropped. ERR_BAD_MESSAGE for it, or the call's or the reply's
// own error.
[[gnu::cold]] status_t client_outcome(uint64_t rax, uint64_t tag, parcel_t parcel,
                                      uint64_t handles_low, uint64_t handles_high);

// A call whose arguments and results are words: the message becomes the reply, all 0 after an
// error. Errors of call, and those that the server answers.
static inline status_t client_words(handle_t port, struct message *message, ticks_t deadline)
{
    uint64_t target = port, extra = deadline;
    uint64_t rax = message_system_call(CALL_call, &target, message, &extra);
    uint64_t low = message_handle_pair(message, 0), high = message_handle_pair(message, 1);
    if ((rax | message->tag | message->parcel | low | high) == 0) [[clang::likely]]
        return OK;
    status_t status = client_outcome(rax, message->tag, message->parcel, low, high);
    if (status != OK)
        *message = (struct message){};
    return status;
}

// How often a stub NAME_METHOD_retry calls: a request that every new server dies of has to end.
static constexpr unsigned CLIENT_TRIES = 3;

// Whether it is worth to call again. A server that has died is started again, and until then calls
// wait at its port, each with the deadline of the first; a port that is closed stays closed.
static inline bool client_tries_again(status_t status, unsigned *tries)
{
    return status == ERR_PEER_DIED && ++*tries < CLIENT_TRIES;
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

// Make ready for a reply that may bring a parcel, or handles and no parcel. ERR_NO_MEMORY.
void client_expect_parcel(struct client_call *call);
void client_expect_handles(struct client_call *call);

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
