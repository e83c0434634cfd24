// Kernel tasks: short work that a hart does before it picks a thread. Long work does a bounded
// piece each time.
#pragma once

struct task {
    struct task *next;
    bool (*run)(struct task *task); // true: done
};

// Queues work on this hart.
void task_add(struct task *task);

// Runs each queued task once; true if some are left.
bool tasks_run(void);
