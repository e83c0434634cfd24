"""Text of a protocol file into tokens; comments are kept apart, by line."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"(?P<space>[ \t\r]+)"
    r"|(?P<number>-?(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|[0-9][0-9_]*)(?![0-9A-Za-z_]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>->|\.\.|[=,:{}()\[\]])"
)


@dataclass(frozen=True)
class Position:
    path: str
    line: int
    column: int

    def __str__(self):
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Token:
    kind: str  # "number", "name", "mark", "end"
    text: str
    position: Position
    first: bool  # nothing but space stands before it on its line

    def describe(self):
        return "the end of the file" if self.kind == "end" else f"'{self.text}'"


class Errors:
    """All that is wrong, in the order of the files' lines."""

    def __init__(self):
        self.found = []

    def add(self, position, message):
        if (position, message) not in self.found:
            self.found.append((position, message))

    def lines(self):
        order = sorted(self.found, key=lambda e: (e[0].path, e[0].line, e[0].column))
        return [f"{position}: {message}" for position, message in order]


class Comments:
    """The comment texts of a file: on lines of their own, and behind something."""

    def __init__(self):
        self.alone = {}
        self.behind = {}

    def above(self, line):
        """The lines of comment that end directly above a line."""
        first = line
        while first - 1 in self.alone:
            first -= 1
        return [self.alone[number] for number in range(first, line)]


def comment_text(line):
    text = line[1:]
    return text[1:].rstrip() if text.startswith(" ") else text.rstrip()


class Lexer:
    def __init__(self, path, text, errors):
        self.path = path
        self.errors = errors
        self.tokens = []
        self.comments = Comments()
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            self.read_line(number, line)
        end = Position(path, len(lines), len(lines[-1]) + 1)
        self.tokens.append(Token("end", "", end, True))

    def read_line(self, number, line):
        column, first = 0, True
        while column < len(line):
            position = Position(self.path, number, column + 1)
            if line[column] == "#":
                place = self.comments.alone if first else self.comments.behind
                place[number] = comment_text(line[column:])
                return
            match = TOKEN.match(line, column)
            if match is None:
                self.errors.add(position, f"unexpected character {line[column]!r}")
                column += 1
                continue
            if match.lastgroup != "space":
                self.tokens.append(Token(match.lastgroup, match.group(), position, first))
                first = False
            column = match.end()
