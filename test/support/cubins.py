"""Code for GPUs inside an object: one ELF file for each architecture and part."""
import struct

EM_CUDA = 190
EIATTR_FRAME_SIZE = 0x11
EIATTR_MIN_STACK_SIZE = 0x12
EIATTR_REGCOUNT = 0x2F
STB_GLOBAL, STT_FUNC = 1, 2


class Cubin:
    """Section table, kernels and what NVIDIA's tools note about them."""

    def __init__(self, data):
        self.data = data
        flags, = struct.unpack_from("<I", data, 48)
        # CUDA 13 moved the architecture from the first to the second byte.
        self.arch = (flags >> 8 & 0xFF) if data[8] >= 8 else flags & 0xFF
        offset, = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
        self.headers = headers
        self.sections = [(self.text(headers[names], header[0]), header) for header in headers]

    def text(self, table, offset):
        begin = table[4] + offset
        return self.data[begin : self.data.index(b"\0", begin)].decode()

    def content(self, header):
        return self.data[header[4] : header[4] + header[5]]

    def symbols(self):
        for name, header in self.sections:
            if name == ".symtab":
                for at in range(0, header[5], 24):
                    entry = struct.unpack_from("<IBBHQQ", self.data, header[4] + at)
                    yield self.text(self.headers[header[6]], entry[0]), entry

    def kernels(self):
        return sorted(name for name, entry in self.symbols() if entry[1] == STB_GLOBAL << 4 | STT_FUNC)

    def attribute(self, wanted):
        """What .nv.info says of each function: frame size, registers..."""
        names = [name for name, _ in self.symbols()]
        found = {}
        for section, header in self.sections:
            if section != ".nv.info":
                continue
            data, at = self.content(header), 0
            while at < len(data):
                form, kind, value = struct.unpack_from("<BBH", data, at)
                at += 4
                if form != 4:  # the value is in place
                    continue
                if kind == wanted and value == 8:
                    symbol, number = struct.unpack_from("<II", data, at)
                    found[names[symbol]] = number
                at += value
        return found

    def local_bytes(self):
        sizes = self.attribute(EIATTR_FRAME_SIZE)
        for name, stack in self.attribute(EIATTR_MIN_STACK_SIZE).items():
            sizes[name] = max(sizes.get(name, 0), stack)
        return sizes


def find_cubins(data):
    """All images in the bytes of an object or a program."""
    cubins = []
    at = data.find(b"\x7fELF", 1)
    while at >= 0:
        machine, = struct.unpack_from("<H", data, at + 18)
        if machine == EM_CUDA:
            cubins.append(Cubin(data[at:]))
        at = data.find(b"\x7fELF", at + 4)
    return cubins
