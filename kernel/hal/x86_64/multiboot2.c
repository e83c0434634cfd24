#include "hal/x86_64/multiboot2.h"

#include <abi/types.h>

#include "debug/log.h"
#include "hal/string.h"
#include "hal/x86_64/multiboot2_tags.h"
#include "hal/x86_64/regions.h"

static constexpr size_t RSDP_SIZE = 20; // ACPI 6.4 section 5.2.5.3; the new one is longer

struct parser {
    const char *tags;
    size_t size;
    struct boot_info *info;
    struct text problem;
    bool has_map, has_rsdp_new;
};

// Copies a string that should end within `limit` bytes; cuts it to fit, and makes it printable.
static bool copy_text(char *to, size_t to_size, const char *from, size_t limit) {
    size_t length = strnlen(from, limit);
    bool whole = length < limit && length < to_size;
    if (length >= to_size)
        length = to_size - 1;
    for (size_t i = 0; i < length; i++)
        to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    to[length] = 0;
    return whole;
}

static void read_options(struct parser *parser, const struct tag *tag) {
    const char *text = (const char *)(tag + 1);
    size_t size = tag->size - sizeof *tag;
    if (size > 0 && text[0] == '/') // some loaders put the kernel's path first
        for (; size > 0 && text[0] != 0 && text[0] != ' '; size--)
            text++;
    for (; size > 0 && text[0] == ' '; size--)
        text++;
    if (size > 0 && !copy_text(parser->info->options, BOOT_LINE, text, size))
        text_add(&parser->problem,
                 "the kernel's options are longer than %u characters, or not ended", BOOT_LINE - 1);
}

static void read_module(struct parser *parser, const struct tag *tag) {
    const struct tag_module *from = (const void *)tag;
    struct boot_info *info = parser->info;
    if (tag->size < sizeof *from) {
        text_add(&parser->problem, "a module's tag has %u bytes", tag->size);
        return;
    }
    if (info->modules == BOOT_MODULES) {
        text_add(&parser->problem, "more than %u modules; one at 0x%x is left out", BOOT_MODULES,
                 from->start);
        return;
    }
    struct boot_module *module = &info->module[info->modules];
    bool whole = copy_text(module->line, BOOT_LINE, from->line, tag->size - sizeof *from);
    if (from->end <= from->start || from->start % PAGE_SIZE != 0) {
        text_add(&parser->problem,
                 "module \"%.20s\" at 0x%x to 0x%x is empty or not on a page boundary",
                 module->line, from->start, from->end);
        return;
    }
    if (!whole)
        text_add(&parser->problem,
                 "the line of module \"%.20s\" is longer than %u characters, or not ended",
                 module->line, BOOT_LINE - 1);
    module->start = from->start;
    module->size = from->end - from->start;
    info->modules++;
}

static void paint(struct parser *parser, uint64_t start, uint64_t size,
                  enum boot_region_kind kind) {
    if (!region_paint(parser->info, start, size, kind))
        text_add(&parser->problem, "too many memory regions; some at 0x%lx is not used", start);
}

// Only without a map: the two sizes that every BIOS reports.
static void read_memory(struct parser *parser, const struct tag *tag) {
    const struct tag_memory *from = (const void *)tag;
    if (parser->has_map || tag->size < sizeof *from)
        return;
    paint(parser, 0, (from->lower_kib < 640 ? from->lower_kib : 640) * 1024ull, BOOT_FREE);
    paint(parser, 1 << 20, from->upper_kib * 1024ull, BOOT_FREE);
}

static enum boot_region_kind region_kind(uint32_t type) {
    if (type == MAP_RAM)
        return BOOT_FREE;
    return type == MAP_ACPI || type == MAP_ACPI_NVS ? BOOT_TABLES : BOOT_RESERVED;
}

static void paint_map(struct parser *parser, const struct tag_map *map,
                      enum boot_region_kind kind) {
    const char *at = (const char *)(map + 1);
    uint32_t count = (map->tag.size - sizeof *map) / map->entry_size;
    for (uint32_t i = 0; i < count; i++, at += map->entry_size) {
        struct map_entry entry;
        memcpy(&entry, at, sizeof entry);
        if (region_kind(entry.type) != kind || entry.size == 0)
            continue;
        if (kind == BOOT_FREE && entry.size > UINT64_MAX - entry.start)
            text_add(&parser->problem, "RAM at 0x%lx wraps round; left out", entry.start);
        else
            paint(parser, entry.start, entry.size, kind);
    }
}

