// A world for stubs and dispatches: what the kernel does for them, in one host process. Parcels are
// copied when they travel, into memory of their own, and that memory is freed when a loan goes home
// or a gift is freed: so the sanitizer sees what is kept too long and what is never freed.
#pragma once

#include <baton/client.h>
#include <baton/server.h>

static constexpr handle_t WORLD_PORT = 5;      // where calls go
static constexpr handle_t WORLD_HANDLES = 100; // first of the handles that world_handle makes

struct world {
    struct server_protocol serves;                 // who answers calls to WORLD_PORT
    void (*request_hook)(struct message *request); // sees and changes what arrives, if there
    void (*reply_hook)(struct message *reply);
    status_t call_status; // what calls fail with, if not OK
    unsigned failures;    // how many of them, 0: all
    bool keep_loans;      // as if the server held them when the call timed out
    unsigned calls;

    struct message request; // the last, as sent
    struct message reply;   // likewise
    status_t memory_status; // what memory_create fails with, if not OK
};
extern struct world world;

// Forgets all, and checks that nothing is left over: handles, parcels.
void world_reset(void);

// A handle of one's own.
handle_t world_handle(enum object_type type, rights_t rights, uint16_t protocol);
bool world_handle_is_open(handle_t handle);
unsigned world_handles_open(void);

// Pages of one's own to send, zeroed, at a page-aligned address; landing_free frees them.
parcel_t world_pages(unsigned count);
unsigned world_parcels(void); // that nobody has freed

// One's pages are home again after keep_loans.
void world_loans_return(void);

// A message as it lands at the receiver, and its loan's end. For calls by hand.
void world_pass(struct message *message);
void world_home(const struct message *sent, const struct message *landed);
