#include "hal/x86_64/irq.h"

#include "hal/hal.h"
#include "hal/x86_64/io_apic.h"
#include "hal/x86_64/pic.h"
#include "sync/spinlock.h"

static constexpr unsigned VECTORS = VECTOR_TIMER - 16 - VECTOR_LINES; // 48 to 223
static constexpr uint32_t LINE_NONE = UINT32_MAX;

static const struct acpi_info *machine;

// Which global line has which vector; entries are added, never taken away.
static uint32_t vector_line[VECTORS];
static unsigned vectors;
static struct spinlock irq_lock;

static_assert(VECTOR_LINES + VECTORS == 224);

void irqs_initialize(const struct acpi_info *acpi) { machine = acpi; }

static bool isa_taken(uint32_t global) {
    for (unsigned i = 0; i < ACPI_ISA_LINES; i++)
        if (machine->isa[i].present && machine->isa[i].line == global)
            return true;
    return false;
}

// An ISA number without an override is the global line of that number, unless an override of
// another moved that one there (as line 0 to 2, where the second legacy controller was).
static uint32_t global_line(unsigned line) {
    if (line < ACPI_ISA_LINES && machine->isa[line].present)
        return machine->isa[line].line;
    if (line < ACPI_ISA_LINES && isa_taken(line))
        return LINE_NONE;
    return line;
}

// What an override says about polarity and trigger stands above what the driver says.
static void choose_signal(unsigned line, uint32_t irq_flags, struct io_apic_route *route) {
    uint16_t flags = line < ACPI_ISA_LINES ? machine->isa[line].flags : 0;

    route->level = irq_flags & IRQ_LEVEL;
    route->low = irq_flags & IRQ_LOW;
    if (flags & ACPI_TRIGGER)
        route->level = (flags & ACPI_TRIGGER) == ACPI_TRIGGER_LEVEL;
    if (flags & ACPI_POLARITY)
        route->low = (flags & ACPI_POLARITY) == ACPI_POLARITY_LOW;
}

static bool assign_vector(uint32_t global, uint8_t *vector) {
    unsigned index = 0;
    bool fits;

    spinlock_acquire(&irq_lock);
    while (index < vectors && vector_line[index] != global)
        index++;
    fits = index < VECTORS;
    if (index == vectors && fits)
        vector_line[vectors++] = global;
    spinlock_release(&irq_lock);
    *vector = (uint8_t)(VECTOR_LINES + index);
    return fits;
}

status_t hal_irq_configure(unsigned line, uint32_t irq_flags, uint8_t *vector) {
    uint32_t global = global_line(line);
    struct io_apic_route route = {.hart_apic_id = (uint8_t)machine->apic_id[0]};

    if (!io_apic_has(global))
        return ERR_BAD_ARGUMENT;
    if (!assign_vector(global, &route.vector))
        return ERR_BUSY;
    choose_signal(line, irq_flags, &route);
    io_apic_route(global, route);
    *vector = route.vector;
    return OK;
}

void hal_irq_mask(unsigned line) { io_apic_mask(global_line(line), true); }

void hal_irq_unmask(unsigned line) { io_apic_mask(global_line(line), false); }

bool hal_interrupt_spurious(uint8_t vector) {
    return vector == VECTOR_SPURIOUS || pic_spurious(vector);
}
