#include "hart/task.h"

#include "hart/hart.h"

void task_add(struct task *task) {
    struct hart *hart = hart_self();
    task->next = hart->tasks;
    hart->tasks = task;
}

// A task that is done may free itself, so its link is read first.
bool tasks_run(void) {
    struct hart *hart = hart_self();
    struct task *task = hart->tasks;
    hart->tasks = nullptr;
    while (task != nullptr) {
        struct task *next = task->next;
        if (!task->run(task))
            task_add(task);
        task = next;
    }
    return hart->tasks != nullptr;
}
