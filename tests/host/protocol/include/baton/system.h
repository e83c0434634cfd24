// The real header with the system calls that libsys's stubs use replaced: see message.h beside.
#pragma once

#define system_handle_query  real_system_handle_query
#define system_handle_close  real_system_handle_close
#define system_memory_create real_system_memory_create
#define system_memory_free   real_system_memory_free
#define system_parcel_query  real_system_parcel_query
#include_next <baton/system.h>
#undef system_handle_query
#undef system_handle_close
#undef system_memory_create
#undef system_memory_free
#undef system_parcel_query

status_t system_handle_query(handle_t handle, uint64_t *result, uint64_t *result2);
status_t system_handle_close(handle_t handle);
status_t system_memory_create(handle_t process, parcel_t slots, uint32_t kind);
status_t system_memory_free(parcel_t slots);
status_t system_parcel_query(uaddr_t address, uint64_t *result, uint64_t *result2);
