/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Checks of what computes: cores, their instructions, the clock.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/checks.h"
#include "doctor/tree.h"

enum { CPUS_MAX = 1 << 16 };

/* A number at *text, which moves behind it. */
static bool number(const char **text, uint64_t *out)
{
    char digits[8] = "";
    size_t n = strspn(*text, "0123456789");
    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, *text, n);
    *text += n;
    return tree_decimal(digits, out) && *out < CPUS_MAX;
}

/* How many a list like "0-3,8" names: the kernel's form, ascending. */
static bool count(const char *list, unsigned *out)
{
    uint64_t first, last;
    unsigned n = 0;
    while (*list != '\0') {
        if (!number(&list, &first))
            return false;
        last = first;
        if (*list == '-' && (list++, !number(&list, &last)))
            return false;
        if (last < first || n > CPUS_MAX || (*list != '\0' && *list++ != ','))
            return false;
        n += (unsigned)(last - first) + 1;
    }
    *out = n;
    return true;
}

static bool count_file(const struct doctor *d, const char *path, unsigned *out)
{
    char list[1024];
    return tree_line(d->machine->root, list, sizeof list, "%s", path) && count(list, out);
}

/* The flags of the first CPU; "" where /proc/cpuinfo has none, as it is on ARM. */
static void flags(const struct doctor *d, char *text, size_t size)
{
    char info[8192];
    if (!tree_read(d->machine->root, info, sizeof info, "/proc/cpuinfo") ||
        !tree_value(info, "flags", text, size))
        text[0] = '\0';
}

static void add_isolated(struct doctor *d)
{
    char list[128];
    unsigned isolated;
    if (!tree_line(d->machine->root, list, sizeof list, "/sys/devices/system/cpu/isolated") ||
        !count(list, &isolated))
        return;
    report_more(&d->report, "; isolated: %s", isolated != 0 ? list : "none");
}

static void add_allowed(struct doctor *d, unsigned cores)
{
    char status[8192], list[1024];
    unsigned allowed;
    if (tree_read(d->machine->root, status, sizeof status, "/proc/self/status") &&
        tree_value(status, "Cpus_allowed_list", list, sizeof list) && count(list, &allowed) &&
        allowed < cores)
        report_more(&d->report, "; this process may use %u of them", allowed);
}

void check_cpu(struct doctor *d)
{
    char has[4096];
    unsigned cores, nodes;
    if (!count_file(d, "/sys/devices/system/cpu/online", &cores) || cores == 0) {
        report_add(&d->report, "cpu", STATE_SKIP, "/sys/devices/system/cpu/online says nothing");
        return;
    }
    if (!count_file(d, "/sys/devices/system/node/online", &nodes) || nodes == 0)
        nodes = 1;
    flags(d, has, sizeof has);
    bool old = has[0] != '\0' && !tree_word(has, "sse4_2");
    report_add(&d->report, "cpu", old ? STATE_FAIL : STATE_OK, "%u core%s, %u NUMA node%s", cores,
               cores == 1 ? "" : "s", nodes, nodes == 1 ? "" : "s");
    add_allowed(d, cores);
    add_isolated(d);
    if (old)
        report_more(&d->report, "; no SSE4.2, without which DPDK does not start");
}

/* Sources that take a system call or an I/O access: from 0.3 us on. */
static bool is_slow(const char *source)
{
    return strcmp(source, "hpet") == 0 || strcmp(source, "acpi_pm") == 0 ||
           strcmp(source, "jiffies") == 0 || strcmp(source, "refined-jiffies") == 0;
}

void check_clock(struct doctor *d)
{
    char source[64], has[4096];
    flags(d, has, sizeof has);
    bool x86 = has[0] != '\0';
    bool invariant = tree_word(has, "constant_tsc") && tree_word(has, "nonstop_tsc");
    if (!tree_line(d->machine->root, source, sizeof source,
                   "/sys/devices/system/clocksource/clocksource0/current_clocksource"))
        source[0] = '\0';
    bool slow = is_slow(source);
    report_add(&d->report, "clock", slow || (x86 && !invariant) ? STATE_WARN : STATE_OK,
               "%sclocksource %s",
               !x86 ? "" : invariant ? "tsc invariant; " : "tsc not invariant: rates may vary; ",
               source[0] != '\0' ? source : "unknown");
    if (slow)
        report_more(&d->report, ", slow to read");
    if (slow && invariant)
        report_fix(&d->report, "echo tsc | sudo tee "
                   "/sys/devices/system/clocksource/clocksource0/current_clocksource");
}
