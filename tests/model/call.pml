/* Calls, loans and deaths: the steps of kernel/message and of a process's end, with their names.
 *
 * One step of the model is one step of the kernel that other harts can see: a section under a port's
 * lock is cut where wait_end, which looks at `port` and `word` without that lock, could tell the
 * difference; a claim is one compare-exchange. All else interleaves freely, as if each thread, the
 * timers and the end of a process had a hart of their own. Memory is sequentially consistent.
 * README.md says what is checked, and how large each configuration is.
 *
 * Threads, one to a process: clients 1 and 2, servers 3 and 4. Ports: 1 of server 3, 2 of server 4.
 * Parcel n is client n's.
 */

#define CLIENTS 2
#define THREADS 4
#define IS_SERVER(t) ((t) > CLIENTS)
#define PORT_OF(t) ((t) - CLIENTS)
#define KEPT(t) ((t) + 2)                      /* a server's kept hand; its own hand is t */
#define HAND_SERVER(h) ((h) > THREADS -> (h) - 2 : (h))

/* Configuration: how many calls each client makes, and what may happen. */
#ifndef CALLS_1
#define CALLS_1 1
#endif
#ifndef CALLS_2
#define CALLS_2 1
#endif
#ifndef VICTIMS
#define VICTIMS 0 /* bits: which threads' process may end; 0: none */
#endif
#ifndef PORTS_1
#define PORTS_1 1 /* bits: which ports client 1 calls */
#endif
#ifndef PORTS_2
#define PORTS_2 1
#endif
/* Bits: which servers call the other while they serve; keep requests; receive again without a
 * reply; loop for ever; receive with a deadline. Flags: DEADLINES, LOANS, REFUSE (what comes is not
 * accepted, once), DEFER (a direct call's deadline enters the heap later). */
#ifndef CHAIN
#define CHAIN 0
#endif
#ifndef KEEP
#define KEEP 0
#endif
#ifndef FORGET
#define FORGET 0
#endif
#ifndef HANG
#define HANG 0
#endif
#ifndef RECEIVES
#define RECEIVES 0
#endif
#ifndef FAULT
#define FAULT 0
#endif
#define CIRCLES (CHAIN == 24) /* the servers may call each other */
#define MAY(mask, n) (((mask) >> (n)) & 1)

mtype = { CALL_IDLE, CALL_QUEUED, CALL_TAKEN, CALL_REPLYING };
mtype = { NOTHING, REPLY, REQUEST, NO_REPLY, NO_SLOT, TIMED_OUT, PORT_CLOSED, PEER_DIED, ENDED,
          DEADLOCK };
mtype = { NEVER, LATER, PASSED }; /* a deadline */

/* struct thread */
mtype state[THREADS + 1] = CALL_IDLE;      /* call.word, low byte */
byte generation[THREADS + 1];              /* call.word, the rest */
mtype deadline[THREADS + 1] = NEVER;       /* call.deadline */
byte port[THREADS + 1];                    /* where it waits; stale with a hand full */
byte server_of[THREADS + 1];               /* call.server, where circles are possible */
mtype timer[THREADS + 1] = NEVER;          /* timer.deadline; not NEVER: marked, no fast path */
bool armed[THREADS + 1];                   /* in a heap */
byte references[THREADS + 1] = 1;          /* the process's own */
mtype result[THREADS + 1] = NOTHING;       /* registers */
byte sends[THREADS + 1];                   /* registers of a call: the parcel that is lent, or 0 */
byte answers[THREADS + 1];                 /* registers of a reply: the generation it is for */
bool running[THREADS + 1];                 /* current on a hart, or in a run queue */

/* struct process */
bool ending[THREADS + 1];
bool gone[THREADS + 1];                    /* its thread has ended */
bool cleaned;                              /* the victim's clean-up is done */
byte loans[THREADS + 1];
bool marked[THREADS + 1];                  /* its parcel is in flight */
bool done[THREADS + 1];
bool unaccepted, refused;                  /* once in a run */

/* struct hand */
byte hand_caller[2 * THREADS - 1];
byte hand_generation[2 * THREADS - 1];
byte hand_parcel[2 * THREADS - 1];         /* the loan that lies here; 0: none */

/* Where each client's parcel can be touched: one place, whatever happens. */
byte holder[CLIENTS + 1];

/* struct port */
bool locked[3];
bool closed[3];
byte waiting[3];
chan queue_1 = [THREADS] of { byte };
chan queue_2 = [THREADS] of { byte };

