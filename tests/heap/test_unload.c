/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: the library comes by dlopen, and a thread that used it outlives the dlclose. Linked with
 * nothing of it.
 *   test_unload LIBRARY FROM [PLUGIN]     FROM: what vtr_memory_stat must begin with, or "any"
 *                                         PLUGIN is loaded first, and takes static TLS
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <vitrine/heap.h>
#include <vitrine/memory.h>

typedef int open_fn(const struct vtr_heap_opts *, struct vtr_heap **, struct vtr_error *);
typedef int close_fn(struct vtr_heap *, struct vtr_error *);
typedef void *cache_fn(struct vtr_heap *);
typedef void stat_fn(struct vtr_memory_stat *);

enum { FAILED = 1, USAGE = 2, SKIPPED = 77 };

static void *library;
static pthread_barrier_t used, unloaded;
static struct vtr_memory_stat memory = { .size = sizeof memory };

static void *use(void *arg)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 1 };
    struct vtr_heap *heap = NULL;
    bool *ok = (bool *)arg;
    open_fn *open_heap = (open_fn *)dlsym(library, "vtr_heap_open");
    cache_fn *cache_of = (cache_fn *)dlsym(library, "vtr_cache_of_");
    close_fn *close_heap = (close_fn *)dlsym(library, "vtr_heap_close");
    stat_fn *stat_memory = (stat_fn *)dlsym(library, "vtr_memory_stat");
    *ok = open_heap(&opts, &heap, NULL) == 0 && cache_of(heap) != NULL &&
          close_heap(heap, NULL) == 0;
    stat_memory(&memory);
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return NULL; /* the thread's cache and its lane of private memory end here */
}

static bool load(const char *path, void **out)
{
    *out = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*out == NULL)
        fprintf(stderr, "%s\n", dlerror());
    return *out != NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *plugin;
    bool ok = false;
    if (argc < 3)
        return USAGE;
    if ((argc > 3 && !load(argv[3], &plugin)) || !load(argv[1], &library))
        return FAILED;
    pthread_barrier_init(&used, NULL, 2);
    pthread_barrier_init(&unloaded, NULL, 2);
    if (pthread_create(&thread, NULL, use, &ok) != 0)
        return FAILED;
    pthread_barrier_wait(&used);
    printf("private memory from %s %s\n", memory.from, memory.why);
    bool missing = strstr(memory.why, "No such file") != NULL;
    bool as_told =
        strcmp(argv[2], "any") == 0 || strncmp(memory.from, argv[2], strlen(argv[2])) == 0;
    dlclose(library);
    pthread_barrier_wait(&unloaded);
    pthread_join(thread, NULL);
    if (ok && !as_told && missing)
        return SKIPPED;
    return ok && as_told ? 0 : FAILED;
}
