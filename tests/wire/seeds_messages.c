/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * seeds_messages FOLDER: writes the seeds of fuzz_messages: the byte that selects a walk, and a
 * message that it goes through to its end.
 */
#include <stdio.h>
#include <string.h>
#include <vitrine/wire.h>
#include "samples.h"

static const uint8_t GRE[] = { 0xb0, 0, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 7, 0x45, 0 };
static const uint8_t NVGRE[] = { 0x20, 0, 0x65, 0x58, 0x12, 0x34, 0x56, 0x78, 2, 0 };
static const uint8_t PPTP[] = { 0x30, 0x81, 0x88, 0x0b, 0, 2, 0, 5, 0, 0, 0, 9, 0, 0, 0, 8, 1, 2 };
static const uint8_t VXLAN[] = { 0x0c, 0, 0, 1, 0x12, 0x34, 0x56, 0, 0x45, 0 };
static const uint8_t GENEVE[] = { 0x03, 0x40, 0x65, 0x58, 0, 0, 1,    0,    1,    2,
                                  5,    1,    1,    2,    3, 4, 0xff, 0xfe, 0x80, 0 };
static const uint8_t GTPU[] = { 0x37, 0xff, 0, 14, 0, 0, 0, 1, 0, 7, 3,
                                0x85, 1,    0, 9,  0x40, 1, 8, 0x68, 0, 0x45, 0 };
static const uint8_t QUIC[] = { 1, 0xe0, 0, 0, 0, 1, 0, 0, 2, 1, 2, 0xd0, 0, 0,
                                0, 1,    0, 0, 1, 3, 0x40, 7, 4 };
static const uint8_t VERSIONS[] = { 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf };
static const uint8_t ALPN[] = { /* a hello of 1.2: no session, one suite, one extension */
    22, 3, 1, 0, 59, 1, 0, 0, 55, 3, 3, [11 + 32] = 0, 0, 2, 0x13, 1, 1, 0,
    0,  12, 0, 16, 0, 8, 0, 6, 2, 'h', '2', 2, 'h', '3',
};
static const char TEXT[] = "get a b\r\nset k 1 2 3 noreply\r\nabc\r\nms k 1 T30 q\r\nx\r\n"
                           "incr k 5\r\ncas k 0 0 0 9\r\n\r\nmn\r\ndelete k 0\r\ngat 1 k\r\n";
static const char REPLIES[] = "VALUE k 5 2 77\r\nhi\r\nEND\r\nVA 3 t20\r\nabc\r\nHD O1\r\n5\r\n";

static const char *folder;

static void save(const char *name, uint8_t walk, const void *bytes, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    FILE *file = fopen(path, "wb");
    vtr_check(file != NULL && fputc(walk, file) == walk && fwrite(bytes, 1, len, file) == len &&
              fclose(file) == 0);
}
#define SAVE(name, walk, array) save(name, walk, array, sizeof(array))

/** An offer, whose options go on in the file and the server's name. */
static void save_dhcp(void)
{
    struct {
        struct vtr_dhcp header;
        uint8_t overload[3], options[sizeof SAMPLE_DHCP_OPTIONS];
    } p = { .overload = { VTR_DHCP_OVERLOAD, 1, 3 } };
    p.header.op = VTR_DHCP_REPLY;
    p.header.magic = vtr_be32_make(VTR_DHCP_MAGIC);
    memcpy(p.header.file, "\3\4\1\2\3\4\xff", 7);
    memcpy(p.header.server_name, "\14\2hi\xff", 5);
    memcpy(p.options, SAMPLE_DHCP_OPTIONS, sizeof p.options);
    save("dhcp", 6, &p, sizeof p);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seeds_messages FOLDER\n");
        return 2;
    }
    folder = argv[1];
    SAVE("gre", 0, GRE);
    SAVE("nvgre", 0, NVGRE);
    SAVE("pptp", 1, PPTP);
    SAVE("vxlan_gpe", 2, VXLAN);
    SAVE("geneve", 3, GENEVE);
    SAVE("gtpu", 4, GTPU);
    SAVE("dns", 5, SAMPLE_DNS);
    save_dhcp();
    SAVE("ntp", 7, SAMPLE_NTP);
    SAVE("quic_coalesced", 8, QUIC);
    SAVE("quic_versions", 8, VERSIONS);
    SAVE("tls_client_hello", 9, SAMPLE_CLIENT_HELLO);
    SAVE("tls_server_hello", 9, SAMPLE_SERVER_HELLO);
    SAVE("tls_alpn", 9, ALPN);
    save("memcached", 10, TEXT, sizeof TEXT - 1);
    save("memcached_replies", 11, REPLIES, sizeof REPLIES - 1);
    SAVE("memcached_binary", 12, SAMPLE_BINARY);
    return 0;
}
