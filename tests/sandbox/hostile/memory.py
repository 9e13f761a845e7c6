"""Memory without end: grown, asked for at once, unpacked, computed."""

from __future__ import annotations

from hostile.case import CPU, DISK, MEMORY, WALL, Family, failed

bomb = Family("memory bomb", MEMORY, cpu_seconds=5)
"""Every act stops by itself at 4 GB, should nothing stop it."""
bomb.act("bytes", "kept = []\nfor _ in range(4096):\n    kept.append(bytearray(1 << 20))\nreturn True")
bomb.act("a list", "kept = []\nfor _ in range(500):\n    kept += [0] * (1 << 20)\nreturn True")
bomb.act("a string that doubles", "text = 'x'\nwhile len(text) < 1 << 32:\n    text += text\nreturn True")
bomb.act("a dictionary", "kept = {}\nfor i in range(1 << 26):\n    kept[i] = i\nreturn True", MEMORY, CPU)
bomb.act("a set", "return len(set(range(1 << 27))) > 0", MEMORY, CPU)
bomb.act(
    "objects",
    """
    class Thing:
        pass
    kept = []
    for _ in range(1 << 26):
        kept.append(Thing())
    return True
""",
    MEMORY,
    CPU,
)
bomb.act(
    "a view of a view",
    """
    kept = [memoryview(bytearray(1 << 26))]
    for _ in range(60):
        kept.append(memoryview(bytearray(kept[-1])))
    return True
""",
)
bomb.act(
    "anonymous maps",
    """
    import mmap
    kept = []
    for _ in range(256):
        room = mmap.mmap(-1, 16 << 20)
        room[::4096] = bytes(4096)
        kept.append(room)
    return True
""",
    MEMORY,
    failed(r"OSError: \[Errno 12\]"),
)
bomb.act(
    "malloc",
    """
    import ctypes
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    for _ in range(256):
        place = libc.malloc(ctypes.c_size_t(16 << 20))
        if not place:
            raise MemoryError
        ctypes.memset(place, 1, 16 << 20)
    return True
""",
)
bomb.act(
    "the product of a product",
    "import itertools\nreturn list(itertools.product(range(400), repeat=4)) != []",
    MEMORY,
    CPU,
)
bomb.act(
    "a queue", "import collections\nkept = collections.deque()\nkept.extend(range(1 << 28))\nreturn True", MEMORY, CPU
)
bomb.act(
    "threads that grow",
    """
    import threading
    def grow():
        kept = []
        for _ in range(1024):
            kept.append(bytearray(1 << 20))
        done.append(kept)
    done = []
    workers = [threading.Thread(target=grow) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(done) == 4
""",
    MEMORY,
    failed("AssertionError"),
)
bomb.act(
    "caught, and again",
    """
    kept = []
    while len(kept) < 4096:
        try:
            kept.append(bytearray(1 << 20))
        except MemoryError:
            pass
    return True
""",
    MEMORY,
    CPU,
    WALL,
)
bomb.act(
    "a generator of closures",
    """
    def chain(before):
        room = bytearray(1 << 20)
        return lambda: (before, room)
    last = None
    for _ in range(4096):
        last = chain(last)
    return True
""",
)
bomb.hide("bytes", "in the tests", "while importing", more=[])
bomb.hide("bytes", "subinterpreter", more=[failed("AssertionError: MemoryError|MemoryError")])
bomb.twin("a megabyte", "return len(bytearray(1 << 20)) == 1 << 20")