/* --- within one step of whoever uses them ----------------------------------------------------- */

inline queue_append(p, t) {
    if
    :: p == 1 -> queue_1!t
    :: else -> queue_2!t
    fi
}

inline queue_pop(p, t) {
    if
    :: p == 1 -> queue_1?t
    :: else -> queue_2?t
    fi
}

inline queue_take(p, t) {
    if
    :: p == 1 -> queue_1??eval(t)
    :: else -> queue_2??eval(t)
    fi
}

#define QUEUE_EMPTY(p) ((p) == 1 && len(queue_1) == 0 || (p) == 2 && len(queue_2) == 0)

inline thread_ready(t) {
    assert(!running[t] && !gone[t]); /* it is in one place only */
    running[t] = true
}

/* What a waiting thread finds: once for each wait. */
inline thread_result(t, what, g) {
    assert(!running[t] && result[t] == NOTHING);
    result[t] = what;
    answers[t] = g
}

inline timer_arm(t, when) {
    assert(!armed[t] && references[t] > 0 && !gone[t]);
    timer[t] = when;
    armed[t] = true
}

inline timer_cancel(t) {
    armed[t] = false;
    timer[t] = NEVER
}

inline object_release(t) {
    assert(references[t] > 0);
    references[t]--;
    assert(references[t] > 0 || (hand_caller[3] != t && hand_caller[4] != t &&
                                 hand_caller[5] != t && hand_caller[6] != t))
}

#define HANDED_ON(h) (hand_parcel[h] != 0 && holder[hand_parcel[h]] != HAND_SERVER(h))
#if FAULT == 9 /* nobody asks whether a loan is lent on */
#define LENT_ON(h) false
#else
#define LENT_ON(h) HANDED_ON(h)
#endif

inline loan_home(h) {
    if
    :: hand_parcel[h] != 0 ->
        assert(!HANDED_ON(h)); /* it would panic */
        holder[hand_parcel[h]] = hand_caller[h];
        hand_parcel[h] = 0;
        assert(loans[hand_caller[h]] > 0);
        loans[hand_caller[h]]--
    :: else
    fi
}

/* receive_request_locked when all is well, up to the store that makes the call TAKEN. */
inline hand_fill(h, c) {
    assert(hand_caller[h] == 0 && hand_parcel[h] == 0);
    hand_caller[h] = c;
#if CIRCLES
    server_of[c] = HAND_SERVER(h);
#endif
    hand_generation[h] = generation[c];
    if
    :: sends[c] != 0 ->
        assert(holder[sends[c]] == c);
        holder[sends[c]] = h;
        hand_parcel[h] = sends[c];
        loans[c]++
    :: else
    fi;
    marked[c] = false
}

inline hand_empty(h) {
    hand_caller[h] = 0;
    hand_generation[h] = 0
}

/* --- waits that end otherwise ----------------------------------------------------------------- */

#define CALL_IS(c, g, s) (state[c] == s && generation[c] == (g))
#define LATE_ENOUGH(t, s, status) \
    (status != TIMED_OUT || (s != CALL_IDLE -> deadline[t] : timer[t]) == PASSED)
#if FAULT == 5 /* the deadline is not looked at again */
#define MAY_END(t, s, status) true
#else
#define MAY_END(t, s, status) LATE_ENOUGH(t, s, status) /* wait_may_end */
#endif

/* call_claim: waits while somebody holds the call in CALL_REPLYING for a moment. Within atomic. */
inline call_claim(c, g, next, ok) {
    FAULT == 8 || !CALL_IS(c, g, CALL_REPLYING);
    if
    :: CALL_IS(c, g, CALL_TAKEN) ->
        state[c] = next;
        ok = true
    :: else -> ok = false
    fi
}

/* What follows when a wait was ended: nobody else can see the thread until then. */
inline wait_ended(t, status) {
    timer_cancel(t);
    thread_result(t, status, 0);
    if
    :: status == ENDED -> /* thread_stop */
        assert(!gone[t]);
        gone[t] = true
    :: else -> thread_ready(t)
    fi
}

#ifdef STALE /* a server that is called keeps `port`, and reading hand and port are two steps */
#define W_HAND byte w_hand;
#else /* what amounts to the same but for that */
#define W_HAND
#endif
#define WAITS_AT(s, hand) (s == CALL_QUEUED || (s == CALL_IDLE && hand == 0))

