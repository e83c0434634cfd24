// Three processes of one thread each, on the first of two harts. A and C may call B, and B may call
// C. Included once, by the test.
#pragma once

#include "kernel.h"
#include "test.h"

[[maybe_unused]] static struct process *a, *b, *c; // a client, a server, another
[[maybe_unused]] static struct thread *at, *bt, *ct;
[[maybe_unused]] static handle_t b_port, a_call, c_port, b_call_c, c_call;
static uint64_t free_before, used_before;

static handle_t call_handle(struct process *process, struct port *port) {
    handle_t handle;
    CHECK_EQ(handle_install(process, &port->object, RIGHT_CALL | RIGHT_TRANSFER, 0, &handle), OK);
    return handle;
}

static struct port *port_of(struct process *process, handle_t *handle) {
    struct port *port;
    CHECK_EQ(port_create(process, 0, &port), OK);
    CHECK_EQ(handle_install(process, &port->object, RIGHT_RECEIVE | RIGHT_TRANSFER, 0, handle), OK);
    object_release(&port->object);
    return port;
}

static void begin(void) {
    static bool started;
    if (!started)
        kernel_start(2);
    started = true;
    kernel_hart(0);
    kernel_settle();
    free_before = machine_free();
    used_before = kernel_process.account.used;
    a = program_start(&at);
    b = program_start(&bt);
    c = program_start(&ct);
    struct port *port = port_of(b, &b_port);
    a_call = call_handle(a, port);
    c_call = call_handle(c, port);
    b_call_c = call_handle(b, port_of(c, &c_port));
    for (unsigned i = 0; i < 3; i++) // new threads take the hart with least to do: here the first
        (i == 0 ? at : i == 1 ? bt : ct)->hart = harts[0];
    kernel_settle();
}

static void end(void) {
    program_end(a);
    program_end(b);
    program_end(c);
    kernel_settle();
    CHECK_EQ(kernel_process.account.used, used_before);
    CHECK_EQ(machine_free(), free_before);
    CHECK_EQ(process_from(1) == nullptr, true);
}
