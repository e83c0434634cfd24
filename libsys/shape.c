// Comparing messages with their shapes, for clients and servers alike.

#include <baton/parcel.h>
#include <baton/shape.h>
#include <baton/system.h>

static bool words_fit(const struct message *message, const struct message_shape *shape)
{
    uint64_t foreign = 0;
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        foreign |= message->word[i] & ~shape->word[i];
    return foreign == 0;
}

// To who receives it, what was cloned is as good as given.
static bool mode_fits(enum parcel_mode mode, enum parcel_mode declared)
{
    return (mode == PARCEL_LEND) == (declared == PARCEL_LEND);
}

static bool parcel_fits(parcel_t parcel, const struct parcel_shape *shape, uint64_t most)
{
    if (parcel == 0)
        return shape->mode == PARCEL_NONE || shape->optional;
    if (shape->mode == PARCEL_NONE || !mode_fits(parcel_mode(parcel), shape->mode))
        return false;
    unsigned count = parcel_count(parcel);
    return parcel_level(parcel) == shape->level && count >= shape->least && count <= shape->most &&
           count <= most && (parcel & PARCEL_HOLES) == 0 && (shape->rights & ~parcel) == 0;
}

static bool has_handles(const struct message *message)
{
    return (message_handle_pair(message, 0) | message_handle_pair(message, 1)) != 0;
}

static bool handles_present(const struct message *message, const struct message_shape *shape)
{
    if (shape->handles == 0)
        return !has_handles(message);
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++) {
        const struct handle_shape *handle = &shape->handle[i];
        if (message->handle[i] != HANDLE_NONE ? handle->type == OBJECT_NONE
                                              : handle->type != OBJECT_NONE && !handle->optional)
            return false;
    }
    return true;
}

bool message_fits(const struct message *message, const struct message_shape *shape, uint64_t most)
{
    return words_fit(message, shape) && parcel_fits(message->parcel, &shape->parcel, most) &&
           handles_present(message, shape);
}

static bool handle_fits(handle_t handle, const struct handle_shape *shape)
{
    uint64_t kind, about;
    if (system_handle_query(handle, &kind, &about) != OK)
        return false;
    rights_t rights = (rights_t)(kind >> 8);
    return (uint8_t)kind == shape->type && (shape->rights & ~rights) == 0 &&
           (shape->protocol == 0 || about == shape->protocol);
}

bool message_handles_fit(const struct message *message, const struct message_shape *shape)
{
    if (!has_handles(message))
        return true;
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if (message->handle[i] != HANDLE_NONE &&
            !handle_fits(message->handle[i], &shape->handle[i]))
            return false;
    return true;
}

void message_drop(const struct message *message)
{
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if (message->handle[i] != HANDLE_NONE)
            (void)system_handle_close(message->handle[i]);
    if (message->parcel != 0 && parcel_mode(message->parcel) != PARCEL_LEND)
        (void)landing_free(message->parcel);
}
