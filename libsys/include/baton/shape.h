// What a message of a method looks like: made by scripts/protocol for arguments and for results,
// and compared with what has arrived before anybody looks inside.
#pragma once

#include <abi/rights.h>
#include <baton/message.h>

struct parcel_shape {
    enum parcel_mode mode; // PARCEL_NONE: there must be none
    uint8_t level;
    bool optional;
    uint16_t least, most; // entries
    uint64_t rights;      // PARCEL_WRITABLE, PARCEL_EXECUTABLE: that it must have come with
};

struct handle_shape {
    enum object_type type; // OBJECT_NONE: there must be none
    rights_t rights;       // that it must have
    bool optional;
    uint16_t protocol; // of a port; 0: any
};

struct message_shape {
    uint64_t word[MESSAGE_WORDS]; // bits that may be set
    struct parcel_shape parcel;
    unsigned handles; // places of `handle` in use
    struct handle_shape handle[MESSAGE_HANDLES];
};

// Whether a message's words, parcel and handles are what the shape says; types and rights of
// handles are not asked for. The parcel may have at most `most` entries, and what the shape says.
bool message_fits(const struct message *message, const struct message_shape *shape, uint64_t most);

// Whether the handles that are there have the types, rights and protocols of the shape: a system
// call for each.
bool message_handles_fit(const struct message *message, const struct message_shape *shape);

// Closes the handles that a message brought, and frees its parcel if that was given.
void message_drop(const struct message *message);

// A parcel as a stub sends it: the program's slots, the protocol's mode and rights. 0 stays 0.
static inline parcel_t message_parcel(parcel_t slots, enum parcel_mode mode, uint64_t rights)
{
    constexpr uint64_t kept = ~(7ull << PARCEL_MODE_SHIFT | PARCEL_WRITABLE | PARCEL_EXECUTABLE);
    return slots == 0 ? 0 : (slots & kept) | (uint64_t)mode << PARCEL_MODE_SHIFT | rights;
}

// Puts a handle into its place, if there is one.
static inline void message_put_handle(struct message *message, unsigned place, handle_t handle,
                                      bool moved, rights_t rights)
{
    if (handle == HANDLE_NONE)
        return;
    message->handle[place] = handle;
    message->tag |= (uint64_t)moved << (TAG_MOVE_SHIFT + place) |
                    (uint64_t)rights << (TAG_RIGHTS_SHIFT + 8 * place);
}
