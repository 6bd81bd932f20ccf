/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Looking at capture files. pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. A file
 * may be of either byte order, and is any bytes.
 */
#include "port/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_US = 0xa1b2c3d4, MAGIC_NS = 0xa1b23c4d, MAGIC_ORDER = 0x1a2b3c4d };
enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCKS_MAX = 64 };
enum { LINK_ETHERNET = 1, GZIP = 0x8b1f };

struct capture {
    int fd;
    bool swapped;
};

static bool read_u32(const struct capture *c, off_t at, uint32_t *out)
{
    uint32_t word;
    if (pread(c->fd, &word, sizeof word, at) != (ssize_t)sizeof word)
        return false;
    *out = c->swapped ? __builtin_bswap32(word) : word;
    return true;
}

/* Reads a word that tells the byte order. @return whether it is one of two. */
static bool read_magic(struct capture *c, off_t at, uint32_t this, uint32_t or_this)
{
    uint32_t word;
    c->swapped = false;
    if (!read_u32(c, at, &word))
        return false;
    uint32_t back = __builtin_bswap32(word);
    c->swapped = back == this || back == or_this;
    return c->swapped || word == this || word == or_this;
}

/* The link type of the first interface that a pcapng file describes. */
static bool pcapng_link(struct capture *c, uint32_t *link)
{
    uint32_t type = 0, len = 0;
    off_t at = 0;
    if (!read_magic(c, 8, MAGIC_ORDER, MAGIC_ORDER))
        return false;
    for (int i = 0; i < BLOCKS_MAX && read_u32(c, at, &type) && read_u32(c, at + 4, &len); i++) {
        if (type == BLOCK_INTERFACE) {
            uint32_t word;
            if (!read_u32(c, at + 8, &word))
                return false;
            *link = c->swapped ? word >> 16 : word & 0xffff;
            return true;
        }
        if (len < 12 || len % 4 != 0)
            return false;
        at += len;
    }
    return false;
}

static bool link_of(struct capture *c, uint32_t *link)
{
    uint32_t type;
    if (read_u32(c, 0, &type) && type == BLOCK_SECTION)
        return pcapng_link(c, link);
    if (!read_magic(c, 0, MAGIC_US, MAGIC_NS) || !read_u32(c, 20, link))
        return false;
    *link &= 0xffff; /* above it: the length of a frame check sequence */
    return true;
}

static int check_content(const struct vtr_spec *spec, int fd, struct vtr_error *err)
{
    struct capture c = { fd, false };
    uint32_t link = 0, start = 0;
    if (read_u32(&c, 0, &start) && (start & 0xffff) == GZIP)
        return vtr_spec_fail_(spec, err, EINVAL, "gunzip it first", "%s is compressed",
                              spec->target);
    c.swapped = false;
    if (!link_of(&c, &link))
        return vtr_spec_fail_(spec, err, EINVAL, "capinfos FILE  says what a file is",
                              "%s is no capture: neither pcap nor pcapng", spec->target);
    if (link == LINK_ETHERNET)
        return 0;
    return vtr_spec_fail_(spec, err, EINVAL, "capture on an Ethernet interface, not on 'any'",
                          "%s holds frames of link type %u, not Ethernet", spec->target, link);
}

static int check_in(const struct vtr_spec *spec, struct stat *st, struct vtr_error *err)
{
    int fd = open(spec->target, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int code = fd < 0 || fstat(fd, st) != 0 ? errno : S_ISDIR(st->st_mode) ? EISDIR : 0;
    int rc = 0;
    if (code != 0)
        rc = vtr_spec_fail_(spec, err, code, "null:0 runs without a capture file", "%s: %s",
                            spec->target, strerror(code));
    else if (S_ISREG(st->st_mode)) /* of a pipe, what is read is gone */
        rc = check_content(spec, fd, err);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Not by opening it for writing: a capture is not emptied before all else has been seen to. */
static int check_out(const struct vtr_spec *spec, const struct stat *in, struct vtr_error *err)
{
    char dir[sizeof spec->args];
    struct stat st;
    bool there = stat(spec->args, &st) == 0;
    if (there && in->st_ino == st.st_ino && in->st_dev == st.st_dev && S_ISREG(st.st_mode))
        return vtr_spec_fail_(spec, err, EINVAL, "write to another file",
                              "it would read the file that it empties");
    memcpy(dir, spec->args, sizeof dir);
    char *slash = strrchr(dir, '/');
    const char *in_dir = slash == NULL ? "." : slash == dir ? "/" : dir;
    if (slash != NULL)
        *slash = '\0';
    int code = 0;
    if (there && S_ISDIR(st.st_mode))
        code = EISDIR;
    else if (faccessat(AT_FDCWD, there ? spec->args : in_dir, W_OK, AT_EACCESS) != 0)
        code = errno;
    return code == 0 ? 0
                     : vtr_spec_fail_(spec, err, code, "name a file that this user may write",
                                      "cannot write %s: %s", spec->args, strerror(code));
}

int vtr_pcap_check_(const struct vtr_spec *spec, struct vtr_error *err)
{
    struct stat in = { 0 };
    int rc = spec->target[0] != '\0' ? check_in(spec, &in, err) : 0;
    return rc == 0 && spec->args[0] != '\0' ? check_out(spec, &in, err) : rc;
}
