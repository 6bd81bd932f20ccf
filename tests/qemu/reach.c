/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a device reaches, shown from inside a guest: a program that receives and sends over a port
 * of a real driver, and then takes maps away under the device. nic.py is the other end of the wire.
 *
 *   reach PORT
 *
 * It prints "now STEP" when it waits for frames, "yes WHAT" or "no WHAT" for what it finds, and
 * "segment RIGHTS ADDRESS" before it takes a map away. The judges are the kernel's:
 * /proc/self/maps says what the heap's segments are, and VFIO is asked through the descriptor of
 * the container that the port has open.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <vitrine/port.h>
#include <vitrine/vitrine.h>

enum { SEGMENT = 64 << 20, PAGEBLOCK = 2 << 20, PAGEBLOCKS = 32, VIEWS = 8 };
enum { ECHOES = 200, HELD = 900, RING = 64, BURST = 32, PATIENCE_S = 30 };
enum { READS = VFIO_DMA_MAP_FLAG_READ, WRITES = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };

static struct vtr_heap *heap;
static struct vtr_port *port;
static bool all_well = true;

static void finding(bool yes, const char *what)
{
    printf("%s %s\n", yes ? "yes" : "no", what);
    all_well = all_well && yes;
}

static void now(const char *step) { printf("now %s\n", step); }

/* Mappings of the heaps' segments with these rights, in order of address. */
struct views {
    uint8_t *at[VIEWS];
    unsigned n;
};

static struct views views_with(const char *rights)
{
    struct views v = { .n = 0 };
    char line[512], has[8];
    unsigned long from, to;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && v.n < VIEWS && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "/memfd:vitrine-blocks") != NULL &&
            sscanf(line, "%lx-%lx %7s", &from, &to, has) == 3 && strcmp(has, rights) == 0)
            v.at[v.n++] = (uint8_t *)from; /* NOLINT: an address, told as a number */
    if (maps != NULL)
        fclose(maps);
    return v;
}

/* For the other end, which looks whether it was one of them that the device was refused. */
static struct views views_shown(const char *rights)
{
    struct views v = views_with(rights);
    for (unsigned i = 0; i < v.n; i++)
        printf("segment %s %p\n", rights, (void *)v.at[i]);
    return v;
}

/* @return which of the views the span lies in, or -1. */
static int view_of(const struct views *v, const uint8_t *at, size_t len)
{
    for (unsigned i = 0; i < v->n; i++)
        if (at >= v->at[i] && at + len <= v->at[i] + SEGMENT)
            return (int)i;
    return -1;
}

static bool late(const struct timespec *began)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec - began->tv_sec > PATIENCE_S;
}

static unsigned receive(struct vtr_pkt *pkts, unsigned n)
{
    struct timespec began;
    unsigned got = 0;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (got < n && !late(&began))
        got += vtr_port_rx(port, 0, pkts + got, n - got < BURST ? n - got : BURST);
    return got;
}

static bool transmit(struct vtr_data d)
{
    struct vtr_pkt pkt = { .data = d };
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (vtr_port_tx(port, 0, &pkt, 1) == 0)
        if (late(&began)) {
            vtr_pkt_unref(&pkt);
            return false;
        }
    return true;
}

/* A frame to the other end: its number, then what it says. */
static size_t compose(uint8_t *frame, const char *says)
{
    static const uint8_t head[14] = { 2, 0, 0, 0, 0, 0x99, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    memcpy(frame, head, sizeof head);
    memset(frame + sizeof head, 0, 50);
    memcpy(frame + sizeof head, says, strlen(says));
    return 64;
}

static struct vtr_port_stat stat_of_port(void)
{
    struct vtr_port_stat stat;
    vtr_port_stat(port, &stat);
    return stat;
}

/* Swaps the addresses of a frame where it lies and sends it. @return whether it stayed there. */
static bool echo(struct vtr_pkt *pkt, const struct views *views)
{
    struct vtr_buf buf;
    size_t run;
    uint8_t mac[6];
    const uint8_t *at = vtr_data_at(pkt->data, 0, &run);
    bool inside = run == pkt->data.len && view_of(views, at, run) >= 0;
    bool own = vtr_data_try_own(&pkt->data, &buf);
    if (!own)
        return false;
    uint8_t *bytes = vtr_buf_bytes(&buf);
    memcpy(mac, bytes, 6);
    memcpy(bytes, bytes + 6, 6);
    memcpy(bytes + 6, mac, 6);
    pkt->data = vtr_buf_seal(&buf);
    bool same = vtr_data_at(pkt->data, 0, &run) == at && run == pkt->data.len;
    return transmit(pkt->data) && inside && same;
}

static void what_is_received_and_sent_lies_in_the_heap(void)
{
    struct views views = views_with("r--s");
    unsigned in_place = 0;
    uint64_t copies = stat_of_port().tx_copies;
    struct vtr_pkt pkt;
    now("echo");
    for (unsigned i = 0; i < ECHOES && receive(&pkt, 1) == 1; i++)
        in_place += echo(&pkt, &views);
    finding(in_place == ECHOES, "each frame was received into a segment and sent from there");
    finding(stat_of_port().tx_copies == copies, "none of them was copied");
}

static uint64_t segments(void)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    return stat.segment_bytes / SEGMENT;
}

