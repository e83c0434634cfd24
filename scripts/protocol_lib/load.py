"""Protocol files into checked protocols with all places known."""

from pathlib import Path

from .check import Checker
from .layout import Layout
from .lexer import Errors, Position
from .parser import Parser


def load(paths):
    """Returns the protocols and what is wrong with them."""
    errors = Errors()
    protocols = []
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as failure:
            errors.add(Position(str(path), 1, 1), f"cannot be read: {failure}")
            continue
        protocols.append(load_text(str(path), text, errors))
    check_numbers(protocols, errors)
    return protocols, errors


def load_text(path, text, errors):
    protocol = Parser(path, text, errors).parse()
    if protocol.position is None:
        errors.add(Position(path, 1, 1), "the file declares no protocol")
    Checker(protocol, errors).check()
    Layout(protocol, errors).place()
    return protocol


def check_numbers(protocols, errors):
    numbers = {}
    for protocol in protocols:
        other = numbers.setdefault(protocol.number, protocol)
        if other is not protocol and protocol.position is not None:
            errors.add(protocol.position,
                       f"protocol {protocol.number} is '{other.name}' already")