// Entries may overlap and come in any order: what is not RAM is painted over what is.
static void read_map(struct parser *parser, const struct tag *tag) {
    const struct tag_map *map = (const void *)tag;
    if (parser->has_map || tag->size < sizeof *map || map->entry_size < sizeof(struct map_entry) ||
        map->entry_size > tag->size) {
        text_add(&parser->problem, "a memory map is malformed, or a second one");
        return;
    }
    parser->has_map = true;
    parser->info->regions = 0;
    paint_map(parser, map, BOOT_FREE);
    paint_map(parser, map, BOOT_TABLES);
    paint_map(parser, map, BOOT_RESERVED);
}

static void read_screen(struct parser *parser, const struct tag *tag) {
    parser->info->screen = (size_t)((const char *)tag - parser->tags);
}

// The copy of the RSDP, of ACPI 2.0 if there are both.
static void read_rsdp(struct parser *parser, const struct tag *tag) {
    bool new = tag->type == TAG_ACPI_NEW;
    size_t size = tag->size - sizeof *tag, room = sizeof parser->info->rsdp;
    if (size < RSDP_SIZE)
        text_add(&parser->problem, "the ACPI tag has %u bytes", tag->size);
    else if (new || !parser->has_rsdp_new)
        memcpy(parser->info->rsdp, tag + 1, size < room ? size : room);
    parser->has_rsdp_new |= new;
}

static void read_loader(struct parser *parser, const struct tag *tag) {
    copy_text(parser->info->loader, sizeof parser->info->loader, (const char *)(tag + 1),
              tag->size - sizeof *tag);
}

static void (*const readers[])(struct parser *parser, const struct tag *tag) = {
    [TAG_OPTIONS] = read_options, [TAG_LOADER] = read_loader,  [TAG_MODULE] = read_module,
    [TAG_MEMORY] = read_memory,   [TAG_MAP] = read_map,        [TAG_SCREEN] = read_screen,
    [TAG_ACPI_OLD] = read_rsdp,   [TAG_ACPI_NEW] = read_rsdp,
};

static void read_tags(struct parser *parser) {
    size_t at = sizeof(struct tags_head);
    while (parser->size - at >= sizeof(struct tag)) {
        const struct tag *tag = (const void *)(parser->tags + at);
        if (tag->type == TAG_END)
            return;
        if (tag->size < sizeof *tag || tag->size > parser->size - at) {
            text_add(&parser->problem, "tag type %u at byte %zu claims %u bytes", tag->type, at,
                     tag->size);
            return;
        }
        if (tag->type < sizeof readers / sizeof *readers && readers[tag->type] != nullptr)
            readers[tag->type](parser, tag);
        at += (tag->size + 7ull) & ~7ull;
        if (at > parser->size)
            break;
    }
    text_add(&parser->problem, "the tags have no end tag");
}

bool multiboot2_parse(const void *tags, size_t size_limit, struct boot_info *info, char *problem,
                      size_t problem_size) {
    struct parser parser = {
        .tags = tags, .info = info, .problem = {problem, problem_size}};
    const struct tags_head *head = tags;
    memset(info, 0, sizeof *info);
    problem[0] = 0;
    if ((uintptr_t)tags % 8 != 0 || size_limit < sizeof *head || head->size < sizeof *head ||
        head->size > size_limit) {
        text_add(&parser.problem,
                 "the boot loader's tags are misaligned, or their size makes no sense");
        return false;
    }
    parser.size = head->size;
    read_tags(&parser);
    paint(&parser, 0, PAGE_SIZE, BOOT_RESERVED);
    for (unsigned i = 0; i < info->regions; i++)
        if (info->region[i].kind == BOOT_FREE)
            return true;
    text_add(&parser.problem, "the boot loader reported no usable memory");
    return false;
}
