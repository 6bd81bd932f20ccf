/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * explorer SUBJECT.so [--long] [--only SCENARIO]... [--replay SCENARIO:SCHEDULE]
 *
 * Explores the scenarios of a subject (explore.h), each in a process of its own, as many at a time
 * as there are processors. A line for each; for one that fails, the steps that led there.
 * Exit status: 0 all hold, 1 one does not, or was not exhausted, 2 wrong usage.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"

static const char *subject_path;
static const struct explore_scenario *const *lists;
static bool want_long;
static const char *only[32];
static unsigned onlys;
void (*describe)(uintptr_t address, char *text, size_t size);

void locate(uintptr_t code, char *text, size_t size)
{
    Dl_info info;
    char command[512], line[256] = "";
    dladdr((const void *)code, &info);
    uintptr_t offset = code - 1 - (uintptr_t)info.dli_fbase;
    snprintf(command, sizeof command, "addr2line -s -e '%s' %#lx 2>/dev/null", subject_path,
             (unsigned long)offset);
    FILE *out = popen(command, "r");
    if (out != NULL && fgets(line, sizeof line, out) != NULL)
        line[strcspn(line, " \n")] = 0;
    if (out != NULL)
        pclose(out);
    snprintf(text, size, "%s", line);
    if (line[0] == 0 || line[0] == '?')
        snprintf(text, size, "subject+%#lx", (unsigned long)offset);
}

static bool is_wanted(const struct explore_scenario *s)
{
    for (unsigned i = 0; i < onlys; i++)
        if (strcmp(only[i], s->name) == 0)
            return true;
    return onlys == 0 && (want_long || (s->flags & EXPLORE_LONG) == 0);
}

static int wait_one(void)
{
    int status = 0;
    return wait(&status) > 0 && status != 0;
}

/* The next after @p s, or the first. @return NULL: there are no more. */
static const struct explore_scenario *next(const struct explore_scenario *s)
{
    static const struct explore_scenario *const *list;
    if (s == NULL)
        list = lists;
    for (s = s == NULL ? *list : s + 1; s->name == NULL; s = *list)
        if (*++list == NULL)
            return NULL;
    return s;
}

static int explore_all(void)
{
    long most = sysconf(_SC_NPROCESSORS_ONLN), running = 0;
    int failed = 0;
    for (scenario = next(NULL); scenario != NULL; scenario = next(scenario)) {
        if (!is_wanted(scenario))
            continue;
        if (running == most) {
            failed |= wait_one();
            running--;
        }
        fflush(NULL);
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0)
            exit(search(NULL));
        running++;
    }
    while (running-- > 0)
        failed |= wait_one();
    return failed;
}

static int replay(const char *what)
{
    size_t name = strcspn(what, ":");
    for (scenario = next(NULL); scenario != NULL; scenario = next(scenario))
        if (strlen(scenario->name) == name && strncmp(scenario->name, what, name) == 0 &&
            what[name] == ':')
            return search(what + name + 1);
    fprintf(stderr, "explorer: no scenario and schedule: %s\n", what);
    return 2;
}

static void load(const char *path)
{
    void *subject = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (subject == NULL) {
        fprintf(stderr, "explorer: %s\n", dlerror());
        exit(2);
    }
    subject_path = path;
    lists = dlsym(subject, "explore_scenarios");
    *(void **)&describe = dlsym(subject, "explore_describe");
    /* Looking it up also makes the loader say where the thread-locals are. */
    bool found = dlsym(subject, "explore_thread_local") != NULL;
    if (!found || lists == NULL || describe == NULL) {
        fprintf(stderr, "explorer: %s: not a subject\n", path);
        exit(2);
    }
    memory_init();
    fibers_init(lists);
}

static int usage(void)
{
    fprintf(stderr, "usage: explorer SUBJECT.so [--long] [--only SCENARIO]... "
                    "[--replay SCENARIO:SCHEDULE]\n");
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage();
    load(argv[1]);
    want_long = getenv("VTR_TEST_LONG") != NULL;
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--long") == 0)
            want_long = true;
        else if (strcmp(argv[i], "--replay") == 0 && value != NULL)
            return replay(value);
        else if (strcmp(argv[i], "--only") == 0 && value != NULL && onlys < 32)
            only[onlys++] = argv[++i];
        else
            return usage();
    }
    return explore_all();
}
