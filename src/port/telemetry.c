/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The answers to telemetry's commands.
 */
#include "port/telemetry.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_telemetry.h>

#include "heap/heap.h"
#include "heap/heaps.h"
#include "heap/survivors.h"

enum { PLACES = 32 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* no port in the list closes */
static struct vtr_port *ports;

void vtr_telemetry_add_(struct vtr_port *port)
{
    pthread_mutex_lock(&lock);
    port->next = ports;
    ports = port;
    pthread_mutex_unlock(&lock);
}

void vtr_telemetry_remove_(struct vtr_port *port)
{
    pthread_mutex_lock(&lock);
    struct vtr_port **at = &ports;
    while (*at != port)
        at = &(*at)->next;
    *at = port->next;
    pthread_mutex_unlock(&lock);
}

/* @return whether the parameter is a number up to @p max, and nothing else. */
static bool number(const char *params, unsigned long max, unsigned *out)
{
    char *end;
    if (params == NULL || params[0] < '0' || params[0] > '9')
        return false;
    unsigned long value = strtoul(params, &end, 10);
    *out = (unsigned)value;
    return *end == '\0' && value <= max;
}

static int list_ports(const char *command, const char *params, struct rte_tel_data *d)
{
    (void)command, (void)params;
    rte_tel_data_start_array(d, RTE_TEL_INT_VAL);
    pthread_mutex_lock(&lock);
    for (const struct vtr_port *port = ports; port != NULL; port = port->next)
        rte_tel_data_add_array_int(d, port->id);
    pthread_mutex_unlock(&lock);
    return 0;
}

static void add_info(struct vtr_port *port, struct rte_tel_data *d)
{
    struct vtr_port_info info;
    char mac[18];
    vtr_port_info(port, &info);
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", info.mac[0], info.mac[1],
             info.mac[2], info.mac[3], info.mac[4], info.mac[5]);
    rte_tel_data_add_dict_string(d, "name", port->shown);
    rte_tel_data_add_dict_string(d, "driver", info.driver);
    rte_tel_data_add_dict_string(d, "mac", mac);
    rte_tel_data_add_dict_int(d, "link_up", info.link_up);
    rte_tel_data_add_dict_int(d, "queues", info.queues);
}

static void add_port(struct vtr_port *port, struct rte_tel_data *d)
{
    struct vtr_port_stat s;
    char name[48];
    vtr_port_stat(port, &s);
    rte_tel_data_start_dict(d);
    add_info(port, d);
    rte_tel_data_add_dict_u64(d, "rx_packets", s.rx_pkts);
    rte_tel_data_add_dict_u64(d, "rx_bytes", s.rx_bytes);
    rte_tel_data_add_dict_u64(d, "tx_packets", s.tx_pkts);
    rte_tel_data_add_dict_u64(d, "tx_bytes", s.tx_bytes);
    rte_tel_data_add_dict_u64(d, "tx_full", s.tx_full);
    rte_tel_data_add_dict_u64(d, "rx_copies", s.rx_copies);
    rte_tel_data_add_dict_u64(d, "tx_copies", s.tx_copies);
    rte_tel_data_add_dict_u64(d, "tx_software", s.tx_software);
    rte_tel_data_add_dict_u64(d, "drops", s.drops);
    for (unsigned i = 0; i < VTR_DROP_REASONS; i++) {
        snprintf(name, sizeof name, "drop_%s", vtr_drop_name((enum vtr_drop)i));
        rte_tel_data_add_dict_u64(d, name, s.drop[i]);
    }
}

static int show_port(const char *command, const char *params, struct rte_tel_data *d)
{
    unsigned id;
    (void)command;
    if (!number(params, UINT16_MAX, &id))
        return -EINVAL;
    pthread_mutex_lock(&lock);
    struct vtr_port *port = ports;
    while (port != NULL && port->id != id)
        port = port->next;
    if (port != NULL)
        add_port(port, d);
    pthread_mutex_unlock(&lock);
    return port != NULL ? 0 : -ENODEV;
}

static void look_at_nothing(struct vtr_heap *heap, void *arg) { (void)heap, (void)arg; }

