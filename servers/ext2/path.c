// Paths. What is left to walk stands at the end of one buffer; a symbolic link's text is put in
// front of it, into the room of what has been walked. So nothing recurses and nothing is allocated,
// and a path that links would make longer than the buffer is refused.

#include "internal.h"

#include <string.h>

struct path_walk {
    struct ext2 *fs;
    size_t position; // in fs->path, whose end is the path's end
    unsigned links;  // followed so far
    bool follow;
    struct ext2_inode *inode; // where the walk stands
};

static bool walk_is_at_end(const struct path_walk *walk)
{
    return walk->position == EXT2_PATH_MAX;
}

static bool walk_sees_slash(const struct path_walk *walk)
{
    return !walk_is_at_end(walk) && walk->fs->path[walk->position] == '/';
}

// Takes the next name, without slashes; 0 bytes at the end.
static const char *name_take(struct path_walk *walk, size_t *length)
{
    while (walk_sees_slash(walk))
        walk->position++;
    const char *name = walk->fs->path + walk->position;
    *length = 0;
    for (; !walk_is_at_end(walk) && !walk_sees_slash(walk); walk->position++)
        ++*length;
    return name;
}

// Puts a link's text in front of what is left; an absolute one begins at the root.
static status_t link_follow(struct path_walk *walk, const struct ext2_inode *link)
{
    struct ext2 *fs = walk->fs;
    if (walk->links++ == EXT2_LINKS_MAX)
        return ERR_LOOP;
    if (link->size > walk->position)
        return ERR_NAME_TOO_LONG;
    size_t length;
    char *text = fs->path + walk->position - link->size;
    status_t status = ext2_link_read(fs, link, link->size, text, &length);
    if (status != OK)
        return status;
    walk->position -= length;
    return walk_sees_slash(walk) ? ext2_inode_read(fs, EXT2_ROOT_INODE, walk->inode) : OK;
}

static status_t name_enter(struct path_walk *walk, const char *name, size_t length)
{
    if (!ext2_is_type(walk->inode, EXT2_MODE_DIRECTORY))
        return ERR_NOT_DIRECTORY;
    if (length == 1 && name[0] == '.')
        return OK;
    uint32_t number;
    status_t status = ext2_lookup(walk->fs, walk->inode, name, length, &number);
    if (status != OK)
        return status;
    struct ext2_inode next;
    status = ext2_inode_read(walk->fs, number, &next);
    if (status != OK)
        return status;
    if (ext2_is_type(&next, EXT2_MODE_SYMLINK) && (walk->follow || !walk_is_at_end(walk)))
        return link_follow(walk, &next);
    *walk->inode = next;
    return OK;
}

static status_t path_walk(struct path_walk *walk)
{
    for (;;) {
        bool slash = walk_sees_slash(walk);
        size_t length;
        const char *name = name_take(walk, &length);
        if (length == 0)
            return slash && !ext2_is_type(walk->inode, EXT2_MODE_DIRECTORY) ? ERR_NOT_DIRECTORY
                                                                            : OK;
        status_t status = name_enter(walk, name, length);
        if (status != OK)
            return status;
    }
}

status_t ext2_resolve(struct ext2 *fs, uint32_t start, const char *path, size_t length_bytes,
                      bool follow, struct ext2_inode *inode)
{
    if (length_bytes == 0)
        return ERR_NOT_FOUND;
    if (length_bytes > EXT2_PATH_MAX)
        return ERR_NAME_TOO_LONG;
    struct path_walk walk = {
        .fs = fs,
        .position = EXT2_PATH_MAX - length_bytes,
        .follow = follow,
        .inode = inode,
    };
    memcpy(fs->path + walk.position, path, length_bytes);
    status_t status = ext2_inode_read(fs, path[0] == '/' ? EXT2_ROOT_INODE : start, inode);
    return status == OK ? path_walk(&walk) : status;
}
