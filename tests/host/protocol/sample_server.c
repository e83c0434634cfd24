// A server of the sample protocol that answers what it got.

#include "sample_server.h"

#include <baton/parcel.h>
#include <baton/system.h>
#include <string.h>

struct sample_orders sample_orders;

static status_t outcome(struct request *request)
{
    sample_orders.handled++;
    if (!sample_orders.keep)
        return sample_orders.status;
    return request_keep(request, &sample_orders.kept) == OK ? REQUEST_KEPT : ERR_NO_HANDLE;
}

static status_t scalars(struct request *request, uint8_t a, uint32_t b, int16_t c, bool d,
                        int64_t e, enum sample_colour f, uint16_t g, enum sample_wide h,
                        struct sample_scalars_results *results)
{
    *results = (struct sample_scalars_results){
        .a2 = (int8_t)a, .b2 = (int32_t)b, .c2 = c, .d2 = d, .e2 = e, .f2 = f, .g2 = g, .h2 = h};
    return outcome(request);
}

static status_t nothing(struct request *request)
{
    return outcome(request);
}

static status_t bounds(struct request *request, uint8_t low, uint32_t count, int32_t offset,
                       uint64_t any, struct sample_bounds_results *results)
{
    results->sum = low + count + offset + (int64_t)any;
    return outcome(request);
}

static status_t brief(struct request *request, uint16_t tag, const char *name, const uint8_t *data,
                      uint32_t data_length, struct sample_brief_results *results)
{
    results->part = (uint8_t)tag;
    results->pair =
        (struct sample_inner){.left = -1, .right = 2, .tone = SAMPLE_COLOUR_BLUE, .sure = true};
    strncpy(results->name_back, name, sizeof results->name_back - 1);
    results->data_back_length = data_length < 6 ? data_length : 6;
    memcpy(results->data_back, data, results->data_back_length);
    return outcome(request);
}

static status_t full(struct request *request, const char *first, const struct sample_thing *thing,
                     const uint8_t *data, uint32_t data_length, const char *second,
                     struct sample_full_results *results)
{
    results->number = (uint32_t)strlen(second);
    results->thing_back = *thing;
    strcpy(results->first_back, first);
    results->data_back_length = data_length;
    memcpy(results->data_back, data, data_length);
    return outcome(request);
}

static status_t handles(struct request *request, handle_t a, handle_t b, parcel_t data,
                        struct sample_handles_results *results)
{
    sample_orders.parcel = data;
    ((char *)parcel_address(data))[PAGE_SIZE] = 'w';
    (void)system_handle_close(a);
    results->c = world_handle(OBJECT_PROCESS, RIGHTS_ALL, 0);
    if (b != HANDLE_NONE)
        (void)system_handle_close(b);
    if (!sample_orders.leave_out)
        results->d = world_handle(OBJECT_PORT, RIGHTS_ALL, 3);
    return outcome(request);
}

static status_t parcels(struct request *request, uint16_t count, parcel_t data,
                        struct sample_parcels_results *results)
{
    (void)count;
    sample_orders.parcel = data;
    results->used = parcel_count(data);
    if (!sample_orders.leave_out)
        results->back = data;
    else
        (void)landing_free(data);
    return outcome(request);
}

static status_t large(struct request *request, parcel_t data)
{
    sample_orders.parcel = data;
    return outcome(request);
}

static status_t name(struct request *request, const char *text, struct sample_name_results *results)
{
    strcpy(results->text_back, text);
    return outcome(request);
}

static status_t take(struct request *request, struct sample_take_results *results)
{
    sample_orders.parcel = results->page = world_pages(1);
    return outcome(request);
}

const struct sample_server sample_echo = {
    .scalars = scalars,
    .nothing = nothing,
    .bounds = bounds,
    .brief = brief,
    .full = full,
    .handles = handles,
    .parcels = parcels,
    .large = large,
    .name = name,
    .take = take,
};
