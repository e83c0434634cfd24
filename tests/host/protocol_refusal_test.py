"""scripts/protocol: what it refuses, and at which line and column."""

import random
import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent / "protocol"))

from common import HEAD, METHOD, SAMPLE, read  # noqa: E402
from protocol_lib import write  # noqa: E402
from protocol_lib.c_types import CTypes  # noqa: E402


class Refusals(unittest.TestCase):
    """Every error names its line and column."""

    def refuse(self, body, line, column, message, head=HEAD):
        _, errors = read(head + body)
        self.assertIn((line, column, message), errors)

    def method(self, signature, column, message, line=5):
        """A method on line 5, whose signature begins at column 10."""
        self.refuse(f"# A method.\nmethod 1 {signature}\n", line, column, message)

    def test_sound(self):
        self.assertEqual(read(HEAD + METHOD)[1], [])

    def test_head(self):
        self.refuse("", 1, 1, "the file declares no protocol", head="")
        self.refuse("", 2, 10, "a protocol's number is 1 to 65535",
                    head="# P.\nprotocol p = 0, version 1\n" + METHOD)
        self.refuse("", 2, 10, "a version is 1 to 65535",
                    head="# P.\nprotocol p = 1, version 65536\n" + METHOD)
        self.refuse("", 1, 10, "the protocol has no comment above it",
                    head="protocol p = 1, version 1\n" + METHOD)
        self.refuse("", 2, 10, "the protocol 'q' is in a file of another name",
                    head="# Q.\nprotocol q = 1, version 1\n" + METHOD)
        self.refuse("", 2, 14, "expected ',', found 'version'",
                    head="# P.\nprotocol p=1 version 1\n" + METHOD)
        self.refuse("# P.\nprotocol p = 1, version 1\n", 5, 1,
                    "a file declares one protocol, at its beginning")
        self.refuse("", 1, 1, "the file has to begin with 'protocol'",
                    head="constant a = 1\n" + HEAD + METHOD)
        self.refuse("", 2, 10, "the protocol has no methods")

    def test_syntax(self):
        self.refuse("methods 1 m()\n", 4, 1, "expected a declaration (protocol, constant, enum, "
                    "flags, struct, method, reserved), found 'methods'")
        self.refuse("# M.\nmethod 1 m(a u8)\n", 5, 14, "expected ':', found 'u8'")
        self.refuse("# M.\nmethod 1 m(a: u8", 5, 17,
                    "expected ',' or ')', found the end of the file")
        self.refuse("# M.\nmethod one m()\n", 5, 8, "expected the method's number, found 'one'")
        self.refuse("enum e : i8 { a = 1 }\n", 4, 10, "expected u8, u16, u32 or u64, found 'i8'")
        self.refuse("enum e : u8 { a = 1 b = 2 }\n", 4, 21, "expected ',' or '}', found 'b'")
        self.refuse("constant a = 0x1g\n", 4, 14, "unexpected character '0'")
        self.refuse("constant a; = 1\n", 4, 11, "unexpected character ';'")

    def test_names(self):
        self.refuse("constant Big = 1\n", 4, 10, "'Big' is no name for a constant: use snake_case")
        self.refuse("constant a_ = 1\n", 4, 10, "'a_' is no name for a constant: use snake_case")
        self.refuse("# M.\nmethod 1 int()\n", 5, 10, "'int' is a word of the C language")
        self.method("m(default: u8)", 12, "'default' is a word of the C language")
        self.refuse("enum e : u8 { a = 1, a = 2 }\n", 4, 22, "the value 'a' is declared twice")
        self.refuse("enum e : u8 { a = 1, b = 1 }\n", 4, 22, "value 1 is 'a' already")
        self.refuse("enum e : u8 { a = 1 }\nstruct e { a: u8 }\n", 5, 8,
                    "the type 'e' is declared twice")
        self.refuse("struct u8 { a: u16 }\n", 4, 8, "'u8' is a type already")

    def test_names_in_c(self):
        self.refuse("enum method : u8 { a = 1 }\n", 4, 6,
                    "the enum 'method' is called enum p_method in C, like the protocol")
        self.refuse("constant e_a = 1\nenum e : u8 { a = 1 }\n", 5, 15, "the value 'a' of the enum "
                    "'e' is called P_E_A in C, like the constant 'e_a'")
        self.refuse("# M.\nmethod 1 m()\n# N.\nmethod 2 m_until()\n", 7, 10, "the method 'm_until' "
                    "is called p_m_until in C, like the method 'm'")
        self.refuse("# M.\nmethod 1 serve()\n", 5, 10,
                    "the method 'serve' is called p_serve in C, like the protocol")
        self.method("m(p: u8)", 12, "'p' is the name of the stub's port")
        self.method("m(deadline: u8)", 12, "'deadline' is the name of the stub's deadline")
        self.method("m(a: u8) -> (a: u8)", 23, "'a' is the name of another parameter of 'm'")
        self.method("m(a: bytes 3, a_length: u8)", 24,
                    "'a_length' is the name of another parameter of 'm'")

    def test_values(self):
        self.refuse("enum e : u8 { a = 256 }\n", 4, 15, "the value does not fit into u8")
        self.refuse("flags f : u8 { a = 3 }\n", 4, 16, "a flag is one bit: 1, 2, 4, 8, ...")
        self.refuse("flags f : u8 { a = 0 }\n", 4, 16, "a flag is one bit: 1, 2, 4, 8, ...")
        self.refuse("enum e : u8 { }\n", 4, 6, "'e' has no values")
        self.refuse("constant a = -1\n", 4, 10, "a constant has 64 bits and no sign")

    def test_structs(self):
        self.refuse("struct s { a: u8, b: u32 }\n", 4, 19,
                    "there are 3 bytes of padding before 'b': sort by size, or add "
                    "'reserved: u8[3]'")
        self.refuse("struct s { a: u32, b: u8 }\n", 4, 8,
                    "there are 3 bytes of padding at the end of 's': add 'reserved: u8[3]'")
        self.refuse("struct s { a: string 8 }\n", 4, 15, "a struct cannot hold a string")
        self.refuse("struct s { a: handle port with call }\n", 4, 15,
                    "a struct cannot hold a handle")
        self.refuse("struct s { a: t }\nstruct t { b: u8 }\n", 4, 15,
                    "'t' is declared further down")
        self.refuse("struct s { a: t }\n", 4, 15, "there is no type 't'")
        self.refuse("struct s { a: char }\n", 4, 15, "char comes as char[N] or char[]")
        self.refuse("struct s { a: char[], b: u8 }\n", 4, 15,
                    "char[] comes last, behind other fields")
        self.refuse("struct s { a: bool[2] }\n", 4, 15, "only integers and char come as arrays")
        self.refuse("struct s { a: u8[5000] }\n", 4, 15, "an array has 1 to 4096 elements")
        self.refuse("struct s { }\n", 4, 8, "'s' has no fields")
        self.refuse("struct s { n: u8, a: char[] }\n# M.\nmethod 1 m(a: s)\n", 6, 15,
                    "'s' has no fixed size: it needs a parcel")

    def test_methods(self):
        self.refuse("method 1 m()\n", 4, 10, "the method 'm' has no comment above it")
        self.refuse("# M.\nmethod 0 m()\n", 5, 8, "a method's number is 1 to 255")
        self.refuse("# M.\nmethod 256 m()\n", 5, 8, "a method's number is 1 to 255")
        self.refuse("# M.\nmethod 1 m()\n# N.\nmethod 1 n()\n", 7, 10, "method 1 is 'm' already")
        self.refuse("# M.\nmethod 1 m()\nreserved 1 n\n", 5, 10, "method 1 is 'n' already")
        self.refuse("# M.\nmethod 1 m()\n    errors not_found, odd\n", 6, 23,
                    "there is no error 'odd'")
        self.refuse("# M.\nmethod 1 m()\n    errors io, io\n", 6, 16, "'io' is listed twice")
        self.refuse(METHOD + "reserved 256 later\n", 6, 10, "a method's number is 1 to 255")

    def test_parameters(self):
        self.method("m(a: odd)", 15, "there is no type 'odd'")
        self.method("m(a: u8[3])", 15, "arrays come in structs only")
        self.method("m(a: u8 5..300)", 15, "5..300 is no range of u8")
        self.method("m(a: u8 5..3)", 15, "5..3 is no range of u8")
        self.method("m(a: i8 -200..3)", 15, "-200..3 is no range of i8")
        self.method("m(a: string 0)", 15, "the bound of a string is 1 to 16380")
        self.method("m(a: bytes 99999)", 15, "the bound of a bytes is 1 to 16380")
        self.method("m(a: string)", 21, "expected the bound of the string, found ')'")
        self.method("m(a: u64, b: u64, c: u64, d: u64, e: u64, f: u8)", 52,
                    "'f' does not fit into the five words: put some of the scalars into a struct")
        self.method("m(a: string 16380, b: string 4095)", 29,
                    "'b' does not fit into the 4 pages that carry text, bytes and structs")
        self.method("m(a: optional u8)", 24, "expected 'parcel' or 'handle', found 'u8'")

    def test_parcels(self):
        self.method("m(a: parcel 1 page)", 22, "expected 'lend', 'give' or 'clone', found '1'")
        self.method("m(a: parcel lend)", 26,
                    "expected how many: '1 page', '1..16 pages' or '1..count pages', found ')'")
        self.method("m(a: parcel lend 1)", 28, "expected 'pages' or 'entries', found ')'")
        self.method("m(a: parcel lend 1..n pages)", 30,
                    "'n' is no unsigned integer argument of the method")
        self.method("m(a: parcel lend 0..2 pages)", 15, "a parcel has 1 to 256 entries")
        self.method("m(a: parcel lend 1..257 pages)", 15, "a parcel has 1 to 256 entries")
        self.method("m(a: parcel lend 1 entry of level 5)", 15, "a level is 1 to 4")
        self.method("m(a: parcel lend writable executable 1 page)", 15,
                    "memory is not writable and executable at once")
        self.method("m(a: parcel lend 1 page, b: parcel give 1 page)", 35,
                    "a message carries one parcel at most")
        self.method("m(a: string 100, b: parcel give 1 page)", 27, "a message carries one parcel "
                    "at most, and 'a' needs one: it does not fit into the words")
        self.method("m() -> (a: parcel lend 1 page)", 21, "results cannot be lent")
        self.method("m(a: parcel lend 1 page of odd)", 37, "there is no struct 'odd'")

    def test_handles(self):
        self.method("m(a: handle door with call)", 15, "there is no object type 'door'")
        self.method("m(a: handle port with signal)", 32, "a port has no right 'signal'")
        self.method("m(a: handle port)", 26, "expected 'with', found ')'")
        self.method("m(a: handle process of p with end)", 33, "only a port speaks a protocol")
        self.method("m(a: handle port of odd with call)", 30,
                    "there is no odd.protocol beside this file")
        five = ", ".join(f"{name}: handle port with call" for name in "abcde")
        self.method(f"m({five})", 12 + 4 * 26, "a message carries 4 handles at most")

    def test_all_errors_are_reported(self):
        text = HEAD + "constant A = 1\n# M.\nmethod 0 m(a odd)\n# N.\nmethod 2 n(b: odd)\n"
        self.assertEqual([(line, column) for line, column, _ in read(text)[1]],
                         [(4, 10), (6, 8), (6, 14), (8, 15)])

    def test_nothing_makes_it_crash(self):
        randomly = random.Random(1)
        words = re.findall(r"\w+|\s+|[^\w\s]", SAMPLE.read_text())
        for _ in range(500):
            spoiled = words[:]
            for _ in range(randomly.randrange(1, 6)):
                index = randomly.randrange(len(spoiled))
                spoiled[index] = randomly.choice(["", randomly.choice(words), "0", "..", "{"])
            protocol, errors = read("".join(spoiled), "sample.protocol")
            if not errors:
                write.source(protocol, CTypes(protocol))


if __name__ == "__main__":
    unittest.main()