static int list_heaps(const char *command, const char *params, struct rte_tel_data *d)
{
    (void)command, (void)params;
    rte_tel_data_start_array(d, RTE_TEL_INT_VAL);
    for (unsigned i = 0; i < VTR_HEAPS_NAMED; i++)
        if (vtr_heaps_visit_(i, look_at_nothing, NULL))
            rte_tel_data_add_array_int(d, (int)i);
    return 0;
}

static void add_heap(struct vtr_heap *heap, void *arg)
{
#define FIELD(name) { #name, offsetof(struct vtr_heap_stat, name) }
    static const struct {
        const char *name;
        size_t at;
    } fields[] = {
        FIELD(max_bytes), FIELD(segment_bytes), FIELD(hugetlb_bytes), FIELD(thp_bytes),
        FIELD(pageblock_bytes), FIELD(live_bytes), FIELD(live_blocks), FIELD(large_bytes),
        FIELD(large_blocks), FIELD(visible_bytes), FIELD(fair_bytes), FIELD(unique_bytes),
        FIELD(cached_bytes), FIELD(cached_blocks), FIELD(charged_bytes), FIELD(quota_bytes),
        FIELD(failed_limit), FIELD(failed_quota), FIELD(adopted_blocks), FIELD(adopted_bytes),
        FIELD(keep_refs), FIELD(keep_copies), FIELD(keep_bytes), FIELD(keep_saved),
    };
#undef FIELD
    struct vtr_heap_stat s = { .size = sizeof s };
    struct rte_tel_data *d = arg;
    VTR_STATIC_ASSERT(sizeof fields / sizeof fields[0] == sizeof s / sizeof(uint64_t) - 1,
                      "every figure of a heap is told");
    vtr_heap_stat(heap, &s);
    rte_tel_data_start_dict(d);
    rte_tel_data_add_dict_string(d, "name", heap->name);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        rte_tel_data_add_dict_u64(d, fields[i].name,
                                  *(const uint64_t *)((const char *)&s + fields[i].at));
}

static int show_heap(const char *command, const char *params, struct rte_tel_data *d)
{
    unsigned n;
    (void)command;
    if (!number(params, VTR_HEAPS_NAMED - 1, &n))
        return -EINVAL;
    return vtr_heaps_visit_(n, add_heap, d) ? 0 : -ENODEV;
}

static void add_place(void *arg, uint64_t n, const char *place)
{
    char text[RTE_TEL_MAX_STRING_LEN];
    snprintf(text, sizeof text, "%" PRIu64 " from %s", n,
             place != NULL ? place : "a place not known");
    rte_tel_data_add_array_string(arg, text);
}

static void add_places(struct vtr_heap *heap, void *arg)
{
    struct rte_tel_data **places = arg;
    *places = rte_tel_data_alloc();
    if (*places == NULL)
        return;
    rte_tel_data_start_array(*places, RTE_TEL_STRING_VAL);
    vtr_survivors_each_(heap, PLACES, add_place, *places);
}

static int show_leaks(const char *command, const char *params, struct rte_tel_data *d)
{
    (void)command, (void)params;
    rte_tel_data_start_dict(d);
    for (unsigned i = 0; i < VTR_HEAPS_NAMED; i++) {
        struct rte_tel_data *places = NULL;
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        if (vtr_heaps_visit_(i, add_places, &places) && places != NULL)
            rte_tel_data_add_dict_container(d, name, places, 0);
    }
    return 0;
}

int vtr_telemetry_register_(void)
{
    static const struct {
        const char *command;
        telemetry_cb answer;
        const char *help;
    } commands[] = {
        { "/vitrine/heaps", list_heaps, "Lists open heaps. Takes no parameters" },
        { "/vitrine/heap", show_heap, "Returns what a heap holds. Parameters: int heap" },
        { "/vitrine/leaks", show_leaks, "Returns what is referenced, by heap and place" },
        { "/vitrine/ports", list_ports, "Lists open ports. Takes no parameters" },
        { "/vitrine/port", show_port, "Returns counters of a port. Parameters: int port" },
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof commands / sizeof commands[0]; i++)
        rc = rte_telemetry_register_cmd(commands[i].command, commands[i].answer, commands[i].help);
    return rc;
}
