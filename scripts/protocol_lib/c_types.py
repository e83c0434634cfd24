"""What parameters look like in C: in stubs, in handlers, in structs of results."""

from .layout import is_scalar
from .model import SCALARS


class CTypes:
    def __init__(self, protocol):
        self.protocol = protocol
        self.lower = protocol.name
        self.upper = protocol.name.upper()

    def method_constant(self, method):
        return f"{self.upper}_METHOD_{method.name.upper()}"

    def tag(self, method):
        return (f"(uint64_t){self.upper}_PROTOCOL << TAG_PROTOCOL_SHIFT | "
                f"{self.method_constant(method)}")

    def results_struct(self, method):
        return f"struct {self.lower}_{method.name}_results"

    def declared(self, declared):
        """The C type of an enum, flags or struct."""
        if declared.kind == "flags":
            return SCALARS[declared.base][2]
        return f"{declared.kind} {self.lower}_{declared.name}"

    def value(self, kind):
        """The C type of one value, for what has one: scalars, structs, parcels, handles."""
        if kind.kind == "named":
            return self.declared(kind.declared)
        if kind.kind in ("parcel", "handle"):
            return f"{kind.kind}_t"
        return "char" if kind.kind == "char" else SCALARS[kind.name][2]

    def is_struct(self, kind):
        return kind.kind == "named" and kind.declared.kind == "struct"

    def field(self, field):
        """A struct's field as a declarator."""
        count = field.type.count
        array = "" if count is None else f"[{count or ''}]"
        return f"{self.value(field.type)} {field.name}{array}"

    def arguments(self, method, length_type="size_t", bytes_type="void"):
        """Parameters that go in, in stubs and in handlers."""
        found = []
        for a in method.arguments:
            if a.type.kind == "string":
                found.append(f"const char *{a.name}")
            elif a.type.kind == "bytes":
                found += [f"const {bytes_type} *{a.name}", f"{length_type} {a.name}_length"]
            elif self.is_struct(a.type):
                found.append(f"const {self.value(a.type)} *{a.name}")
            else:
                found.append(f"{self.value(a.type)} {a.name}")
        return found

    def out_parameters(self, method):
        """Where a stub puts results."""
        found = []
        for r in method.results:
            if r.type.kind == "string":
                found.append(f"char {r.name}[{r.type.bound + 1}]")
            elif r.type.kind == "bytes":
                found += [f"void *{r.name}", f"uint32_t *{r.name}_length"]
            else:
                found.append(f"{self.value(r.type)} *{r.name}")
        return found

    def stub_parameters(self, method):
        return [f"handle_t {self.lower}"] + self.arguments(method) + self.out_parameters(method)

    def stub_names(self, method):
        """The same, as they are handed on."""
        names = [self.lower]
        for p in method.parameters():
            names.append(p.name)
            if p.type.kind == "bytes":
                names.append(f"{p.name}_length")
        return names

    def handler_parameters(self, method):
        found = ["struct request *request"] + self.arguments(method, "uint32_t", "uint8_t")
        if method.results:
            found.append(f"{self.results_struct(method)} *results")
        return found

    def result_members(self, method):
        """Lines of the struct of results."""
        lines = []
        for r in method.results:
            bound = r.type.bound
            if r.type.kind not in ("string", "bytes"):
                lines.append(f"    {self.value(r.type)} {r.name};")
                continue
            item, room = ("char", bound + 1) if r.type.kind == "string" else ("uint8_t", bound)
            if r.place == "page":
                lines.append(f"    {item} *{r.name}; // room for {room} bytes")
            else:
                lines.append(f"    {item} {r.name}[{room}];")
            if r.type.kind == "bytes":
                lines.append(f"    uint32_t {r.name}_length;")
        return lines


def is_bare(parameters):
    """Whether they travel in words, as scalars alone."""
    return all(is_scalar(p.type) for p in parameters)


def overlays(method):
    """Whether the struct of results is laid out like the words: then it is the words."""
    return bool(method.results) and is_bare(method.results)
