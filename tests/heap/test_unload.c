/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: the library comes by dlopen, and a thread that used it outlives the dlclose. Linked with
 * nothing of it: argv[1] is the library.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <vitrine/heap.h>

typedef int open_fn(const struct vtr_heap_opts *, struct vtr_heap **, struct vtr_error *);
typedef int close_fn(struct vtr_heap *, struct vtr_error *);
typedef void *cache_fn(struct vtr_heap *);

static void *library;
static pthread_barrier_t used, unloaded;

static void *use(void *arg)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 1 };
    struct vtr_heap *heap = NULL;
    bool *ok = (bool *)arg;
    open_fn *open_heap = (open_fn *)dlsym(library, "vtr_heap_open");
    cache_fn *cache_of = (cache_fn *)dlsym(library, "vtr_cache_of_");
    close_fn *close_heap = (close_fn *)dlsym(library, "vtr_heap_close");
    *ok = open_heap(&opts, &heap, NULL) == 0 && cache_of(heap) != NULL &&
          close_heap(heap, NULL) == 0;
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return NULL; /* the thread's cache ends here */
}

int main(int argc, char **argv)
{
    pthread_t thread;
    bool ok = false;
    library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL) {
        fprintf(stderr, "%s\n", argc == 2 ? dlerror() : "usage: test_unload <library>");
        return 1;
    }
    pthread_barrier_init(&used, NULL, 2);
    pthread_barrier_init(&unloaded, NULL, 2);
    if (pthread_create(&thread, NULL, use, &ok) != 0)
        return 1;
    pthread_barrier_wait(&used);
    dlclose(library);
    pthread_barrier_wait(&unloaded);
    pthread_join(thread, NULL);
    return ok ? 0 : 1;
}
