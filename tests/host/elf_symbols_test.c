// Function names out of ELF files: this test's own, and damaged ones.
// sources: kernel/debug/elf_symbols.c
#include "test.h"

#include <debug/elf_symbols.h>

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern const char __ehdr_start[];

[[gnu::noinline]] static int looked_for(int x) {
    __asm__ volatile("" : "+r"(x));
    return x;
}

static const void *map_self(size_t *size) {
    int file = open("/proc/self/exe", O_RDONLY);
    struct stat status;
    CHECK(file >= 0 && fstat(file, &status) == 0);
    *size = (size_t)status.st_size;
    void *map = mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(map != MAP_FAILED);
    close(file);
    return map;
}

TEST(finds_a_function_of_this_program) {
    size_t size;
    const void *elf = map_self(&size);
    uint64_t inside, offset = (uintptr_t)looked_for - (uintptr_t)__ehdr_start;
    CHECK_EQ(looked_for(3), 3);
    CHECK_STRING(elf_symbol_name(elf, size, offset, &inside), "looked_for");
    CHECK_EQ(inside, 0);
    CHECK_STRING(elf_symbol_name(elf, size, offset + 2, &inside), "looked_for");
    CHECK_EQ(inside, 2);
    CHECK(elf_symbol_name(elf, size, 1ull << 60, &inside) == nullptr);
    munmap((void *)(uintptr_t)elf, size);
}

// The smallest file with one function, "go", at 0x1000, 16 bytes long.
struct small {
    Elf64_Ehdr header;
    Elf64_Shdr section[3];
    Elf64_Sym symbol[2];
    char strings[4];
};

static const struct small small = {
    .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64},
               .e_shoff = offsetof(struct small, section),
               .e_shentsize = sizeof(Elf64_Shdr),
               .e_shnum = 3},
    .section[1] = {.sh_type = SHT_SYMTAB,
                   .sh_link = 2,
                   .sh_offset = offsetof(struct small, symbol),
                   .sh_size = 2 * sizeof(Elf64_Sym)},
    .section[2] = {.sh_type = SHT_STRTAB,
                   .sh_offset = offsetof(struct small, strings),
                   .sh_size = 4},
    .symbol[1] = {.st_name = 1, .st_info = STT_FUNC, .st_shndx = 1, .st_value = 0x1000,
                  .st_size = 16},
    .strings = "\0go",
};

// Looks the function up in a copy of exactly this size.
static bool found(const struct small *file, size_t size) {
    char *copy = malloc(size);
    memcpy(copy, file, size);
    uint64_t inside = 0;
    const char *name = elf_symbol_name(copy, size, 0x1008, &inside);
    bool right = name != nullptr && strcmp(name, "go") == 0 && inside == 8;
    free(copy);
    return right;
}

TEST(a_small_file) {
    CHECK(found(&small, sizeof small));
    for (size_t size = 1; size < offsetof(struct small, strings) + 4; size++)
        CHECK(!found(&small, size));
}

TEST(damaged_fields) {
    struct small file = small;
    file.header.e_shoff = UINT64_MAX - 10;
    CHECK(!found(&file, sizeof file));
    file = small;
    file.header.e_shnum = UINT16_MAX;
    file.section[1].sh_type = SHT_NULL;
    CHECK(!found(&file, sizeof file));
    file = small;
    file.section[1].sh_link = 700;
    CHECK(!found(&file, sizeof file));
    file = small;
    file.section[1].sh_size = UINT64_MAX;
    CHECK(!found(&file, sizeof file));
    file = small;
    file.section[2].sh_offset = UINT64_MAX;
    CHECK(!found(&file, sizeof file));
    file = small;
    file.symbol[1].st_name = 4;
    CHECK(!found(&file, sizeof file));
    file = small;
    file.symbol[1].st_value = UINT64_MAX;
    CHECK(!found(&file, sizeof file));
    file = small;
    memcpy(file.strings, "\0gox", 4); // not ended
    CHECK(!found(&file, sizeof file));
}

TEST(every_damaged_byte_is_survived) {
    for (size_t i = 0; i < sizeof small; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct small file = small;
            ((uint8_t *)&file)[i] ^= (uint8_t)(1 << bit);
            found(&file, sizeof file);
        }
}
