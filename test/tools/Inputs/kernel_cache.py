"""What happens to a cache of kernels: kernel_cache.py damage|lru FOLDER [MODEL]."""
import os
import subprocess
import sys


def entries(folder):
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if len(name) == len("llvmcache-") + 64)


def damage(folder):
    """Each file in another way: empty, cut, a bit of code, of the check, another kernel's, one byte more."""
    paths = entries(folder)
    contents = [open(path, "rb").read() for path in paths]
    for index, (path, content) in enumerate(zip(paths, contents)):
        way = index % 6
        flipped = bytearray(content)
        flipped[-20 if way == 2 else 10] ^= 1
        with open(path, "wb") as file:
            file.write([b"", content[:-100], flipped, flipped, contents[index - 1], content + b"\0"][way])


def lru(folder, model):
    """Of three kinds of code the one that was used last but one stays, the oldest goes."""
    def build(*options, **environment):
        result = subprocess.run(["swapc", model, "-o", folder + ".prog", "--cache", folder, *options],
                                env=dict(os.environ, **environment), check=True, capture_output=True, text=True)
        return "in the cache" in result.stderr

    first, second, third = (), ("--mattr", "+avx512f"), ("--relocation-model", "static")
    assert not build(*first)
    size = sum(map(os.path.getsize, entries(folder)))
    assert not build(*second)
    for path in entries(folder):
        os.utime(path, (1e9, 1e9))
    assert build(*first)
    assert not build(*third, SWAPC_CACHE_SIZE=str(size * 9 // 4))
    assert sum(map(os.path.getsize, entries(folder))) <= size * 9 // 4
    names = entries(folder)
    assert build(*first) and build(*third) and entries(folder) == names
    build(*second)
    assert entries(folder) != names


globals()[sys.argv[1]](*sys.argv[2:])
