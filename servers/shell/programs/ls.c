// ls [-a] [-l] [PATH ...]: lists directories, one name a line, in order; -a with those that begin
// with a dot, -l with kind, permissions, links, owner, size, time and where a link leads.

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool all, detailed, failed;

struct names {
    char **name;
    size_t count, capacity;
};

static void complain(const char *path)
{
    fflush(stdout);
    fprintf(stderr, "ls: %s: %s\n", path, strerror(errno));
    failed = true;
}

static char kind_letter(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFCHR:
        return 'c';
    case S_IFBLK:
        return 'b';
    case S_IFIFO:
        return 'p';
    case S_IFSOCK:
        return 's';
    }
    return '-';
}

static void print_details(const struct stat *stat)
{
    char permissions[] = "rwxrwxrwx", when[20] = "?";
    for (unsigned bit = 0; bit < 9; bit++) {
        if (!(stat->st_mode & (0400u >> bit)))
            permissions[bit] = '-';
    }
    time_t seconds = stat->st_mtime;
    struct tm split;
    if (gmtime_r(&seconds, &split))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &split);
    printf("%c%s %3u %5u %5u %10lld %s ", kind_letter(stat->st_mode), permissions,
           (unsigned)stat->st_nlink, (unsigned)stat->st_uid, (unsigned)stat->st_gid,
           (long long)stat->st_size, when);
}

static void print_target(const char *path)
{
    char target[4096];
    ssize_t length = readlink(path, target, sizeof target);
    if (length >= 0)
        printf(" -> %.*s", (int)length, target);
}

// Prints the entry `name`, which is found at `path`.
static void print_entry(const char *path, const char *name)
{
    struct stat stat;
    if (!detailed) {
        puts(name);
        return;
    }
    if (lstat(path, &stat) != 0) {
        complain(path);
        return;
    }
    print_details(&stat);
    fputs(name, stdout);
    if (S_ISLNK(stat.st_mode))
        print_target(path);
    putchar('\n');
}

static bool names_add(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 64;
        char **larger = realloc(names->name, capacity * sizeof *larger);
        if (!larger)
            return false;
        names->name = larger;
        names->capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy)
        names->name[names->count++] = copy;
    return copy;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Reads a directory's names; false with errno set if it cannot.
static bool names_read(const char *path, struct names *names)
{
    DIR *directory = opendir(path);
    if (!directory)
        return false;
    bool good = true;
    struct dirent *entry;
    errno = 0;
    while (good && (entry = readdir(directory))) {
        if (all || entry->d_name[0] != '.')
            good = names_add(names, entry->d_name);
    }
    good = good && errno == 0;
    int error = errno;
    closedir(directory);
    errno = error;
    return good;
}

static void list_directory(const char *path)
{
    struct names names = {};
    if (!names_read(path, &names))
        complain(path);
    qsort(names.name, names.count, sizeof *names.name, compare);
    for (size_t i = 0; i < names.count; i++) {
        char full[4096];
        const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
        snprintf(full, sizeof full, "%s%s%s", path, slash, names.name[i]);
        print_entry(full, names.name[i]);
        free(names.name[i]);
    }
    free(names.name);
}

static void list(const char *path, bool titled)
{
    struct stat stat_of;
    if (stat(path, &stat_of) != 0 && lstat(path, &stat_of) != 0) {
        complain(path);
    } else if (!S_ISDIR(stat_of.st_mode)) {
        print_entry(path, path);
    } else {
        if (titled)
            printf("%s:\n", path);
        list_directory(path);
    }
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "al")) != -1) {
        if (option == '?')
            return 2;
        all = all || option == 'a';
        detailed = detailed || option == 'l';
    }
    if (optind == argc)
        list(".", false);
    for (int i = optind; i < argc; i++)
        list(argv[i], argc - optind > 1);
    fflush(stdout);
    return failed ? 1 : 0;
}
