"""A debug build: BATON_DEBUG checks, and the canary in every frame that is free."""

import os
import subprocess

import harness

FOLDER = harness.BUILD / "debug"
SEED = int(os.environ.get("BATON_SEED", "1"))


def configure():
    if (FOLDER / "build.ninja").exists():
        return
    command = ["cmake", "-S", str(harness.SOURCE), "-B", str(FOLDER), "-G", "Ninja",
               "--toolchain", str(harness.SOURCE / "toolchain-x86_64-elf.cmake"),
               "-DCMAKE_BUILD_TYPE=Debug"]
    subprocess.run(command, check=True)


class Debug(harness.SystemTest):
    @classmethod
    def setUpClass(cls):
        configure()
        harness.machine.build(FOLDER, "test-image")
        cls.release, harness.BUILD = harness.BUILD, FOLDER

    @classmethod
    def tearDownClass(cls):
        harness.BUILD = cls.release

    def test_canary(self):
        """Frames are freed and used again by all operations, on several harts, and none was written to
        meanwhile: that would be a crash."""
        self.assertIn("-DBATON_DEBUG=1", (FOLDER / "compile_commands.json").read_text())
        self.expect(f"/test/stress {SEED} 8s 12; /test/leak 100",
                    f"seed {SEED}\nclean\n100 times, nothing left\n", harts=8, timeout_s=120)


if __name__ == "__main__":
    harness.main()
