# SPDX-License-Identifier: BSD-2-Clause
"""The other end of a guest's wire: frames to and from an emulated NIC, over a datagram socket."""
import contextlib
import pathlib
import socket
import struct

OUR_MAC, GUEST_MAC = bytes.fromhex('020000000099'), bytes.fromhex('020000000001')
OUR_IP, GUEST_IP = bytes((10, 77, 0, 2)), bytes((10, 77, 0, 1))


class Link:
    """A wire to an e1000e at PCI address 0000:00:04.0."""
    address = '0000:00:04.0'

    def __init__(self, folder):
        ours, theirs = pathlib.Path(folder, 'here'), pathlib.Path(folder, 'guest')
        self.theirs = str(theirs)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(str(ours))
        mac = ':'.join(f'{byte:02x}' for byte in GUEST_MAC)
        self.devices = [
            '-netdev', f'dgram,id=wire,local.type=unix,local.path={theirs},'
                       f'remote.type=unix,remote.path={ours}',
            '-device', f'e1000e,netdev=wire,mac={mac},addr=4']

    def close(self):
        self.socket.close()

    def send(self, frame):
        self.socket.sendto(frame, self.theirs)

    def receive(self, seconds=30):
        """The next frame; b'' if none comes."""
        self.socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            return self.socket.recv(1 << 16)
        return b''

    def exchange(self, frames, window=16):
        """What came back, as many frames as were sent, `window` of them on their way at a time."""
        back = []
        for i in range(len(frames) + window):
            if i < len(frames):
                self.send(frames[i])
            if i >= window and len(back) < len(frames):
                back.append(self.receive())
        return back


def frame(payload, ethertype=0x88b5):
    return GUEST_MAC + OUR_MAC + struct.pack('>H', ethertype) + payload


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp(port, payload):
    """A frame with a UDP datagram to a port of the guest's, without a UDP checksum (RFC 768)."""
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0, OUR_IP,
                     GUEST_IP)
    ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
    return frame(ip + struct.pack('>HHHH', 4242, port, 8 + len(payload), 0) + payload, 0x0800)


def udp_payload(frame_):
    """The bytes of the UDP datagram in a frame without IP options."""
    assert frame_[:6] == OUR_MAC and frame_[12:15] == b'\x08\x00\x45', frame_[:34]
    length = struct.unpack('>H', frame_[38:40])[0]
    return frame_[42:34 + length]
