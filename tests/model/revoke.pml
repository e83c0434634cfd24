/* port_revoke: handles to call a port, in the tables of two processes, which move and double them
 * while the owner takes the right to call away, one table at a time. One step is a section under the
 * locks of the tables that it looks at; a handle of each table is all that matters.
 */

#ifndef FAULT
#define FAULT 0
#endif

mtype = { NONE, CALLS, REVOKED };

mtype entry[2];   /* the handle in each process's table: entry->rights */
bool revoking;    /* port->revoked_count is not 0 */
bool derives;     /* a handle with another badge was made meanwhile */
byte steps;

/* entry_fill_locked */
#if FAULT == 1 /* who makes a handle does not ask the port */
#define FILLED(rights) rights
#else
#define FILLED(rights) (revoking && rights == CALLS -> REVOKED : rights)
#endif

/* Threads of both processes: a handle is moved, doubled from one into the other (handles_pass), or
 * closed. */
proctype holder(byte from; byte to) {
    mtype seen = NONE;
    do
    :: d_step { steps < 6 && entry[from] != NONE && entry[to] == NONE ->
           steps++;
           entry[to] = FILLED(entry[from]);
           entry[from] = NONE
       }
    :: d_step { steps < 6 && entry[from] != NONE && entry[to] == NONE ->
           steps++;
           entry[to] = FILLED(entry[from])
       }
    :: d_step { steps < 6 && entry[from] != NONE -> steps++; entry[from] = NONE }
#if FAULT == 2 /* the rights are read before the table is locked */
    :: d_step { steps < 6 && entry[from] != NONE && seen == NONE -> steps++; seen = entry[from] }
    :: d_step { seen != NONE && entry[to] == NONE -> entry[to] = FILLED(seen); seen = NONE }
#endif
    :: steps == 6 && seen == NONE -> break
    od
}

inline table_revoke(t) {
    d_step {
        if
        :: entry[t] == CALLS -> entry[t] = REVOKED
        :: else
        fi
    }
}

/* system_port_revoke, piece after piece. */
proctype owner() {
#if FAULT != 3 /* the port says what is revoked only when its tables have been seen */
    revoking = true;
#endif
    table_revoke(0);
    table_revoke(1);
    d_step { revoking = false; derives = true };
    assert(entry[0] != CALLS && entry[1] != CALLS)
}

/* What may not call never may again, as long as nobody derives a handle with its badge. */
proctype finish() {
    timeout -> assert(derives && entry[0] != CALLS && entry[1] != CALLS)
}

init {
    atomic {
        entry[0] = NONE;
        entry[1] = NONE;
        if
        :: entry[0] = CALLS
        :: entry[1] = CALLS
        :: entry[0] = CALLS; entry[1] = CALLS
        fi;
        run holder(0, 1);
        run holder(1, 0);
        run owner();
        run finish()
    }
}
