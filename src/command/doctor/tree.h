/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * tree: reading /proc, /sys, /dev and /run, or a tree that stands for them. Nothing there is
 * trusted: text comes back as printable ASCII, cut to its room; what is missing, unreadable or of
 * another kind is false. Nothing is written.
 * Paths are formats, below a root: "" for the machine itself.
 * Owner: the caller's storage. Threads: any.
 */
#ifndef DOCTOR_TREE_H
#define DOCTOR_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREE_PATH(at) __attribute__((format(printf, at, (at) + 1)))

/** Reads as much of a file as there is room for. */
TREE_PATH(4) bool tree_read(const char *root, char *text, size_t size, const char *path, ...);

/** Reads a file's first line, without blanks at its ends. */
TREE_PATH(4) bool tree_line(const char *root, char *line, size_t size, const char *path, ...);

/** Reads a file that is one decimal number. */
TREE_PATH(3) bool tree_number(const char *root, uint64_t *out, const char *path, ...);

/** Takes the last part of what a symbolic link points to. */
TREE_PATH(4) bool tree_link(const char *root, char *name, size_t size, const char *path, ...);

TREE_PATH(2) bool tree_exists(const char *root, const char *path, ...);

/** @return whether this process may do what @p mode says: R_OK, W_OK, X_OK. */
TREE_PATH(3) bool tree_allows(const char *root, int mode, const char *path, ...);

/** @return the inode of a file as /proc/locks has it, "08:01:1234"; false if there is none. */
TREE_PATH(4) bool tree_inode(const char *root, char *name, size_t size, const char *path, ...);

/** @return whether a file holds a text of up to 64 bytes; looks at 8 MiB. */
TREE_PATH(3) bool tree_contains(const char *root, const char *text, const char *path, ...);

/**
 * Calls @p each for every entry of a folder but . and .., by name.
 * @param name  as it is there: any bytes.
 * @return whether there is such a folder, and it may be read.
 */
TREE_PATH(4) bool tree_each(const char *root, void (*each)(void *arg, const char *name), void *arg,
                            const char *path, ...);

/** Replaces what is not printable ASCII. */
void tree_clean(char *text);

/** @return whether all of @p text is a decimal number. */
bool tree_decimal(const char *text, uint64_t *out);

/** The value behind "KEY:" or "KEY " at the head of a line of @p text, up to the line's end. */
bool tree_value(const char *text, const char *key, char *value, size_t size);

/** @return whether @p word is among the words of @p text. */
bool tree_word(const char *text, const char *word);

#endif
