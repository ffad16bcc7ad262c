"""Writes a small blob from docs/blob.md alone: blobs.py OUT SEED LENGTH[:ROW_BYTES]...

With --damage AT[=BYTE], copies a file with one byte changed; with --cut BYTES, its
beginning: blobs.py OUT --from FILE --damage 4100 --cut 8192."""
import argparse
import hashlib
import random
import struct

PAGE = 4096


def crc32c(data):
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def pad(data):
    return data + bytes(-len(data) % PAGE)


def make(seed, units):
    """A blob with units of (length, row_bytes)."""
    source = random.Random(seed)
    table, payload = b"", b""
    start = PAGE + len(pad(bytes(24 * len(units))))
    for length, row_bytes in units:
        data = source.randbytes(length)
        table += struct.pack("<QQII", start + len(payload), length, crc32c(data), row_bytes)
        payload += pad(data)
    total = start + len(payload)
    header = struct.pack("<QIIQQII", 0x31304243504157D3, 1, 72, total, PAGE, len(units), 24)
    return pad(header + hashlib.sha256(table).digest()) + pad(table) + payload


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("units", nargs="*")
    parser.add_argument("--from", dest="source")
    parser.add_argument("--damage", action="append", default=[])
    parser.add_argument("--cut", type=int)
    arguments = parser.parse_args()
    if arguments.source:
        with open(arguments.source, "rb") as file:
            data = bytearray(file.read())
    else:
        seed, *units = arguments.units
        data = bytearray(make(int(seed), [tuple(map(int, (u + ":0").split(":")[:2])) for u in units]))
    for damage in arguments.damage:
        at, _, byte = damage.partition("=")
        data[int(at)] = int(byte) if byte else data[int(at)] ^ 0x10
    with open(arguments.out, "wb") as file:
        file.write(data[: arguments.cut])


if __name__ == "__main__":
    main()
