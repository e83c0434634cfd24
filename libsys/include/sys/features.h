// What libsys adds to picolibc: its headers declare by these what the system can do.
#pragma once

#include_next <sys/features.h>

#define _POSIX_MONOTONIC_CLOCK 200112L
#define _POSIX_PRIORITY_SCHEDULING 200112L
