/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * From what was found to what can be done.
 */
#include "doctor/modes.h"

static const char *const names[MODES] = {
    [MODE_NULL] = "null",           [MODE_RING] = "ring", [MODE_PCAP] = "pcap",
    [MODE_MEMIF] = "memif",         [MODE_TAP] = "tap",   [MODE_AF_PACKET] = "af_packet",
    [MODE_AF_XDP] = "af_xdp",       [MODE_PCI] = "pci:<address>",
};

static const struct {
    const char *name, *heading;
} verdicts[VERDICTS] = {
    [VERDICT_WORKS] = { "works", "works now:" },
    [VERDICT_RIGHTS] = { "rights", "with root:" },
    [VERDICT_NIC] = { "nic", "with a NIC:" },
    [VERDICT_PACKAGE] = { "package", "with its driver:" },
    [VERDICT_FAILS] = { "fails", "not here:" },
};

enum verdict mode_verdict(const struct able *able, enum mode mode)
{
    if (!able->packets)
        return VERDICT_FAILS;
    if (!able->driver[mode])
        return VERDICT_PACKAGE;
    switch (mode) {
    case MODE_TAP:
        if (!able->tun_there)
            return VERDICT_FAILS;
        return able->tun && able->net_admin ? VERDICT_WORKS : VERDICT_RIGHTS;
    case MODE_AF_PACKET:
        /* also to give the interface the address that it has */
        return able->net_admin && able->net_raw ? VERDICT_WORKS : VERDICT_RIGHTS;
    case MODE_AF_XDP:
        if (!able->xdp)
            return VERDICT_FAILS;
        return able->net_admin && able->net_raw && able->programs ? VERDICT_WORKS : VERDICT_RIGHTS;
    case MODE_PCI:
        return able->vfio && able->nics_bound != 0 ? VERDICT_WORKS : VERDICT_NIC;
    default:
        return VERDICT_WORKS;
    }
}

static void print(const struct able *able, enum verdict verdict, FILE *to)
{
    unsigned n = 0;
    for (int mode = 0; mode < MODES; mode++)
        if (mode_verdict(able, (enum mode)mode) == verdict) {
            if (n++ == 0)
                fprintf(to, "%-17s", verdicts[verdict].heading);
            fprintf(to, "%s%s", n != 1 ? "  " : "", names[mode]);
        }
    if (n != 0 && verdict == VERDICT_NIC)
        fputs(able->nics == 0 && able->nics_bound == 0
                  ? "   which this machine has none of to spare"
                  : "   after what is said of nic and vfio above",
              to);
    if (n != 0)
        putc('\n', to);
}

bool modes_any(const struct able *able)
{
    for (int mode = 0; mode < MODES; mode++)
        if (mode_verdict(able, (enum mode)mode) == VERDICT_WORKS)
            return true;
    return false;
}

void modes_print(const struct able *able, FILE *to)
{
    for (int verdict = 0; verdict < VERDICTS; verdict++)
        print(able, (enum verdict)verdict, to);
    if (modes_any(able))
        fprintf(to, "%-17s%s\n", "next:", "vitrine ports   opens one of each kind");
}

void modes_json(const struct able *able, struct json *j)
{
    json_array(j, "modes");
    for (int mode = 0; mode < MODES; mode++) {
        json_object(j, NULL);
        json_text(j, "name", names[mode]);
        json_text(j, "verdict", verdicts[mode_verdict(able, (enum mode)mode)].name);
        json_end(j, '}');
    }
    json_end(j, ']');
    json_array(j, "works");
    for (int mode = 0; mode < MODES; mode++)
        if (mode_verdict(able, (enum mode)mode) == VERDICT_WORKS)
            json_text(j, NULL, names[mode]);
    json_end(j, ']');
}
