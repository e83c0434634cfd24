"""What names mean, and whether numbers are in range. Reports everything that is wrong."""

from pathlib import Path

from . import abi
from .lexer import Errors
from .model import INTEGERS, SCALARS
from .names import check_name, take_all
from .parser import Parser

HANDLES = 4


class Checker:
    def __init__(self, protocol, errors):
        self.protocol = protocol
        self.errors = errors

    def check(self):
        protocol = self.protocol
        if protocol.position is None:
            return
        self.check_head()
        for constant in protocol.constants:
            self.check_constant(constant)
        self.check_unique(protocol.types, "type")
        for declared in protocol.types:
            self.check_type(declared)
        self.check_methods()
        take_all(protocol, self.errors)

    def check_head(self):
        protocol = self.protocol
        check_name(self.errors, protocol.position, protocol.name, "a protocol")
        if not 1 <= protocol.number <= 0xFFFF:
            self.errors.add(protocol.position, "a protocol's number is 1 to 65535")
        if not 1 <= protocol.version <= 0xFFFF:
            self.errors.add(protocol.position, "a version is 1 to 65535")
        if protocol.name != Path(protocol.path).stem:
            self.errors.add(protocol.position, f"the protocol '{protocol.name}' is in a file of "
                            "another name")
        if not protocol.doc:
            self.errors.add(protocol.position, "the protocol has no comment above it")

    def check_constant(self, constant):
        check_name(self.errors, constant.position, constant.name, "a constant")
        if not 0 <= constant.number < 1 << 64:
            self.errors.add(constant.position, "a constant has 64 bits and no sign")

    def check_unique(self, items, what):
        """Names once, and numbers once where there are some."""
        names, numbers = {}, {}
        for item in items:
            if item.name in names:
                self.errors.add(item.position, f"the {what} '{item.name}' is declared twice")
            names[item.name] = item
            number = getattr(item, "number", None)
            if number is not None and number in numbers:
                other = numbers[number].name
                self.errors.add(item.position, f"{what} {number} is '{other}' already")
            numbers[number] = item

    # --- types -----------------------------------------------------------------------------------

    def check_type(self, declared):
        check_name(self.errors, declared.position, declared.name, f"a {declared.kind}")
        if declared.name in SCALARS or declared.name in ("char", "string", "bytes", "parcel",
                                                         "handle", "optional"):
            self.errors.add(declared.position, f"'{declared.name}' is a type already")
        if declared.kind == "struct":
            self.check_struct(declared)
        else:
            self.check_values(declared)

    def check_values(self, declared):
        if not declared.values:
            self.errors.add(declared.position, f"'{declared.name}' has no values")
        self.check_unique(declared.values, "value")
        bits = 8 * SCALARS[declared.base][0]
        for value in declared.values:
            check_name(self.errors, value.position, value.name, "a value")
            if not 0 <= value.number < 1 << bits:
                self.errors.add(value.position, f"the value does not fit into {declared.base}")
            elif declared.kind == "flags" and value.number.bit_count() != 1:
                self.errors.add(value.position, "a flag is one bit: 1, 2, 4, 8, ...")

    def check_struct(self, declared):
        if not declared.fields:
            self.errors.add(declared.position, f"'{declared.name}' has no fields")
        self.check_unique(declared.fields, "field")
        for field in declared.fields:
            check_name(self.errors, field.position, field.name, "a field")
            self.check_field(declared, field)

    def check_field(self, declared, field):
        kind = field.type
        if kind.kind in ("string", "bytes", "parcel", "handle"):
            self.errors.add(kind.position, f"a struct cannot hold a {kind.kind}")
        elif kind.kind == "named":
            self.resolve(kind, before=declared)
        if kind.kind == "char" and kind.count is None:
            self.errors.add(kind.position, "char comes as char[N] or char[]")
        if kind.kind in ("bool", "status", "named") and kind.count is not None:
            self.errors.add(kind.position, "only integers and char come as arrays")
        if kind.count is not None and not 0 <= kind.count <= 4096:
            self.errors.add(kind.position, "an array has 1 to 4096 elements")
        if kind.count == 0:
            self.check_flexible(declared, field)

    def check_flexible(self, declared, field):
        if field.type.kind != "char":
            self.errors.add(field.type.position, "an array has 1 to 4096 elements")
        elif field is not declared.fields[-1] or len(declared.fields) == 1:
            self.errors.add(field.type.position, "char[] comes last, behind other fields")
        else:
            declared.flexible = True

    def resolve(self, kind, before=None):
        """Finds the declaration of a named type."""
        kind.declared = self.protocol.type_named(kind.name)
        if kind.declared is None:
            self.errors.add(kind.position, f"there is no type '{kind.name}'")
        elif kind.declared.kind == "struct" and before is not None:
            types = self.protocol.types
            if types.index(kind.declared) >= types.index(before):
                self.errors.add(kind.position, f"'{kind.name}' is declared further down")
            elif kind.declared.flexible:
                self.errors.add(kind.position, f"'{kind.name}' has no fixed size")

    # --- methods ---------------------------------------------------------------------------------

    def check_methods(self):
        protocol = self.protocol
        self.check_unique(protocol.reserved + protocol.methods, "method")
        if not protocol.methods:
            self.errors.add(protocol.position, "the protocol has no methods")
        for item in protocol.reserved + protocol.methods:
            check_name(self.errors, item.position, item.name, "a method")
        for item in protocol.reserved:
            if not 1 <= item.number <= 255:
                self.errors.add(item.position, "a method's number is 1 to 255")
        for method in protocol.methods:
            self.check_method(method)

    def check_method(self, method):
        if not method.doc:
            self.errors.add(method.position, f"the method '{method.name}' has no comment above it")
        named = set()
        for token in method.errors:
            if token.text not in abi.STATUSES:
                self.errors.add(token.position, f"there is no error '{token.text}'")
            if token.text in named:
                self.errors.add(token.position, f"'{token.text}' is listed twice")
            named.add(token.text)
        for parameters in (method.arguments, method.results):
            for parameter in parameters:
                check_name(self.errors, parameter.position, parameter.name, "a parameter")
                self.check_parameter(method, parameter, parameters is method.results)
            self.check_carried(parameters)

    def check_carried(self, parameters):
        parcels = [p for p in parameters if p.type.kind == "parcel"]
        for parameter in parcels[1:]:
            self.errors.add(parameter.position, "a message carries one parcel at most")
        handles = [p for p in parameters if p.type.kind == "handle"]
        for parameter in handles[HANDLES:]:
            self.errors.add(parameter.position, f"a message carries {HANDLES} handles at most")

    def check_parameter(self, method, parameter, is_result):
        kind = parameter.type
        if kind.count is not None or kind.kind == "char":
            self.errors.add(kind.position, "arrays come in structs only")
        check = getattr(self, "check_" + kind.kind + "_type", None)
        if check:
            check(method, kind, is_result)

    def check_integer_type(self, method, kind, is_result):
        if kind.least is None:
            return
        size, signed, _ = SCALARS[kind.name]
        low = -(1 << 8 * size - 1) if signed else 0
        high = (1 << 8 * size - (1 if signed else 0)) - 1
        if not low <= kind.least <= kind.most <= high:
            self.errors.add(kind.position, f"{kind.least}..{kind.most} is no range of {kind.name}")

    def check_named_type(self, method, kind, is_result):
        self.resolve(kind)
        if kind.declared is not None and kind.declared.flexible:
            self.errors.add(kind.position, f"'{kind.name}' has no fixed size: it needs a parcel")

    def check_string_type(self, method, kind, is_result):
        if not 1 <= kind.bound <= 4 * 4096 - 4:
            self.errors.add(kind.position, f"the bound of a {kind.kind} is 1 to 16380")

    check_bytes_type = check_string_type

    def check_parcel_type(self, method, kind, is_result):
        if is_result and kind.mode == "lend":
            self.errors.add(kind.position, "results cannot be lent")
        if kind.writable and kind.executable:
            self.errors.add(kind.position, "memory is not writable and executable at once")
        if not 1 <= kind.level <= 4:
            self.errors.add(kind.position, "a level is 1 to 4")
        if not isinstance(kind.most, int):
            self.check_counting(method, kind)
        most = kind.most if isinstance(kind.most, int) else abi.PARCEL_ENTRIES
        if not 1 <= kind.least <= most <= abi.PARCEL_ENTRIES:
            self.errors.add(kind.position, f"a parcel has 1 to {abi.PARCEL_ENTRIES} entries")
        if kind.of is not None:
            kind.declared = self.protocol.type_named(kind.of.text)
            if kind.declared is None or kind.declared.kind != "struct":
                self.errors.add(kind.of.position, f"there is no struct '{kind.of.text}'")

    def check_counting(self, method, kind):
        argument = next((a for a in method.arguments if a.name == kind.most.text), None)
        if argument is None or argument.type.kind != "integer" or argument.type.name[0] != "u":
            self.errors.add(kind.most.position,
                            f"'{kind.most.text}' is no unsigned integer argument of the method")

    def check_handle_type(self, method, kind, is_result):
        if kind.object not in abi.RIGHTS:
            self.errors.add(kind.position, f"there is no object type '{kind.object}'")
            return
        for token in kind.rights:
            if token.text not in abi.rights_of(kind.object):
                self.errors.add(token.position, f"a {kind.object} has no right '{token.text}'")
        if kind.of is not None:
            self.check_handle_protocol(kind)

    def check_handle_protocol(self, kind):
        if kind.object != "port":
            self.errors.add(kind.of.position, "only a port speaks a protocol")
        number = protocol_number(Path(self.protocol.path).parent, kind.of.text, self.protocol)
        if number is None:
            self.errors.add(kind.of.position,
                            f"there is no {kind.of.text}.protocol beside this file")
        kind.protocol = number or 0


def protocol_number(folder, name, own):
    """The number of a protocol in the same folder, None if there is no such file."""
    if name == own.name:
        return own.number
    path = folder / f"{name}.protocol"
    if not path.is_file():
        return None
    return Parser(str(path), path.read_text(), Errors()).parse().number
