// A plug-in for QEMU's TCG that counts what the time-stamp counter and the kernel do not: atomic
// operations, executed in kernel and programs alike, between the marks of ../lib/measure.h.
// It counts loads of CR3 and INVLPG too, against which the kernel's own counters can be compared.
//
//     -plugin count.so,out=FILE[,bytes=on]
//
// Each MEASURE_MARK_WRITE appends "atomics N cr3 N invlpg N" to FILE, the sums since
// MEASURE_MARK_CLEAR; with bytes=on (which is slow) "bytes N" behind it, what all instructions
// loaded and stored. An atomic operation is an instruction with the LOCK prefix, or XCHG with
// memory, which locks without one (Intel SDM vol. 3A section 9.1.2.1).
//
// Debian ships QEMU without its plug-in header, so what is used of it is declared here. Source:
// QEMU, include/qemu/qemu-plugin.h, versions 1 to 4 of the interface; PLUGIN_VERSION is the one to
// announce. For one hart.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void translated_t(plugin_id_t id, struct qemu_plugin_tb *block);
typedef void executed_t(unsigned hart, void *context);

typedef uint32_t access_t;
typedef void accessed_t(unsigned hart, access_t access, uint64_t address, void *context);

enum register_use { USES_NO_REGISTERS };
enum access_use { LOADS_AND_STORES = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, translated_t *callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            executed_t *callback, enum register_use use,
                                            void *context);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *instruction, accessed_t *callback,
                                      enum register_use use, enum access_use which, void *context);
unsigned qemu_plugin_mem_size_shift(access_t access);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
#if PLUGIN_VERSION < 4
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
#else
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction, void *to, size_t size);
#endif

#define EXPORTED __attribute__((visibility("default")))
extern EXPORTED int qemu_plugin_version;
EXPORTED int qemu_plugin_version = PLUGIN_VERSION;
EXPORTED int qemu_plugin_install(plugin_id_t id, const void *info, int argc, char **argv);

enum { INSTRUCTION_SIZE = 15 };
enum { MARK_CLEAR = 1, MARK_BEGIN, MARK_END, MARK_WRITE };
enum { ATOMIC, CR3_LOAD, INVLPG, KINDS };

static FILE *out;
static bool counting, counting_bytes;
static uint64_t counts[KINDS], bytes;

// --- when instructions run -----------------------------------------------------------------------

static void count(unsigned hart, void *context)
{
    (void)hart;
    if (counting)
        ++*(uint64_t *)context;
}

static void accessed(unsigned hart, access_t access, uint64_t address, void *context)
{
    (void)hart;
    (void)address;
    (void)context;
    if (counting)
        bytes += 1u << qemu_plugin_mem_size_shift(access);
}

static void write_sums(void)
{
    fprintf(out, "atomics %lu cr3 %lu invlpg %lu", counts[ATOMIC], counts[CR3_LOAD],
            counts[INVLPG]);
    if (counting_bytes)
        fprintf(out, " bytes %lu", bytes);
    fputc('\n', out);
}

static void mark(unsigned hart, void *context)
{
    (void)hart;
    uintptr_t number = (uintptr_t)context;
    counting = number == MARK_BEGIN;
    if (number == MARK_CLEAR) {
        memset(counts, 0, sizeof counts);
        bytes = 0;
    }
    if (number == MARK_WRITE)
        write_sums();
    fflush(out);
}

// --- when instructions are translated ------------------------------------------------------------

static bool is_prefix(uint8_t byte)
{
    return byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || byte == 0x66 || byte == 0x67 ||
           byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26 || byte == 0x64 ||
           byte == 0x65;
}

// 1 to 4 for the marks "0f 1f 80 NN 00 a7 0b", else 0.
static unsigned mark_number(const uint8_t *code, size_t size)
{
    static const uint8_t before[] = {0x0f, 0x1f, 0x80}, after[] = {0x00, 0xa7, 0x0b};
    bool fits = size == 7 && memcmp(code, before, 3) == 0 && memcmp(code + 4, after, 3) == 0;
    return fits ? code[3] : 0;
}

// What kind of instruction it is, or KINDS.
static int kind_of(const uint8_t *code, size_t size)
{
    size_t at = 0;
    bool lock = false;
    while (at < size && is_prefix(code[at]))
        lock |= code[at++] == 0xf0;
    if (at < size && (code[at] & 0xf0) == 0x40)
        at++; // REX
    if (lock)
        return ATOMIC;
    if (at + 1 < size && (code[at] & 0xfe) == 0x86 && code[at + 1] < 0xc0)
        return ATOMIC; // XCHG
    if (at + 2 >= size || code[at] != 0x0f)
        return KINDS;
    unsigned field = code[at + 2] >> 3 & 7;
    if (code[at + 1] == 0x22 && field == 3)
        return CR3_LOAD;
    return code[at + 1] == 0x01 && code[at + 2] < 0xc0 && field == 7 ? INVLPG : KINDS;
}

static size_t bytes_of(const struct qemu_plugin_insn *instruction, uint8_t *code)
{
    size_t size = qemu_plugin_insn_size(instruction);
    if (size > INSTRUCTION_SIZE)
        return 0;
#if PLUGIN_VERSION < 4
    memcpy(code, qemu_plugin_insn_data(instruction), size);
    return size;
#else
    return qemu_plugin_insn_data(instruction, code, size);
#endif
}

static void translated(plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uint8_t code[INSTRUCTION_SIZE];
        size_t size = bytes_of(instruction, code);
        uintptr_t number = mark_number(code, size);
        int kind = kind_of(code, size);
        if (number != 0)
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, mark, USES_NO_REGISTERS,
                                                   (void *)number);
        else if (kind != KINDS)
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, count, USES_NO_REGISTERS,
                                                   &counts[kind]);
        if (counting_bytes)
            qemu_plugin_register_vcpu_mem_cb(instruction, accessed, USES_NO_REGISTERS,
                                             LOADS_AND_STORES, NULL);
    }
}

int qemu_plugin_install(plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0)
            out = fopen(argv[i] + 4, "w");
        counting_bytes |= strcmp(argv[i], "bytes=on") == 0;
    }
    if (out == NULL)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
