#include "hal/x86_64/io_apic.h"

#include "debug/log.h"
#include "hal/paging.h"
#include "hal/x86_64/acpi.h"
#include "sync/spinlock.h"

LOG_MODULE(LOG_INTERRUPT);

enum : uint32_t {
    REGISTER_VERSION = 0x01,
    REGISTER_REDIRECTION = 0x10, // two for each pin

    REDIRECTION_LOW = 1 << 13,
    REDIRECTION_LEVEL = 1 << 15,
    REDIRECTION_MASKED = 1 << 16,
};

// Word offsets of the two registers that are mapped.
static constexpr unsigned INDEX = 0x00 / 4, DATA = 0x10 / 4;

static struct io_apic {
    volatile uint32_t *registers;
    uint32_t first_line, pins;
} io_apic[ACPI_IO_APICS];
static unsigned io_apics;
static struct spinlock io_apic_lock;

static uint32_t read_locked(const struct io_apic *apic, uint32_t reg) REQUIRES(io_apic_lock) {
    apic->registers[INDEX] = reg;
    return apic->registers[DATA];
}

static void write_locked(const struct io_apic *apic, uint32_t reg, uint32_t value)
    REQUIRES(io_apic_lock) {
    apic->registers[INDEX] = reg;
    apic->registers[DATA] = value;
}

static void add(const struct acpi_io_apic *listed) {
    struct io_apic *apic = &io_apic[io_apics++];

    apic->registers = paging_map_device(listed->address, 0x20);
    apic->first_line = listed->first_line;
    spinlock_acquire(&io_apic_lock);
    apic->pins = (read_locked(apic, REGISTER_VERSION) >> 16 & 0xff) + 1;
    for (uint32_t pin = 0; pin < apic->pins; pin++)
        write_locked(apic, REGISTER_REDIRECTION + 2 * pin, REDIRECTION_MASKED);
    spinlock_release(&io_apic_lock);
    log_info("I/O APIC %u: lines %u to %u", listed->id, apic->first_line,
             apic->first_line + apic->pins - 1);
}

void io_apics_initialize(void) {
    for (unsigned i = 0; i < acpi.io_apics; i++)
        add(&acpi.io_apic[i]);
}

static const struct io_apic *find(uint32_t line) {
    for (unsigned i = 0; i < io_apics; i++)
        if (line >= io_apic[i].first_line && line - io_apic[i].first_line < io_apic[i].pins)
            return &io_apic[i];
    return nullptr;
}

// The override that leads to a line; nullptr for none.
static const struct acpi_override *override_to(uint32_t line) {
    for (unsigned i = 0; i < ACPI_ISA_LINES; i++)
        if (acpi.isa[i].present && acpi.isa[i].line == line)
            return &acpi.isa[i];
    return nullptr;
}

// An ISA number without an override is the global line of that number, unless an override of
// another moved that one there (as line 0 to 2, where the second legacy controller was).
bool hal_irq_find(uint32_t *line) {
    if (*line < ACPI_ISA_LINES && acpi.isa[*line].present)
        *line = acpi.isa[*line].line;
    else if (*line < ACPI_ISA_LINES && override_to(*line))
        return false;
    return find(*line) != nullptr;
}

// What an override says about polarity and trigger stands above what the driver says.
static uint32_t signal_bits(uint32_t line, uint32_t irq_flags) {
    const struct acpi_override *override = override_to(line);
    bool level = irq_flags & IRQ_LEVEL, low = irq_flags & IRQ_LOW;

    if (override && override->flags & ACPI_TRIGGER)
        level = (override->flags & ACPI_TRIGGER) == ACPI_TRIGGER_LEVEL;
    if (override && override->flags & ACPI_POLARITY)
        low = (override->flags & ACPI_POLARITY) == ACPI_POLARITY_LOW;
    return (level ? REDIRECTION_LEVEL : 0) | (low ? REDIRECTION_LOW : 0);
}

static uint32_t redirection(const struct io_apic *apic, uint32_t line) {
    return REGISTER_REDIRECTION + 2 * (line - apic->first_line);
}

void hal_irq_configure(uint32_t line, uint32_t irq_flags, uint8_t vector) {
    const struct io_apic *apic = find(line);
    uint32_t reg = redirection(apic, line);

    spinlock_acquire(&io_apic_lock);
    write_locked(apic, reg, vector | REDIRECTION_MASKED | signal_bits(line, irq_flags));
    write_locked(apic, reg + 1, acpi.apic_id[0] << 24);
    spinlock_release(&io_apic_lock);
}

void hal_irq_mask(uint32_t line, bool masked) {
    const struct io_apic *apic = find(line);
    uint32_t reg = redirection(apic, line), low;

    spinlock_acquire(&io_apic_lock);
    low = read_locked(apic, reg) & ~REDIRECTION_MASKED;
    write_locked(apic, reg, masked ? low | REDIRECTION_MASKED : low);
    spinlock_release(&io_apic_lock);
}
