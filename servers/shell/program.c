// Running programs: /bin/NAME, or by path.

#include "shell.h"

#include <baton/log.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/time.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static constexpr uint64_t LIMIT_LEAST = 64; // frames
static constexpr size_t PATH_SIZE = 4096;

uint64_t program_limit = 4096;

// What every program gets of the shell's own handles; of `system` only the right to ask, unless it
// is to manage it.
static unsigned handles_collect(struct spawn_handle *handles, bool manages)
{
    static const char *const names[] = {"stdin",   "stdout", "stderr",  "file",
                                        "memory", "program", "service", "system", nullptr};
    unsigned count = spawn_handles_inherit(names, handles, SPAWN_HANDLES_MAXIMUM);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(handles[i].name, "system") == 0 && !manages)
            handles[i].rights = RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_QUERY;
    }
    return count;
}

// The absolute path of a command; false if it is too long.
static bool path_find(const char *name, char path[PATH_SIZE])
{
    char directory[PATH_SIZE] = "";
    if (*name == '/')
        return (size_t)snprintf(path, PATH_SIZE, "%s", name) < PATH_SIZE;
    if (!strchr(name, '/'))
        return (size_t)snprintf(path, PATH_SIZE, "/bin/%s", name) < PATH_SIZE;
    if (!getcwd(directory, sizeof directory))
        return false;
    const char *slash = strcmp(directory, "/") == 0 ? "" : "/";
    return (size_t)snprintf(path, PATH_SIZE, "%s%s%s", directory, slash, name) < PATH_SIZE;
}

// Starts the program with as much of the limit as there is.
static status_t start(const char *path, char *const *words, bool manages, struct child *child)
{
    struct spawn_handle handles[SPAWN_HANDLES_MAXIMUM];
    struct spawn what = {
        .program = start_handle("program"),
        .path = path,
        .arguments = (const char *const *)words,
        .environment = (const char *const *)environ,
        .handles = handles,
        .handle_count = handles_collect(handles, manages),
    };
    status_t status = ERR_NO_MEMORY;
    for (uint64_t limit = program_limit; status == ERR_NO_MEMORY && limit >= LIMIT_LEAST;
         limit /= 2) {
        what.limit_frames = limit;
        status = spawn(&what, HANDLE_NONE, 0, child);
    }
    return status;
}

static int wait_for(const char *name, struct child *child)
{
    struct child_end end;
    do {
        status_t status = child_wait(&end, DEADLINE_NEVER);
        if (status != OK) {
            fprintf(stderr, "shell: %s: %s\n", name, status_text(status));
            return STATUS_NOT_RUN;
        }
    } while (end.number != child->number);
    child_close(child);
    if (end.cause != END_EXITED) {
        char text[80];
        child_end_text(&end, text, sizeof text);
        fprintf(stderr, "shell: %s: %s\n", name, text);
    }
    return (int)end.status;
}

int program_run(char *const *words, bool manages)
{
    static char path[PATH_SIZE];
    if (!path_find(words[0], path)) {
        fprintf(stderr, "shell: %s: the name is too long\n", words[0]);
        return STATUS_NOT_FOUND;
    }
    struct child child;
    fflush(stdout);
    status_t status = start(path, words, manages, &child);
    if (status == OK)
        return wait_for(words[0], &child);
    bool missing = status == ERR_NOT_FOUND || status == ERR_NOT_DIRECTORY;
    fprintf(stderr, "shell: %s: %s\n", words[0], missing ? "not found" : status_text(status));
    return missing ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}
