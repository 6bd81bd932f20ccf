/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine ports SPEC: opens a port and says what it is.
 */
#include <stdio.h>
#include <vitrine/port.h>

#include "command.h"

static const char help[] =
    "vitrine ports: opens a port and says what it is.\n"
    "\n"
    "  vitrine ports SPEC [options]   null:0, ring:NAME, memif:PATH, net_tap0,iface=NAME\n"
    "\n"
    "  -h, --help    this text\n"
    "\n"
    "Exit: 0, 1 failed, 2 usage, 77 cannot run here.\n";

static const struct option options[] = {
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static void print_info(const char *spec, struct vtr_port *port)
{
    struct vtr_port_info info;
    vtr_port_info(port, &info);
    printf("%s  driver %s  mac %02x:%02x:%02x:%02x:%02x:%02x  queues %u  link %s\n", spec,
           info.driver, info.mac[0], info.mac[1], info.mac[2], info.mac[3], info.mac[4],
           info.mac[5], info.queues, info.link_up ? "up" : "down");
}

int command_ports(int argc, char **argv)
{
    while (command_option(argc, argv, options, help) != -1)
        ;
    if (optind + 1 != argc)
        command_misused(argv[0], "wants one port; try vitrine ports null:0");
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "ports", .max_bytes = 64 << 20 };
    struct vtr_heap *heap;
    struct vtr_port *port;
    struct vtr_error err;
    if (vtr_heap_open(&opts, &heap, &err) != 0)
        return command_failed(argv[0], &err);
    int rc = vtr_port_open(heap, argv[optind], NULL, &port, &err);
    if (rc == 0) {
        print_info(argv[optind], port);
        vtr_port_close(port);
    }
    vtr_heap_close(heap, NULL);
    return rc == 0 ? EXIT_SUCCESS : command_failed(argv[0], &err);
}