/* wait_end, with what its two callers do afterwards; status: TIMED_OUT or ENDED. */
inline wait_end(t, status) {
    left = false;
    do
    :: atomic { w_state = state[t]; w_generation = generation[t] };
       atomic { /* port_waited_at: the hand, then the port */
#ifdef STALE
           w_hand = hand_caller[t]
       };
       atomic {
           w_port = (WAITS_AT(w_state, w_hand) -> port[t] : 0);
           w_hand = 0
#else
           w_port = (WAITS_AT(w_state, hand_caller[t]) -> port[t] : 0)
#endif
       };
       if
       :: !MAY_END(t, w_state, status) -> break
       :: else
       fi;
       if
       :: w_port != 0 -> /* port_leave */
           atomic {
               !locked[w_port];
               if
               :: port[t] != w_port || !MAY_END(t, state[t], status)
               :: else ->
                   assert(LATE_ENOUGH(t, state[t], status));
                   left = true;
                   if
                   :: state[t] == CALL_QUEUED ->
                       queue_take(w_port, t);
                       marked[t] = false;
                       state[t] = CALL_IDLE
                   :: state[t] != CALL_QUEUED && waiting[w_port] == t -> waiting[w_port] = 0
                   :: else -> left = false
                   fi;
                   if
                   :: left -> port[t] = 0; wait_ended(t, status)
                   :: else
                   fi
               fi
           }
       :: w_port == 0 && w_state == CALL_TAKEN -> /* call_leave */
           atomic {
               call_claim(t, w_generation, CALL_IDLE, left);
               if
               :: left ->
                   assert(LATE_ENOUGH(t, CALL_TAKEN, status));
#if FAULT != 6
                   references[t]++; /* the server's hand still names it */
#endif
                   wait_ended(t, status)
               :: else
               fi
           }
       :: w_port == 0 && w_state == CALL_QUEUED ->
#if FAULT == 10 /* takes it that a thread between queue and hand does not wait */
           break
#else
           port[t] != 0 || state[t] != CALL_QUEUED /* it is being taken: soon over */
#endif
       :: w_port == 0 && w_state == CALL_REPLYING ->
#if FAULT == 2 /* takes it that a call which is being answered, or only held, is over */
           break
#else
           !CALL_IS(t, w_generation, CALL_REPLYING) /* soon over, too */
#endif
       :: else -> break
       fi;
       if
       :: left -> break
       :: else
       fi
    od;
    atomic { w_port = 0; w_state = CALL_IDLE; w_generation = 0; left = false }
}

inline call_unclaim(c, g) {
    atomic { assert(CALL_IS(c, g, CALL_REPLYING)); state[c] = CALL_TAKEN }
}

/* deadlines_enter: the deadlines of those whom a thread serves, put off until now. A call is held
 * while its caller's own hand is read, so that it stands still. */
inline deadlines_enter(t) {
#ifdef DEFER
    atomic {
        e_held = false;
        e_caller = hand_caller[t];
        e_generation = hand_generation[t];
        if
        :: e_caller != 0 -> call_claim(e_caller, e_generation, CALL_REPLYING, e_held)
        :: else
        fi
    };
    do
    :: e_held ->
        atomic {
            if
            :: deadline[e_caller] != NEVER && timer[e_caller] == NEVER ->
                timer_arm(e_caller, deadline[e_caller])
            :: else
            fi;
            e_held = false;
            if
            :: IS_SERVER(e_caller) ->
                e_next = hand_caller[e_caller];
                e_next_generation = hand_generation[e_caller]
            :: else
            fi
        };
        if
        :: e_next != 0 -> atomic { call_claim(e_next, e_next_generation, CALL_REPLYING, e_held) }
        :: else
        fi;
        call_unclaim(e_caller, e_generation);
        atomic {
            e_caller = e_next;
            e_generation = e_next_generation;
            e_next = 0;
            e_next_generation = 0
        }
    :: else -> break
    od;
    atomic { e_caller = 0; e_generation = 0 }
#else
    skip
#endif
}

/* --- how a server's hand ends ----------------------------------------------------------------- */

inline hand_drop(h) {
    loan_home(h);
    r_caller = hand_caller[h];
    hand_empty(h);
    object_release(r_caller)
}

/* reply_pass up to the caller's being ready to run: r_answered names it. It is not asked while the
 * loan is lent on (ERR_BUSY). */
