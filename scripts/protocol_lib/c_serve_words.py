"""Serving methods whose arguments and results are all scalars: inline, so that the words of a
request can stay in the registers that they came in."""

from . import c_words
from .c_client import both
from .c_text import call, function
from .c_types import is_bare
from .layout import round_up, size_and_align


def methods(protocol):
    return [m for m in protocol.methods if is_bare(m.parameters())]


def mask(protocol):
    """A bit for each of them whose number is below 64."""
    return sum(1 << m.number for m in methods(protocol) if m.number < 64)


def definitions(protocol, types):
    """What the header holds: a function for each method, and one that finds it."""
    lines = []
    for method in methods(protocol):
        parameters = [f"const struct {types.lower}_server *server_", "struct request *request_",
                      "uint64_t *word_"]
        lines += inlined(name(types, method), parameters, body(types, method))
    return lines + find(protocol, types)


def inlined(what, parameters, lines):
    return ["[[gnu::always_inline]]"] + function(f"static inline status_t {what}", parameters,
                                                 lines)


def name(types, method):
    return f"{types.lower}_serve_words_of_{method.name}"


def body(types, method):
    """Words out, checks, the handler, words in."""
    lines = []
    for a in method.arguments:
        value = c_words.unpack(types, a, "word_")
        lines.append(f"    const {types.value(a.type)} {a.name} = {value};")
    checks = c_words.foreign_bits(method.arguments, "word_")
    for a in method.arguments:
        checks += c_words.value_checks(types, a, a.name)
    if checks:
        lines += both("    if (!(", checks, "))") + ["        return ERR_BAD_MESSAGE;"]
    lines += [f"    if (server_->{method.name} == nullptr)", "        return ERR_UNSUPPORTED;"]
    return lines + answer(types, method)


def answer(types, method):
    """The struct of results is laid out like the words that carry it."""
    used = used_words(method.results)
    handed = ["request_"] + [a.name for a in method.arguments]
    lines = []
    if used:
        lines += ["    union {", f"        {types.results_struct(method)} typed;",
                  f"        uint64_t word[{used}];", "    } results_ = {.word = {0}};"]
        handed.append("&results_.typed")
    lines += call(f"status_t status_ = server_->{method.name}", handed)
    for word, mask in enumerate(member_bits(method.results)):
        value = "0"
        if word < used:  # what a handler leaves in the gaps between members stays here
            value = f"results_.word[{word}]" + (f" & {mask:#x}" if mask != c_words.FULL else "")
        lines.append(f"    word_[{word}] = {value};")
    return lines + ["    return status_;"]


def used_words(parameters):
    return max((p.offset // 8 + 1 for p in parameters), default=0)


def member_bits(parameters):
    """For each word the bits that members of the struct cover, or that lie behind it."""
    sizes = [size_and_align(p.type) for p in parameters]
    end = max((p.offset + size for p, (size, _) in zip(parameters, sizes)), default=0)
    end = round_up(end, max((align for _, align in sizes), default=1))
    whole = (1 << 320) - (1 << 8 * end)
    for p, (size, _) in zip(parameters, sizes):
        whole |= (1 << 8 * size) - 1 << 8 * p.offset
    return [whole >> 64 * word & c_words.FULL for word in range(5)]


def find(protocol, types):
    """serve_words_t of the protocol."""
    parameters = ["const void *handlers", "struct request *request", "uint64_t tag",
                  "uint64_t word[MESSAGE_WORDS]"]
    lines = ["    switch (tag) {"] if methods(protocol) else ["    (void)handlers, (void)request, "
                                                             "(void)tag, (void)word;"]
    for method in methods(protocol):
        lines.append(f"    case {types.tag(method)}:")
        lines += call(f"return {name(types, method)}", ["handlers", "request", "word"],
                      indent="        ")
    if methods(protocol):
        lines += ["    default:", "        return REQUEST_NOT_WORDS;", "    }"]
    else:
        lines.append("    return REQUEST_NOT_WORDS;")
    return inlined(f"{types.lower}_serve_words", parameters, lines)


def from_message(types, method):
    """The body of a serve_method_t: for a request that lies in memory."""
    return (["    if (!message_is_bare(&request_->message))",
             "        return request_refuse(request_, ERR_BAD_MESSAGE);"] +
            call(f"return {name(types, method)}", ["handlers_", "request_",
                                                  "request_->message.word"]))
