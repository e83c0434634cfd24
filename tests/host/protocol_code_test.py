"""scripts/protocol: the C that it writes compiles without a warning, and does what it says."""

import re
import shutil
import struct
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent / "protocol"))

from common import HERE, PROTOCOLS, SAMPLE, SCRIPT, TOP, compiler, run  # noqa: E402
from protocol_lib import table  # noqa: E402

WARNINGS = """-std=c23 -Wall -Wextra -Werror -Wthread-safety -Wshadow -Wvla -Wundef -Wpointer-arith
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-variable-declarations -Wwrite-strings
    -Wimplicit-fallthrough -Wcast-qual -fno-omit-frame-pointer""".split()
LIBSYS = ["shape", "client", "client_data", "marshal", "server", "server_data"]
HEAD = "# A protocol.\nprotocol p = 9, version 1\n\n"
METHOD = "# A method.\nmethod 1 m()\n"


class Compiled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        result = run(SCRIPT, "--out", cls.folder, SAMPLE, *PROTOCOLS.glob("*.protocol"))
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        cls.sources = sorted((cls.folder / "protocols").glob("*.c"))
        cls.includes = [f"-I{path}" for path in (
            HERE.parent, HERE, TOP / "include", TOP / "libsys" / "include", TOP / "libsys",
            cls.folder)]

    def build(self, *arguments):
        result = run(compiler(), *WARNINGS, *arguments)
        self.assertEqual((result.stderr, result.returncode), ("", 0))

    def run_tests(self, name):
        program = self.folder / name
        helpers = [HERE / f"{helper}.c" for helper in ("world", "script", "sample_server")]
        libsys = [TOP / "libsys" / f"{part}.c" for part in LIBSYS]
        self.build("-g", "-O1", "-D_GNU_SOURCE=1", "-fsanitize=address,undefined",
                   "-fno-sanitize-recover=all", f"-I{HERE / 'include'}", *self.includes,
                   "-o", program, HERE / f"{name}.c", *helpers, *libsys,
                   self.folder / "protocols" / "sample.c")
        result = run(program)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_on_this_machine(self):
        for test in sorted(HERE.glob("*_test.c")):
            with self.subTest(test.stem):
                self.run_tests(test.stem)

    def object(self, source):
        target = self.folder / f"{source.stem}.o"
        self.build("-ffreestanding", "-O2", "-fPIE",
                   "-mgeneral-regs-only", "-ffunction-sections", "-fdata-sections",
                   *self.includes, "-c", "-o", target, source)
        return target

    def test_without_vector_registers(self):
        for source in self.sources + [TOP / "libsys" / f"{part}.c" for part in LIBSYS]:
            with self.subTest(source.name):
                self.object(source)

    def test_lines_are_short(self):
        for source in (self.folder / "protocols").iterdir():
            for number, line in enumerate(source.read_text().splitlines(), 1):
                self.assertLessEqual(len(line), 100, f"{source.name}:{number}")

    def test_tables_travel_in_the_program(self):
        """A program whose only use of a protocol is inline still holds its table."""
        main = self.folder / "main.c"
        main.write_text("#include <protocols/bench.h>\nint main(void) { return 0; }\n")
        archive, program = self.folder / "all.a", self.folder / "program"
        linker = run(compiler(), "--print-prog-name=ld.lld").stdout.strip()
        archiver = run(compiler(), "--print-prog-name=llvm-ar").stdout.strip()
        objects = [self.object(self.folder / "protocols" / f"{name}.c")
                   for name in ("bench", "file")]
        run(archiver, "rc", archive, *objects)
        result = run(linker, "--gc-sections", "-e", "main", "-o", program, self.object(main),
                     archive)
        self.assertEqual((result.stderr, result.returncode), ("", 0))
        tables = table.read(section(program.read_bytes(), b".baton.protocols"))
        self.assertEqual([t["name"] for t in tables], ["bench"])

    def test_readme_example(self):
        text = (PROTOCOLS / "README.md").read_text()
        example = text[text.index("    # Counts things"):text.index("Line ends mean nothing")]
        path = self.folder / "counter.protocol"
        path.write_text("\n".join(line[4:] for line in example.splitlines()) + "\n")
        result = run(SCRIPT, "--out", self.folder, path)
        self.assertEqual((result.stderr, result.returncode), ("", 0))
        for number, code in enumerate(re.findall(r"```c\n(.*?)```", text, re.S)):
            source = self.folder / f"example{number}.c"
            source.write_text(code)
            self.build("-fsyntax-only", *self.includes, source)


def section(elf, name):
    """The contents of a section of an ELF64 file; two sections of one name are joined."""
    offset, = struct.unpack_from("<Q", elf, 40)
    size, count, names = struct.unpack_from("<HHH", elf, 58)
    headers = [struct.unpack_from("<IIQQQQ", elf, offset + size * i) for i in range(count)]
    strings = headers[names][4]
    found = b""
    for header in headers:
        start = strings + header[0]
        if elf[start:elf.index(b"\0", start)] == name:
            found += elf[header[4]:header[4] + header[5]]
    return found


if __name__ == "__main__":
    unittest.main()