at_once = Family("a terabyte at once", MEMORY, cpu_seconds=5)
for name, expression in {
    "bytes": "bytes(1 << 40)",
    "bytearray": "bytearray(1 << 40)",
    "a string": "'x' * (1 << 40)",
    "a list": "[0] * (1 << 40)",
    "a tuple": "(0,) * (1 << 40)",
    "an array": "__import__('array').array('b', [0]) * (1 << 40)",
    "padding": "'x'.ljust(1 << 40)",
    "a format": "format(1, '>1099511627776')",
    "joined": "','.join(['x' * (1 << 20)] * (1 << 20))",
    "replaced": "('x' * (1 << 20)).replace('x', 'y' * (1 << 20))",
    "a room of ctypes": "__import__('ctypes').create_string_buffer(1 << 40)",
    "a shift": "1 << (1 << 43)",
    "a percentage": "'%1099511627776d' % 1",
    "a structure": "__import__('struct').pack('1099511627776x')",
}.items():
    at_once.act(name, f"return bool({expression})", MEMORY, failed("OverflowError|ValueError|struct.error|error:"))
at_once.act("a map", "import mmap\nreturn bool(mmap.mmap(-1, 1 << 40))", MEMORY, failed(r"OSError: \[Errno 12\]"))
at_once.act(
    "a map without reserve",
    """
    import mmap
    return bool(mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | 0x4000))
""",
    MEMORY,
    failed(r"OSError: \[Errno 12\]"),
)
at_once.act(
    "malloc",
    """
    import ctypes
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    return bool(libc.malloc(ctypes.c_size_t(1 << 40)))
""",
    failed("AssertionError"),
)
at_once.hide("bytes", "in the tests", "thread")
at_once.twin("a kilobyte", "return len(bytes(1 << 10)) == 1024")

unpacked = Family("decompression bomb", MEMORY, cpu_seconds=3)
unpacked.act(
    "zlib", "import zlib\nkept = zlib.compress(bytes(16 << 20), 9)\nreturn len(zlib.decompress(kept) * 256) > 0"
)
unpacked.act(
    "zlib, step by step",
    """
    import zlib
    engine = zlib.compressobj(9)
    packed = b"".join(engine.compress(bytes(1 << 20)) for _ in range(128)) + engine.flush()
    kept = [zlib.decompress(packed) for _ in range(32)]
    return True
""",
    MEMORY,
    CPU,
)
unpacked.act(
    "gzip",
    """
    import gzip
    packed = gzip.compress(bytes(32 << 20))
    return len(gzip.decompress(packed * 64)) > 0
""",
    MEMORY,
    CPU,
)
unpacked.act(
    "bz2",
    """
    import bz2
    packed = bz2.compress(bytes(8 << 20))
    return len(bz2.decompress(packed * 256)) > 0
""",
    MEMORY,
    CPU,
)
unpacked.act(
    "lzma",
    """
    import lzma
    packed = lzma.compress(bytes(8 << 20))
    return len(lzma.decompress(packed * 256)) > 0
""",
    MEMORY,
    CPU,
)
unpacked.act(
    "an archive on disk",
    """
    import io, zipfile
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(100):
            archive.writestr(str(i), bytes(2 << 20))
    zipfile.ZipFile(room).extractall(".")
    return True
""",
    DISK,
    CPU,
    MEMORY,
)
unpacked.act(
    "an archive in archives",
    """
    import io, zipfile
    data = bytes(1 << 20)
    for depth in range(12):
        room = io.BytesIO()
        with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(16):
                archive.writestr(str(i), data)
        data = room.getvalue()
    def unpack(data):
        archive = zipfile.ZipFile(io.BytesIO(data))
        for name in archive.namelist():
            inner = archive.read(name)
            kept.append(inner)
            if inner[:2] == b"PK":
                unpack(inner)
    kept = []
    unpack(data)
    return True
""",
    MEMORY,
    CPU,
)
unpacked.act(
    "a tar file",
    """
    import io, tarfile
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w:gz") as archive:
        for i in range(100):
            entry = tarfile.TarInfo(str(i))
            entry.size = 2 << 20
            archive.addfile(entry, io.BytesIO(bytes(2 << 20)))
    room.seek(0)
    tarfile.open(fileobj=room).extractall(".")
    return True
""",
    DISK,
    CPU,
)
unpacked.act(
    "a billion laughs",
    """
    from xml.dom import minidom
    lines = ['<!ENTITY a0 "' + "ha" * 50 + '">']
    lines += [f'<!ENTITY a{i} "' + f"&a{i - 1};" * 50 + '">' for i in range(1, 9)]
    text = "<!DOCTYPE d [" + "".join(lines) + "]><d>&a8;</d>"
    return len(minidom.parseString(text).documentElement.firstChild.data) > 0
""",
    MEMORY,
    CPU,
    failed("ExpatError"),
)
unpacked.act(
    "quadratic growth",
    """
    from xml.dom import minidom
    text = '<!DOCTYPE d [<!ENTITY a "' + "x" * 1_000_000 + '">]><d>' + "&a;" * 4000 + "</d>"
    return len(minidom.parseString(text).documentElement.firstChild.data) > 0
""",
    MEMORY,
    CPU,
    failed("ExpatError"),
)
unpacked.act(
    "a pickle that promises",
    """
    import pickle, struct
    return bool(pickle.loads(b"\\x80\\x04\\x8e" + struct.pack("<Q", 1 << 40) + b"."))
""",
    MEMORY,
    failed("UnpicklingError: pickle data was truncated|OverflowError"),
)
unpacked.act("JSON", "import json\nreturn len(json.loads('[' + '[],' * 40_000_000 + '[]]')) > 0", MEMORY, CPU)
unpacked.act("escapes", "return len(repr('\\x00' * (1 << 28)) * 4) > 0")
unpacked.hide("lzma", "in the tests", "thread")
unpacked.twin("there and back", "import zlib\nreturn zlib.decompress(zlib.compress(b'mine')) == b'mine'")

