/* ERR_DEADLOCK: who calls queues, then walks from caller to whom that waits for, twice, reading one
 * thread's call at a time, while others call, are taken, answered and withdrawn. One step is a
 * section under a port's lock, or one read. Three threads, each the only one of its process and the
 * receiver of its port.
 *
 * Checked: whoever is refused was in a cycle, all of whose calls waited at one time; and in the end
 * nobody waits.
 */

#ifndef FAULT
#define FAULT 0
#endif
#define THREADS 3
#define CALLS 3 /* of all threads together */

mtype = { IDLE, QUEUED, TAKEN, HELD }; /* REPLYING, but only for a moment: TAKEN again */

mtype state[THREADS] = IDLE; /* call.word, low byte */
byte generation[THREADS];    /* call.word, the rest */
byte server[THREADS];        /* whose port it queues at, or who took it */
bool walking[THREADS];
byte calls;

#define WAITS(t) (state[t] != IDLE)
/* A cycle of which t is one: of two, of three, or a call to itself. */
#define NEXT(t) server[t]
#define IN_CYCLE(t) (WAITS(t) && (NEXT(t) == t || (WAITS(NEXT(t)) && \
                     (NEXT(NEXT(t)) == t || (WAITS(NEXT(NEXT(t))) && NEXT(NEXT(NEXT(t))) == t)))))

/* cycle_of: `sum` of the words, or 0 if the walk ends elsewhere. A walk of more steps than threads
 * is in a cycle of others. */
inline cycle_of(me, sum) {
    sum = 0;
    at = me;
    steps = 0;
    do
    :: atomic { /* one call's word and whom it waits for */
           steps++;
           if
           :: state[at] == IDLE || steps > THREADS || FAULT == 4 && state[at] == HELD ->
               sum = 0;
               at = THREADS
           :: else ->
#if FAULT == 3 /* that both walks come back is enough, whatever they met */
               sum = 1;
#else
               sum = sum + generation[at];
#endif
               at = server[at]
           fi
       };
       if
       :: at == me || at == THREADS -> break
       :: else
       fi
    od
}

inline leave(t) {
    state[t] = IDLE;
    server[t] = 0
}

/* deadlines_enter of some other thread holds a call that is taken; not for ever, or there would be
 * no end. */
proctype holder() {
    byte t, times;
    do
    :: atomic { times < 2 ->
           times++;
           if
           :: state[0] == TAKEN -> t = 0
           :: state[1] == TAKEN -> t = 1
           :: state[2] == TAKEN -> t = 2
           fi;
           state[t] = HELD
       };
       atomic { state[t] = TAKEN; t = 0 }
    od
}

#define SERVE(me, t) \
    :: d_step { !WAITS(me) && !walking[me] && server[t] == me && !walking[t] && \
                (state[t] == QUEUED || state[t] == TAKEN) -> \
           if \
           :: state[t] == QUEUED -> state[t] = TAKEN \
           :: else -> leave(t) \
           fi }

/* A thread's own steps while it runs: it calls, or takes and answers who has called it. */
proctype thread(byte me) {
    byte at, steps, callee;
    short first, second;
    bool real;
    do
    :: atomic { !WAITS(me) && !walking[me] && calls < CALLS ->
           calls++;
           if
           :: callee = 0
           :: callee = 1
           :: callee = 2
           fi;
#if FAULT == 1 /* looks before it is queued: two that call at once both see nothing */
           walking[me] = true
       };
       cycle_of(me, first);
       atomic {
           generation[me]++;
           server[me] = callee;
           state[me] = QUEUED;
           walking[me] = false
       }
#else
           generation[me]++;
           server[me] = callee;
           state[me] = QUEUED;
           walking[me] = true /* the port is locked: nobody takes or withdraws it meanwhile */
       };
       cycle_of(me, first);
       real = IN_CYCLE(me);
#if FAULT == 2 /* one walk is enough */
       second = first;
#else
       if
       :: first != 0 -> cycle_of(me, second)
       :: else -> second = 0
       fi;
#endif
       atomic {
           if
           :: first != 0 && first == second -> assert(real); leave(me)
           :: else
           fi;
           walking[me] = false;
           first = 0;
           second = 0;
           at = 0;
           steps = 0;
           callee = 0;
           real = false
       }
#endif
    SERVE(me, 0)
    SERVE(me, 1)
    SERVE(me, 2)
#ifdef DEADLINES
    :: d_step { WAITS(me) && state[me] != HELD && !walking[me] -> leave(me) } /* by its deadline */
#endif
    od
}

proctype finish() {
    timeout -> assert(!IN_CYCLE(0) && !IN_CYCLE(1) && !IN_CYCLE(2) &&
                      !WAITS(0) && !WAITS(1) && !WAITS(2))
}

init {
    atomic {
        run thread(0);
        run thread(1);
        run thread(2);
        run holder();
        run finish()
    }
}