inline reply_pass(h) {
    atomic {
        port[HAND_SERVER(h)] = 0;
        r_caller = hand_caller[h];
        r_generation = hand_generation[h];
#if FAULT == 1 /* no claim */
        r_ok = true;
        state[r_caller] = CALL_REPLYING
#else
        call_claim(r_caller, r_generation, CALL_REPLYING, r_ok);
        if
        :: !r_ok -> hand_drop(h)
        :: else
        fi
#endif
    };
    if
    :: !r_ok
#ifdef REFUSE
    :: r_ok && !refused -> /* what the reply brings is not accepted */
        refused = true;
        call_unclaim(r_caller, r_generation)
#endif
    :: r_ok ->
        atomic {
            loan_home(h);
            hand_empty(h);
            timer_cancel(r_caller);
            thread_result(r_caller, REPLY, r_generation);
            state[r_caller] = CALL_IDLE;
            r_answered = r_caller
        }
    fi;
    atomic { r_caller = 0; r_generation = 0; r_ok = false }
}

inline hand_fail(h, status) {
    atomic {
        if
        :: !gone[HAND_SERVER(h)] -> port[HAND_SERVER(h)] = 0 /* by the thread itself */
        :: else
        fi;
        if
        :: hand_caller[h] != 0 ->
            r_caller = hand_caller[h];
            r_generation = hand_generation[h];
            r_lent_on = LENT_ON(h);
            call_claim(r_caller, r_generation, CALL_REPLYING, r_ok);
            if
            :: !r_ok && !r_lent_on -> hand_drop(h)
            :: else
            fi
        :: else
        fi
    };
    atomic {
        if
        :: r_ok ->
            if
            :: r_lent_on -> references[r_caller]++ /* the hand still names it */
            :: else ->
#if FAULT != 4
                loan_home(h);
#endif
                hand_empty(h)
            fi;
            timer_cancel(r_caller);
            thread_result(r_caller, status, 0);
            state[r_caller] = CALL_IDLE;
            thread_ready(r_caller)
        :: else
        fi;
        r_caller = 0;
        r_generation = 0;
        r_ok = false;
        r_lent_on = false
    }
}

inline thread_finish(self) {
    if
    :: IS_SERVER(self) ->
        hand_fail(self, PEER_DIED)
    :: else
    fi;
    atomic { assert(running[self] && !gone[self]); running[self] = false; gone[self] = true }
}

/* --- call ------------------------------------------------------------------------------------- */

/* Who must answer a thread's call: awaited_by. With two servers a cycle has two calls. */
#define AWAITED(t) (state[t] == CALL_QUEUED && port[t] != 0 -> port[t] + CLIENTS : \
                    (state[t] == CALL_TAKEN || state[t] == CALL_REPLYING -> server_of[t] : 0))
#if FAULT == 14 /* cycles are not looked for */
#define CLOSES_CYCLE(self, at) false
#elif FAULT == 15 /* only calls that are taken are followed */
#define CLOSES_CYCLE(self, at) (state[at + CLIENTS] == CALL_TAKEN && AWAITED(at + CLIENTS) == self)
#else
#define CLOSES_CYCLE(self, at) (AWAITED(at + CLIENTS) == self)
#endif

