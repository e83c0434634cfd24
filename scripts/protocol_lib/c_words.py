"""Scalars into words and out of them, and the checks that they need."""

from . import abi
from .c_text import listed
from .layout import is_scalar, scalar_base, size_and_align
from .model import SCALARS

FULL = (1 << 64) - 1


def in_word(parameters, word):
    """Scalars that lie in a word."""
    return [p for p in parameters if is_scalar(p.type) and p.offset // 8 == word]


def pack(parameters, access=lambda p: p.name):
    """Five C expressions for the words; None for a word without scalars."""
    words = []
    for word in range(5):
        parts = [pack_one(p, access(p)) for p in in_word(parameters, word)]
        words.append(" | ".join(parts) or None)
    return words


def pack_one(parameter, value):
    size, signed, _ = SCALARS[scalar_base(parameter.type)]
    if signed or parameter.type.kind == "status":
        value = f"(uint{size * 8}_t){value}"
    shift = parameter.offset % 8 * 8
    return f"(uint64_t){value} << {shift}" if shift else value


def initializer(words):
    """Of a message's words, without the zeros behind the last one that is not 0."""
    used = [word or "0" for word in words]
    while used and used[-1] == "0":
        used.pop()
    return used


def unpack(types, parameter, word="call_.message.word"):
    """The C expression for a scalar in the words."""
    value = unpack_plain(parameter, word)
    if parameter.type.kind == "status" or is_enum(parameter.type):
        return f"({types.value(parameter.type)}){value}"
    return value


def unpack_plain(parameter, word="call_.message.word"):
    """The same as a plain integer."""
    base = scalar_base(parameter.type)
    size, signed, _ = SCALARS[base]
    shift = parameter.offset % 8 * 8
    bits = f"{word}[{parameter.offset // 8}]"
    if base == "bool":
        return f"({bits} >> {shift} & 1) != 0" if shift else f"({bits} & 1) != 0"
    shifted = f"({bits} >> {shift})" if shift else bits
    if base == "u64":
        return shifted
    sign = "" if signed or base == "status" else "u"
    return f"({sign}int{size * 8}_t){shifted}"


def is_enum(kind):
    return kind.kind == "named" and kind.declared.kind == "enum"


def is_flags(kind):
    return kind.kind == "named" and kind.declared.kind == "flags"


def value_mask(kind):
    """Bits that a scalar can have."""
    if is_flags(kind):
        return sum(value.number for value in kind.declared.values)
    if kind.kind == "bool":
        return 1
    return (1 << 8 * size_and_align(kind)[0]) - 1


def masks(parameters):
    """For each word the bits that may be set."""
    whole = 0
    for p in parameters:
        if p.place != "words":
            continue
        if is_scalar(p.type):
            bits = value_mask(p.type)
        else:
            bits = (1 << 8 * carried_bytes(p.type)) - 1
        whole |= bits << 8 * p.offset
    return [whole >> 64 * word & FULL for word in range(5)]


def carried_bytes(kind):
    if kind.kind == "string":
        return kind.bound
    return kind.bound + 1 if kind.kind == "bytes" else kind.declared.size


def foreign_bits(parameters, word):
    """C conditions that say that unused bits are 0: none or one."""
    parts = []
    for number, mask in enumerate(masks(parameters)):
        if mask == 0:
            parts.append(f"{word}[{number}]")
        elif mask != FULL:
            parts.append(f"({word}[{number}] & {FULL ^ mask:#x})")
    if not parts:
        return []
    both = " | ".join(parts)
    return [f"({both}) == 0" if len(parts) > 1 else f"{both} == 0"]


def value_checks(types, parameter, value):
    """C conditions that a scalar's value has to meet, beyond the bits that it may have."""
    kind = parameter.type
    if is_enum(kind):
        return [f"{types.lower}_{kind.declared.name}_is_valid({value})"]
    if kind.kind != "integer" or kind.least is None:
        return []
    size, signed, _ = SCALARS[kind.name]
    checks = []
    if kind.least != (-(1 << 8 * size - 1) if signed else 0):
        checks.append(f"{value} >= {literal(kind.least)}")
    if kind.most != (1 << 8 * size - signed) - 1:
        checks.append(f"{value} <= {literal(kind.most)}")
    return checks


def literal(number):
    if number == -(1 << 63):
        return "INT64_MIN"
    return f"{number}u" if 0x7FFFFFFF < number < 1 << 32 else (
        f"{number}ull" if number >= 1 << 32 else str(number))


def shape(name, parameters, pages, mode):
    """Lines of a constant struct message_shape; `mode` is that of pages for text and structs."""
    words = ["~0ull" if mask == FULL else f"{mask:#x}" for mask in masks(parameters)]
    lines = [f"static const struct message_shape {name} = {{"]
    lines += listed(".word = {", words, "},", "    ")
    lines += parcel_shape(parameters, pages, mode)
    handles = [p for p in parameters if p.type.kind == "handle"]
    if handles:
        lines.append(f"    .handles = {len(handles)},")
    for p in handles:
        lines += handle_shape(p)
    return lines + ["};", ""]


def parcel_shape(parameters, pages, mode):
    parcel = next((p.type for p in parameters if p.type.kind == "parcel"), None)
    if parcel is None and not pages:
        return []
    if parcel is None:
        parts = [f".mode = {mode}", ".level = 1", f".least = {pages}", ".most = TABLE_ENTRIES"]
        return listed(".parcel = {", parts, "},", "    ")
    parts = [f".mode = {parcel_mode(parcel)}", f".level = {parcel.level}"]
    if parcel.optional:
        parts.append(".optional = true")
    most = parcel.most if isinstance(parcel.most, int) else "TABLE_ENTRIES"
    parts += [f".least = {parcel.least}", f".most = {most}"]
    rights = parcel_rights(parcel)
    if rights != "0":
        parts.append(f".rights = {rights}")
    return listed(".parcel = {", parts, "},", "    ")


def parcel_mode(kind):
    return f"PARCEL_{kind.mode.upper()}"


def parcel_rights(kind):
    if kind.writable:
        return "PARCEL_WRITABLE"
    return "PARCEL_EXECUTABLE" if kind.executable else "0"


def handle_shape(parameter):
    kind = parameter.type
    parts = [f".type = OBJECT_{kind.object.upper()}", f".rights = {rights(kind)}"]
    if kind.optional:
        parts.append(".optional = true")
    if kind.protocol:
        parts.append(f".protocol = {kind.protocol}")
    return listed(f".handle[{parameter.offset}] = {{", parts, "},", "    ")


def rights(kind):
    return f"{abi.rights_mask(token.text for token in kind.rights):#x}"


def most_entries(parameters):
    """The C expression for the most entries that a parcel may have."""
    parcel = next((p.type for p in parameters if p.type.kind == "parcel"), None)
    if parcel is None or isinstance(parcel.most, int):
        return "TABLE_ENTRIES"
    return parcel.most.text
