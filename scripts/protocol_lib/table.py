"""The decode table: a protocol as bytes, for the section .baton.protocols of an ELF file. The
format is described in include/protocols/README.md; read() is its reader."""

import struct

from . import abi

MAGIC = 0x54504E42
FORMAT = 1
HEADER = "<IHHIHBB"
INTEGER_CLASS = {"u8": 1, "u16": 2, "u32": 3, "u64": 4, "i8": 5, "i16": 6, "i32": 7, "i64": 8}
KIND_CLASS = {"bool": 9, "status": 10, "string": 11, "bytes": 12, "char": 13, "parcel": 17,
              "handle": 18}
TYPE_KIND = {"enum": 1, "flags": 2, "struct": 3}
TYPE_CLASS = {"enum": 14, "flags": 15, "struct": 16}
PLACE = {"words": 0, "page": 1, "handle": 2, "parcel": 3, "struct": 4}
BASE_SIZE = {"": 0, "u8": 1, "u16": 2, "u32": 4, "u64": 8}
OPTIONAL = 0x80
FLEXIBLE = 0xFFFF


def text(string):
    data = string.encode()
    return bytes([len(data)]) + data


def table(protocol):
    body = text(protocol.name)
    body += b"".join(type_record(protocol, declared) for declared in protocol.types)
    body += b"".join(method_record(protocol, method) for method in protocol.methods)
    size = struct.calcsize(HEADER) + len(body)
    padding = -size % 8
    header = struct.pack(HEADER, MAGIC, FORMAT, protocol.number, size + padding,
                         protocol.version, len(protocol.types), len(protocol.methods))
    return header + body + bytes(padding)


def type_record(protocol, declared):
    items = declared.fields if declared.kind == "struct" else declared.values
    head = struct.pack("<BBH", TYPE_KIND[declared.kind], BASE_SIZE[declared.base], len(items))
    if declared.kind == "struct":
        rest = b"".join(field_record(protocol, field) for field in items)
    else:
        rest = b"".join(struct.pack("<Q", value.number) + text(value.name) for value in items)
    return head + text(declared.name) + rest


def method_record(protocol, method):
    head = struct.pack("<BBBBB", method.number, int(method.idempotent), len(method.errors),
                       len(method.arguments), len(method.results))
    errors = [struct.pack("<H", abi.STATUSES[token.text]) for token in method.errors]
    fields = [field_record(protocol, p) for p in method.parameters()]
    return head + text(method.name) + b"".join(errors + fields)


def field_record(protocol, field):
    number, index, count, rights = describe(protocol, field.type)
    offset = field.offset
    if field.place == "parcel" and field.type.declared is not None:
        offset = 1 + protocol.types.index(field.type.declared)
    return struct.pack("<BBHBBH", number, index, count, PLACE[field.place], rights,
                       offset) + text(field.name)


def describe(protocol, kind):
    """Class, index, count and rights of a type."""
    optional = OPTIONAL if kind.optional else 0
    if kind.kind == "named":
        return TYPE_CLASS[kind.declared.kind], protocol.types.index(kind.declared), 0, 0
    if kind.kind == "parcel":
        most = kind.most if isinstance(kind.most, int) else abi.PARCEL_ENTRIES
        rights = int(kind.writable) | int(kind.executable) << 1 | (kind.level - 1) << 4
        return KIND_CLASS["parcel"], abi.PARCEL_MODES[kind.mode] | optional, most, rights
    if kind.kind == "handle":
        rights = abi.rights_mask(token.text for token in kind.rights)
        return KIND_CLASS["handle"], abi.OBJECTS[kind.object] | optional, kind.protocol, rights
    if kind.kind in ("string", "bytes"):
        return KIND_CLASS[kind.kind], 0, kind.bound, 0
    count = 0 if kind.count is None else kind.count or FLEXIBLE
    return INTEGER_CLASS.get(kind.name) or KIND_CLASS[kind.kind], 0, count, 0


def c_array(protocol, types):
    data = table(protocol)
    lines = ["[[gnu::used, gnu::retain, gnu::aligned(8), gnu::section(\".baton.protocols\")]]",
             f"const uint8_t {types.lower}_protocol_table[{len(data)}] = {{"]
    for start in range(0, len(data), 16):
        row = ", ".join(f"{byte:#04x}" for byte in data[start:start + 16])
        lines.append(f"    {row},")
    return lines + ["};", ""]


# --- reading -------------------------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def text(self):
        length = self.take("<B")[0]
        (data,) = self.take(f"<{length}s")
        return data.decode()


def read(section):
    """The tables of a section as dictionaries. ValueError: it is not one, or is cut short."""
    tables, at = [], 0
    while at < len(section):
        if not any(section[at:at + 8]):
            at += 8
            continue
        try:
            found = read_table(section[at:])
        except (struct.error, UnicodeDecodeError) as failure:
            raise ValueError(f"damaged decode table at {at}: {failure}") from failure
        tables.append(found)
        at += found["size"]
    return tables


def read_table(data):
    reader = Reader(data)
    magic, form, number, size, version, types, methods = reader.take(HEADER)
    if magic != MAGIC or form != FORMAT or size < struct.calcsize(HEADER) or size > len(data):
        raise ValueError("not a decode table of a known format")
    reader.data = data[:size]
    return {"protocol": number, "version": version, "size": size, "name": reader.text(),
            "types": [read_type(reader) for _ in range(types)],
            "methods": [read_method(reader) for _ in range(methods)]}


def read_type(reader):
    kind, size, count = reader.take("<BBH")
    found = {"kind": kind, "size": size, "name": reader.text()}
    if kind == TYPE_KIND["struct"]:
        found["fields"] = [read_field(reader) for _ in range(count)]
    else:
        found["values"] = [(reader.take("<Q")[0], reader.text()) for _ in range(count)]
    return found


def read_method(reader):
    number, flags, errors, arguments, results = reader.take("<BBBBB")
    return {"number": number, "idempotent": bool(flags & 1), "name": reader.text(),
            "errors": [reader.take("<H")[0] for _ in range(errors)],
            "arguments": [read_field(reader) for _ in range(arguments)],
            "results": [read_field(reader) for _ in range(results)]}


def read_field(reader):
    names = ("class", "index", "count", "place", "rights", "offset")
    found = dict(zip(names, reader.take("<BBHBBH")))
    found["name"] = reader.text()
    return found