/* message_call; message_call_fast takes the same steps when a server waits. */
inline message_call(self, at, until, lent) {
    atomic {
        !locked[at];
        deadline[self] = until;
        sends[self] = lent;
        result[self] = NOTHING;
#if FAULT != 3
        generation[self]++;
#endif
        if
        :: closed[at] -> result[self] = PORT_CLOSED
#ifdef REFUSE
        :: !closed[at] && waiting[at] != 0 && !unaccepted ->
            unaccepted = true;
            result[self] = NO_SLOT;
#if FAULT == 11 /* the server is off the port before it is known that it accepts */
            locked[at] = true;
            port[waiting[at]] = 0
#endif
#endif
        :: !closed[at] && waiting[at] != 0 -> /* call_direct_locked */
            c_server = waiting[at];
            waiting[at] = 0;
#ifndef STALE
            port[c_server] = 0;
#endif
            timer_cancel(c_server);
            hand_fill(c_server, self);
            thread_result(c_server, REQUEST, 0);
#if FAULT != 12 && !defined(DEFER)
            if
            :: until != NEVER -> timer_arm(self, until)
            :: else
            fi;
#endif
            running[self] = false;
            state[self] = CALL_TAKEN;
            thread_ready(c_server)
        :: !closed[at] && waiting[at] == 0 -> /* call_queue_locked */
            if
            :: lent != 0 -> marked[self] = true
            :: else
            fi;
            state[self] = CALL_QUEUED;
            port[self] = at;
            queue_append(at, self);
#ifdef DEFER
            locked[at] = true;
            timer_arm(self, until)
#else
            if
            :: IS_SERVER(self) && CIRCLES -> locked[at] = true
            :: !(IS_SERVER(self) && CIRCLES) && until != NEVER ->
                running[self] = false;
                timer_arm(self, until)
            :: else -> running[self] = false
            fi
#endif
        fi
    };
#if FAULT == 11
    if
    :: result[self] == NO_SLOT -> atomic { port[waiting[at]] = at; locked[at] = false }
    :: else
    fi;
#endif
#if FAULT == 12 /* the timer is armed when the call can be ended already */
    atomic {
        if
        :: c_server != 0 && until != NEVER -> timer_arm(self, until)
        :: else
        fi
    };
#endif
#ifdef DEFER
    if
    :: state[self] == CALL_QUEUED && port[self] == at && running[self] ->
        if
        :: IS_SERVER(self) -> deadlines_enter(self)
        :: else
        fi;
        atomic { running[self] = false; locked[at] = false }
    :: else
    fi;
#else
    if
    :: state[self] == CALL_QUEUED && running[self] -> /* waits_for_itself */
        atomic {
            if
            :: CLOSES_CYCLE(self, at) ->
                queue_take(at, self); /* queue_leave_locked */
                marked[self] = false;
                state[self] = CALL_IDLE;
                port[self] = 0;
                result[self] = DEADLOCK
            :: else ->
                running[self] = false;
                if
                :: until != NEVER -> timer_arm(self, until)
                :: else
                fi
            fi;
            locked[at] = false
        }
    :: else
    fi;
#endif
    atomic { /* it runs on */
        running[self];
        assert(state[self] == CALL_IDLE && timer[self] == NEVER);
        assert(port[self] == 0 || hand_caller[self] != 0);
        assert(result[self] != NOTHING && !marked[self]);
        assert(result[self] != REPLY || answers[self] == generation[self]);
        deadline[self] = NEVER;
        sends[self] = 0;
        answers[self] = 0;
        c_server = 0
    }
}

/* --- receive ---------------------------------------------------------------------------------- */

/* receive_or_wait; r_answered is a thread that runs on, or 0. */
inline receive_or_wait(self, at, until) {
    atomic { !locked[at]; locked[at] = true; result[self] = NOTHING };
    do
    :: !QUEUE_EMPTY(at) -> /* receive_next_locked */
        atomic { queue_pop(at, c_caller); port[c_caller] = 0 };
        atomic {
            if
#ifdef REFUSE
            :: !unaccepted ->
                unaccepted = true;
                timer_cancel(c_caller);
                marked[c_caller] = false;
                state[c_caller] = CALL_IDLE;
                thread_result(c_caller, NO_SLOT, 0);
                thread_ready(c_caller)
#endif
            :: true ->
                hand_fill(self, c_caller);
                state[c_caller] = CALL_TAKEN;
                result[self] = REQUEST
            fi;
            c_caller = 0
        };
        if
        :: result[self] == REQUEST -> break
        :: else
        fi
    :: QUEUE_EMPTY(at) -> break
    od;
#if FAULT == 7 /* looks, unlocks, and only then waits */
    locked[at] = false;
#endif
    atomic {
        if
        :: result[self] == REQUEST
        :: result[self] != REQUEST && closed[at] -> result[self] = PORT_CLOSED
        :: else -> /* receive_wait_locked */
            port[self] = at;
            waiting[at] = self;
            running[self] = false;
            if
            :: until != NEVER -> timer_arm(self, until)
            :: else
            fi
        fi;
        locked[at] = false;
        if
        :: r_answered != 0 -> thread_ready(r_answered)
        :: else
        fi;
        r_answered = 0
    };
    atomic {
        running[self];
        assert(timer[self] == NEVER && state[self] == CALL_IDLE);
        assert(port[self] == 0 || hand_caller[self] != 0);
        assert(result[self] != NOTHING)
    }
}

/* message_reply_receive_fast: when nothing travels but words, no timer runs for the caller, and no
 * request waits. f_done: it was possible. */
