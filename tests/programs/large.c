// Makes large pages, clones, splits and joins them, and passes them on: lent, given and as a clone.

#include "message.h"

#include <string.h>

static constexpr uaddr_t PLACE = 1ull << 40, SIZE = 2 << 20, COPY = PLACE + 4 * SIZE;
static constexpr uaddr_t WINDOW = 2ull << 40, WORD = 0x5000;
static constexpr uint64_t CHARGE = 513; // of a large page

static parcel_t slot(uaddr_t address, enum parcel_mode mode, uint64_t rights)
{
    return parcel_make(address, 2, 1, mode, rights);
}

static volatile uint64_t *word(uaddr_t address)
{
    return (volatile uint64_t *)address;
}

static void large_make(uaddr_t address)
{
    EXPECT(system_memory_create(0, slot(address, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_LARGE), OK);
}

static unsigned level_at(uaddr_t address)
{
    uint64_t description, charge;
    EXPECT(system_parcel_query(address, &description, &charge), OK);
    return parcel_level(description);
}

// --- one's own -----------------------------------------------------------------------------------

static void own(void)
{
    large_make(PLACE);
    for (uaddr_t at = 0; at < SIZE; at += PAGE_SIZE)
        EXPECT(*word(PLACE + at), 0);
    *word(PLACE + WORD) = 1;
    EXPECT(level_at(PLACE), 2);
    EXPECT(system_memory_clone(slot(PLACE, PARCEL_NONE, 0), COPY), OK);
    *word(COPY + WORD) = 2;
    *word(PLACE + 0x6000) = 3;
    EXPECT(*word(PLACE + WORD), 1);
    EXPECT(*word(COPY + 0x6000), 0);
    EXPECT(level_at(COPY), 1);
    EXPECT(system_memory_free(slot(PLACE, PARCEL_NONE, 0)), OK);
    EXPECT(system_memory_free(slot(COPY, PARCEL_NONE, 0)), OK);
    EXPECT(system_memory_create(0, parcel_make(PLACE, 1, 1, PARCEL_NONE, 0), MEMORY_LARGE),
           ERR_PAGE_SIZE);
}

static void split_and_join(void)
{
    large_make(PLACE);
    *word(PLACE + WORD) = 4;
    EXPECT(system_memory_split(slot(PLACE, PARCEL_NONE, 0)), OK);
    EXPECT(level_at(PLACE), 1);
    EXPECT(*word(PLACE + WORD), 4);
    EXPECT(system_memory_join(slot(PLACE, PARCEL_NONE, 0)), OK);
    EXPECT(level_at(PLACE), 2);
    EXPECT(*word(PLACE + WORD), 4);
    *word(PLACE + WORD) = 5;
    EXPECT(system_memory_free(slot(PLACE, PARCEL_NONE, 0)), OK);
    EXPECT(system_memory_join(slot(PLACE, PARCEL_NONE, 0)), ERR_BAD_SLOT);
}

// --- in messages ---------------------------------------------------------------------------------

// Answers what stood in what came, and its level, and writes word 0 there. What it was given it
// frees.
static int be_server(void)
{
    struct message message;
    struct message_info info;
    handle_t port = start_handle("port");
    EXPECT(system_slot_prepare(slot(WINDOW, PARCEL_NONE, 0), 1), OK);
    EXPECT(system_accept(CHARGE, 0, 0), OK);
    EXPECT(message_receive(port, &message, &info, 0), OK);
    for (;;) {
        volatile uint64_t *there = word(parcel_address(message.parcel) + WORD);
        uint64_t was = *there, level = parcel_level(message.parcel);
        *there = message.word[0];
        if (parcel_mode(message.parcel) != PARCEL_LEND) {
            EXPECT(system_memory_free(slot(WINDOW, PARCEL_NONE, 0)), OK);
            EXPECT(system_slot_prepare(slot(WINDOW, PARCEL_NONE, 0), 1), OK);
        }
        message = (struct message){.word = {was, level}};
        EXPECT(message_reply_receive(port, &message, &info, 0), OK);
    }
}

// What the server finds there, and that it came whole.
static uint64_t send(const struct peer *peer, enum parcel_mode mode, uint64_t value)
{
    struct message message = {.tag = DO_WRITE, .word = {value}};
    message.parcel = slot(PLACE, mode, PARCEL_WRITABLE);
    EXPECT(ask(peer->port, &message, 5000), OK);
    EXPECT(message.word[1], 2);
    return message.word[0];
}

static void in_messages(void)
{
    struct peer peer = peer_start_limited("/test/large", "server", HANDLE_NONE, PEER_FRAMES + 600);
    large_make(PLACE);
    *word(PLACE + WORD) = 6;
    EXPECT(send(&peer, PARCEL_LEND, 7), 6);
    EXPECT(*word(PLACE + WORD), 7);
    EXPECT(level_at(PLACE), 2);
    EXPECT(send(&peer, PARCEL_CLONE, 8), 7); // and splits its own
    EXPECT(*word(PLACE + WORD), 7);
    *word(PLACE + WORD) = 9;
    EXPECT(send(&peer, PARCEL_LEND, 10), 9);
    EXPECT(send(&peer, PARCEL_GIVE, 11), 10);
    struct message message = {.parcel = slot(PLACE, PARCEL_GIVE, PARCEL_WRITABLE)};
    EXPECT(ask(peer.port, &message, 5000), ERR_EMPTY);
    large_make(PLACE);
    EXPECT(*word(PLACE + WORD), 0);
    peer_stop(&peer);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "server") == 0)
        return be_server();
    own();
    split_and_join();
    in_messages();
    printf("large pages work\n");
    return 0;
}