static struct vtr_data frame_in(struct vtr_buf *buf, const char *says)
{
    vtr_buf_commit(buf, compose(vtr_buf_reserve(buf, 64), says));
    return vtr_buf_seal(buf);
}

static struct vtr_data frame_of(struct vtr_heap *of, const char *says)
{
    uint8_t bytes[64];
    struct vtr_data d = VTR_DATA_EMPTY;
    if (vtr_data_copy(of, bytes, compose(bytes, says), &d) != 0)
        finding(false, "a frame is made");
    return d;
}

/* Holds frames until new blocks are needed to receive them. @return how many lay in the view. */
static unsigned hold(const struct views *views, int view)
{
    static struct vtr_pkt pkts[HELD];
    unsigned in_view = 0;
    size_t run;
    now("hold");
    unsigned got = receive(pkts, HELD);
    finding(got == HELD, "frames are held, more than a pageblock has blocks");
    for (unsigned i = 0; i < got; i++) {
        const uint8_t *at = vtr_data_at(pkts[i].data, 0, &run);
        in_view += view_of(views, at, run) == view;
        vtr_pkt_unref(&pkts[i]);
    }
    return in_view;
}

static void segments_that_come_later_are_reached_too(void)
{
    struct vtr_buf bufs[2 * PAGEBLOCKS];
    unsigned n = 0;
    size_t run;
    while (segments() == 1 && n < 2 * PAGEBLOCKS && vtr_buf_init(heap, 0, PAGEBLOCK, &bufs[n]) == 0)
        n++;
    finding(segments() == 2, "the heap grows while the port is open");
    struct views views = views_with("r--s");
    struct vtr_data d = frame_in(&bufs[--n], "second segment");
    finding(views.n == 2 && view_of(&views, vtr_data_at(d, 0, &run), 64) == 1,
            "a frame lies in the second segment");
    finding(transmit(d), "it is sent from there");
    finding(hold(&views, 1) > 0, "some were received into the second segment");
    while (n-- > 0)
        vtr_buf_fini(&bufs[n]);
}

static void let_go(void *arg, const void *bytes, size_t len)
{
    (void)bytes, (void)len;
    ++*(unsigned *)arg;
}

static void bytes_that_lie_elsewhere_are_copied_or_mapped(void)
{
    static uint8_t lent[64];
    static unsigned given_back;
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "other", .max_bytes = SEGMENT };
    struct vtr_heap *other;
    struct vtr_data d;
    size_t len = compose(lent, "adopted");
    finding(vtr_data_adopt(heap, lent, len, let_go, &given_back, &d) == 0 && transmit(d) &&
                given_back == 1 && stat_of_port().tx_copies == 1,
            "adopted bytes are sent as a copy, and given back at once");
    finding(vtr_heap_open(&opts, &other, NULL) == 0, "there is a second heap");
    finding(transmit(frame_of(other, "other heap 1")) &&
                transmit(frame_of(other, "other heap 2")) && stat_of_port().tx_copies == 1,
            "another heap's are sent without");
    now("drain"); /* the driver lets go of a frame when it needs its place in the ring */
    for (unsigned i = 0; i < RING; i++)
        (void)transmit(frame_of(heap, "drain"));
    finding(vtr_heap_close(other, NULL) == 0, "a heap may end while a device has it mapped");
}

/* Calls on whichever container the port has. @return 0 or an errno. */
static int on_container(unsigned long call, void *arg)
{
    char to[64];
    int error = ENOENT;
    struct dirent *e;
    DIR *dir = opendir("/proc/self/fd");
    while (error != 0 && dir != NULL && (e = readdir(dir)) != NULL) {
        ssize_t n = readlinkat(dirfd(dir), e->d_name, to, sizeof to - 1);
        if (n > 0 && (to[n] = '\0', strcmp(to, "/dev/vfio/vfio") == 0) &&
            ioctl(atoi(e->d_name), VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) > 0)
            error = ioctl(atoi(e->d_name), call, arg) == 0 ? 0 : errno;
    }
    if (dir != NULL)
        closedir(dir);
    return error;
}

