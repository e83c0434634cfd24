// The minimal reader for the ELF files of boot modules (static-PIE, x86-64). All other ELF files
// are the loader server's.
#pragma once

#include "hart/process.h"

// Copies the program's segments into the process, at LAYOUT_SERVER_IMAGE, with their own
// permissions. Gives the entry point and the image's size in bytes. ERR_BAD_FORMAT (logged with the
// reason), and errors of memory_create.
status_t elf_place(struct process *process, const void *file, size_t size, uaddr_t *entry,
                   uint64_t *image_size);

// Fills pages that the process has from the kernel's memory.
void process_write(struct process *process, uaddr_t address, const void *data, size_t size);

// Pages from `address` on, as many tables as they may span.
status_t process_pages(struct process *process, uaddr_t address, uint64_t pages, uint64_t rights,
                       uint32_t kind);
