"""Which changes to a protocol would break programs that were built with an older version."""

from .describe import kind_text


class Comparison:
    def __init__(self, old, new, errors):
        self.old = old
        self.new = new
        self.errors = errors

    def refuse(self, item, message):
        self.errors.add(item.position, message)

    def compare(self):
        if self.old.name != self.new.name or self.old.number != self.new.number:
            self.refuse(self.new, f"protocol {self.new.number} '{self.new.name}' was "
                        f"{self.old.number} '{self.old.name}'")
        if self.new.version < self.old.version:
            self.refuse(self.new, f"version {self.new.version} is older than {self.old.version}")
        self.constants()
        for declared in self.old.types:
            self.type(declared)
        for method in self.old.methods:
            self.method(method)
        self.reserved()

    def constants(self):
        self.values("constant", self.old, self.old.constants, self.new, self.new.constants)

    def values(self, what, _, old_values, place, new_values):
        """Named numbers: all are still there and the same; more may have come."""
        numbers = {value.name: value for value in new_values}
        for value in old_values:
            now = numbers.get(value.name)
            if now is None:
                self.refuse(place, f"the {what} '{value.name}' is gone")
            elif now.number != value.number:
                self.refuse(now, f"the {what} '{value.name}' was {value.number}")

    def type(self, was):
        now = self.new.type_named(was.name)
        if now is None:
            self.refuse(self.new, f"the {was.kind} '{was.name}' is gone")
        elif (now.kind, now.base) != (was.kind, was.base):
            self.refuse(now, f"'{was.name}' was: {was.kind} {was.base}".rstrip())
        elif was.kind == "struct":
            self.fields(f"struct '{was.name}'", was.fields, now, now.fields)
        else:
            self.values(f"value of '{was.name}'", was, was.values, now, now.values)

    def method(self, was):
        now = next((m for m in self.new.methods if m.name == was.name), None)
        if now is None:
            self.refuse(self.new, f"the method '{was.name}' is gone")
            return
        if now.number != was.number:
            self.refuse(now, f"the method '{was.name}' was number {was.number}")
        self.fields(f"arguments of '{was.name}'", was.arguments, now, now.arguments)
        self.fields(f"results of '{was.name}'", was.results, now, now.results)
        if was.idempotent and not now.idempotent:
            self.refuse(now, f"the method '{was.name}' was idempotent")

    def fields(self, what, old_fields, place, new_fields):
        """Fields, arguments or results: the same, in the same order, at the same places."""
        for number, was in enumerate(old_fields):
            if number >= len(new_fields):
                self.refuse(place, f"{what}: '{was.name}' is gone")
                continue
            self.field(what, was, new_fields[number])
        for more in new_fields[len(old_fields):]:
            self.refuse(more, f"{what}: '{more.name}' is new")

    def field(self, what, was, now):
        if was.name != now.name:
            self.refuse(now, f"{what}: '{was.name}' was here")
        elif kind_text(was.type) != kind_text(now.type):
            self.refuse(now, f"{what}: '{was.name}' was: {kind_text(was.type)}")

    def reserved(self):
        """A number that was set aside is still, or is the method of that name."""
        names = {item.number: item for item in self.new.reserved + self.new.methods}
        for was in self.old.reserved:
            now = names.get(was.number)
            if now is None:
                self.refuse(self.new, f"{was.number} is no longer set aside for '{was.name}'")
            elif now.name != was.name:
                self.refuse(now, f"{was.number} was set aside for '{was.name}'")


def compare(old, new, errors):
    Comparison(old, new, errors).compare()
