"""Reads a UF2 file: its blocks, in order, must be FILE's bytes at ADDRESS."""
import struct
import sys

path, address, family, expected = sys.argv[1:]
data = open(path, "rb").read()
assert len(data) % 512 == 0
result = b""
for number in range(len(data) // 512):
    block = data[number * 512 : (number + 1) * 512]
    fields = struct.unpack_from("<8I", block)
    assert fields[:2] == (0x0A324655, 0x9E5D5157) and struct.unpack_from("<I", block, 508) == (0x0AB16F30,)
    assert fields[2] == 0x2000 and fields[7] == int(family, 0), fields
    assert fields[3] == int(address, 0) + len(result) and fields[4] == 256, fields
    assert fields[5] == number and fields[6] == len(data) // 512, fields
    result += block[32 : 32 + 256]
assert result == open(expected, "rb").read()
