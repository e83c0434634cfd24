"""How things are called in the generated C, and which names would collide there."""

import re

C_KEYWORDS = set(
    """alignas alignof auto bool break case char const constexpr continue default do double else
    enum extern false float for goto if inline int long nullptr register restrict return short
    signed sizeof static static_assert struct switch thread_local true typedef typeof
    typeof_unqual union unsigned void volatile while asm""".split()
)
NAME = re.compile(r"[a-z](?:[a-z0-9_]*[a-z0-9])?\Z")


def check_name(errors, position, name, what):
    if not NAME.match(name):
        errors.add(position, f"'{name}' is no name for {what}: use snake_case")
    elif name in C_KEYWORDS:
        errors.add(position, f"'{name}' is a word of the C language")


class Names:
    """The C names that a protocol takes, each with what it was taken for."""

    def __init__(self, errors):
        self.errors = errors
        self.taken = {}

    def take(self, name, position, what):
        if name in self.taken:
            self.errors.add(position, f"{what} is called {name} in C, like {self.taken[name]}")
        else:
            self.taken[name] = what


def take_all(protocol, errors):
    """Reports names that would mean two things in C."""
    names = Names(errors)
    p, upper = protocol.name, protocol.name.upper()
    for name in (f"{upper}_PROTOCOL", f"{upper}_VERSION", f"{p}_dispatch", f"{p}_serve",
                 f"{p}_protocol_table", f"{p}_methods", f"struct {p}_server", f"enum {p}_method"):
        names.take(name, protocol.position, "the protocol")
    for constant in protocol.constants:
        name = f"{upper}_{constant.name.upper()}"
        names.take(name, constant.position, f"the constant '{constant.name}'")
    for declared in protocol.types:
        take_type(names, protocol, declared)
    for method in protocol.methods:
        take_method(names, protocol, method)


def take_type(names, protocol, declared):
    what = f"the {declared.kind} '{declared.name}'"
    tag = "struct" if declared.kind == "struct" else "enum"
    names.take(f"{tag} {protocol.name}_{declared.name}", declared.position, what)
    for value in declared.values:
        name = f"{protocol.name}_{declared.name}_{value.name}".upper()
        names.take(name, value.position, f"the value '{value.name}' of {what}")


def take_method(names, protocol, method):
    what, p, m = f"the method '{method.name}'", protocol.name, method.name
    for name in (f"{p}_{m}", f"{p}_{m}_until", f"{p}_{m}_reply", f"struct {p}_{m}_results",
                 f"{p}_METHOD_{m}".upper()):
        names.take(name, method.position, what)
    taken = {p: "the stub's port", "deadline": "the stub's deadline"}
    for parameter in method.parameters():
        c_names = [parameter.name]
        if parameter.type.kind == "bytes":
            c_names.append(f"{parameter.name}_length")
        for name in c_names:
            if name in taken:
                names.errors.add(parameter.position, f"'{name}' is the name of {taken[name]}")
            taken[name] = f"another parameter of '{m}'"
