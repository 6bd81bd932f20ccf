/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine ports: opens a port of each kind, where that disturbs nobody, and says what became of it;
 * or opens the one that is named and says what it is.
 * Each kind is tried in a process of its own. What it needs is made for it and taken away again:
 * capture files, a socket's folder, and a network namespace for interfaces of the kernel's.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vitrine/port.h>

#include "apart.h"
#include "command.h"
#include "doctor/self.h"

static const char help[] =
    "vitrine ports: every kind of port and whether it opens here, or one port's particulars.\n"
    "\n"
    "  vitrine ports [options]        opens one of each kind, and lists drivers and network cards\n"
    "  vitrine ports SPEC [options]   opens that one: null:0, ring:NAME, memif:PATH, pcap:IN,OUT,\n"
    "                                 tap:NAME, af_packet:IF, af_xdp:IF, pci:0000:01:00.0\n"
    "\n"
    "Each kind is opened for a moment and closed: capture files and sockets in a folder of its\n"
    "own, interfaces of the kernel's in a network namespace of its own. No network card is opened\n"
    "unless it is named.\n"
    "\n"
    "  --json         the same as JSON\n"
    "  -h, --help     this text\n"
    "\n"
    "Exit: 0 it opened, or one of the kinds did; 1 failed, 2 usage, 77 cannot run here.\n";

enum { ID_JSON = 256, SECONDS = 30 };

static const struct option options[] = {
    { "json", no_argument, NULL, ID_JSON },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

struct kind {
    const char *name, *what;
    const char *before, *behind; /* of the folder's path, in the spec; NULL: no folder in it */
    const char *network;         /* command for a network namespace of its own; NULL: none */
};

static const struct kind kinds[] = {
    { "null", "sends into nothing", "null:0", NULL, NULL },
    { "ring", "two ends in one process", "ring:vitrine", NULL, NULL },
    { "pcap", "capture files", "pcap:,", "/file", NULL },
    { "memif", "memory shared with another process", "memif:", "/file", NULL },
    { "tap", "an interface that is made for it", "tap:vtr0", NULL, "true" },
    { "af_packet", "an interface, beside the kernel", "af_packet:lo", NULL, "true" },
    { "af_xdp", "an interface, instead of the kernel", "af_xdp:vtr0", NULL,
      "ip link add vtr0 type veth peer name vtr1 && ip link set vtr0 up && ip link set vtr1 up" },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* What became of opening one. */
struct trial {
    const struct kind *kind;
    char folder[64];
    char driver[32];
    struct vtr_error err;
};

static int open_heap(struct vtr_heap **heap, struct vtr_error *err)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "ports", .max_bytes = 64 << 20 };
    return vtr_heap_open(&opts, heap, err);
}

static int own_network(const char *command, struct vtr_error *err)
{
    if (unshare(CLONE_NEWNET) != 0) {
        *err = (struct vtr_error){ .code = -errno, .hint = "sudo vitrine ports" };
        snprintf(err->what, sizeof err->what, "not tried: no network namespace of its own: %s",
                 strerror(errno));
    } else if (system(command) != 0) {
        *err = (struct vtr_error){ .code = -ENODEV, .hint = "sudo apt-get install iproute2" };
        snprintf(err->what, sizeof err->what, "not tried: ip makes no interface for it");
    } else
        return 0;
    return err->code;
}

static void try_kind(void *result)
{
    struct trial *t = result;
    struct vtr_heap *heap;
    struct vtr_port *port;
    struct vtr_port_info info;
    char spec[256];
    bool file = t->kind->behind != NULL;
    snprintf(spec, sizeof spec, "%s%s%s", t->kind->before, file ? t->folder : "",
             file ? t->kind->behind : "");
    if (t->kind->network != NULL && own_network(t->kind->network, &t->err) != 0)
        return;
    if (open_heap(&heap, &t->err) != 0)
        return;
    if (vtr_port_open(heap, spec, NULL, &port, &t->err) == 0) {
        vtr_port_info(port, &info);
        snprintf(t->driver, sizeof t->driver, "%s", info.driver);
        vtr_port_close(port);
    }
    vtr_heap_close(heap, NULL);
}

/* Makes a folder of its own, and takes it away again with the one file in it. */
static struct trial try_apart(const struct kind *kind)
{
    struct trial t = { .kind = kind, .folder = "/tmp/vitrine-ports-XXXXXX" };
    char how[64], file[80];
    if (mkdtemp(t.folder) == NULL) {
        t.err.code = -errno;
        snprintf(t.err.what, sizeof t.err.what, "no folder in /tmp: %s", strerror(errno));
        return t;
    }
    if (!apart(try_kind, &t, sizeof t, SECONDS, how)) {
        t.err.code = -EIO;
        snprintf(t.err.what, sizeof t.err.what, "its process failed: %s", how);
    }
    snprintf(file, sizeof file, "%s/file", t.folder);
    unlink(file);
    rmdir(t.folder);
    return t;
}

static void list_kinds(const struct trial *trials)
{
    for (int i = 0; i < KINDS; i++) {
        const struct trial *t = &trials[i];
        bool opens = t->err.code == 0;
        printf("%-11s%-6s", t->kind->name, opens ? "opens" : "no");
        if (opens)
            printf("%-16s%s\n", t->driver, t->kind->what);
        else
            printf("%s%s%s\n", t->err.what, t->err.hint[0] != '\0' ? "  -> " : "", t->err.hint);
    }
}

