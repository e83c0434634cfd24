// The boot loader's tag about the screen (Multiboot2 specification 2.0, section 3.6.12).
#include "debug/screen.h"
#include "hal/string.h"
#include "hal/x86_64/multiboot2_tags.h"
#include "hal/x86_64/regions.h"

static constexpr uint32_t SCREEN_LIMIT = 16384; // pixels in a line, and lines
static constexpr uint32_t TEXT_LIMIT = 256;
static constexpr paddr_t TEXT_END = 1 << 20;

struct tag_screen {
    struct tag tag;
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
    uint16_t reserved;
};
static_assert(offsetof(struct tag_screen, reserved) == 30);

enum screen_type : uint8_t { SCREEN_COLOR = 1, SCREEN_TEXT = 2 };

static bool is_sane(const struct tag_screen *from) {
    uint8_t depth = from->bits_per_pixel;
    if (from->width == 0 || from->height == 0 || from->address == 0)
        return false;
    if (from->type == SCREEN_TEXT)
        return from->width <= TEXT_LIMIT && from->height <= TEXT_LIMIT &&
               from->pitch >= from->width * 2 && from->pitch <= TEXT_LIMIT * 2 &&
               from->address < TEXT_END;
    return from->type == SCREEN_COLOR && (depth == 16 || depth == 24 || depth == 32) &&
           from->width <= SCREEN_LIMIT && from->height <= SCREEN_LIMIT &&
           from->pitch >= from->width * (depth / 8) && from->pitch <= SCREEN_LIMIT * 8 &&
           from->address < REGIONS_LIMIT;
}

bool screen_take(const void *tag, struct screen *screen) {
    struct tag_screen from = {};
    size_t size = ((const struct tag *)tag)->size;
    memcpy(&from, tag, size < sizeof from ? size : sizeof from);
    *screen = (struct screen){
        .address = from.address,
        .width = from.width,
        .height = from.height,
        .pitch = from.pitch,
        .bits_per_pixel = from.bits_per_pixel,
        .text = from.type == SCREEN_TEXT,
    };
    return size >= offsetof(struct tag_screen, reserved) && is_sane(&from);
}
