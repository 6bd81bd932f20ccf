/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Private memory. A thread gets a lane: an arena, and an explicit cache in front of it (mallocx
 * without one took 143 ns). What a thread has is one int, the flags of its calls. A lane outlives
 * its thread, with what was allocated from it, and goes to the next one.
 *
 * The flags are of jemalloc's ABI (jemalloc(3), MALLOCX_*): its header is not needed, and it is
 * called through pointers, so that nothing here makes its malloc the program's.
 */
#include "base/memory.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/system.h"

#ifdef __has_feature
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#undef HAS_FEATURE

enum { ALIGN_MIN = 16, LANES = 4096 }; /* jemalloc has fewer arenas */
enum { ZERO = 0x40, CACHE_SHIFT = 8, CACHE_NONE = 1 << 8, CACHE_MASK = 0xfff00, ARENA_SHIFT = 20 };
enum { NOT_YET = 0, MALLOC = 1 }; /* no flags of a call: those name an arena */

static struct {
    void *(*mallocx)(size_t, int);
    void *(*rallocx)(void *, size_t, int);
    void (*dallocx)(void *, int);
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
} je; /* constant once loaded */

static __thread int flags __attribute__((tls_model("initial-exec")));

static pthread_once_t load_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static int shared = MALLOC; /* for a thread without a lane: slow. Constant once loaded */
static char from[32] = "malloc", why[256];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static unsigned arenas;
static unsigned arena[LANES];
static unsigned idle;
static int idle_lane[LANES]; /* a stack: what was used last is warm */

/* In debug builds, for tests: how many allocations are not freed. */
#if VTR_DEBUG
static uint64_t live; /* atomic, relaxed: a statistic */