inline message_reply_receive_fast(self, at) {
    atomic {
        f_done = false;
        r_caller = hand_caller[self];
        if
        :: hand_parcel[self] == 0 && timer[r_caller] == NEVER && !locked[at] && QUEUE_EMPTY(at) &&
           CALL_IS(r_caller, hand_generation[self], CALL_TAKEN) ->
            result[self] = NOTHING;
            waiting[at] = self;
            port[self] = at;
            running[self] = false;
            thread_result(r_caller, REPLY, hand_generation[self]);
            hand_empty(self);
            state[r_caller] = CALL_IDLE;
            thread_ready(r_caller);
            f_done = true
        :: else
        fi;
        r_caller = 0
    }
}

/* --- programs --------------------------------------------------------------------------------- */

#ifdef DEFER
#define CHOOSE_DEADLINE(when) when = LATER
#elif defined(DEADLINES)
#define CHOOSE_DEADLINE(when) if :: when = NEVER :: when = LATER fi
#else
#define CHOOSE_DEADLINE(when) when = NEVER
#endif
#ifdef LOANS
#define CHOOSE_PARCEL(parcel) if :: with = 0 :: with = parcel fi
#else
#define CHOOSE_PARCEL(parcel) with = 0
#endif

/* A thread in user mode: where its process ends, an interrupt makes it stop, now or after the next
 * calls (the fast path does not look). */
proctype client(byte me; byte calls; byte ports) {
    byte p, c_server;
    byte e_caller, e_generation, e_next, e_next_generation; bool e_held;
    byte w_port, w_generation; W_HAND mtype w_state = CALL_IDLE; bool left;
    byte r_caller, r_generation; bool r_ok, r_lent_on;
    mtype when = NEVER;
    byte with;

    do
    :: atomic {
            calls > 0 && holder[me] == me -> /* what is lent cannot be sent again */
            calls--;
            if
            :: MAY(ports, 0) -> p = 1
            :: MAY(ports, 1) -> p = 2
            fi;
            CHOOSE_DEADLINE(when);
            CHOOSE_PARCEL(me)
       };
       message_call(me, p, when, with);
       atomic {
            assert(holder[me] == me || result[me] == TIMED_OUT || result[me] == PEER_DIED);
            result[me] = NOTHING;
            p = 0;
            when = NEVER;
            with = 0;
            done[me] = (calls == 0)
       }
    :: ending[me] -> break
    od;
    thread_finish(me)
}

/* Its deadline is in no heap yet. */
#define LATE(c) (deadline[c] == LATER && timer[c] == NEVER && state[c] == CALL_TAKEN)

proctype server(byte me) {
    byte c_server, c_caller;
    byte e_caller, e_generation, e_next, e_next_generation; bool e_held;
    byte w_port, w_generation; W_HAND mtype w_state = CALL_IDLE; bool left;
    byte r_caller, r_generation, r_answered; bool r_ok, r_lent_on;
    bool f_done, called, waited; byte with;
    mtype when = NEVER;

    atomic { running[me]; result[me] = NOTHING }; /* it begins in a receive */
    do
    :: ending[me] -> break
    :: hand_caller[me] == 0 && result[me] != PORT_CLOSED -> /* message_receive */
        atomic {
            called = false;
            when = NEVER;
            if
            :: !waited && MAY(RECEIVES, me) -> waited = true; when = LATER
            :: true
            fi
        };
        receive_or_wait(me, PORT_OF(me), when);
        atomic {
            when = NEVER;
            if
            :: result[me] != PORT_CLOSED -> result[me] = NOTHING
            :: else
            fi
        }
    :: hand_caller[me] != 0 && !LENT_ON(me) -> /* message_reply_receive */
        message_reply_receive_fast(me, PORT_OF(me));
        if
        :: f_done -> atomic { running[me]; called = false; f_done = false }
        :: else ->
            reply_pass(me);
            if
            :: hand_caller[me] == 0 ->
                receive_or_wait(me, PORT_OF(me), NEVER);
                called = false
            :: else /* refused */
            fi
        fi
    :: MAY(CHAIN, me) && hand_caller[me] != 0 && !called && !LENT_ON(me) ->
        atomic { called = true; CHOOSE_DEADLINE(when); CHOOSE_PARCEL(hand_parcel[me]) };
        message_call(me, 3 - PORT_OF(me), when, with);
        atomic { when = NEVER; with = 0 }
    :: MAY(KEEP, me) && hand_caller[me] != 0 && hand_caller[KEPT(me)] == 0 ->
        deadlines_enter(me);
        atomic { /* message_reply_keep */
            port[me] = 0;
            hand_caller[KEPT(me)] = hand_caller[me];
            hand_generation[KEPT(me)] = hand_generation[me];
            hand_parcel[KEPT(me)] = hand_parcel[me];
            hand_parcel[me] = 0;
            hand_empty(me)
        }
    :: MAY(KEEP, me) && hand_caller[KEPT(me)] != 0 && !LENT_ON(KEPT(me)) -> /* message_reply */
        reply_pass(KEPT(me));
        atomic {
            if
            :: r_answered != 0 -> thread_ready(r_answered)
            :: else
            fi;
            r_answered = 0
        }
    :: MAY(FORGET, me) && hand_caller[me] != 0 && !LENT_ON(me) -> /* receives without a reply */
        hand_fail(me, NO_REPLY)
    :: MAY(HANG, me) && hand_caller[me] != 0 && !ending[me] -> ending[me] /* an endless loop */
#ifdef DEFER
    :: hand_caller[me] != 0 && LATE(hand_caller[me]) -> deadlines_enter(me) /* watchdog_tick */
    :: hand_caller[me] != 0 && IS_SERVER(hand_caller[me]) && hand_caller[hand_caller[me]] != 0 &&
       LATE(hand_caller[hand_caller[me]]) -> deadlines_enter(me)
#endif
    od;
    thread_finish(me)
}

