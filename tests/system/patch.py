"""Programs made to crash where a test wants it: a function begins with an invalid instruction.

The function is found in the file's own symbol table, so nothing is built into the programs.
"""

import struct

INVALID_INSTRUCTION = b"\x0f\x0b"
LOAD, SYMBOLS, FUNCTION = 1, 2, 2  # System V ABI, chapters 4 and 5


def _functions(contents):
    """(name, address) of every function, in the order of the table."""
    sections, = struct.unpack_from("<Q", contents, 40)
    count, = struct.unpack_from("<H", contents, 60)
    headers = [struct.unpack_from("<IIQQQQIIQQ", contents, sections + 64 * i) for i in range(count)]
    for header in headers:
        if header[1] != SYMBOLS:
            continue
        strings = headers[header[6]][4]
        for at in range(header[4], header[4] + header[5], 24):
            name, info, _, _, value, _ = struct.unpack_from("<IBBHQQ", contents, at)
            if info & 15 == FUNCTION:
                end = contents.index(0, strings + name)
                yield contents[strings + name:end].decode(), value


def _offset(contents, address):
    """Where in the file the byte at an address lies."""
    segments, = struct.unpack_from("<Q", contents, 32)
    count, = struct.unpack_from("<H", contents, 56)
    for i in range(count):
        kind, _, offset, start, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", contents,
                                                                   segments + 56 * i)
        if kind == LOAD and start <= address < start + size:
            return offset + address - start
    raise ValueError(f"no segment holds 0x{address:x}")


def crashing(contents, function):
    """A copy of an ELF file that crashes when it comes to a function."""
    found = [address for name, address in _functions(contents) if name == function]
    if len(found) != 1:
        raise ValueError(f"{len(found)} functions are called {function}")
    changed = bytearray(contents)
    at = _offset(contents, found[0])
    changed[at:at + len(INVALID_INSTRUCTION)] = INVALID_INSTRUCTION
    return bytes(changed)
