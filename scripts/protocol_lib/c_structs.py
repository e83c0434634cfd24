"""Functions that check a struct that has arrived, for those that have something to check."""

from . import c_words
from .c_client import both
from .c_text import function
from .layout import is_scalar
from .model import SCALARS


def mark_checked(protocol):
    """A struct needs a check if it travels as a parameter and not all its bits may be anything."""
    for declared in protocol.types:
        declared.checked = declared.kind == "struct" and any(
            conditions(None, field) for field in declared.fields)
    protocol.travelling = set()
    for method in protocol.methods:
        for parameter in method.parameters():
            if parameter.type.kind == "named":
                travels(protocol, parameter.type.declared)


def travels(protocol, declared):
    if declared.kind == "struct":
        protocol.travelling.add(declared.name)
        for field in declared.fields:
            if field.type.kind == "named":
                travels(protocol, field.type.declared)


def checks(protocol, types):
    lines = []
    for declared in protocol.types:
        if declared.name in protocol.travelling and declared.checked:
            name = f"{types.lower}_{declared.name}"
            found = [c for field in declared.fields for c in conditions(types, field)]
            body = both("    return ", found, ";")
            lines += function(f"static bool {name}_is_valid", [f"const struct {name} *value"], body)
    return lines


def conditions(types, field):
    """C conditions on a field; `types` is None when only their number matters."""
    kind, value = field.type, f"value->{field.name}"
    lower = types.lower if types else ""
    if field.name == "reserved":
        return [f"bytes_are_zero(&{value}, sizeof {value})"]
    if kind.kind == "bool":  # read as what it is before it is known to be one
        return [f"*(const uint8_t *)&{value} <= 1"]
    if c_words.is_flags(kind):
        size = SCALARS[kind.declared.base][0]
        foreign = ((1 << 8 * size) - 1) ^ c_words.value_mask(kind)
        return [f"({value} & {foreign:#x}) == 0"] if foreign else []
    if kind.kind == "named" and kind.declared.kind == "struct":
        return [f"{lower}_{kind.declared.name}_is_valid(&{value})"] if kind.declared.checked else []
    if is_scalar(kind) and kind.count is None:
        return c_words.value_checks(types, field, value) if types else (
            [value] if c_words.is_enum(kind) or kind.least is not None else [])
    return []
