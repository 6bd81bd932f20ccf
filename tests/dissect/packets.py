# SPDX-License-Identifier: BSD-2-Clause
"""Packets with every header that dissect knows, made here byte by byte, and files of them."""
import ipaddress
import struct

MAC_A, MAC_B = bytes.fromhex('020000000001'), bytes.fromhex('020000000002')
IP_A, IP_B = '192.0.2.1', '192.0.2.2'
IP6_A, IP6_B = '2001:db8::1', '2001:db8::2'


def u8(*n):
    return bytes(n)


def u16(*n):
    return struct.pack(f'>{len(n)}H', *n)


def u32(*n):
    return struct.pack(f'>{len(n)}I', *n)


def address(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def eth(kind, payload, dst=MAC_B, src=MAC_A):
    return dst + src + u16(kind) + payload


def vlan(tci, kind, payload):
    return u16(tci, kind) + payload


def ip4(protocol, payload, src=IP_A, dst=IP_B, options=b'', frag=0x4000, ttl=64, ident=0x1234):
    options += b'\0' * (-len(options) % 4)
    head = u8(0x45 + len(options) // 4, 0) + u16(20 + len(options) + len(payload), ident, frag)
    head += u8(ttl, protocol)
    rest = address(src) + address(dst) + options
    return head + u16(checksum(head + b'\0\0' + rest)) + rest + payload


def ip6(protocol, payload, src=IP6_A, dst=IP6_B, hops=64, flow=0x12345, traffic=0):
    return (u32(6 << 28 | traffic << 20 | flow) + u16(len(payload)) + u8(protocol, hops) +
            address(src) + address(dst) + payload)


def summed(protocol, segment, at, src, dst):
    """The segment with its checksum, which covers a pseudo-header, at a place."""
    pseudo = address(src) + address(dst) + u32(len(segment)) + u32(protocol)
    total = checksum(pseudo + segment) or 0xffff
    return segment[:at] + u16(total) + segment[at + 2:]


def udp(src_port, dst_port, payload, src=IP_A, dst=IP_B):
    return summed(17, u16(src_port, dst_port, 8 + len(payload), 0) + payload, 6, src, dst)


def tcp(src_port, dst_port, payload=b'', flags=0x18, options=b'', src=IP_A, dst=IP_B):
    options += b'\0' * (-len(options) % 4)
    head = u16(src_port, dst_port) + u32(1000, 2000) + u8(5 + len(options) // 4 << 4, flags)
    return summed(6, head + u16(65000, 0, 0) + options + payload, 16, src, dst)


def udp4(src_port, dst_port, payload):
    return eth(0x0800, ip4(17, udp(src_port, dst_port, payload)))


def tcp4(src_port, dst_port, payload=b'', **more):
    return eth(0x0800, ip4(6, tcp(src_port, dst_port, payload, **more)))


def icmp6(kind, code, body, hops=255, dst=IP6_B):
    message = summed(58, u8(kind, code) + b'\0\0' + body, 2, IP6_A, dst)
    return eth(0x86dd, ip6(58, message, hops=hops, dst=dst))


def icmp(kind, code, body):
    return u8(kind, code) + u16(checksum(u8(kind, code) + b'\0\0' + body)) + body


def igmp(kind, code, body):
    return eth(0x0800, ip4(2, icmp(kind, code, body), dst='224.0.0.22', ttl=1))


def sctp(*chunks):
    def make(total):
        return u16(5000, 5001) + u32(0xabcdef01) + total + b''.join(chunks)
    return make(struct.pack('<I', crc32c(make(bytes(4)))))


def chunk(kind, flags, value):
    return u8(kind, flags) + u16(4 + len(value)) + value + b'\0' * (-len(value) % 4)


def name(*labels):
    return b''.join(u8(len(label)) + label for label in labels) + b'\0'


EXAMPLE = name(b'www', b'example', b'org')


def dns(flags, *counts_then_body):
    *counts, body = counts_then_body
    return u16(0x4242, flags, *counts) + body


def dhcp(op, kind, options=b''):
    head = u8(op, 1, 6, 0) + u32(0x3903f326) + u16(0, 0) + address('0.0.0.0')
    head += address('192.0.2.77') + address(IP_B) + bytes(4) + MAC_A + bytes(10 + 64 + 128)
    return head + u32(0x63825363) + u8(53, 1, kind) + options + u8(255)


def client_hello():
    host = b'www.example.org'
    sni = u16(0, len(host) + 5, len(host) + 3) + u8(0) + u16(len(host)) + host
    alpn = u16(16, 5, 3) + u8(2) + b'h2'
    versions = u16(43, 3) + u8(2) + u16(0x0304)
    extensions = sni + alpn + versions
    body = u16(0x0303) + bytes(range(32)) + u8(0) + u16(2, 0x1301) + u8(1, 0)
    body += u16(len(extensions)) + extensions
    message = u8(1) + len(body).to_bytes(3, 'big') + body
    return u8(22) + u16(0x0301, len(message)) + message


# RFC 9001 appendix A.2: what is in clear of the client's Initial; the rest is as good as random.
QUIC = bytes.fromhex('c000000001088394c8f03e5157080000449e') + bytes(range(256)) * 4 + bytes(158)


def good():
    """(name, frame) of packets without a fault."""
    ping = icmp(8, 0, u16(7, 9) + b'abcdefgh')
    data = udp(4000, 5000, b'hello')
    plain = ip4(17, data)
    inner = eth(0x0800, plain)
    data6 = udp(4000, 5000, b'hello', IP6_A, IP6_B)
    syn = u8(2, 4) + u16(1460) + u8(4, 2, 8, 10) + u32(11, 22) + u8(1, 3, 3, 7)
    a = u16(0xc00c, 1, 1) + u32(60) + u16(4) + address('198.51.100.7')
    aaaa = u16(0xc00c, 28, 1) + u32(61) + u16(16) + address(IP6_B)
    cname = u16(0xc00c, 5, 1) + u32(62) + u16(6) + u8(3) + b'web' + u16(0xc010)
    question = EXAMPLE + u16(1, 1)
    opt = u8(0) + u16(41, 1232) + u32(0) + u16(0)
    target = address('ff02::1:ff00:2')
    return [
        ('udp', udp4(4000, 5000, b'hello')),
        ('udp6', eth(0x86dd, ip6(17, data6, traffic=0xb8))),
        ('vlan', eth(0x8100, vlan(0x6007, 0x0800, plain))),
        ('qinq', eth(0x88a8, vlan(0x0064, 0x8100, vlan(0x3005, 0x0800, plain)))),
        ('llc', eth(38, u8(0x42, 0x42, 3) + bytes(35), dst=bytes.fromhex('0180c2000000'))),
        ('snap', eth(8 + len(plain), u8(0xaa, 0xaa, 3, 0, 0, 0) + u16(0x0800) + plain)),
        ('arp', eth(0x0806, u16(1, 0x0800) + u8(6, 4) + u16(1) + MAC_A + address(IP_A) + bytes(6) +
                    address(IP_B))),
        ('mpls', eth(0x8847, u32(100 << 12 | 5 << 9 | 64, 200 << 12 | 1 << 8 | 63) + plain)),
        ('pppoe', eth(0x8864, u8(0x11, 0) + u16(0x77, len(plain) + 2, 0x21) + plain)),
        ('padi', eth(0x8863, u8(0x11, 9) + u16(0, 12, 0x101, 0, 0x103, 4) + b'abcd',
                     dst=b'\xff' * 6)),
        ('options', eth(0x0800, ip4(17, data, options=u8(148, 4, 0, 0, 1, 1, 1, 1)))),
        ('first fragment', eth(0x0800, ip4(17, data + bytes(3), frag=0x2000))),
        ('fragment', eth(0x0800, ip4(17, data, frag=0x0002))),
        ('hop by hop', eth(0x86dd, ip6(0, u8(17, 0, 5, 2, 0, 0, 1, 0) + data6))),
        ('destination', eth(0x86dd, ip6(60, u8(17, 0, 1, 4) + bytes(4) + data6))),
        ('routing', eth(0x86dd, ip6(43, u8(17, 2, 4, 0, 0, 0, 0, 0) + address(IP6_B) + data6))),
        ('fragment6', eth(0x86dd, ip6(44, u8(17, 0) + u16(0x59) + u32(0xcafe) + bytes(16)))),
        ('ah', eth(0x0800, ip4(51, u8(17, 4, 0, 0) + u32(77, 1) + bytes(12) + data))),
        ('esp', eth(0x0800, ip4(50, u32(0x1001, 5) + bytes(range(32))))),
        ('ip in ip', eth(0x0800, ip4(4, plain))),
        ('6 in 4', eth(0x0800, ip4(41, ip6(17, data6)))),
        ('ping', eth(0x0800, ip4(1, ping))),
        ('unreachable', eth(0x0800, ip4(1, icmp(3, 3, bytes(4) + plain)))),
        ('ping6', icmp6(128, 0, u16(7, 9) + b'abcdefgh', hops=64)),
        ('rs', icmp6(133, 0, bytes(4) + u8(1, 1) + MAC_A)),
        ('ra', icmp6(134, 0, u8(64, 0) + u16(1800) + u32(0, 0) + u8(5, 1) + u16(0) + u32(1500) +
                     u8(3, 4, 64, 0xc0) + u32(86400, 14400, 0) + address('2001:db8::'))),
        ('ns', icmp6(135, 0, bytes(4) + address(IP6_B) + u8(1, 1) + MAC_A, dst='ff02::1:ff00:2')),
        ('na', icmp6(136, 0, u32(0x60000000) + address(IP6_A) + u8(2, 1) + MAC_A)),
        ('mld', icmp6(131, 0, u16(0, 0) + target, hops=1, dst='ff02::1:ff00:2')),
        ('mld2', icmp6(143, 0, u16(0, 1) + u8(4, 0) + u16(0) + target, hops=1, dst='ff02::16')),
        ('igmp2', igmp(0x16, 0, address('224.1.2.3'))),
        ('igmp3', igmp(0x22, 0, u16(0, 1) + u8(4, 0) + u16(1) + address('224.1.2.3') +
                       address(IP_A))),
        ('syn', tcp4(4000, 9, flags=2, options=syn)),
        ('syn6', eth(0x86dd, ip6(6, tcp(4000, 9, flags=2, options=syn, src=IP6_A, dst=IP6_B)))),
        ('sack', tcp4(4000, 9, flags=16, options=u8(1, 1, 5, 10) + u32(3000, 4000))),
        ('sctp', eth(0x0800, ip4(132, sctp(
            chunk(1, 0, u32(1, 65536) + u16(1, 1) + u32(7)))))),
        ('sctp data', eth(0x0800, ip4(132, sctp(
            chunk(3, 0, u32(6, 65536) + u16(0, 0)),
            chunk(0, 3, u32(7) + u16(1, 2) + u32(0) + b'hello'))))),
        ('gre', eth(0x0800, ip4(47, u16(0x3000, 0x0800) + u32(0xabc, 5) + plain))),
        ('nvgre', eth(0x0800, ip4(47, u16(0x2000, 0x6558) + u32(0x12345600) + inner))),
        ('vxlan', udp4(50000, 4789, u8(8, 0, 0, 0) + u32(5000 << 8) + inner)),
        ('geneve', udp4(50000, 6081, u8(2, 0) + u16(0x6558) + u32(6000 << 8) + u16(0x0102) +
                        u8(0x33, 1) + bytes(4) + inner)),
        ('gtp', udp4(2152, 2152, u8(0x32, 255) + u16(len(plain) + 4) + u32(0x99) + u16(3) +
                     u8(0, 0) + plain)),
        ('gtp extended', udp4(2152, 2152, u8(0x34, 255) + u16(len(plain) + 8) + u32(0x99) +
                              u16(0) + u8(0, 0x85, 1, 0x10, 9, 0) + plain)),
        ('dns', udp4(4000, 53, dns(0x0100, 1, 0, 0, 1, question + opt))),
        ('dns answer', udp4(53, 4000, dns(0x8180, 1, 3, 0, 0, question + a + aaaa + cname))),
        ('dhcp', udp4(68, 67, dhcp(1, 1, u8(50, 4) + address(IP_B) + u8(55, 2, 1, 3)))),
        ('ntp', udp4(4000, 123, u8(0x23, 2, 6, 0xec) + bytes(44))),
        ('quic', udp4(50000, 443, QUIC)),
        ('quic handshake', udp4(50000, 443, u8(0xe0) + u32(1) + u8(4) + b'dcid' + u8(5) + b'scid5' +
                                u16(0x4000 | 900) + bytes(900))),
        ('tls', tcp4(50000, 443, client_hello())),
        ('memcached', tcp4(50000, 11211, b'get hello\r\n')),
        ('memcached set', tcp4(50000, 11211, b'set hello 1 0 5\r\nworld\r\n')),
        ('memcached binary', tcp4(50000, 11211, u8(0x80, 0) + u16(5) + u8(0, 0) + u16(0) +
                                  u32(5, 0xdeadbeef, 0, 0) + b'hello')),
    ]


def bad():
    """(name, frame, layer that dissect must name) of packets that are cut short, lie or loop."""
    data = udp(4000, 5000, b'hello')
    plain = ip4(17, data)
    loop = dns(0x8180, 0, 1, 0, 0, u16(0xc00c, 1, 1) + u32(1) + u16(4) + bytes(4))
    ahead = dns(0x0100, 1, 0, 0, 0, u16(0xc020, 1, 1) + bytes(20))
    return [
        ('a short frame', eth(0x0800, b'')[:13], 'eth'),
        ('a cut tag', eth(0x8100, b'\0\7'), 'vlan'),
        ('a cut ip header', eth(0x0800, plain[:19]), 'ip'),
        ('an ip header of 16 bytes', eth(0x0800, u8(0x44) + plain[1:]), 'ip'),
        ('options beyond the total', eth(0x0800, u8(0x4f) + plain[1:]), 'ip'),
        ('a total within the header', eth(0x0800, plain[:2] + u16(10) + plain[4:]), 'ip'),
        ('an option of length 0', eth(0x0800, ip4(17, data, options=u8(148, 0, 0, 0))),
         'ip option'),
        ('a cut extension', eth(0x86dd, ip6(60, u8(17, 9, 1, 4) + bytes(4))), 'ipv6 extension'),
        ('a cut udp header', eth(0x0800, ip4(17, data[:7])), 'udp'),
        ('udp of length 4', eth(0x0800, ip4(17, data[:4] + u16(4) + data[6:])), 'udp'),
        ('a cut tcp header', eth(0x0800, ip4(6, tcp(1, 2)[:19])), 'tcp'),
        ('tcp of 16 bytes', eth(0x0800, ip4(6, tcp(1, 2)[:12] + u8(0x40) + tcp(1, 2)[13:])),
         'tcp'),
        ('tcp options beyond the end', eth(0x0800, ip4(6, tcp(1, 2)[:12] + u8(0xf0) +
                                                       tcp(1, 2)[13:])), 'tcp'),
        ('a tcp option of length 1', tcp4(1, 2, options=u8(2, 1, 0, 0)), 'tcp option'),
        ('an nd option of length 0', icmp6(135, 0, bytes(4) + address(IP6_B) + bytes(8)),
         'nd option'),
        ('a chunk of length 2', eth(0x0800, ip4(132, sctp(u8(0, 3) + u16(2)))), 'sctp chunk'),
        ('a cut label stack', eth(0x8847, u32(100 << 12 | 64)), 'mpls'),
        ('a name that refers to itself', udp4(53, 4000, loop), 'dns'),
        ('a name that refers ahead', udp4(4000, 53, ahead), 'dns'),
        ('fewer records than promised', udp4(53, 4000, dns(0x8180, 0, 2, 0, 0, b'')), 'dns'),
        ('a geneve option beyond its header',
         udp4(1, 6081, u8(1, 0) + u16(0x6558) + u32(1 << 8) + u16(1) + u8(3, 5) +
              eth(0x0800, plain)), 'geneve option'),
        ('a cut vxlan header', udp4(1, 4789, u8(8, 0, 0, 0)), 'vxlan'),
        ('a cut hello', tcp4(1, 443, client_hello()[:3] + u16(8) + client_hello()[5:13]),
         'tls handshake'),
    ]


def pcap(frames):
    """A file of frames; their time stamps are a second apart."""
    head = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)
    return head + b''.join(struct.pack('<IIII', 1700000000 + i, 0, len(frame), len(frame)) + frame
                           for i, frame in enumerate(frames))


def block(kind, body):
    body += b'\0' * (-len(body) % 4)
    size = struct.pack('<I', len(body) + 12)
    return struct.pack('<I', kind) + size + body + size


def pcapng(frames):
    section = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1))
    interface = block(1, struct.pack('<HHI', 1, 0, 262144))
    return section + interface + b''.join(
        block(6, struct.pack('<IIIII', 0, 0, i, len(frame), len(frame)) + frame)
        for i, frame in enumerate(frames))
