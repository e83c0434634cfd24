#include "hart/elf_start.h"

#include <abi/elf.h>
#include <abi/layout.h>

#include "debug/log.h"
#include "hal/string.h"

LOG_MODULE(LOG_BOOT);

static constexpr uint64_t IMAGE_LIMIT = 16 << 20;

static status_t bad(const struct process *process, const char *why) {
    log_error("%s: not a program that can be started: %s", process->name, why);
    return ERR_BAD_FORMAT;
}

// Table entries from an address on that one parcel can name: none crosses a multiple of its most.
static uint64_t parcel_rest(uaddr_t address) {
    return PARCEL_ENTRIES - (address >> PAGE_BITS & (PARCEL_ENTRIES - 1));
}

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

status_t process_pages(struct process *process, uaddr_t address, uint64_t pages, uint64_t rights,
                       uint32_t kind) {
    while (pages > 0) {
        unsigned count = (unsigned)smaller(pages, parcel_rest(address));
        status_t status = memory_create(
            &process->space, parcel_make(address, 1, count, PARCEL_NONE, rights), kind);
        if (status != OK)
            return status;
        address += count * PAGE_SIZE;
        pages -= count;
    }
    return OK;
}

void process_write(struct process *process, uaddr_t address, const void *data, size_t size) {
    const uint8_t *from = data;
    while (size > 0) {
        size_t offset = address % PAGE_SIZE, part = smaller(size, PAGE_SIZE - offset);
        spinlock_acquire(&process->space.lock);
        // Its own, as nothing runs in the process yet; also what it cannot write.
        uint8_t *page = space_page_locked(&process->space, address - offset, false);
        if (page == nullptr)
            panic("a page of %s is not there", process->name);
        memcpy(page + offset, from, part);
        spinlock_release(&process->space.lock);
        address += part;
        from += part;
        size -= part;
    }
}

static status_t segment_place(struct process *process, const uint8_t *file,
                              const struct elf_program *s) {
    uaddr_t first = LAYOUT_SERVER_IMAGE + (s->address & ~(PAGE_SIZE - 1));
    uaddr_t end = LAYOUT_SERVER_IMAGE + s->address + s->memory_size;
    uint64_t pages = (end - first + PAGE_SIZE - 1) >> PAGE_BITS;
    uint64_t rights = (s->flags & ELF_WRITE ? PARCEL_WRITABLE : 0) |
                      (s->flags & ELF_EXECUTE ? PARCEL_EXECUTABLE : 0);
    status_t status = process_pages(process, first, pages, rights, MEMORY_PAGES);
    if (status == OK)
        process_write(process, LAYOUT_SERVER_IMAGE + s->address, file + s->offset, s->file_size);
    return status;
}

static const char *segment_problem(const struct elf_program *s, size_t size) {
    if (s->offset > size || s->file_size > size - s->offset)
        return "a segment lies beyond the end of the file";
    if (s->memory_size < s->file_size || s->address > IMAGE_LIMIT ||
        s->memory_size > IMAGE_LIMIT - s->address)
        return "a segment's size is wrong";
    if ((s->flags & ELF_WRITE) && (s->flags & ELF_EXECUTE))
        return "a segment is both writable and executable";
    return nullptr;
}

static const char *header_problem(const struct elf_header *h, size_t size) {
    if (size < sizeof(*h) || memcmp(h->magic, "\177ELF", 4) != 0)
        return "no ELF file";
    if (h->class != ELF_CLASS_64 || h->data != ELF_DATA_LITTLE || h->machine != ELF_MACHINE_X86_64)
        return "not for x86-64";
    if (h->type != ELF_TYPE_DYN)
        return "not position-independent";
    if (h->program_size != sizeof(struct elf_program) || h->program_offset > size ||
        h->program_count * sizeof(struct elf_program) > size - h->program_offset)
        return "its segment table lies beyond the end of the file";
    if (h->entry >= IMAGE_LIMIT)
        return "its entry point is out of range";
    return nullptr;
}

status_t elf_place(struct process *process, const void *file, size_t size, uaddr_t *entry,
                   uint64_t *image_size) {
    const struct elf_header *header = file;
    const char *problem = header_problem(header, size);
    if (problem != nullptr)
        return bad(process, problem);
    *image_size = 0;
    for (unsigned i = 0; i < header->program_count; i++) {
        struct elf_program s;
        memcpy(&s, (const uint8_t *)file + header->program_offset + i * sizeof(s), sizeof(s));
        if (s.type != ELF_SEGMENT_LOAD || s.memory_size == 0)
            continue;
        problem = segment_problem(&s, size);
        if (problem != nullptr)
            return bad(process, problem);
        status_t status = segment_place(process, file, &s);
        if (status != OK)
            return status;
        if (s.address + s.memory_size > *image_size)
            *image_size = s.address + s.memory_size;
    }
    *entry = LAYOUT_SERVER_IMAGE + header->entry;
    return OK;
}
