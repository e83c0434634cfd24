"""The server's side: one function for each method, which checks, calls the handler and packs."""

from . import c_serve_words, c_words
from .c_client import both
from .c_header import reply_parameters
from .c_text import broken, call, function
from .c_types import is_bare
from .layout import is_scalar

STACK_BYTES = 64  # longer texts are copied to static room


def is_long(a):
    return a.place == "page" and a.type.bound > STACK_BYTES


def long_room(protocol):
    """Room for the text and bytes of one request, laid out like the page that they come in."""
    long = [m for m in protocol.methods if any(is_long(a) for a in m.arguments)]
    pages = max((m.argument_pages for m in long), default=0)
    return [f"static uint8_t long_arguments_[{pages} * PAGE_SIZE];", ""] if pages else []


def method(types, m):
    lines = []
    if m.results:
        lines += pack(types, m)
    lines += serve(types, m)
    return lines + reply(types, m)


# --- arguments -----------------------------------------------------------------------------------


def serve(types, m):
    head = f"static status_t {types.lower}_serve_{m.name}"
    parameters = ["const void *handlers_", "struct request *request_"]
    if is_bare(m.parameters()):
        return function(head, parameters, c_serve_words.from_message(types, m))
    lines = []
    if not is_bare(m.arguments):
        lines = c_words.shape(f"{types.lower}_{m.name}_arguments_shape", m.arguments,
                              m.argument_pages, "PARCEL_LEND")
    body = [f"    const struct {types.lower}_server *server_ = handlers_;"]
    body += rooms(types, m) + arguments(types, m) + absent(m) + answer(types, m)
    return lines + function(head, parameters, body)


def rooms(types, m):
    """Where arguments are copied to."""
    lines = []
    for a in m.arguments:
        bound = a.type.bound
        if a.type.kind == "string" and is_long(a):
            lines.append(f"    char *{a.name} = (char *)long_arguments_ + {a.offset};")
        elif a.type.kind == "string":
            lines.append(f"    char {a.name}[{bound + 1}];")
        elif a.type.kind == "bytes" and is_long(a):
            lines.append(f"    uint8_t *{a.name} = long_arguments_ + {a.offset + 4};")
        elif a.type.kind == "bytes":
            lines.append(f"    uint8_t {a.name}[{bound}];")
        elif types.is_struct(a.type):
            lines.append(f"    {types.value(a.type)} {a.name};")
        if a.type.kind == "bytes":
            lines.append(f"    uint32_t {a.name}_length;")
    return lines


def arguments(types, m):
    word = "request_->message.word"
    lines = []
    for a in m.arguments:
        if is_scalar(a.type):
            value = c_words.unpack(types, a, word)
            lines.append(f"    const {types.value(a.type)} {a.name} = {value};")
        elif a.type.kind == "parcel":
            lines.append(f"    const parcel_t {a.name} = request_->message.parcel;")
        elif a.type.kind == "handle":
            lines.append(f"    const handle_t {a.name} = request_->message.handle[{a.offset}];")
    checks = []
    if is_bare(m.arguments):
        checks = ["message_is_bare(&request_->message)"] + c_words.foreign_bits(m.arguments, word)
    else:
        shape = f"&{types.lower}_{m.name}_arguments_shape"
        most = c_words.most_entries(m.arguments)
        lines += call("if (!request_fits", ["request_", shape, most], ")")
        lines += refuse("ERR_BAD_MESSAGE")
    for a in m.arguments:
        lines += copied(types, a)
        checks += checks_of(types, a)
    if checks:
        lines += both("    if (!(", checks, "))") + refuse("ERR_BAD_MESSAGE")
    return lines


def refuse(status):
    return [f"        return request_refuse(request_, {status});"]


def absent(m):
    return [f"    if (server_->{m.name} == nullptr)"] + refuse("ERR_UNSUPPORTED")


def copied(types, a):
    """Structs are copied before any check looks at them."""
    if not types.is_struct(a.type):
        return []
    if a.place == "page":
        return call("request_page_copy", ["request_", str(a.offset), f"&{a.name}",
                                          f"sizeof {a.name}"])
    return call("memcpy", [f"&{a.name}", f"request_->message.word + {a.offset // 8}",
                           f"sizeof {a.name}"])


