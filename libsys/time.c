// Ticks, nanoseconds and waiting. The conversions go through 128 bits, so they do not overflow.

#include <baton/message.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

static ticks_t cut(unsigned __int128 value)
{
    return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

// a * b / c, rounded up by `round`; the quotient is cut to 64 bits. Without the library's 128-bit
// division: the quotient is put together from the parts of `a`.
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c, uint64_t round)
{
    uint64_t whole = a / c, rest = a % c;
    return cut((unsigned __int128)whole * b + (rest * b + round) / c);
}

uint64_t ns_from_ticks(ticks_t ticks)
{
    return scale(ticks, NS_PER_SECOND, start_page()->ticks_per_second, 0);
}

ticks_t ticks_from_ns(uint64_t ns)
{
    return scale(ns, start_page()->ticks_per_second, NS_PER_SECOND, NS_PER_SECOND - 1);
}

ticks_t deadline_after(uint64_t ns)
{
    ticks_t now = ticks_now(), wait = ticks_from_ns(ns);
    return now + wait < now ? UINT64_MAX : now + wait;
}

ticks_t deadline_default(void)
{
    return deadline_after(DEADLINE_DEFAULT_NS);
}

uint64_t time_since_boot_ns(void)
{
    return ns_from_ticks(ticks_now() - start_page()->boot_ticks);
}

// A port where nothing ever arrives, so that a receive is a wait.
status_t sleep_until(ticks_t deadline)
{
    static handle_t silent;
    if (!silent) {
        uint64_t port;
        status_t status = system_port_create(0, &port);
        if (status != OK)
            return status;
        silent = (handle_t)port;
    }
    struct message message;
    struct message_info info;
    status_t status = message_receive(silent, &message, &info, deadline);
    return status == ERR_TIMED_OUT ? OK : status;
}
