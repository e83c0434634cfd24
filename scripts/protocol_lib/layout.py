"""Where arguments, results and fields lie: the wire mapping of include/protocols/README.md."""

from .model import SCALARS

WORD_BYTES = 40
PAGE_BYTES = 4096
PAGES = 4


def round_up(number, multiple):
    return (number + multiple - 1) // multiple * multiple


def is_scalar(kind):
    if kind.kind == "named":
        return kind.declared is not None and kind.declared.kind != "struct"
    return kind.kind in ("integer", "bool", "status")


def scalar_base(kind):
    """The name in SCALARS that a scalar is stored as."""
    if kind.kind == "named":
        return kind.declared.base
    return kind.name


def size_and_align(kind):
    """Of a struct's field, in bytes."""
    if kind.kind == "char":
        return kind.count or 0, 1
    if kind.kind == "named" and kind.declared is None:
        return 1, 1
    if kind.kind == "named" and kind.declared.kind == "struct":
        return kind.declared.size, kind.declared.align
    size = SCALARS[scalar_base(kind)][0]
    return size * (kind.count if kind.count is not None else 1), size


class Layout:
    def __init__(self, protocol, errors):
        self.protocol = protocol
        self.errors = errors

    def place(self):
        for declared in self.protocol.types:
            if declared.kind == "struct":
                self.place_fields(declared)
        for method in self.protocol.methods:
            method.argument_pages = self.place_parameters(method, method.arguments)
            method.result_pages = self.place_parameters(method, method.results)

    def place_fields(self, declared):
        offset = 0
        for field in declared.fields:
            if field.type.kind in ("string", "bytes", "parcel", "handle"):
                continue
            size, align = size_and_align(field.type)
            gap = -offset % align
            if gap:
                self.errors.add(field.position, f"there are {gap} bytes of padding before "
                                f"'{field.name}': sort by size, or add 'reserved: u8[{gap}]'")
            offset = offset + gap
            field.place, field.offset = "struct", offset
            offset += size
            declared.align = max(declared.align, align)
        gap = -offset % declared.align
        if gap and not declared.flexible:
            self.errors.add(declared.position, f"there are {gap} bytes of padding at the end of "
                            f"'{declared.name}': add 'reserved: u8[{gap}]'")
        declared.size = offset + gap

    def place_parameters(self, method, parameters):
        """Returns how many pages the parameters need."""
        words = self.place_scalars(parameters)
        self.place_carried(parameters)
        page = 0
        for parameter in parameters:
            kind = parameter.type
            if is_scalar(kind) or kind.kind in ("parcel", "handle", "char"):
                continue
            if kind.kind == "named" and kind.declared is None:
                continue
            size = round_up(word_size(kind), 8)
            if words + size <= WORD_BYTES:
                parameter.place, parameter.offset = "words", words
                words += size
            else:
                page = self.place_in_page(parameter, page)
        return self.count_pages(parameters, page)

    def place_scalars(self, parameters):
        """Returns where the next whole word begins."""
        offset = 0
        for parameter in parameters:
            if not is_scalar(parameter.type):
                continue
            size, align = size_and_align(parameter.type)
            offset = round_up(offset, align)
            parameter.place, parameter.offset = "words", offset
            offset += size
            if offset > WORD_BYTES:
                self.errors.add(parameter.position, f"'{parameter.name}' does not fit into the "
                                "five words: put some of the scalars into a struct")
        return round_up(offset, 8)

    def place_carried(self, parameters):
        handles = 0
        for parameter in parameters:
            if parameter.type.kind == "handle":
                parameter.place, parameter.offset = "handle", handles
                handles += 1
            elif parameter.type.kind == "parcel":
                parameter.place = "parcel"

    def place_in_page(self, parameter, page):
        """Returns where the page is free from."""
        size, align = page_size(parameter.type)
        page = round_up(page, align)
        parameter.place, parameter.offset = "page", page
        return page + size

    def count_pages(self, parameters, size):
        pages = round_up(size, PAGE_BYTES) // PAGE_BYTES
        in_page = [p for p in parameters if p.place == "page"]
        if pages > PAGES:
            self.errors.add(in_page[-1].position, f"'{in_page[-1].name}' does not fit into the "
                            f"{PAGES} pages that carry text, bytes and structs")
        parcel = next((p for p in parameters if p.type.kind == "parcel"), None)
        if in_page and parcel:
            self.errors.add(parcel.position, "a message carries one parcel at most, and "
                            f"'{in_page[0].name}' needs one: it does not fit into the words")
        return pages


def word_size(kind):
    """Bytes that a string, bytes or a struct takes in the words."""
    if kind.kind == "string":
        return kind.bound
    if kind.kind == "bytes":
        return kind.bound + 1
    return kind.declared.size


def page_size(kind):
    """The same in a page, and the alignment there."""
    if kind.kind == "string":
        return kind.bound + 1, 1
    if kind.kind == "bytes":
        return kind.bound + 4, 4
    return kind.declared.size, 8
