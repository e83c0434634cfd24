// Clocks. CLOCK_MONOTONIC counts from boot, CLOCK_REALTIME needs to know when that was.

#include "internal.h"

#include <baton/start.h>
#include <baton/time.h>

#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
        return posix_fail(ERR_BAD_ARGUMENT);
    if (clock == CLOCK_REALTIME && start_page()->boot_time == 0)
        return posix_fail(ERR_UNSUPPORTED);
    uint64_t ns = time_since_boot_ns();
    uint64_t seconds = ns / NS_PER_SECOND;
    if (clock == CLOCK_REALTIME)
        seconds += start_page()->boot_time;
    *now = (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)(ns % NS_PER_SECOND)};
    return 0;
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
        return posix_fail(ERR_BAD_ARGUMENT);
    *resolution = (struct timespec){.tv_nsec = 1};
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone; // obsolete; the time is UTC
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
        return -1;
    *now = (struct timeval){.tv_sec = precise.tv_sec, .tv_usec = precise.tv_nsec / 1000};
    return 0;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    if (wanted->tv_sec < 0 || wanted->tv_nsec < 0 || wanted->tv_nsec >= (long)NS_PER_SECOND)
        return posix_fail(ERR_BAD_ARGUMENT);
    static constexpr uint64_t LONGEST = UINT64_MAX / NS_PER_SECOND - 1;
    uint64_t seconds = (uint64_t)wanted->tv_sec;
    seconds = seconds < LONGEST ? seconds : LONGEST;
    status_t status =
        sleep_until(deadline_after(seconds * NS_PER_SECOND + (uint64_t)wanted->tv_nsec));
    if (left)
        *left = (struct timespec){};
    return status == OK ? 0 : posix_fail(status);
}

unsigned sleep(unsigned seconds)
{
    return nanosleep(&(struct timespec){.tv_sec = seconds}, nullptr) == 0 ? 0 : seconds;
}

int usleep(useconds_t microseconds)
{
    struct timespec wanted = {.tv_sec = (time_t)(microseconds / 1'000'000),
                              .tv_nsec = (long)(microseconds % 1'000'000) * 1000};
    return nanosleep(&wanted, nullptr);
}
