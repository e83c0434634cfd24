// Finds \_S5 without an interpreter: by its bytes. Firmware writes it as a constant package,
// Name (\_S5, Package () {a, b, ...}), which is AML (ACPI 6.5 section 20.2):
//   NameOp 0x08, optionally '\', "_S5_", PackageOp 0x12, PkgLength, count, constants
#include "hal/x86_64/acpi_tables.h"

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

struct aml_reader {
    const uint8_t *at, *end;
};

static bool take(struct aml_reader *reader, uint8_t *byte) {
    if (reader->at == reader->end)
        return false;
    *byte = *reader->at++;
    return true;
}

static bool skip(struct aml_reader *reader, size_t length) {
    if ((size_t)(reader->end - reader->at) < length)
        return false;
    reader->at += length;
    return true;
}

// An integer constant; SLP_TYP has three bits, so its low byte is enough.
static bool take_constant(struct aml_reader *reader, uint8_t *value) {
    uint8_t kind;

    if (!take(reader, &kind))
        return false;
    switch (kind) {
    case AML_ZERO:
    case AML_ONE:
    case AML_ONES:
        *value = kind;
        return true;
    case AML_BYTE:
        return take(reader, value);
    case AML_WORD:
        return take(reader, value) && skip(reader, 1);
    case AML_DOUBLE_WORD:
        return take(reader, value) && skip(reader, 3);
    default:
        return false;
    }
}

// PackageOp, then PkgLength (the top two bits of its first byte say how many follow), then the
// number of elements.
static bool take_package(struct aml_reader *reader) {
    uint8_t operation, length, count;

    return take(reader, &operation) && operation == AML_PACKAGE && take(reader, &length) &&
           skip(reader, length >> 6) && take(reader, &count) && count >= 1;
}

static bool read_package(struct aml_reader reader, struct acpi_power *power) {
    uint8_t a, b;

    if (!take_package(&reader) || !take_constant(&reader, &a))
        return false;
    if (!take_constant(&reader, &b))
        b = a;
    power->sleep_a = a & 7;
    power->sleep_b = b & 7;
    return power->control_a != 0;
}

// A name stands behind NameOp, with or without the root's '\'.
static bool is_definition(const uint8_t *begin, const uint8_t *name) {
    if (name - begin >= 1 && name[-1] == AML_NAME)
        return true;
    return name - begin >= 2 && name[-1] == '\\' && name[-2] == AML_NAME;
}

void acpi_read_sleep(const struct acpi_header *table, struct acpi_info *info) {
    const uint8_t *begin = (const uint8_t *)(table + 1);
    const uint8_t *end = (const uint8_t *)table + table->length;

    for (const uint8_t *at = begin; end - at >= 4 && !info->power.off; at++)
        if (*at == '_' && __builtin_memcmp(at, "_S5_", 4) == 0 && is_definition(begin, at))
            info->power.off = read_package((struct aml_reader){at + 4, end}, &info->power);
}