static bool unmapped(const uint8_t *at)
{
    struct vfio_iommu_type1_dma_unmap m = { .argsz = sizeof m, .iova = (uintptr_t)at,
                                            .size = SEGMENT };
    return on_container(VFIO_IOMMU_UNMAP_DMA, &m) == 0 && m.size == SEGMENT;
}

static int map(const uint8_t *at, uint32_t access)
{
    struct vfio_iommu_type1_dma_map m = { .argsz = sizeof m, .flags = access, .size = SEGMENT,
                                          .vaddr = (uintptr_t)at, .iova = (uintptr_t)at };
    return on_container(VFIO_IOMMU_MAP_DMA, &m);
}

static void the_read_view_is_mapped_to_be_read(void)
{
    struct views reads = views_shown("r--s");
    bool was = true, refused = true, again = true;
    for (unsigned i = 0; i < reads.n; i++) {
        was = unmapped(reads.at[i]) && was;
        refused = map(reads.at[i], WRITES) == EFAULT && refused;
    }
    finding(was, "the read view was mapped");
    finding(refused, "the kernel maps it to no device for writing");
    finding(transmit(frame_of(heap, "not mapped")), "it is told to send what is not mapped");
    now("refused read");
    for (unsigned i = 0; i < reads.n; i++)
        again = map(reads.at[i], READS) == 0 && again;
    finding(again, "the kernel maps it for reading");
    finding(transmit(frame_of(heap, "mapped again")), "then the device sends again");
    now("mapped again");
}

/* Receives a frame. @return whether no byte of the heap's segments changed by it. */
static bool unchanged(const struct views *reads, const char *step)
{
    static uint8_t *before[VIEWS];
    struct vtr_pkt pkt;
    bool same = true;
    for (unsigned i = 0; i < reads->n; i++) {
        before[i] = before[i] != NULL ? before[i] : (uint8_t *)malloc(SEGMENT);
        memcpy(before[i], reads->at[i], SEGMENT);
    }
    now(step);
    unsigned got = receive(&pkt, 1);
    for (unsigned i = 0; i < reads->n; i++)
        same = memcmp(before[i], reads->at[i], SEGMENT) == 0 && same;
    finding(got == 1, "the device says that a frame came");
    if (got == 1)
        vtr_pkt_unref(&pkt);
    return same;
}

static void nothing_else_is_reached(void)
{
    struct views reads = views_with("r--s"), writes = views_shown("rw-s");
    bool was = true, only_reads = true, again = true;
    for (unsigned i = 0; i < writes.n; i++)
        was = unmapped(writes.at[i]) && was;
    finding(was && writes.n == reads.n, "the writable view was mapped");
    finding(unchanged(&reads, "refused write"), "a device without a map changes nothing");
    for (unsigned i = 0; i < writes.n; i++)
        only_reads = map(writes.at[i], READS) == 0 && only_reads;
    finding(only_reads, "the writable view is mapped to be read only");
    finding(unchanged(&reads, "refused write again"),
            "a device with a read-only map changes nothing");
    for (unsigned i = 0; i < writes.n; i++)
        again = unmapped(writes.at[i]) && map(writes.at[i], WRITES) == 0 && again;
    finding(again && !unchanged(&reads, "allowed write"), "with its map back it writes");
}

static void say_error(const struct vtr_error *err)
{
    printf("no port: %s\n  try: %s\n", err->what, err->hint);
}

static bool begin(const char *spec)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "guest", .max_bytes = 2u * SEGMENT };
    struct vtr_port_opts port_opts = { .size = sizeof port_opts, .rx_descs = RING,
                                       .tx_descs = RING };
    struct vtr_error err;
    if (vtr_heap_open(&opts, &heap, &err) == 0 &&
        vtr_port_open(heap, spec, &port_opts, &port, &err) == 0)
        return true;
    say_error(&err);
    return false;
}

static void end(void)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    (void)vtr_port_close(port);
    vtr_heap_stat(heap, &stat);
    finding(stat.live_blocks == 0, "nothing is left in the heap");
    finding(vtr_heap_close(heap, NULL) == 0, "the heap ends");
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2 || !begin(argv[1]))
        return 2;
    puts("received and sent in place");
    what_is_received_and_sent_lies_in_the_heap();
    puts("segments that come later");
    segments_that_come_later_are_reached_too();
    puts("bytes that lie elsewhere");
    bytes_that_lie_elsewhere_are_copied_or_mapped();
    puts("to send, a map to read suffices");
    the_read_view_is_mapped_to_be_read();
    puts("nothing else is reached");
    nothing_else_is_reached();
    puts("the device works on");
    what_is_received_and_sent_lies_in_the_heap();
    end();
    return all_well ? 0 : 1;
}
