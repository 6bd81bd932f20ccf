/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Putting pcapng blocks together. Lengths come first in a block, so it is closed when it is known;
 * everything is padded to words.
 */
#include "port/pcapng.h"

#include <stdio.h>
#include <string.h>

enum block { SECTION = 0x0a0d0d0a, INTERFACE = 1, STATISTICS = 5, PACKET = 6 };
enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d, LINKTYPE_ETHERNET = 1, NANOSECONDS = 9 };

/* Options, by the block they belong to. */
enum { OPT_END = 0, OPT_COMMENT = 1 };
enum { SHB_USERAPPL = 4 };
enum { IF_NAME = 2, IF_DESCRIPTION = 3, IF_MACADDR = 6, IF_TSRESOL = 9 };
enum { EPB_FLAGS = 2, EPB_DROPCOUNT = 4, EPB_QUEUE = 6 };
enum { ISB_STARTTIME = 2, ISB_ENDTIME = 3, ISB_IFRECV = 4, ISB_IFDROP = 5, ISB_USRDELIV = 8 };

/* @return room for @p len bytes, padded. */
static uint8_t *room(struct vtr_pcapng *p, size_t len)
{
    size_t padded = (len + 3) & ~(size_t)3;
    vtr_check(padded <= p->cap - p->len);
    uint8_t *at = p->at + p->len;
    memset(at + len, 0, padded - len);
    p->len += padded;
    return at;
}

static void put16(struct vtr_pcapng *p, uint16_t first, uint16_t second)
{
    const uint16_t both[2] = { first, second };
    memcpy(room(p, sizeof both), both, sizeof both);
}

static void put32(struct vtr_pcapng *p, uint32_t value)
{
    memcpy(room(p, sizeof value), &value, sizeof value);
}

static void put64(struct vtr_pcapng *p, uint64_t value)
{
    memcpy(room(p, sizeof value), &value, sizeof value);
}

/* A time is its upper half, then its lower one, in either byte order. */
static void put_time(struct vtr_pcapng *p, uint64_t ns)
{
    put32(p, (uint32_t)(ns >> 32));
    put32(p, (uint32_t)ns);
}

static void block_begin(struct vtr_pcapng *p, enum block type)
{
    p->block = p->len;
    put32(p, (uint32_t)type);
    put32(p, 0);
}

static void block_end(struct vtr_pcapng *p)
{
    uint32_t len = (uint32_t)(p->len - p->block) + (uint32_t)sizeof len;
    memcpy(p->at + p->block + sizeof(uint32_t), &len, sizeof len);
    put32(p, len);
}

static void option_bytes(struct vtr_pcapng *p, uint16_t code, const void *bytes, size_t len)
{
    put16(p, code, (uint16_t)len);
    memcpy(room(p, len), bytes, len);
}

static void option_text(struct vtr_pcapng *p, uint16_t code, const char *text)
{
    option_bytes(p, code, text, strnlen(text, VTR_PCAPNG_TEXT_MAX));
}

static void option_u32(struct vtr_pcapng *p, uint16_t code, uint32_t value)
{
    put16(p, code, sizeof value);
    put32(p, value);
}

static void option_u64(struct vtr_pcapng *p, uint16_t code, uint64_t value)
{
    put16(p, code, sizeof value);
    put64(p, value);
}

static void option_time(struct vtr_pcapng *p, uint16_t code, uint64_t ns)
{
    put16(p, code, sizeof ns);
    put_time(p, ns);
}

static void options_end(struct vtr_pcapng *p) { put16(p, OPT_END, 0); }

void vtr_pcapng_begin_(struct vtr_pcapng *p, const struct vtr_pcapng_interface *of)
{
    const uint8_t resolution = NANOSECONDS;
    block_begin(p, SECTION);
    put32(p, BYTE_ORDER_MAGIC);
    put16(p, 1, 0); /* the format's version */
    put64(p, UINT64_MAX); /* the section's length: up to the end of the file */
    option_text(p, SHB_USERAPPL, of->program);
    options_end(p);
    block_end(p);

    block_begin(p, INTERFACE);
    put16(p, LINKTYPE_ETHERNET, 0);
    put32(p, of->snap_bytes);
    option_text(p, IF_NAME, of->name);
    option_text(p, IF_DESCRIPTION, of->description);
    option_bytes(p, IF_MACADDR, of->mac, sizeof of->mac);
    option_bytes(p, IF_TSRESOL, &resolution, 1);
    options_end(p);
    block_end(p);
}

static void put_packet_bytes(struct vtr_pcapng *p, const struct vtr_pcapng_packet *packet)
{
    uint8_t *to = room(p, packet->kept);
    if (packet->bytes != NULL)
        memcpy(to, packet->bytes, packet->kept);
    else
        vtr_check(vtr_data_gather(packet->data, 0, to, packet->kept));
}

void vtr_pcapng_packet_(struct vtr_pcapng *p, const struct vtr_pcapng_packet *packet)
{
    char comment[64];
    block_begin(p, PACKET);
    put32(p, 0); /* the interface */
    put_time(p, packet->ns);
    put32(p, packet->kept);
    put32(p, packet->len);
    put_packet_bytes(p, packet);
    option_u32(p, EPB_FLAGS, (uint32_t)packet->direction);
    option_u32(p, EPB_QUEUE, packet->queue);
    if (packet->lost != 0)
        option_u64(p, EPB_DROPCOUNT, packet->lost);
    if (packet->drop != NULL) {
        snprintf(comment, sizeof comment, "dropped: %s", packet->drop);
        option_text(p, OPT_COMMENT, comment);
    }
    options_end(p);
    block_end(p);
}

void vtr_pcapng_end_(struct vtr_pcapng *p, const struct vtr_pcapng_totals *totals)
{
    block_begin(p, STATISTICS);
    put32(p, 0); /* the interface */
    put_time(p, totals->end_ns);
    option_text(p, OPT_COMMENT, totals->comment);
    option_time(p, ISB_STARTTIME, totals->begin_ns);
    option_time(p, ISB_ENDTIME, totals->end_ns);
    option_u64(p, ISB_IFRECV, totals->seen);
    option_u64(p, ISB_IFDROP, totals->lost);
    option_u64(p, ISB_USRDELIV, totals->written);
    options_end(p);
    block_end(p);
}