def checks_of(types, a):
    if is_scalar(a.type):
        return c_words.value_checks(types, a, a.name)
    if types.is_struct(a.type):
        return [f"{types.lower}_{a.type.declared.name}_is_valid(&{a.name})"
                ] if a.type.declared.checked else []
    if a.type.kind not in ("string", "bytes"):
        return []
    where, place = ("page", a.offset) if a.place == "page" else ("word", a.offset // 8)
    if a.type.kind == "string":
        return [f"request_{where}_text(request_, {place}, {a.name}, {a.type.bound})"]
    return [f"request_{where}_bytes(request_, {place}, {a.name}, &{a.name}_length, "
            f"{a.type.bound})"]


def handed(types, m):
    """What the handler is called with."""
    found = ["request_"]
    for a in m.arguments:
        found.append(f"&{a.name}" if types.is_struct(a.type) else a.name)
        if a.type.kind == "bytes":
            found.append(f"{a.name}_length")
    return found


# --- results -------------------------------------------------------------------------------------


def answer(types, m):
    if not m.results:
        return ["    request_->message = (struct message){};"] + call(
            f"return server_->{m.name}", handed(types, m))
    lines = [f"    {types.results_struct(m)} results_ = {{}};"]
    if m.result_pages:
        lines += [f"    char *page_ = reply_page({m.result_pages});",
                  "    if (page_ == nullptr)"] + refuse("ERR_NO_MEMORY")
    for r in m.results:
        if r.place == "page" and r.type.kind == "string":
            lines.append(f"    results_.{r.name} = page_ + {r.offset};")
        elif r.place == "page" and r.type.kind == "bytes":
            lines.append(f"    results_.{r.name} = (uint8_t *)page_ + {r.offset + 4};")
    lines += call(f"status_t status_ = server_->{m.name}", handed(types, m) + ["&results_"])
    lines.append("    request_->message = (struct message){};")
    return lines + ["    if (status_ == OK)",
                    f"        {types.lower}_pack_{m.name}(&request_->message, &results_);",
                    "    return status_;"]


def pack(types, m):
    parameters = ["struct message *message_", f"const {types.results_struct(m)} *results_"]
    words = c_words.pack(m.results, lambda r: f"results_->{r.name}")
    lines = []
    for number, word in enumerate(words):
        if word:
            lines += broken(word + ";", f"    message_->word[{number}] = ")
    if m.result_pages:
        lines += [f"    message_->parcel = reply_parcel({m.result_pages});",
                  "    char *page_ = (char *)parcel_address(message_->parcel);"]
    for r in m.results:
        lines += pack_one(types, r)
    return function(f"static void {types.lower}_pack_{m.name}", parameters, lines)


def pack_one(types, r):
    kind, value = r.type, f"results_->{r.name}"
    if is_scalar(kind):
        return []
    if kind.kind == "parcel":
        return call("message_->parcel = message_parcel",
                    [value, c_words.parcel_mode(kind), c_words.parcel_rights(kind)])
    if kind.kind == "handle":
        return call("message_put_handle", ["message_", str(r.offset), value,
                                           str(kind.moved).lower(), c_words.rights(kind)])
    where, place = (("page_", r.offset) if r.place == "page" else ("message_", r.offset // 8))
    if types.is_struct(kind):
        target = f"page_ + {place}" if r.place == "page" else f"message_->word + {place}"
        return call("memcpy", [target, f"&{value}", f"sizeof {value}"])
    what = "text" if kind.kind == "string" else "bytes"
    arguments = [where, str(place), value]
    if kind.kind == "bytes":
        arguments.append(f"{value}_length")
    return call(f"reply_{r.place.removesuffix('s')}_{what}", arguments + [str(kind.bound)])


def reply(types, m):
    lines = []
    if m.result_pages:
        lines += [f"    if (status == OK && reply_page({m.result_pages}) == nullptr)",
                  "        status = ERR_NO_MEMORY;"]
    lines.append("    struct message message_ = {.tag = (uint16_t)status};")
    if m.results:
        lines += ["    if (status == OK)",
                  f"        {types.lower}_pack_{m.name}(&message_, results);"]
    lines.append("    return reply_kept(kept, &message_);")
    return function(f"status_t {types.lower}_{m.name}_reply", reply_parameters(types, m), lines)


def table(protocol, types):
    """The serving functions by method number."""
    count = methods(protocol)
    names = {m.number: f"{types.lower}_serve_{m.name}" for m in protocol.methods}
    lines = [f"serve_method_t *const {types.lower}_methods[{count}] = {{"]
    for number in range(count):
        lines.append(f"    {names.get(number, 'request_unknown')},")
    return lines + ["};"]


def methods(protocol):
    return 1 + max(m.number for m in protocol.methods)