#define EXPIRE(t) armed[t] -> \
    armed[t] = false; \
    timer[t] = PASSED; \
    if \
    :: state[t] != CALL_IDLE -> deadline[t] = PASSED \
    :: else \
    fi; \
    e = t

/* timers_run: any timer that is armed may expire, at any moment. */
proctype timers() {
    byte e;
    byte w_port, w_generation; W_HAND mtype w_state = CALL_IDLE; bool left;

    do
    :: atomic {
           if
           :: EXPIRE(1)
           :: EXPIRE(2)
           :: EXPIRE(3)
           :: EXPIRE(4)
           fi
       };
       wait_end(e, TIMED_OUT);
       e = 0
    od
}

/* process_end of one process, at any moment, then process_clean_up. */
proctype end(byte v) {
    byte r_caller, r_generation; bool r_ok, r_lent_on;
    byte c_caller;
    byte w_port, w_generation; W_HAND mtype w_state = CALL_IDLE; bool left;

    ending[v] = true;
    wait_end(v, ENDED);
#if FAULT != 13 /* a thread that began to wait as its process ended is not looked for again */
    do
    :: gone[v] -> break
    :: !gone[v] && ((port[v] != 0 && hand_caller[v] == 0) || state[v] != CALL_IDLE) ->
        wait_end(v, ENDED)
    od;
#else
    gone[v];
#endif
    if
    :: IS_SERVER(v) ->
        hand_fail(v, PEER_DIED);
        hand_fail(KEPT(v), PEER_DIED);
        atomic { !locked[PORT_OF(v)]; closed[PORT_OF(v)] = true };
        do
        :: atomic {
               !QUEUE_EMPTY(PORT_OF(v)) && !locked[PORT_OF(v)] -> /* port_take_any */
               queue_pop(PORT_OF(v), c_caller);
               marked[c_caller] = false;
               state[c_caller] = CALL_IDLE;
               port[c_caller] = 0
           };
           atomic {
               timer_cancel(c_caller);
               thread_result(c_caller, PORT_CLOSED, 0);
               thread_ready(c_caller);
               c_caller = 0
           }
        :: QUEUE_EMPTY(PORT_OF(v)) -> break
        od;
        !LENT_ON(v); /* until what is lent on has come back */
        hand_fail(v, PEER_DIED);
        !LENT_ON(KEPT(v));
        hand_fail(KEPT(v), PEER_DIED)
    :: else
    fi;
    atomic { loans[v] == 0 /* loans_awaited */; object_release(v); cleaned = true }
}

/* --- what must hold when nothing happens any more --------------------------------------------- */

#define HANGS(t) (IS_SERVER(t) && running[t] && !gone[t] && MAY(HANG, t))

/* A call without a deadline may wait for a server that never answers; nothing else may wait. */
#define HELD_BY(c, h) (hand_caller[h] == (c) && CALL_IS(c, hand_generation[h], CALL_TAKEN))
#define WAITS_FOR(c, s) (HELD_BY(c, s) || HELD_BY(c, KEPT(s)) || \
                         (state[c] == CALL_QUEUED && port[c] == PORT_OF(s)))
