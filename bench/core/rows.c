/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The rows, and the goals they have.
 */
#include "core/atomic.h"
#include "core/malloc.h"
#include "core/mbuf.h"
#include "core/ours.h"
#include "core/parse.h"
#include "core/stand.h"

static uint64_t one(const struct stand *s) { return 1; }
static uint64_t mark(const struct stand *s) { return CORE_MARK; }
static uint64_t block(const struct stand *s) { return CORE_BLOCK; }
static uint64_t slice(const struct stand *s) { return CORE_SLICE; }
static uint64_t prepended(const struct stand *s) { return CORE_HEADER + CORE_SLICE; }
static uint64_t frame(const struct stand *s) { return CORE_FRAME; }
static uint64_t piece(const struct stand *s) { return 64; }
static uint64_t some(const struct stand *s) { return 512; }
static uint64_t header(const struct stand *s) { return core_header(s->bytes + STAND_VIEW); }
static uint64_t straddling(const struct stand *s)
{
    uint8_t ip[20]; /* the second segment's bytes begin as the first one's do */
    memcpy(ip, s->bytes + STAND_STRADDLE, 10);
    memcpy(ip + 10, s->bytes, 10);
    return core_header(ip);
}

const struct row core_rows[] = {
    { "alloc_free_2k", "a block allocated, a word written, freed", "mbuf", 1.6, .each = mark,
      .way = { { "vitrine", ours_alloc_free },
               { "mbuf", mbuf_alloc_free },
               { "malloc", malloc_alloc_free } } },
    { "alloc_free_2k_bulk32", "the same, 32 at once", "mbuf", 1.6, .each = mark,
      .way = { { "vitrine", ours_alloc_free_bulk },
               { "mbuf", mbuf_alloc_free_bulk },
               { "malloc", malloc_alloc_free } } },
    { "alloc_free_2k_st", "heap declared single-threaded", "mbuf", 1.15, .each = mark,
      .way = { { "vitrine", ours_alloc_free_st }, { "mbuf", mbuf_alloc_free } } },
    { "alloc_free_2k_bulk32_st", "heap declared single-threaded", "mbuf", 1.1, .each = mark,
      .way = { { "vitrine", ours_alloc_free_bulk_st }, { "mbuf", mbuf_alloc_free_bulk } } },
    { "ref_unref", "one owner more, one less", "atomic", 1.15, .each = block,
      .way = { { "vitrine", ours_ref },
               { "atomic", atomic_pair_block },
               { "mbuf", mbuf_ref },
               { "malloc", malloc_ref } } },
    { "ref_unref_st", "heap declared single-threaded", .each = block,
      .way = { { "vitrine", ours_ref_st }, { "atomic", atomic_pair_block } } },
    { "slice_unref", "1400 of 2048 bytes shared, dropped", "atomic", 1.15, .each = slice,
      .way = { { "vitrine", ours_slice },
               { "atomic", atomic_pair_slice },
               { "mbuf", mbuf_slice },
               { "malloc", malloc_slice } } },
    { "ref_unref_cold", "32,768 blocks in random order", "mbuf", 0.25, .each = block, .cold = true,
      .way = { { "vitrine", ours_ref_cold },
               { "mbuf", mbuf_ref_cold },
               { "malloc", malloc_ref_cold } } },
    { "slice_unref_cold", "the same, 1400 bytes of each", "mbuf", 0.25, .each = slice,
      .cold = true,
      .way = { { "vitrine", ours_slice_cold },
               { "mbuf", mbuf_slice_cold },
               { "malloc", malloc_slice_cold } } },
    { "concat2", "two times 1 KiB joined by reference, dropped", "mbuf", 0.25, .each = block,
      .way = { { "vitrine", ours_concat },
               { "mbuf", mbuf_concat },
               { "malloc", malloc_concat } } },
    { "concat2_st", "heap declared single-threaded", .each = block,
      .way = { { "vitrine", ours_concat_st }, { "mbuf", mbuf_concat } } },
    { "prepend_shared", "42 bytes before shared ones, dropped", "mbuf", 0.5, .each = prepended,
      .way = { { "vitrine", ours_prepend },
               { "mbuf", mbuf_prepend },
               { "malloc", malloc_prepend } } },
    { "prepend_shared_st", "heap declared single-threaded", .each = prepended,
      .way = { { "vitrine", ours_prepend_st }, { "mbuf", mbuf_prepend } } },
    { "view", "20 bytes read in place", "unchecked", 1.5, .each = header,
      .way = { { "vitrine", ours_view },
               { "unchecked", unchecked_view },
               { "dpdk", mbuf_view } } },
    { "view_next", "the same, where the one before says", .each = header,
      .way = { { "vitrine", ours_view_next },
               { "unchecked", unchecked_view_next },
               { "dpdk", mbuf_view_next } } },
    { "view_straddle", "20 bytes read out of two segments", "dpdk", 1.2, .each = straddling,
      .way = { { "vitrine", ours_view_straddle }, { "dpdk", mbuf_view_straddle } } },
    { "parse_udp4", "Ethernet, IPv4, UDP: ends and payload", "unchecked", 1.1,
      .each = parse_udp4_says,
      .way = { { "vitrine", ours_parse_udp4 }, { "unchecked", unchecked_parse_udp4 } } },
    { "parse_tcp6_options", "Ethernet, IPv6, TCP and its options", "unchecked", 1.1,
      .each = parse_tcp6_says,
      .way = { { "vitrine", ours_parse_tcp6 }, { "unchecked", unchecked_parse_tcp6 } } },
    { "parse_vxlan_inner", "down to TCP inside IPv4 inside VXLAN", "unchecked", 1.1,
      .each = parse_vxlan_says,
      .way = { { "vitrine", ours_parse_vxlan }, { "unchecked", unchecked_parse_vxlan } } },
    { "echo_null", "a frame received, turned round, sent", "mbuf", 1.6, .each = frame,
      .way = { { "vitrine", ours_echo }, { "mbuf", mbuf_echo } } },
    { "echo_null_st", "heap declared single-threaded", "mbuf", 1.25, .each = frame,
      .way = { { "vitrine", ours_echo_st }, { "mbuf", mbuf_echo } } },
    { "scale2_own", "two threads, blocks of their own", "one_thread", 1.9, .speedup = true,
      .wall = true, .each = mark,
      .way = { { "vitrine", ours_mix, ours_mix, 2 },
               { "one_thread", ours_mix },
               { "mbuf", mbuf_mix, mbuf_mix, 2 },
               { "mbuf_one", mbuf_mix } } },
    { "scale2_shared", "two threads, one block's count", "atomic", 1.0, .wall = true,
      .each = block,
      .way = { { "vitrine", ours_ref_shared, ours_ref_shared, 2 },
               { "atomic", atomic_pair_block, atomic_pair_block, 2 } } },
    { "remote_free", "allocated by one thread, freed by another", .wall = true, .each = slice,
      .way = { { "vitrine", ours_allocate_away, ours_free_here },
               { "mbuf", mbuf_allocate_away, mbuf_free_here } } },
    { "own_seal", "sole owner writes again: try_own, seal", .each = block,
      .way = { { "vitrine", ours_own_seal }, { "atomic", atomic_pair_block } } },
    { "split_64", "64 bytes split off an open block, dropped", .each = piece,
      .way = { { "vitrine", ours_split }, { "malloc", malloc_copy_64 } } },
    { "unref_bulk32", "a reference made, 32 dropped at once", .each = one,
      .way = { { "vitrine", ours_unref_bulk }, { "one_by_one", ours_unref_each } } },
    { "keep_64", "64 bytes of 2048 kept for long, dropped", .each = piece,
      .way = { { "vitrine", ours_keep }, { "malloc", malloc_copy_64 } } },
    { "copy_64", "64 bytes copied into a block, dropped", .each = piece,
      .way = { { "vitrine", ours_copy_64 },
               { "mbuf", mbuf_copy_64 },
               { "malloc", malloc_copy_64 } } },
    { "copy_512", "512 bytes", .each = some,
      .way = { { "vitrine", ours_copy_512 },
               { "mbuf", mbuf_copy_512 },
               { "malloc", malloc_copy_512 } } },
    { "copy_2048", "2048 bytes", .each = block,
      .way = { { "vitrine", ours_copy_2048 },
               { "mbuf", mbuf_copy_2048 },
               { "malloc", malloc_copy_2048 } } },
    { "locked", "one instruction of this machine", .each = one,
      .way = { { "atomic", atomic_one }, { "plain", plain_one } } },
};
const unsigned core_rows_n = sizeof core_rows / sizeof core_rows[0];
