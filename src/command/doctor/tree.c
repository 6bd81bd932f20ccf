/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Reading what the system says of itself.
 */
#include "doctor/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct path {
    char at[PATH_MAX];
    bool fits;
};

static struct path path_of(const char *root, const char *format, va_list args)
{
    struct path p;
    int len = snprintf(p.at, sizeof p.at, "%s", root), rest = -1;
    if (len >= 0 && (size_t)len < sizeof p.at)
        rest = vsnprintf(p.at + len, sizeof p.at - (size_t)len, format, args);
    p.fits = rest >= 0 && (size_t)len + (size_t)rest < sizeof p.at;
    return p;
}

/* The path that the caller's variable arguments make. */
#define PATH_OF(p, root, format)                                                                   \
    struct path p;                                                                                 \
    do {                                                                                           \
        va_list args_;                                                                             \
        va_start(args_, format);                                                                   \
        p = path_of(root, format, args_);                                                          \
        va_end(args_);                                                                             \
    } while (0)

void tree_clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((*text < ' ' || *text > '~') && *text != '\n' && *text != '\t')
            *text = '?';
}

/* A pipe that somebody put there must not make us wait. */
static int open_file(const struct path *p)
{
    return p->fits ? open(p->at, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
}

/* @return how many bytes were read, fewer than @p size at the end; negative if it cannot be. */
static ssize_t fill(int fd, char *text, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, text + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && got == 0)
            return -1;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static bool read_file(const struct path *p, char *text, size_t size)
{
    int fd = open_file(p);
    if (fd < 0)
        return false;
    ssize_t got = fill(fd, text, size - 1);
    close(fd);
    if (got < 0)
        return false;
    for (ssize_t i = 0; i < got; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    text[got] = '\0';
    tree_clean(text);
    return true;
}

bool tree_read(const char *root, char *text, size_t size, const char *path, ...)
{
    PATH_OF(p, root, path);
    return read_file(&p, text, size);
}

static bool read_line(const struct path *p, char *line, size_t size)
{
    if (!read_file(p, line, size))
        return false;
    line[strcspn(line, "\n")] = '\0';
    size_t lead = strspn(line, " \t"), len = strlen(line + lead);
    memmove(line, line + lead, len + 1);
    while (len > 0 && strchr(" \t", line[len - 1]) != NULL)
        line[--len] = '\0';
    return true;
}

bool tree_line(const char *root, char *line, size_t size, const char *path, ...)
{
    PATH_OF(p, root, path);
    return read_line(&p, line, size);
}

bool tree_decimal(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > (UINT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *out = value;
    return true;
}

bool tree_number(const char *root, uint64_t *out, const char *path, ...)
{
    char line[32];
    PATH_OF(p, root, path);
    return read_line(&p, line, sizeof line) && tree_decimal(line, out);
}

bool tree_link(const char *root, char *name, size_t size, const char *path, ...)
{
    char target[PATH_MAX];
    PATH_OF(p, root, path);
    ssize_t len = p.fits ? readlink(p.at, target, sizeof target - 1) : -1;
    if (len <= 0)
        return false;
    target[len] = '\0';
    const char *slash = strrchr(target, '/');
    snprintf(name, size, "%s", slash != NULL ? slash + 1 : target);
    tree_clean(name);
    return name[0] != '\0';
}

bool tree_exists(const char *root, const char *path, ...)
{
    PATH_OF(p, root, path);
    return p.fits && faccessat(AT_FDCWD, p.at, F_OK, AT_EACCESS) == 0;
}

bool tree_allows(const char *root, int mode, const char *path, ...)
{
    PATH_OF(p, root, path);
    return p.fits && faccessat(AT_FDCWD, p.at, mode, AT_EACCESS) == 0;
}

bool tree_inode(const char *root, char *name, size_t size, const char *path, ...)
{
    struct stat st;
    PATH_OF(p, root, path);
    if (!p.fits || stat(p.at, &st) != 0)
        return false;
    snprintf(name, size, "%02x:%02x:%llu", major(st.st_dev), minor(st.st_dev),
             (unsigned long long)st.st_ino);
    return true;
}

bool tree_contains(const char *root, const char *text, const char *path, ...)
{
    enum { OVERLAP = 64, CHUNK = 64 << 10, CHUNKS = 128 };
    PATH_OF(p, root, path);
    int fd = open_file(&p);
    char *chunk = fd >= 0 ? malloc(OVERLAP + CHUNK) : NULL;
    bool found = false;
    size_t kept = 0;
    for (int i = 0; chunk != NULL && !found && i < CHUNKS; i++) {
        ssize_t got = fill(fd, chunk + kept, CHUNK);
        if (got <= 0)
            break;
        size_t len = kept + (size_t)got;
        found = memmem(chunk, len, text, strlen(text)) != NULL;
        kept = len < OVERLAP ? len : OVERLAP;
        memmove(chunk, chunk + len - kept, kept);
    }
    free(chunk);
    if (fd >= 0)
        close(fd);
    return found;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

bool tree_each(const char *root, void (*each)(void *arg, const char *name), void *arg,
               const char *path, ...)
{
    struct dirent **entries;
    PATH_OF(p, root, path);
    int n = p.fits ? scandir(p.at, &entries, is_entry, by_name) : -1;
    for (int i = 0; i < n; i++) {
        each(arg, entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return n >= 0;
}

bool tree_value(const char *text, const char *key, char *value, size_t size)
{
    size_t len = strlen(key);
    for (const char *line = text; *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        if (strncmp(line, key, len) == 0 && line[len] != '\0' &&
            strchr(": \t", line[len]) != NULL) {
            const char *from = line + len + strspn(line + len, ": \t");
            from = from < end ? from : end;
            snprintf(value, size, "%.*s", (int)(end - from), from);
            return true;
        }
        line = *end == '\n' ? end + 1 : end;
    }
    return false;
}

bool tree_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; *at != '\0';) {
        at += strspn(at, " \t\n");
        size_t n = strcspn(at, " \t\n");
        if (n == len && memcmp(at, word, len) == 0)
            return true;
        at += n;
    }
    return false;
}
