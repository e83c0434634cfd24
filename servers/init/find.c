// The protocol `service`: finding services by name, and ending the system.

#include "init.h"

#include <baton/system.h>

#include <protocols/service.h>

#include <string.h>

static status_t find(struct request *request, const char *name,
                     struct service_find_results *results)
{
    (void)request;
    for (unsigned i = 0; i < service_count; i++) {
        const struct service *service = &services[i];
        if (!service->line.serves || strcmp(service->line.serves, name) != 0)
            continue;
        uint64_t copy;
        status_t status = system_handle_duplicate(
            service->call, RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER, &copy);
        results->port = (handle_t)copy;
        return status;
    }
    return ERR_NO_SERVICE;
}

static status_t list(struct request *request, uint32_t index,
                     struct service_list_results *results)
{
    (void)request;
    if (index >= service_count)
        return ERR_NOT_FOUND;
    const struct service *service = &services[index];
    strncpy(results->name, service->line.name, sizeof results->name);
    results->protocol = (uint16_t)service->line.protocol;
    results->process = service->child.number;
    return OK;
}

static status_t stop(struct request *request, uint8_t status, handle_t system)
{
    (void)request;
    (void)system;
    system_stop(status);
}

const struct service_server find_handlers = {.find = find, .list = list, .stop = stop};
