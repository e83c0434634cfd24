// sources: servers/init/table.c
//
// /etc/services: what lines mean, and that wrong ones are told and left out.

#include "table.h"
#include "test.h"

#include <stdlib.h>

static struct service_line services[SERVICES_MAXIMUM];
static char complaints[1024];

static void complain(unsigned line, const char *what)
{
    char text[128];
    snprintf(text, sizeof text, "%u: %s\n", line, what);
    strncat(complaints, text, sizeof complaints - strlen(complaints) - 1);
}

static unsigned parse(const char *text)
{
    static char *copy;
    free(copy);
    copy = strdup(text);
    complaints[0] = 0;
    return services_parse(copy, services, complain);
}

TEST(a_full_line)
{
    CHECK_EQ(parse("console /sbin/console limit=2M restart=3 serves=terminal uses=io,irq\n"), 1);
    CHECK(strcmp(services[0].name, "console") == 0);
    CHECK(strcmp(services[0].path, "/sbin/console") == 0);
    CHECK(strcmp(services[0].serves, "terminal") == 0);
    CHECK_EQ(services[0].protocol, 6);
    CHECK_EQ(services[0].limit_frames, 512);
    CHECK_EQ(services[0].restarts, 3);
    CHECK_EQ(services[0].uses, 2);
    CHECK(strcmp(services[0].use[1].what, "irq") == 0);
    CHECK(!services[0].session);
}

TEST(other_names_and_numbers)
{
    CHECK_EQ(parse("a /a serves=thing:1000 uses=stdin:terminal limit=8192\n\n# text\n"
                   "b /b session # more"),
             2);
    CHECK_EQ(services[0].protocol, 1000);
    CHECK(strcmp(services[0].use[0].as, "stdin") == 0);
    CHECK(strcmp(services[0].use[0].what, "terminal") == 0);
    CHECK_EQ(services[0].limit_frames, 2);
    CHECK(services[1].session);
    CHECK_EQ(services[1].limit_frames, SERVICE_LIMIT_DEFAULT);
    CHECK_EQ(complaints[0], 0);
}

TEST(nothing)
{
    CHECK_EQ(parse(""), 0);
    CHECK_EQ(parse("\n \t\n#\n"), 0);
    CHECK_EQ(complaints[0], 0);
}

TEST(wrong_lines)
{
    CHECK_EQ(parse("a\nb sbin/b\nc /c what\nd /d what=1\ne /e serves=thing\nf /f serves=x:y\n"
                   "g /g limit=much\nh /h uses=a:,b\nok /ok\n"),
             1);
    CHECK(strcmp(services[0].name, "ok") == 0);
    for (unsigned line = 1; line <= 8; line++) {
        char start[8];
        snprintf(start, sizeof start, "%u: ", line);
        CHECK(strstr(complaints, start));
    }
    CHECK(!strstr(complaints, "9: "));
}

TEST(too_many)
{
    char text[4096] = "";
    for (unsigned i = 0; i < SERVICES_MAXIMUM + 1; i++)
        strcat(text, "a /a\n");
    CHECK_EQ(parse(text), SERVICES_MAXIMUM);
    CHECK(strstr(complaints, "too many"));
    strcpy(text, "a /a uses=");
    for (unsigned i = 0; i < USES_MAXIMUM + 1; i++)
        strcat(text, "x,");
    CHECK_EQ(parse(text), 0);
}
