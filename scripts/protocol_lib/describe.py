"""Types as a protocol file writes them: for reference pages and for comparing versions."""


def kind_text(kind):
    writer = {"integer": integer, "string": bounded, "bytes": bounded, "parcel": parcel,
              "handle": handle}.get(kind.kind, plain)
    return ("optional " if kind.optional else "") + writer(kind)


def plain(kind):
    return kind.name + ("" if kind.count is None else f"[{kind.count or ''}]")


def integer(kind):
    bounds = "" if kind.least is None else f" {kind.least}..{kind.most}"
    return plain(kind) + bounds


def bounded(kind):
    return f"{kind.kind} {kind.bound}"


def parcel(kind):
    words = ["parcel", kind.mode]
    words += ["writable"] if kind.writable else []
    words += ["executable"] if kind.executable else []
    most = kind.most if isinstance(kind.most, int) else kind.most.text
    words.append(str(most) if most == kind.least else f"{kind.least}..{most}")
    one = most == 1
    if kind.level == 1:
        words.append("page" if one else "pages")
    else:
        words.append(f"{'entry' if one else 'entries'} of level {kind.level}")
    words += ["of", kind.of.text] if kind.of else []
    return " ".join(words)


def handle(kind):
    words = ["handle", kind.object]
    words += ["of", kind.of.text] if kind.of else []
    words += ["moved"] if kind.moved else []
    return " ".join(words + ["with"] + [token.text for token in kind.rights])


def parameters(items):
    return ", ".join(f"{item.name}: {kind_text(item.type)}" for item in items)


def signature(method):
    results = f" -> ({parameters(method.results)})" if method.results else ""
    return f"{method.name}({parameters(method.arguments)}){results}"
