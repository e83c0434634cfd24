"""Tokens into a Protocol. One syntax error is reported for each declaration; the next declaration
that begins a line is read again. What names mean is checked afterwards (check.py)."""

from .lexer import Lexer
from .model import INTEGERS, Declared, Field, Method, Protocol, Type, Value

DECLARATIONS = ["protocol", "constant", "enum", "flags", "struct", "method", "reserved"]


class SyntaxFault(Exception):
    def __init__(self, position, message):
        super().__init__(message)
        self.position = position
        self.message = message


class Parser:
    def __init__(self, path, text, errors):
        lexer = Lexer(path, text, errors)
        self.tokens = lexer.tokens
        self.comments = lexer.comments
        self.errors = errors
        self.index = 0
        self.numbers = {}  # constants so far
        self.protocol = Protocol(path=path)

    # --- tokens ----------------------------------------------------------------------------------

    @property
    def token(self):
        return self.tokens[self.index]

    def next(self):
        token = self.token
        if token.kind != "end":
            self.index += 1
        return token

    def fail(self, expected):
        raise SyntaxFault(
            self.token.position, f"expected {expected}, found {self.token.describe()}"
        )

    def at(self, *texts):
        return self.token.kind != "end" and self.token.text in texts

    def accept(self, *texts):
        return self.next() if self.at(*texts) else None

    def expect(self, text):
        return self.accept(text) or self.fail(f"'{text}'")

    def name(self, what):
        return self.next() if self.token.kind == "name" else self.fail(what)

    def number(self, what):
        """A number or the name of a constant."""
        if self.token.kind == "number":
            text = self.next().text.replace("_", "")
            return int(text, 16 if "x" in text.lower() else 10)
        if self.token.kind == "name" and self.token.text in self.numbers:
            return self.numbers[self.next().text]
        return self.fail(what)

    # --- declarations ----------------------------------------------------------------------------

    def parse(self):
        while self.token.kind != "end":
            start = self.index
            try:
                self.declaration()
            except SyntaxFault as fault:
                self.errors.add(fault.position, fault.message)
                self.index = max(self.index, start + 1)
                self.recover()
        return self.protocol

    def recover(self):
        while self.token.kind != "end" and not self.begins_declaration():
            self.index += 1

    def begins_declaration(self):
        after = self.tokens[min(self.index + 1, len(self.tokens) - 1)]
        return self.token.first and self.at(*DECLARATIONS) and after.text != ":"

    def declaration(self):
        if not self.at(*DECLARATIONS):
            self.fail("a declaration (" + ", ".join(DECLARATIONS) + ")")
        keyword = self.next()
        doc = self.comments.above(keyword.position.line)
        if keyword.text != "protocol" and self.protocol.position is None:
            self.errors.add(keyword.position, "the file has to begin with 'protocol'")
            self.protocol.position = keyword.position
        getattr(self, "declare_" + keyword.text)(keyword, doc)

    def declare_protocol(self, keyword, doc):
        if self.protocol.position is not None:
            self.errors.add(keyword.position, "a file declares one protocol, at its beginning")
        name = self.name("the protocol's name")
        self.expect("=")
        self.protocol.position = name.position
        number = self.number("the protocol's number")
        self.expect(",")
        self.expect("version")
        version = self.number("the version's number")
        self.protocol.name, self.protocol.doc = name.text, doc
        self.protocol.number, self.protocol.version = number, version

    def declare_constant(self, _, doc):
        value = self.value(doc)
        self.numbers[value.name] = value.number
        self.protocol.constants.append(value)

    def declare_enum(self, keyword, doc):
        name = self.name(f"the name of the {keyword.text}")
        declared = Declared(keyword.text, name.text, name.position, doc)
        self.expect(":")
        declared.base = self.name("u8, u16, u32 or u64").text
        if declared.base not in ("u8", "u16", "u32", "u64"):
            self.index -= 1
            self.fail("u8, u16, u32 or u64")
        self.expect("{")
        declared.values = self.listed("}", self.value)
        self.protocol.types.append(declared)

    declare_flags = declare_enum

    def declare_struct(self, _, doc):
        name = self.name("the struct's name")
        declared = Declared("struct", name.text, name.position, doc)
        self.expect("{")
        declared.fields = self.listed("}", self.parameter)
        self.protocol.types.append(declared)

    def declare_reserved(self, _, doc):
        while True:
            position = self.token.position
            number = self.number("a method's number")
            name = self.name("a method's name")
            self.protocol.reserved.append(Value(name.text, number, position, doc))
            if not self.accept(","):
                return

    def declare_method(self, _, doc):
        position = self.token.position
        number = self.number("the method's number")
        name = self.name("the method's name")
        method = Method(name.text, number, name.position, doc)
        if not 1 <= number <= 255:
            self.errors.add(position, "a method's number is 1 to 255")
        self.expect("(")
        method.arguments = self.listed(")", self.parameter)
        if self.accept("->"):
            self.expect("(")
            method.results = self.listed(")", self.parameter)
        while not self.begins_declaration() and self.at("errors", "idempotent"):
            self.clause(method)
        self.protocol.methods.append(method)

    def clause(self, method):
        if self.next().text == "idempotent":
            method.idempotent = True
            return
        method.errors.append(self.name("the name of an error"))
        while self.accept(","):
            method.errors.append(self.name("the name of an error"))

    # --- lists -----------------------------------------------------------------------------------

    def listed(self, end, item):
        """Items separated by commas, each with the comment above it or behind it."""
        items = []
        while not self.accept(end):
            doc = self.comments.above(self.token.position.line) if self.token.first else []
            found = item(doc)
            items.append(found)
            if not self.accept(",") and not self.at(end):
                self.fail(f"',' or '{end}'")
            line = self.tokens[self.index - 1].position.line
            if self.token.position.line != line and line in self.comments.behind:
                found.doc = found.doc + [self.comments.behind[line]]
        return items

    def value(self, doc):
        name = self.name("a name")
        self.expect("=")
        return Value(name.text, self.number("a number"), name.position, doc)

    def parameter(self, doc):
        name = self.name("a name")
        self.expect(":")
        return Field(name.text, self.type(), name.position, doc)

    # --- types -----------------------------------------------------------------------------------

    def type(self):
        position = self.token.position
        optional = self.accept("optional") is not None
        if optional and not self.at("parcel", "handle"):
            self.fail("'parcel' or 'handle'")
        word = self.name("a type").text
        if word in ("string", "bytes"):
            return Type(word, position, bound=self.number(f"the bound of the {word}"))
        if word == "parcel":
            return self.parcel(position, optional)
        if word == "handle":
            return self.handle(position, optional)
        if word in INTEGERS:
            return self.integer(word, position)
        kind = word if word in ("bool", "status", "char") else "named"
        result = Type(kind, position, name=word)
        result.count = self.array()
        return result

    def integer(self, word, position):
        result = Type("integer", position, name=word)
        result.count = self.array()
        if result.count is None and self.begins_range():
            result.least = self.number("a number")
            self.expect("..")
            result.most = self.number("a number")
        return result

    def begins_range(self):
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)].text == ".."

    def array(self):
        """The count behind a type; 0 for [], None for no array."""
        if not self.accept("["):
            return None
        if self.accept("]"):
            return 0
        count = self.number("the number of elements")
        self.expect("]")
        return count

    def parcel(self, position, optional):
        result = Type("parcel", position, optional=optional)
        if not self.at("lend", "give", "clone"):
            self.fail("'lend', 'give' or 'clone'")
        result.mode = self.next().text
        result.writable = self.accept("writable") is not None
        result.executable = self.accept("executable") is not None
        self.parcel_size(result)
        result.of = self.name("the name of a struct") if self.accept("of") else None
        return result

    def parcel_size(self, result):
        if self.token.kind != "number" and self.token.text not in self.numbers:
            self.fail("how many: '1 page', '1..16 pages' or '1..count pages'")
        result.least = result.most = self.number("a number")
        if self.accept(".."):
            result.most = self.parcel_most()
        if self.accept("page", "pages"):
            return
        if not self.accept("entry", "entries"):
            self.fail("'pages' or 'entries'")
        self.expect("of")
        self.expect("level")
        result.level = self.number("a level")

    def parcel_most(self):
        if self.token.kind == "name" and self.token.text not in self.numbers:
            return self.next()
        return self.number("a number or the name of an argument")

    def handle(self, position, optional):
        result = Type("handle", position, optional=optional)
        result.object = self.name("the type of an object").text
        if self.accept("of"):
            result.of = self.name("the name of a protocol")
        result.moved = self.accept("moved") is not None
        self.expect("with")
        result.rights.append(self.name("the name of a right"))
        while self.token.kind == "name":
            result.rights.append(self.next())
        return result
