"""The system boots and runs a program on every kind of machine that is supported."""

import harness

MACHINES = harness.pairwise(harts=[1, 2, 4, 8], machine=["pc", "q35"],
                            memory=["128M", "32M", "5G"])


class Boot(harness.SystemTest):
    def test_machines(self):
        for options in MACHINES:
            with self.subTest(**options):
                self.expect("echo hello", "hello\n", **options)

    def test_plainest_processor(self):
        self.expect("echo hello", "hello\n", cpu="qemu64")


if __name__ == "__main__":
    harness.main()
