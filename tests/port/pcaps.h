/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Capture files of tests: a directory that goes, files written byte by byte, frames read back.
 */
#ifndef VITRINE_TESTS_PORT_PCAPS_H
#define VITRINE_TESTS_PORT_PCAPS_H

#include "ports.h"

#include <sys/stat.h>

struct captures {
    char dir[32], in[64], out[64], spec[192];
};

static inline struct captures test_captures(void)
{
    struct captures c = { .dir = "/tmp/vitrine-test-XXXXXX" };
    assert_non_null(mkdtemp(c.dir));
    snprintf(c.in, sizeof c.in, "%s/in.pcap", c.dir);
    snprintf(c.out, sizeof c.out, "%s/out.pcap", c.dir);
    snprintf(c.spec, sizeof c.spec, "pcap:%s,%s", c.in, c.out);
    return c;
}

static inline void test_captures_end(struct captures *c)
{
    unlink(c->in);
    unlink(c->out);
    assert_int_equal(rmdir(c->dir), 0);
}

static inline void test_write_file(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(len == 0 || fwrite(bytes, len, 1, f) == 1);
    assert_int_equal(fclose(f), 0);
}

/* A pcap file of numbered packets. @param link  type, 1 for Ethernet. */
static inline void test_write_pcap(const char *path, uint32_t link, const size_t *lens, unsigned n)
{
    const uint32_t head[6] = { 0xa1b2c3d4, 4u << 16 | 2, 0, 0, 262144, link };
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(head, sizeof head, 1, f), 1);
    for (unsigned i = 0; i < n; i++) {
        const uint32_t record[4] = { i, 0, (uint32_t)lens[i], (uint32_t)lens[i] };
        uint8_t *bytes = (uint8_t *)malloc(lens[i]);
        test_fill(bytes, lens[i], i);
        assert_true(fwrite(record, sizeof record, 1, f) == 1 && fwrite(bytes, lens[i], 1, f) == 1);
        free(bytes);
    }
    assert_int_equal(fclose(f), 0);
}

/* The frames of a pcap file that a port wrote. */
struct capture_read {
    uint8_t *bytes;
    size_t size, at;
};

static inline struct capture_read test_read_pcap(const char *path)
{
    struct capture_read r = { NULL, 0, 24 };
    struct stat st;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    r.size = (size_t)st.st_size;
    r.bytes = (uint8_t *)malloc(r.size);
    assert_int_equal(fread(r.bytes, r.size, 1, f), 1);
    assert_int_equal(fclose(f), 0);
    assert_true(r.size >= 24);
    return r;
}

/* @return the next frame, borrowed; NULL at the end. */
static inline const uint8_t *test_next_frame(struct capture_read *r, size_t *len)
{
    uint32_t caplen, wirelen;
    if (r->at == r->size)
        return NULL;
    assert_true(r->size - r->at >= 16);
    memcpy(&caplen, r->bytes + r->at + 8, sizeof caplen);
    memcpy(&wirelen, r->bytes + r->at + 12, sizeof wirelen);
    assert_int_equal(caplen, wirelen);
    assert_true(r->size - r->at - 16 >= caplen);
    const uint8_t *frame = r->bytes + r->at + 16;
    r->at += 16 + (size_t)caplen;
    *len = caplen;
    return frame;
}

#endif
