// A server of the sample protocol that answers what it got, for both tests.
#pragma once

#include "world.h"

#include <protocols/sample.h>

extern const struct sample_server sample_echo;

// What handlers do beside: the status that they return, and whether they keep the request.
struct sample_orders {
    status_t status;
    bool keep;
    struct kept_request kept;
    unsigned handled;
    bool leave_out;  // optional results
    parcel_t parcel; // that `handles` and `parcels` got
};
extern struct sample_orders sample_orders;
