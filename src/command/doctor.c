/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine doctor: runs the checks and says what works. It changes nothing, needs no rights and runs
 * none of the commands that it names.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "doctor/modes.h"
#include "doctor/self.h"

static const char help[] =
    "vitrine doctor: what works on this machine now, and what the rest needs.\n"
    "\n"
    "  vitrine doctor [options]\n"
    "\n"
    "Each line is a subject, ok, warn, skip or fail, what was found, and behind an arrow a\n"
    "command that helps. It changes nothing, runs none of these commands, and needs no rights;\n"
    "with root's it sees more of other processes. The last lines say which kinds of port work.\n"
    "\n"
    "  --json         the same as JSON: checks, modes, works\n"
    "  -h, --help     this text\n"
    "\n"
    "Environment: NO_COLOR set to anything leaves colours out, as writing to a file does.\n"
    "Exit: 0 some kind of port works, 1 none does, 2 usage.\n";

enum { ID_JSON = 256, ID_ROOT };

/* --root is for tests: a folder that stands for the machine's files. */
static const struct option options[] = {
    { "json", no_argument, NULL, ID_JSON },
    { "help", no_argument, NULL, 'h' },
    { "root", required_argument, NULL, ID_ROOT },
    { NULL, 0, NULL, 0 },
};

static bool wants_colour(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

static void print_json(const struct doctor *d)
{
    struct json j = { .to = stdout };
    json_object(&j, NULL);
    json_text(&j, "vitrine", COMMAND_VERSION);
    report_json(&d->report, &j);
    modes_json(&d->able, &j);
    json_end(&j, '}');
}

static void print_text(const struct doctor *d)
{
    report_print(&d->report, stdout, wants_colour());
    putchar('\n');
    modes_print(&d->able, stdout);
}

int command_doctor(int argc, char **argv)
{
    const char *root = "";
    bool json = false;
    for (int id; (id = command_option(argc, argv, options, help)) != -1;) {
        json = json || id == ID_JSON;
        root = id == ID_ROOT ? optarg : root;
    }
    if (optind < argc)
        command_misused(argv[0], "no operand '%s'; see --help", argv[optind]);
    struct machine machine;
    machine_ask(&machine, root);
    self_test_run(&machine.self);
    struct doctor d = { .machine = &machine };
    check_all(&d);
    if (json)
        print_json(&d);
    else
        print_text(&d);
    report_fini(&d.report);
    return modes_any(&d.able) ? EXIT_SUCCESS : EXIT_FAILURE;
}
