"""Client stubs. Those whose arguments and results are scalars are inline, in the header."""

from . import c_words
from .c_text import broken, call, comment, function, listed, prototype, wrap
from .c_types import is_bare
from .layout import is_scalar


def is_inline(method):
    return is_bare(method.parameters())


def description(method):
    lines = comment(method.doc)
    names = [f"ERR_{token.text.upper()}" for token in method.errors]
    if names:
        lines += wrap("Errors: " + ", ".join(names) + ".", "// ")
    return lines


def declarations(types, method):
    """What the header says about a method."""
    head = f"status_t {types.lower}_{method.name}"
    parameters = types.stub_parameters(method)
    until = parameters + ["ticks_t deadline"]
    lines = description(method)
    if is_inline(method):
        lines += function(f"static inline {head}_until", until, inline_body(types, method))
    else:
        lines += prototype(f"{head}_until", until) + [""]
    arguments = types.stub_names(method) + ["client_deadline()"]
    body = call(f"return {types.lower}_{method.name}_until", arguments)
    lines += function(f"static inline {head}", parameters, body)
    return lines + again(types, method, head, until)


def is_repeatable(method):
    """Whether a client still has everything that it sent when the server has died."""
    return method.idempotent and not any(parts_with(a.type) for a in method.arguments)


def parts_with(kind):
    return kind.kind == "parcel" and kind.mode == "give" or kind.kind == "handle" and kind.moved


def again(types, method, head, parameters):
    if not is_repeatable(method):
        return []
    lines = ["// The same, repeated if the server dies of something meanwhile."]
    body = ["    status_t status_;", "    unsigned tries_ = 0;", "    do"]
    body += call(f"status_ = {types.lower}_{method.name}_until",
                 types.stub_names(method) + ["deadline"], indent="        ")
    body += ["    while (client_tries_again(status_, &tries_));", "    return status_;"]
    return lines + function(f"static inline {head}_retry", parameters, body)


def message(types, method, name, indent="    "):
    """The start of a message: tag and scalars."""
    words = c_words.initializer(c_words.pack(method.arguments))
    lines = [f"{indent}{name} = {{", f"{indent}    .tag = {types.tag(method)},"]
    if words:
        lines += listed(".word = {", words, "},", indent + "    ")
    return lines + [f"{indent}}}"]


def inline_body(types, method):
    lines = message(types, method, "struct message message_")
    lines[-1] += ";"
    lines.append(f"    status_t status_ = client_words({types.lower}, &message_, deadline);")
    word = "message_.word"
    checks = c_words.foreign_bits(method.results, word)
    for r in method.results:
        checks += c_words.value_checks(types, r, c_words.unpack_plain(r, word))
    if checks:
        lines += both("    if (status_ == OK && !(", checks, ")) {")
        lines += ["        status_ = ERR_BAD_MESSAGE;", "        message_ = (struct message){};",
                  "    }"]
    lines += [f"    *{r.name} = {c_words.unpack(types, r, word)};" for r in method.results]
    return lines + ["    return status_;"]


def both(head, conditions, tail):
    """Conditions joined by &&, one on each line."""
    align = " " * len(head)
    lines = []
    for number, text in enumerate(conditions):
        end = tail if number == len(conditions) - 1 else " &&"
        lines += broken(text + end, head if number == 0 else align)
    return lines


# --- stubs in NAME.c -----------------------------------------------------------------------------


def definition(types, method):
    if is_inline(method):
        return []
    shape = f"{types.lower}_{method.name}_results_shape"
    lines = c_words.shape(shape, method.results, method.result_pages, "PARCEL_GIVE")
    head = f"status_t {types.lower}_{method.name}_until"
    parameters = types.stub_parameters(method) + ["ticks_t deadline"]
    return lines + function(head, parameters, body(types, method, shape))


def body(types, method, shape):
    start = message(types, method, ".message", "        ")
    lines = ["    struct client_call call_ = {"] + start[:-1] + [start[-1] + ","] + ["    };"]
    if method.argument_pages:
        lines.append(f"    client_open(&call_, {method.argument_pages});")
    for argument in method.arguments:
        lines += put(types, argument)
    lines += expect(method)
    most = c_words.most_entries(method.results)
    lines += call("client_exchange", ["&call_", types.lower, f"&{shape}", most, "deadline"])
    lines += results(types, method)
    return lines + ["    return client_close(&call_);" if method.result_pages
                    else "    return call_.status;"]


def expect(method):
    """Makes ready for what the reply may bring beside words."""
    kinds = {result.type.kind for result in method.results}
    if method.result_pages or "parcel" in kinds:
        return ["    client_expect_parcel(&call_);"]
    return ["    client_expect_handles(&call_);"] if "handle" in kinds else []


def put(types, p):
    """An argument that is no scalar into the call."""
    kind = p.type
    if kind.kind == "parcel":
        return call("call_.message.parcel = message_parcel",
                    [p.name, c_words.parcel_mode(kind), c_words.parcel_rights(kind)])
    if kind.kind == "handle":
        return call("message_put_handle", ["&call_.message", str(p.offset), p.name,
                                           str(kind.moved).lower(), c_words.rights(kind)])
    if is_scalar(kind):
        return []
    where, place = ("page", p.offset) if p.place == "page" else ("word", p.offset // 8)
    what = {"string": "text", "bytes": "bytes"}.get(kind.kind, "copy")
    arguments = ["&call_", str(place), p.name]
    if kind.kind == "bytes":
        arguments.append(f"{p.name}_length")
    arguments.append(f"sizeof *{p.name}" if what == "copy" else str(kind.bound))
    return call(f"client_{where}_{what}", arguments)


def results(types, method):
    """Checks first, then text, bytes and structs, which can still be refused, then the rest."""
    lines, checks = [], []
    for r in method.results:
        if is_scalar(r.type):
            checks += c_words.value_checks(types, r, c_words.unpack_plain(r))
    if checks:
        lines += ["    client_demand(&call_,"] + both(" " * 18, checks, ");")
    for r in method.results:
        lines += get(types, r)
    for r in method.results:
        if is_scalar(r.type):
            lines.append(f"    *{r.name} = {c_words.unpack(types, r)};")
        elif r.type.kind == "parcel":
            lines.append(f"    *{r.name} = call_.message.parcel;")
        elif r.type.kind == "handle":
            lines.append(f"    *{r.name} = call_.message.handle[{r.offset}];")
    return lines


def get(types, r):
    """A text, bytes or struct out of the reply."""
    kind = r.type
    if is_scalar(kind) or kind.kind in ("parcel", "handle"):
        return []
    where, place = ("page", r.offset) if r.place == "page" else ("words", r.offset // 8)
    what = {"string": "text", "bytes": "bytes"}.get(kind.kind, "copy")
    arguments = ["&call_", str(place), r.name]
    if kind.kind == "bytes":
        arguments.append(f"{r.name}_length")
    arguments.append(f"sizeof *{r.name}" if what == "copy" else str(kind.bound))
    lines = call(f"client_{what}_in_{where}", arguments)
    if what == "copy" and kind.declared.checked:
        lines += call("client_demand", ["&call_", f"{types.lower}_{kind.declared.name}_is_valid("
                                        f"{r.name})"])
    return lines
