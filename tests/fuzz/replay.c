/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Runs a fuzz target over each file of the folders named, cut off at every length and with every
 * bit flipped. Each input lies in memory of exactly its size, for a sanitizer to watch.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16 };

static unsigned long tried;

static void try(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len != 0 ? len : 1);
    vtr_check(exact != NULL);
    if (len != 0)
        memcpy(exact, bytes, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    tried++;
}

static void try_neighbours(uint8_t *bytes, size_t len)
{
    for (size_t cut = 0; cut <= len; cut++)
        try(bytes, cut);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        try(bytes, len);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void replay_file(const char *folder, const char *name)
{
    static uint8_t bytes[MOST];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    vtr_check(file != NULL);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    printf("%s: %zu bytes\n", path, len);
    fflush(stdout); /* so that an abort is under its input's name */
    try_neighbours(bytes, len);
}

static unsigned replay_folder(const char *folder)
{
    unsigned files = 0;
    DIR *dir = opendir(folder);
    vtr_check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') {
            replay_file(folder, entry->d_name);
            files++;
        }
    closedir(dir);
    return files;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    for (int i = 1; i < argc; i++)
        files += replay_folder(argv[i]);
    printf("%u files, %lu inputs\n", files, tried);
    return files != 0 ? 0 : 1;
}