static void list_kinds_json(const struct trial *trials, struct json *j)
{
    json_array(j, "ports");
    for (int i = 0; i < KINDS; i++) {
        const struct trial *t = &trials[i];
        json_object(j, NULL);
        json_text(j, "name", t->kind->name);
        json_bool(j, "opens", t->err.code == 0);
        json_text(j, "what", t->err.code == 0 ? t->kind->what : t->err.what);
        if (t->err.code == 0)
            json_text(j, "driver", t->driver);
        else if (t->err.hint[0] != '\0')
            json_text(j, "try", t->err.hint);
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void list_devices(struct report *report)
{
    struct machine machine;
    machine_ask(&machine, "");
    struct doctor d = { .machine = &machine };
    check_vfio(&d);
    check_nics(&d);
    check_dpdk(&d);
    *report = d.report;
}

static int list(bool json)
{
    struct trial trials[KINDS];
    struct report report;
    bool any = false;
    for (int i = 0; i < KINDS; i++) {
        trials[i] = try_apart(&kinds[i]);
        any = any || trials[i].err.code == 0;
    }
    list_devices(&report);
    if (json) {
        struct json j = { .to = stdout };
        json_object(&j, NULL);
        list_kinds_json(trials, &j);
        report_json(&report, &j);
        json_end(&j, '}');
    } else {
        list_kinds(trials);
        report_print(&report, stdout, false);
    }
    report_fini(&report);
    return any ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What the device does with packets, for whoever sends and receives them. */
static const struct {
    uint32_t flag;
    const char *name;
} flags[] = {
    { VTR_PKT_L3_GOOD, "l3_sum" },       { VTR_PKT_L4_GOOD, "l4_sum" },
    { VTR_PKT_HASH, "hash" },            { VTR_PKT_VLAN, "vlan" },
    { VTR_PKT_TX_IP_SUM, "ip_sum" },     { VTR_PKT_TX_TCP_SUM, "tcp_sum" },
    { VTR_PKT_TX_UDP_SUM, "udp_sum" },   { VTR_PKT_TX_CUT, "tcp_cut" },
    { VTR_PKT_TX_VLAN, "insert_vlan" },
};
enum { FLAGS = sizeof flags / sizeof flags[0] };

static void print_flags(const char *heading, uint32_t set)
{
    printf("%-12s", heading);
    for (int i = 0; i < FLAGS; i++)
        if (set & flags[i].flag)
            printf("%s ", flags[i].name);
    puts(set == 0 ? "no offloads" : "");
}

static void print_flags_json(struct json *j, const char *name, uint32_t set)
{
    json_array(j, name);
    for (int i = 0; i < FLAGS; i++)
        if (set & flags[i].flag)
            json_text(j, NULL, flags[i].name);
    json_end(j, ']');
}

static void print_info(const struct vtr_port_info *info, const char *mac)
{
    printf("driver      %s%s\n", info->driver, info->tx_copies ? ", which copies what it sends"
                                                               : "");
    printf("mac         %s\n", mac);
    printf("link        %s\n", info->link_up ? "up" : "down");
    printf("queues      %u\n", info->queues);
    if (info->frame_bytes == UINT_MAX)
        puts("frame       of any length");
    else
        printf("frame       %u bytes at most\n", info->frame_bytes);
    printf("segments    %u of a frame go out as they are\n", info->segments);
    print_flags("receives", info->rx_flags);
    print_flags("does", info->tx_flags);
}

static void print_info_json(const struct vtr_port_info *info, const char *mac, const char *spec)
{
    struct json j = { .to = stdout };
    json_object(&j, NULL);
    json_text(&j, "spec", spec);
    json_text(&j, "driver", info->driver);
    json_text(&j, "mac", mac);
    json_bool(&j, "link_up", info->link_up);
    json_number(&j, "queues", info->queues);
    json_number(&j, "frame_bytes", info->frame_bytes != UINT_MAX ? info->frame_bytes : NAN);
    json_number(&j, "segments", info->segments);
    json_bool(&j, "tx_copies", info->tx_copies);
    print_flags_json(&j, "rx_offloads", info->rx_flags);
    print_flags_json(&j, "tx_offloads", info->tx_flags);
    json_end(&j, '}');
}

static void show_port(struct vtr_port *port, const char *spec, bool json)
{
    struct vtr_port_info info;
    char mac[18];
    vtr_port_info(port, &info);
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", info.mac[0], info.mac[1],
             info.mac[2], info.mac[3], info.mac[4], info.mac[5]);
    if (json)
        print_info_json(&info, mac, spec);
    else
        print_info(&info, mac);
}

static int show(const char *spec, bool json)
{
    struct vtr_heap *heap;
    struct vtr_port *port;
    struct vtr_error err;
    if (open_heap(&heap, &err) != 0)
        return command_failed("ports", &err);
    int rc = vtr_port_open(heap, spec, NULL, &port, &err);
    if (rc == 0) {
        show_port(port, spec, json);
        vtr_port_close(port);
    }
    vtr_heap_close(heap, NULL);
    return rc == 0 ? EXIT_SUCCESS : command_failed("ports", &err);
}

int command_ports(int argc, char **argv)
{
    bool json = false;
    while (command_option(argc, argv, options, help) != -1)
        json = true;
    if (argc - optind > 1)
        command_misused(argv[0], "one port at a time, not '%s' too", argv[optind + 1]);
    return optind == argc ? list(json) : show(argv[optind], json);
}