#define WAITS_LONG(c) (!ending[c] && deadline[c] == NEVER && \
                       ((WAITS_FOR(c, 3) && STUCK(3)) || (WAITS_FOR(c, 4) && STUCK(4)) || \
                        PATIENT(c, 3) || PATIENT(c, 4)))
/* Kept, and the server receives. */
#define PATIENT(c, s) (HELD_BY(c, KEPT(s)) && waiting[PORT_OF(s)] == s)
#define STUCK(s) (!gone[s] && (HANGS(s) || waits_long[s] || lent_long[s]))
bool waits_long[THREADS + 1];
bool lent_long[THREADS + 1];

#define HAND_NAMES(h, t) \
    (hand_caller[h] == (t) && !CALL_IS(t, hand_generation[h], CALL_TAKEN) -> 1 : 0)
#define STALE(t) (HAND_NAMES(3, t) + HAND_NAMES(4, t) + HAND_NAMES(5, t) + HAND_NAMES(6, t))

#define CHECK_THREAD(t) \
    assert(!(running[t] && ((port[t] != 0 && hand_caller[t] == 0) || state[t] != CALL_IDLE))); \
    assert(state[t] != CALL_REPLYING); \
    assert(!ending[t] || gone[t]); \
    assert(references[t] == (ending[t] && cleaned -> 0 : 1) + STALE(t)); \
    assert(!armed[t]); \
    assert(gone[t] || deadline[t] != PASSED)

#define CHECK_CLIENT(c) \
    assert(done[c] || gone[c] || WAITS_LONG(c) || \
           (running[c] && holder[c] != c && !gone[holder[c]])); \
    assert(holder[c] == c || !gone[holder[c]] || lent_long[holder[c]]); \
    assert(holder[c] == c || hand_parcel[holder[c]] == c || hand_parcel[KEPT(holder[c])] == c); \
    assert(!marked[c] || state[c] == CALL_QUEUED)

#define CHECK_SERVER(s) \
    assert(gone[s] || closed[PORT_OF(s)] || waiting[PORT_OF(s)] == s || HANGS(s) || STUCK(s)); \
    assert(QUEUE_EMPTY(PORT_OF(s)) || waiting[PORT_OF(s)] == 0); \
    assert(QUEUE_EMPTY(PORT_OF(s)) || !closed[PORT_OF(s)]); \
    assert(!locked[PORT_OF(s)])

proctype finish(byte v) {
    timeout -> d_step {
        /* Server 3 waits on what it called, or on a loan that it lent on to a server that hangs. */
        waits_long[3] = deadline[3] == NEVER && (WAITS_FOR(3, 4) && HANGS(4) || PATIENT(3, 4));
        waits_long[4] = deadline[4] == NEVER && (WAITS_FOR(4, 3) && HANGS(3) || PATIENT(4, 3));
        lent_long[3] = (HANDED_ON(3) || HANDED_ON(KEPT(3))) &&
                       (HANGS(4) || hand_caller[KEPT(4)] == 3);
        lent_long[4] = (HANDED_ON(4) || HANDED_ON(KEPT(4))) &&
                       (HANGS(3) || hand_caller[KEPT(3)] == 4);
        CHECK_THREAD(1);
        CHECK_THREAD(2);
        CHECK_THREAD(3);
        CHECK_THREAD(4);
        CHECK_CLIENT(1);
        CHECK_CLIENT(2);
        CHECK_SERVER(3);
        CHECK_SERVER(4);
        assert(v == 0 || cleaned || loans[v] != 0 || lent_long[v])
    }
}

init {
    byte v;
    atomic {
        holder[1] = 1;
        holder[2] = 2;
        running[1] = true;
        running[2] = true;
        port[3] = 1;
        port[4] = 2;
        waiting[1] = 3;
        waiting[2] = 4;
        if
        :: true -> v = 0
        :: MAY(VICTIMS, 1) -> v = 1
        :: MAY(VICTIMS, 2) -> v = 2
        :: MAY(VICTIMS, 3) -> v = 3
        :: MAY(VICTIMS, 4) -> v = 4
        fi;
        done[1] = (CALLS_1 == 0);
        done[2] = (CALLS_2 == 0);
        run client(1, CALLS_1, PORTS_1);
        run client(2, CALLS_2, PORTS_2);
        run server(3);
        run server(4);
#ifdef DEADLINES
        run timers();
#endif
        if
        :: v != 0 -> run end(v)
        :: else
        fi;
        run finish(v)
    }
}
