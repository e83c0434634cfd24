"""C text: lines of at most 100 columns."""

WIDTH = 100


def wrap(text, prefix, width=WIDTH):
    """Words into lines that begin with a prefix."""
    lines, line = [], prefix
    for word in text.split():
        if line != prefix and len(line) + len(word) > width:
            lines.append(line.rstrip())
            line = prefix
        line += word + " "
    return lines + [line.rstrip()]


def comment(doc, indent=""):
    return [f"{indent}// {line}".rstrip() for line in doc]


def commented(line, doc):
    """A line with its comment behind it, or above where that is too long."""
    behind = f"{line} // {doc[0]}" if doc else line
    if len(doc) <= 1 and len(behind) <= WIDTH:
        return [behind]
    return comment(doc, " " * (len(line) - len(line.lstrip()))) + [line]


def listed(head, items, tail, indent=""):
    """head(item, item)tail, broken between items and aligned behind the head's bracket."""
    one_line = indent + head + ", ".join(items) + tail
    if len(one_line) <= WIDTH:
        return [one_line]
    align = " " * len(indent + head)
    lines, line = [], indent + head
    for number, item in enumerate(items):
        last = number == len(items) - 1
        piece = item + (tail if last else ",")
        if line != align and line != indent + head and len(line) + 1 + len(piece) > WIDTH:
            lines.append(line.rstrip())
            line = align
        line += piece + ("" if last else " ")
    return lines + [line]


def broken(text, head):
    """An expression behind a head, broken at | where it is too long."""
    lines, line = [], head
    for number, part in enumerate(text.split(" | ")):
        if number and len(line) + len(" | ") + len(part) + len(" |") > WIDTH:
            lines.append(line + " |")
            line = " " * len(head) + " "
        elif number:
            line += " | "
        line += part
    return lines + [line]


def function(head, parameters, body):
    """A definition: `head` is everything up to the opening bracket."""
    return listed(head + "(", parameters or ["void"], ")") + ["{"] + body + ["}", ""]


def prototype(head, parameters):
    return listed(head + "(", parameters or ["void"], ");")


def call(head, arguments, tail=";", indent="    "):
    return listed(head + "(", arguments, ")" + tail, indent)


def hexadecimal(number):
    return f"{number:#x}"