numbers = Family("big numbers", CPU, MEMORY)
for name, expression in {
    "10**(10**9)": "10 ** (10 ** 9) > 0",
    "a tower": "9 ** 9 ** 9 > 0",
    "three to a billion": "pow(3, 10 ** 9) > 0",
    "factorial": "__import__('math').factorial(10 ** 7) > 0",
    "combinations": "__import__('math').comb(10 ** 8, 5 * 10 ** 7) > 0",
    "permutations": "__import__('math').perm(10 ** 8, 10 ** 7) > 0",
    "a root": "__import__('math').isqrt(7 ** (10 ** 8)) > 0",
    "modular": "pow(3, (1 << 3_000_000) - 1, (1 << 3_000_001) - 1) > 0",
    "a fraction": "(__import__('fractions').Fraction(1, 3) ** (10 ** 9)).denominator > 0",
    "a sum of powers": "sum(k ** k for k in range(100_000)) > 0",
    "a product": "__import__('math').prod(range(1, 10 ** 7)) > 0",
}.items():
    numbers.act(name, f"return {expression}")
numbers.act(
    "decimals",
    """
    import decimal
    decimal.getcontext().prec = 10 ** 8
    return decimal.Decimal(2).sqrt() > 0
""",
    CPU,
    MEMORY,
)
numbers.act(
    "all digits",
    """
    import sys
    sys.set_int_max_str_digits(0)
    return len(str(1 << (1 << 26))) > 0
""",
)
numbers.act(
    "all digits, with the limit", "return len(str(1 << (1 << 26))) > 0", failed("ValueError: Exceeds the limit")
)
numbers.act(
    "a constant that the compiler folds",
    """
    return len(compile("x = " + "(1 << 128) * " * 5 + "1\\nx ** (10 ** 7) ** 2", "<inside>", "exec").co_code) < 0
""",
    CPU,
    MEMORY,
    failed("AssertionError"),
)
numbers.hide("10**(10**9)", "in the tests", "while importing", "thread")
numbers.twin("two to the thousand", "return len(str(2 ** 1000)) == 302")

FAMILIES = (bomb, at_once, unpacked, numbers)
