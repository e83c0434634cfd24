// What system_query answers (include/abi/query.h).
#pragma once

#include <stdint.h>

// Fills a zeroed page with a topic's records from an index on; gives how many. False: no such
// topic.
bool query_fill(uint32_t topic, uint64_t index, void *page, uint64_t *count);
