#include "table.h"

#include <stdlib.h>
#include <string.h>

static constexpr size_t NAME_MAXIMUM = 16; // bytes of a handle's name

static const struct {
    const char *name;
    uint32_t number;
} protocols[] = {
    // The protocols that a port can be called after (include/protocols/README.md).
    {"block", 1}, {"file", 3}, {"memory", 4}, {"program", 5}, {"terminal", 6}, {"service", 7},
};

// A number of bytes as frames; 0 if it is none.
static uint64_t frames_parse(const char *text)
{
    char *end;
    uint64_t bytes = strtoull(text, &end, 10);
    if (*end == 'K' || *end == 'M')
        bytes <<= *end++ == 'K' ? 10 : 20;
    return *end == 0 ? (bytes + PAGE_SIZE - 1) / PAGE_SIZE : 0;
}

static const char *serves_parse(struct service_line *service, char *value)
{
    char *number = strchr(value, ':');
    service->serves = value;
    if (number) {
        *number++ = 0;
        char *end;
        service->protocol = (uint32_t)strtoul(number, &end, 10);
        return *number && *end == 0 ? nullptr : "the protocol's number is no number";
    }
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (strcmp(protocols[i].name, value) == 0)
            service->protocol = protocols[i].number;
    }
    return service->protocol ? nullptr : "unknown protocol: say serves=PORT:NUMBER";
}

static const char *use_parse(struct service_line *service, char *value)
{
    if (service->uses == USES_MAXIMUM)
        return "it uses too many handles";
    char *what = strchr(value, ':');
    if (what)
        *what++ = 0;
    else
        what = value;
    if (!*value || !*what || strlen(value) > NAME_MAXIMUM)
        return "a name in uses= is empty or too long";
    service->use[service->uses++] = (struct service_use){value, what};
    return nullptr;
}

static const char *uses_parse(struct service_line *service, char *value)
{
    char *rest;
    for (char *item = strtok_r(value, ",", &rest); item; item = strtok_r(nullptr, ",", &rest)) {
        const char *wrong = use_parse(service, item);
        if (wrong)
            return wrong;
    }
    return nullptr;
}

static const char *word_parse(struct service_line *service, char *word)
{
    char *value = strchr(word, '=');
    if (!value) {
        service->session = strcmp(word, "session") == 0;
        return service->session ? nullptr : "unknown word";
    }
    *value++ = 0;
    if (strcmp(word, "serves") == 0)
        return serves_parse(service, value);
    if (strcmp(word, "uses") == 0)
        return uses_parse(service, value);
    if (strcmp(word, "limit") == 0) {
        service->limit_frames = frames_parse(value);
        return service->limit_frames ? nullptr : "the limit is no size";
    }
    if (strcmp(word, "restart") == 0) {
        service->restarts = (unsigned)strtoul(value, nullptr, 10);
        return nullptr;
    }
    return "unknown word";
}

// What is wrong with a line, or null. A line without words leaves the service without a name.
static const char *line_parse(struct service_line *service, char *line)
{
    static const char blanks[] = " \t\r";
    char *rest;
    line[strcspn(line, "#")] = 0;
    *service = (struct service_line){.limit_frames = SERVICE_LIMIT_DEFAULT};
    service->name = strtok_r(line, blanks, &rest);
    if (!service->name)
        return nullptr;
    service->path = strtok_r(nullptr, blanks, &rest);
    if (!service->path || *service->path != '/')
        return "there is no absolute path";
    if (strlen(service->name) > NAME_MAXIMUM)
        return "the name is too long";
    for (char *word; (word = strtok_r(nullptr, blanks, &rest));) {
        const char *wrong = word_parse(service, word);
        if (wrong)
            return wrong;
    }
    return nullptr;
}

unsigned services_parse(char *text, struct service_line services[SERVICES_MAXIMUM],
                        void (*complain)(unsigned line, const char *what))
{
    unsigned count = 0, number = 0;
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        number++;
        struct service_line service;
        const char *wrong = line_parse(&service, line);
        if (!wrong && service.name && count == SERVICES_MAXIMUM)
            wrong = "there are too many services";
        if (wrong)
            complain(number, wrong);
        else if (service.name)
            services[count++] = service;
        line = end;
    }
    return count;
}