uint64_t vtr_test_memory_live_(void)
{
    return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

static void *count(void *p)
{
    if (p != NULL)
        __atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
    return p;
}

static void uncount(void)
{
    __atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
}
#else
static inline void *count(void *p) { return p; }
static inline void uncount(void) {}
#endif

/* @return whether jemalloc made one: an arena, a cache. */
static bool create(const char *what, unsigned *out)
{
    size_t size = sizeof *out;
    return je.mallctl(what, out, &size, NULL, 0) == 0;
}

/* An arena of the library. @return false: there are too many, or there is no memory. */
static bool arena_create(unsigned *out)
{
    if (arenas == LANES || !create("arenas.create", out))
        return false;
    arena[arenas++] = *out;
    return true;
}

/* Under the lock. @return the flags of a lane, or NOT_YET: there is none to be had. */
static int lane_take(void)
{
    unsigned cache, of;
    if (idle != 0)
        return idle_lane[--idle];
    if (!create("tcache.create", &cache))
        return NOT_YET;
    if (arena_create(&of))
        return (int)((of + 1) << ARENA_SHIFT | (cache + 2) << CACHE_SHIFT);
    je.mallctl("tcache.destroy", NULL, NULL, &cache, sizeof cache);
    return NOT_YET;
}

static void lane_give(int lane)
{
    unsigned cache = ((unsigned)lane & CACHE_MASK) / (1u << CACHE_SHIFT) - 2;
    je.mallctl("tcache.flush", NULL, NULL, &cache, sizeof cache);
    pthread_mutex_lock(&lock);
    idle_lane[idle++] = lane;
    pthread_mutex_unlock(&lock);
}

/* A thread ends. The other parts of the library free what they have of it at its end too, in the
 * first round of such calls, so the lane goes in the second. Later calls take the shared arena; if
 * jemalloc itself has left the thread by then, it takes its arena 0, whatever the flags. */
static void thread_exit(void *round)
{
    static char second;
    if (round != &second && pthread_setspecific(exit_key, &second) == 0)
        return;
    lane_give(flags);
    flags = shared;
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

/* In a child the lanes of the threads that are not there are lost: their caches may be half done.
 */
static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

static const char *why_not(void)
{
    const char *error = dlerror();
    return error != NULL ? error : "it lacks a function that is needed";
}

/* @return NULL, or why these are not all there. */
static const char *find_calls(void *library)
{
    *(void **)&je.mallocx = dlsym(library, "mallocx");
    *(void **)&je.rallocx = dlsym(library, "rallocx");
    *(void **)&je.dallocx = dlsym(library, "dallocx");
    *(void **)&je.mallctl = dlsym(library, "mallctl");
    return je.mallocx != NULL && je.rallocx != NULL && je.dallocx != NULL && je.mallctl != NULL
               ? NULL
               : why_not();
}

/* It stays: what was allocated from it lives on. */
static const char *load_jemalloc(void)
{
    static char text[sizeof why];
    void *library = dlopen("libjemalloc.so.2", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library != NULL)
        return find_calls(library);
    snprintf(text, sizeof text, "%s; what helps is in <vitrine/memory.h>", why_not());
    return text;
}

/* What the program has from its start, or libjemalloc. */
static const char *find_jemalloc(void)
{
    if (SANITIZED)
        return "the sanitizer watches malloc";
    if (getauxval(AT_BASE) == 0)
        return "a static program cannot load libjemalloc.so.2";
    return dlsym(RTLD_DEFAULT, "mallocx") != NULL ? find_calls(RTLD_DEFAULT) : load_jemalloc();
}

static const char *begin(void)
{
    const char *version;
    size_t size = sizeof version;
    unsigned of;
    const char *not = find_jemalloc();
    if (not != NULL)
        return not;
    if (je.mallctl("version", &version, &size, NULL, 0) != 0)
        return "jemalloc does not tell its version";
    if (vtr_system_key_create_(&exit_key, thread_exit) != 0 ||
        pthread_atfork(before_fork, after_fork, after_fork) != 0)
        return "no thread-specific key, or no memory, was left";
    if (!arena_create(&of))
        return "jemalloc has no arena left, or is older than 5.0";
    shared = (int)((of + 1) << ARENA_SHIFT | CACHE_NONE);
    snprintf(from, sizeof from, "jemalloc %.*s", (int)strcspn(version, "-"), version);
    return "";
}

static void load(void)
{
    snprintf(why, sizeof why, "%s", begin());
}

/* @return what flags is from now on; or, if the thread gets no lane now, what serves this time. */
static VTR_COLD int thread_begin(void)
{
    static char first;
    pthread_once(&load_once, load);
    if (shared == MALLOC)
        return flags = MALLOC;
    pthread_mutex_lock(&lock);
    int lane = lane_take();
    pthread_mutex_unlock(&lock);
    if (lane == NOT_YET)
        return shared;
    if (vtr_system_setspecific_(exit_key, &first) == 0)
        return flags = lane;
    lane_give(lane);
    return shared;
}

static inline int flags_now(void)
{
    int now = flags;
    return VTR_LIKELY(now != NOT_YET) ? now : thread_begin();
}

static void *from_malloc(size_t bytes, size_t align, int zero)
{
    void *p = NULL;
    bytes += bytes == 0;
    if (align <= ALIGN_MIN)
        return zero ? calloc(1, bytes) : malloc(bytes);
    if (posix_memalign(&p, align, bytes) != 0)
        return NULL;
    return zero ? memset(p, 0, bytes) : p;
}

/* jemalloc has classes below 16 bytes, which are aligned to 8. */
static inline size_t at_least_16(size_t bytes)
{
    return bytes < ALIGN_MIN ? ALIGN_MIN : bytes;
}

/* @param zero  ZERO or 0. */
static inline void *alloc(size_t bytes, size_t align, int zero)
{
    if (vtr_fault_(VTR_FAULT_MEMORY) != 0)
        return NULL;
    int now = flags_now(), log_align = align > ALIGN_MIN ? __builtin_ctzll(align) : 0;
    return count(VTR_UNLIKELY(now == MALLOC)
                     ? from_malloc(bytes, align, zero)
                     : je.mallocx(at_least_16(bytes), now | zero | log_align));
}

void *vtr_memory_alloc_(size_t bytes, size_t align)
{
    return alloc(bytes, align, 0);
}

void *vtr_memory_zalloc_(size_t bytes, size_t align)
{
    return alloc(bytes, align, ZERO);
}

void *vtr_memory_realloc_(void *p, size_t bytes)
{
    if (p == NULL)
        return vtr_memory_alloc_(bytes, ALIGN_MIN);
    if (vtr_fault_(VTR_FAULT_MEMORY) != 0)
        return NULL;
    int now = flags_now();
    bytes = at_least_16(bytes); /* and not 0, which frees */
    return now == MALLOC ? realloc(p, bytes) : je.rallocx(p, bytes, now);
}

void vtr_memory_free_(void *p)
{
    if (p == NULL)
        return;
    int now = flags_now();
    uncount();
    if (VTR_UNLIKELY(now == MALLOC))
        free(p);
    else
        je.dallocx(p, now & CACHE_MASK);
}

/* Adds one figure of an arena, in bytes. */
static void add(uint64_t *sum, unsigned of, const char *figure)
{
    char name[64];
    size_t bytes = 0, size = sizeof bytes;
    snprintf(name, sizeof name, "stats.arenas.%u.%s", of, figure);
    if (je.mallctl(name, &bytes, &size, NULL, 0) == 0)
        *sum += bytes;
}

void vtr_memory_stat(struct vtr_memory_stat *out)
{
    uint64_t epoch = 1;
    size_t size = out->size;
    vtr_check(size >= sizeof size && size <= sizeof *out);
    flags_now();
    struct vtr_memory_stat s = { .size = size, .from = from, .why = why };
    if (shared != MALLOC) {
        je.mallctl("epoch", NULL, NULL, &epoch, sizeof epoch); /* figures as of now */
        pthread_mutex_lock(&lock);
        s.arenas = arenas;
        pthread_mutex_unlock(&lock);
        for (unsigned i = 0; i < s.arenas; i++) {
            add(&s.allocated_bytes, arena[i], "small.allocated");
            add(&s.allocated_bytes, arena[i], "large.allocated");
            add(&s.resident_bytes, arena[i], "resident");
        }
    }
    memcpy(out, &s, size);
}
