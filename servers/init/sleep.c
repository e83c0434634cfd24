// Finds \_S5 without an interpreter: by its bytes. Firmware writes it as a constant package,
// Name (\_S5, Package () {a, b, ...}), which is AML (ACPI 6.5 section 20.2):
//   NameOp 0x08, optionally '\', "_S5_", PackageOp 0x12, PkgLength, count, constants

#include "acpi.h"

#include <string.h>

enum aml : uint8_t {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_WORD = 0x0b,
    AML_DOUBLE_WORD = 0x0c,
    AML_PACKAGE = 0x12,
    AML_ONES = 0xff,
};

// A package of two constants is no longer than this.
static constexpr size_t PACKAGE_LIMIT = 24;

// An integer constant; SLP_TYP has three bits, so its low byte is enough. Returns what follows, or
// nullptr if it is none.
static const uint8_t *constant_read(const uint8_t *at, uint8_t *value)
{
    switch (*at) {
    case AML_ZERO:
    case AML_ONE:
    case AML_ONES:
        *value = *at;
        return at + 1;
    case AML_BYTE:
    case AML_WORD:
    case AML_DOUBLE_WORD:
        *value = at[1];
        return at + (*at == AML_BYTE ? 2 : *at == AML_WORD ? 3 : 5);
    default:
        return nullptr;
    }
}

// PackageOp, then PkgLength (the top two bits of its first byte say how many follow), then the
// number of elements, then these. What lies behind the table's end reads as no constant.
static bool package_read(const uint8_t *from, size_t size, struct acpi_power *power)
{
    uint8_t package[PACKAGE_LIMIT], a, b;
    const uint8_t *end = package + (size < sizeof package ? size : sizeof package);
    memset(package, AML_PACKAGE, sizeof package);
    memcpy(package, from, (size_t)(end - package));
    const uint8_t *at = package + 2 + (package[1] >> 6);
    if (package[0] != AML_PACKAGE || *at == 0)
        return false;
    at = constant_read(at + 1, &a);
    if (!at || at > end)
        return false;
    at = constant_read(at, &b);
    power->sleep_a = a & 7;
    power->sleep_b = at && at <= end ? b & 7 : a & 7;
    return power->control_a != 0;
}

// A name stands behind NameOp, with or without the root's '\'.
static bool is_definition(const uint8_t *begin, const uint8_t *name)
{
    if (name - begin >= 1 && name[-1] == AML_NAME)
        return true;
    return name - begin >= 2 && name[-1] == '\\' && name[-2] == AML_NAME;
}

void acpi_sleep_read(const uint8_t *block, size_t size, struct acpi_power *power)
{
    const uint8_t *end = block + size;
    for (const uint8_t *at = block; end - at >= 4 && !power->off; at++) {
        if (memcmp(at, "_S5_", 4) == 0 && is_definition(block, at))
            power->off = package_read(at + 4, (size_t)(end - at) - 4, power);
    }
}
