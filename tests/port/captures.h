/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the tests of captures share: a folder for the files, and what tshark and capinfos say about
 * them.
 */
#ifndef VITRINE_TESTS_PORT_CAPTURES_H
#define VITRINE_TESTS_PORT_CAPTURES_H

#include "ports.h"

#include <sys/stat.h>
#include <vitrine/capture.h>

static char folder[64];

static inline const char *file_named(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline int folder_begin(void **state)
{
    snprintf(folder, sizeof folder, "%s/vitrine-capture-XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    return mkdtemp(folder) == NULL;
}

static inline int folder_end(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static inline void need(const char *tool)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null", tool);
    if (system(command) == 0)
        return;
    print_message("no %s here\n", tool);
    skip();
}

/* What a tool says about a file. */
struct answer {
    char text[1 << 20];
    char *rest;
};

static inline struct answer *ask(const char *command, const char *path)
{
    static struct answer answer;
    char line[512];
    snprintf(line, sizeof line, "LC_ALL=C %s '%s' 2>/dev/null", command, path);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t n = fread(answer.text, 1, sizeof answer.text - 1, pipe);
    assert_true(n < sizeof answer.text - 1);
    pclose(pipe);
    answer.text[n] = '\0';
    answer.rest = answer.text;
    return &answer;
}

/* One packet as tshark sees it. */
struct seen {
    unsigned direction, queue, len, kept;
    unsigned long long ns, missing;
    char comment[64];
};

#define FIELDS                                                                                     \
    "tshark -n -T fields -E separator=';' -e frame.packet_flags_direction "                        \
    "-e frame.interface_queue -e frame.len -e frame.cap_len -e frame.time_epoch "                  \
    "-e frame.drop_count -e frame.comment -r"

static inline bool next_seen(struct answer *a, struct seen *out)
{
    char *line = strsep(&a->rest, "\n"), *field[7] = { NULL };
    if (line == NULL || line[0] == '\0')
        return false;
    for (int i = 0; i < 7; i++)
        field[i] = strsep(&line, ";");
    assert_non_null(field[6]);
    out->direction = (unsigned)strtoul(field[0], NULL, 0);
    out->queue = (unsigned)strtoul(field[1], NULL, 10);
    out->len = (unsigned)strtoul(field[2], NULL, 10);
    out->kept = (unsigned)strtoul(field[3], NULL, 10);
    out->ns = strtoull(field[4], &field[4], 10) * 1000000000;
    assert_int_equal(strlen(field[4]), 10); /* ".123456789" */
    out->ns += strtoull(field[4] + 1, NULL, 10);
    out->missing = strtoull(field[5], NULL, 10);
    snprintf(out->comment, sizeof out->comment, "%s", field[6]);
    return true;
}

/* A file whose packets go in order: all of them, and how many are missing. */
static inline unsigned packets_of(const char *path, unsigned long long *missing)
{
    struct answer *a = ask(FIELDS, path);
    struct seen seen = { .ns = 0 };
    unsigned long long before = 0;
    unsigned n = 0;
    for (*missing = 0; next_seen(a, &seen); n++) {
        assert_true(seen.ns >= before);
        before = seen.ns;
        *missing += seen.missing;
    }
    return n;
}

static inline unsigned count_of(const char *path)
{
    unsigned long long missing;
    unsigned n = packets_of(path, &missing);
    assert_int_equal(missing, 0);
    return n;
}

static inline struct vtr_capture_stat stat_of(struct vtr_port *port)
{
    struct vtr_capture_stat stat = { .size = sizeof stat };
    vtr_port_capture_stat(port, &stat);
    return stat;
}

static inline void capture(struct vtr_port *port, const char *path,
                           const struct vtr_capture_opts *opts)
{
    struct vtr_error err = { 0 };
    if (vtr_port_capture(port, path, opts, &err) != 0)
        fail_msg("%s (%s)", err.what, err.hint);
}

static inline struct vtr_capture_opts capture_opts(void)
{
    return (struct vtr_capture_opts){ .size = sizeof(struct vtr_capture_opts) };
}

static inline void stop(struct vtr_port *port)
{
    struct vtr_error err = { 0 };
    if (vtr_port_capture_stop(port, &err) != 0)
        fail_msg("%s (%s)", err.what, err.hint);
}

static inline void send_numbered(struct vtr_heap *heap, struct vtr_port *port, unsigned queue,
                                 uint32_t from, unsigned n, size_t len)
{
    for (uint32_t i = 0; i < n; i++) {
        struct vtr_pkt pkt = test_pkt(heap, len, from + i);
        test_send(port, queue, &pkt, 1);
    }
}

static inline void drain(struct vtr_port *port, unsigned queue, unsigned n)
{
    struct vtr_pkt pkts[64];
    for (unsigned got; n != 0; n -= got) {
        got = test_receive(port, queue, pkts, n < 64 ? n : 64);
        assert_true(got != 0);
        test_unref(pkts, got);
    }
}

/* The frames as they are, in the format of before. */
static inline void assert_frames(const char *path, uint32_t from, unsigned n, size_t len,
                                 size_t kept)
{
    char command[512];
    snprintf(command, sizeof command, "tshark -r '%s' -F nsecpcap -w - 2>/dev/null", path);
    FILE *pipe = popen(command, "r");
    uint8_t head[24], *want = malloc(len), *got = malloc(kept);
    uint32_t record[4];
    assert_int_equal(fread(head, sizeof head, 1, pipe), 1);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(fread(record, sizeof record, 1, pipe), 1);
        assert_int_equal(record[2], kept);
        assert_int_equal(record[3], len);
        assert_int_equal(fread(got, kept, 1, pipe), 1);
        test_fill(want, len, from + i);
        assert_memory_equal(got, want, kept);
    }
    assert_int_equal(fread(record, 1, 1, pipe), 0);
    pclose(pipe);
    free(want);
    free(got);
}

#endif
