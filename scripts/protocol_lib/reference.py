"""A reference page in Markdown: what each protocol offers, and where everything travels."""

from .describe import kind_text, signature


def page(protocols):
    lines = ["# Protocols: reference", "",
             "Made by `scripts/protocol --reference`; see include/protocols/README.md for the "
             "format and the wire mapping.", ""]
    for protocol in sorted(protocols, key=lambda p: p.number):
        lines += section(protocol)
    return "\n".join(lines).rstrip() + "\n"


def prose(doc):
    return [line.strip() for line in doc] + [""] if doc else []


def section(protocol):
    lines = [f"## {protocol.name}", "",
             f"Protocol {protocol.number}, version {protocol.version}.", ""]
    lines += prose(protocol.doc)
    for constant in protocol.constants:
        lines.append(f"* `{constant.name}` = {constant.number}")
    lines += [""] if protocol.constants else []
    for method in protocol.methods:
        lines += method_section(method)
    for declared in protocol.types:
        lines += type_section(declared)
    if protocol.reserved:
        names = ", ".join(f"{item.number} {item.name}" for item in protocol.reserved)
        lines += [f"Set aside: {names}.", ""]
    return lines


def method_section(method):
    lines = [f"### {method.number} {method.name}", "", "    " + signature(method), ""]
    lines += prose(method.doc)
    if method.errors:
        lines += ["Errors: " + ", ".join(f"`{token.text}`" for token in method.errors) + ".", ""]
    if method.idempotent:
        lines += ["Idempotent.", ""]
    if method.parameters():
        lines += ["| | name | type | place |", "| --- | --- | --- | --- |"]
        lines += [row("in", p) for p in method.arguments]
        lines += [row("out", p) for p in method.results] + [""]
    return lines


def row(direction, parameter):
    return (f"| {direction} | {parameter.name} | {kind_text(parameter.type)} | "
            f"{place_text(parameter)} |")


def place_text(parameter):
    offset = parameter.offset
    if parameter.place == "words":
        return f"word {offset // 8}" + (f", byte {offset % 8}" if offset % 8 else "")
    if parameter.place == "page":
        return f"page, byte {offset}"
    return f"handle {offset}" if parameter.place == "handle" else parameter.place


def type_section(declared):
    lines = [f"### {declared.kind} {declared.name}", ""] + prose(declared.doc)
    if declared.kind == "struct":
        lines += ["| byte | name | type | |", "| --- | --- | --- | --- |"]
        lines += [f"| {f.offset} | {f.name} | {kind_text(f.type)} | {' '.join(f.doc)} |"
                  for f in declared.fields]
    else:
        lines += [f"As {declared.base}.", "", "| value | name | |", "| --- | --- | --- |"]
        lines += [f"| {v.number} | {v.name} | {' '.join(v.doc)} |" for v in declared.values]
    return lines + [""]
