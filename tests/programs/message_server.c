// The obedient server of tests of messages: does what each request's tag says (message.h).

#include "message.h"
#include "registers.h"

#include <string.h>

static constexpr unsigned KEPT = 16;

static handle_t port, kept[KEPT];
static unsigned kept_count;
static struct all_registers seen;

static void wait_ms(uint64_t ms)
{
    ticks_t until = deadline_after(ms * MS);
    while (ticks_now() < until)
        (void)system_yield();
}

static parcel_t slots_of(const struct message *request)
{
    return pages_parcel(parcel_address(request->parcel), parcel_count(request->parcel),
                        PARCEL_NONE, 0);
}

// What must not be done with borrowed memory.
static struct message abuse(const struct message *request)
{
    parcel_t slots = slots_of(request);
    uaddr_t empty = slots_allocate(1);
    struct message answer = {};
    answer.word[0] = (uint64_t)system_memory_free(slots);
    answer.word[1] = (uint64_t)system_parcel_move(
        HANDLE_NONE, slots | (uint64_t)PARCEL_GIVE << PARCEL_MODE_SHIFT, empty);
    answer.word[2] = (uint64_t)system_memory_clone(slots, empty);
    answer.word[3] = (uint64_t)system_memory_protect(slots);
    answer.word[4] = (uint64_t)system_slot_release(slots);
    slots_free(empty, 1);
    return answer;
}

static status_t lend_on(const struct message *request)
{
    struct message message = {.tag = DO_WAIT, .word = {request->word[1]}};
    message.parcel = slots_of(request) | (uint64_t)PARCEL_LEND << PARCEL_MODE_SHIFT;
    status_t status =
        message_call(request->handle[0], &message, deadline_after(request->word[0] * MS));
    (void)system_handle_close(request->handle[0]);
    return status;
}

static struct message handles_describe(const struct message *request)
{
    struct message answer = {};
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++) {
        uint64_t detail;
        if (request->handle[i] == HANDLE_NONE)
            continue;
        EXPECT(system_handle_query(request->handle[i], &answer.word[i], &detail), OK);
        EXPECT(system_handle_close(request->handle[i]), OK);
    }
    return answer;
}

static struct message page_give(uint64_t word)
{
    volatile uint64_t *page = page_with(word);
    return (struct message){
        .parcel = pages_parcel((uaddr_t)page, 1, PARCEL_GIVE, PARCEL_WRITABLE)};
}

static void kept_answer(uint64_t index, uint64_t word, struct message *answer)
{
    struct message message = {.word = {word}};
    status_t status =
        index < kept_count ? message_reply(kept[index], &message) : ERR_BAD_ARGUMENT;
    answer->tag = (uint16_t)status;
}

// Deeds with memory and handles; false if it is none of them.
static bool obey_carried(enum deed deed, const struct message *request, struct message *answer)
{
    switch (deed) {
    case DO_WRITE: {
        volatile uint64_t *word = (volatile uint64_t *)parcel_address(request->parcel);
        answer->word[0] = *word;
        *word = request->word[0];
        return true;
    }
    case DO_DROP:
        answer->tag = (uint16_t)landing_free(request->parcel);
        return true;
    case DO_GIVE:
        *answer = page_give(request->word[0]);
        return true;
    case DO_ABUSE:
        *answer = abuse(request);
        return true;
    case DO_ACCEPT:
        answer->tag = (uint16_t)system_accept(request->word[0], (uint32_t)request->word[1],
                                              (uint32_t)request->word[2]);
        return true;
    case DO_HANDLES:
        *answer = handles_describe(request);
        return true;
    case DO_SIGNAL:
        answer->tag = (uint16_t)message_signal(request->handle[0], request->word[0]);
        (void)system_handle_close(request->handle[0]);
        return true;
    default:
        return false;
    }
}

// Answers in `answer`; true if the request has no answer now.
static bool obey(enum deed deed, const struct message *request, struct message *answer)
{
    *answer = (struct message){};
    switch (deed) {
    case DO_ECHO:
        memcpy(answer->word, request->word, sizeof answer->word);
        return false;
    case DO_KEEP:
        EXPECT(message_keep(&kept[kept_count++ % KEPT]), OK);
        return true;
    case DO_COUNT:
        answer->word[0] = kept_count;
        return false;
    case DO_ANSWER:
        wait_ms(request->word[2]);
        kept_answer(request->word[0], request->word[1], answer);
        return false;
    case DO_CLOSE:
        answer->tag = (uint16_t)system_handle_close(kept[request->word[0]]);
        return false;
    case DO_IGNORE:
        return true;
    case DO_DIE:
        __builtin_trap();
    case DO_END_THREAD:
        (void)system_thread_end();
        return true;
    case DO_WAIT:
        wait_ms(request->word[0]);
        return false;
    case DO_LEND_ON: {
        status_t status = lend_on(request);
        bool none = request->word[2] != 0 && obey((enum deed)request->word[2], request, answer);
        answer->word[0] = (uint64_t)status;
        return none;
    }
    case DO_REGISTERS:
        answer->word[0] = registers_other(&seen);
        answer->word[1] = vectors_other(&seen);
        answer->word[2] = seen.rdi;
        return false;
    default:
        if (!obey_carried(deed, request, answer))
            answer->tag = (uint16_t)ERR_BAD_METHOD;
        return false;
    }
}

static void receive(struct message *message)
{
    struct all_registers registers = {.rax = CALL_receive, .rdi = port};
    registers_fill(&registers, 0xb0b0);
    EXPECT(registers_call(&registers), OK);
    registers_to_message(&registers, message);
    if ((uint8_t)message->tag != DO_REGISTERS)
        seen = registers;
}

// An argument: the number of the message at which it ends.
int main(int argc, char **argv)
{
    struct message request, answer;
    int ends_at = argc > 1 ? atoi(argv[1]) : 0;
    port = start_handle("port");
    EXPECT(landing_prepare_default(), OK);
    for (;;) {
        receive(&request);
        if (--ends_at == 0)
            __builtin_trap();
        if (obey((enum deed)request.tag, &request, &answer))
            continue;
        status_t status = message_reply(HANDLE_NONE, &answer);
        if (status != OK && status != ERR_CANCELLED) {
            // A gift that cannot be taken, a loan that is lent on: the client hears of it.
            do
                answer = (struct message){.tag = (uint16_t)status};
            while (message_reply(HANDLE_NONE, &answer) == ERR_BUSY);
        }
    }
}
