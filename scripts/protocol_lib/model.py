"""What a protocol file says, as data."""

from dataclasses import dataclass, field

SCALARS = {  # name: (bytes, signed, C type)
    "u8": (1, False, "uint8_t"),
    "u16": (2, False, "uint16_t"),
    "u32": (4, False, "uint32_t"),
    "u64": (8, False, "uint64_t"),
    "i8": (1, True, "int8_t"),
    "i16": (2, True, "int16_t"),
    "i32": (4, True, "int32_t"),
    "i64": (8, True, "int64_t"),
    "bool": (1, False, "bool"),
    "status": (2, True, "status_t"),
}
INTEGERS = [name for name in SCALARS if name not in ("bool", "status")]


@dataclass
class Type:
    """kind: integer, bool, status, named, char, string, bytes, parcel, handle."""

    kind: str
    position: object
    name: str = ""  # of the integer, or of the enum, flags or struct
    least: int = None  # integer: bounds; parcel: entries
    most: object = None  # an int, or a Token that names an argument
    count: int = None  # array: elements; 0 for char[]
    bound: int = 0  # string, bytes
    optional: bool = False
    mode: str = ""
    writable: bool = False
    executable: bool = False
    level: int = 1
    of: object = None  # parcel: struct; handle: protocol; a Token
    object: str = ""
    moved: bool = False
    rights: list = field(default_factory=list)
    declared: object = None  # of a named type, or a parcel's struct, once it is resolved
    protocol: int = 0  # handle: number of the protocol


@dataclass
class Field:
    """A struct's field, an argument or a result; `place` and `offset` as in the decode table."""

    name: str
    type: Type
    position: object
    doc: list
    place: str = ""  # words, page, handle, parcel, struct
    offset: int = 0


@dataclass
class Value:
    name: str
    number: int
    position: object
    doc: list


@dataclass
class Declared:
    """An enum, flags or struct."""

    kind: str
    name: str
    position: object
    doc: list
    base: str = ""
    values: list = field(default_factory=list)
    fields: list = field(default_factory=list)
    size: int = 0
    align: int = 1
    flexible: bool = False  # ends in char[]
    checked: bool = False  # a struct with values that are not allowed


@dataclass
class Method:
    name: str
    number: int
    position: object
    doc: list
    arguments: list = field(default_factory=list)
    results: list = field(default_factory=list)
    errors: list = field(default_factory=list)  # Tokens
    idempotent: bool = False
    argument_pages: int = 0
    result_pages: int = 0

    def parameters(self):
        return self.arguments + self.results


@dataclass
class Protocol:
    name: str = ""
    number: int = 0
    version: int = 0
    position: object = None
    doc: list = field(default_factory=list)
    constants: list = field(default_factory=list)
    types: list = field(default_factory=list)
    methods: list = field(default_factory=list)
    reserved: list = field(default_factory=list)  # Values
    travelling: set = field(default_factory=set)  # names of structs that are parameters
    path: str = ""

    def type_named(self, name):
        return next((t for t in self.types if t.name == name), None)
