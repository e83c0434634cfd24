// Commands that have to be the shell's own, since they change what it is or has.

#include "shell.h"

#include <baton/start.h>

#include <protocols/service.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct builtin {
    const char *name, *usage, *help;
    int (*run)(char *const *words);
};

static int complain(const char *name, const char *what)
{
    fprintf(stderr, "shell: %s: %s\n", name, what);
    return 1;
}

static int run_cd(char *const *words)
{
    char directory[4096];
    const char *to = words[1] ? words[1] : "/";
    if (chdir(to) != 0)
        return complain(to, strerror(errno));
    // Programs begin where the shell is.
    if (!getcwd(directory, sizeof directory) || setenv("PWD", directory, true) != 0)
        return complain(to, strerror(errno));
    return 0;
}

static int run_pwd(char *const *words)
{
    (void)words;
    char directory[4096];
    if (!getcwd(directory, sizeof directory))
        return complain("pwd", strerror(errno));
    puts(directory);
    return 0;
}

static int run_exit(char *const *words)
{
    exit(words[1] ? atoi(words[1]) & 0xff : last_status);
}

static int run_limit(char *const *words)
{
    static constexpr uint64_t FRAMES_PER_MIB = 256;
    if (!words[1]) {
        printf("%llu MiB\n", (unsigned long long)(program_limit / FRAMES_PER_MIB));
        return 0;
    }
    char *end;
    unsigned long mib = strtoul(words[1], &end, 10);
    if (*end == 'M')
        end++;
    if (*end || mib == 0 || mib > UINT32_MAX)
        return complain("limit", "say a number of MiB");
    program_limit = mib * FRAMES_PER_MIB;
    return 0;
}

static int run_manage(char *const *words)
{
    return words[1] ? program_run(words + 1, true) : complain("manage", "say a command");
}

static int run_poweroff(char *const *words)
{
    (void)words;
    fflush(stdout);
    (void)service_stop(start_handle("service"), 0, start_handle("system"));
    return complain("poweroff", "not allowed");
}

static int run_help(char *const *words);

static const struct builtin builtins[] = {
    {"cd", "[DIRECTORY]", "go to a directory, or to /", run_cd},
    {"exit", "[STATUS]", "leave the shell", run_exit},
    {"help", "", "this list", run_help},
    {"limit", "[MIB]", "how much memory a program may use, from now on", run_limit},
    {"manage", "COMMAND...", "run a program with the right to manage the system", run_manage},
    {"poweroff", "", "end the system", run_poweroff},
    {"pwd", "", "where the shell is", run_pwd},
};
static constexpr unsigned BUILTINS = sizeof builtins / sizeof *builtins;

static int run_help(char *const *words)
{
    (void)words;
    for (unsigned i = 0; i < BUILTINS; i++)
        printf("%-8s %-12s %s\n", builtins[i].name, builtins[i].usage, builtins[i].help);
    puts("Other names are programs in /bin (ls /bin); a name with a / is a path.\n"
         "A; B runs both, A && B runs B if A gave 0, A || B if not. $? is the last status.");
    return 0;
}

bool builtin_run(char *const *words, int *status)
{
    for (unsigned i = 0; i < BUILTINS; i++) {
        if (strcmp(builtins[i].name, words[0]) == 0) {
            *status = builtins[i].run(words);
            return true;
        }
    }
    return false;
}
