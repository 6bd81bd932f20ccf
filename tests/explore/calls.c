/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the subject calls: its atomics and locks, and, by the instrumentation that is made for
 * ThreadSanitizer, every plain access.
 *
 * On x86 a store may be seen by others only after later loads of its thread. Here one store of each
 * thread can be: memory has it, but others load what was there before, until it is followed by
 * another store, a locked instruction or a system call, until membarrier(2), or until the search
 * decides so.
 */
#include <linux/membarrier.h>
#include <string.h>

#include "engine.h"

uintptr_t last_access;
int budget;
bool replaying;

static uint64_t get(const volatile void *p, unsigned size)
{
    switch (size) {
    case 1:
        return *(const volatile uint8_t *)p;
    case 2:
        return *(const volatile uint16_t *)p;
    case 4:
        return *(const volatile uint32_t *)p;
    default:
        return *(const volatile uint64_t *)p;
    }
}

static void put(volatile void *p, unsigned size, uint64_t value)
{
    memory_touch((const void *)(uintptr_t)p, size);
    switch (size) {
    case 1:
        *(volatile uint8_t *)p = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)p = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)p = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)p = value;
        break;
    }
}

static bool acquires(int order)
{
    return order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
}

static bool releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/* What the explorer's calls left on the thread's stack is no part of the state: later frames have
 * holes, where it would stay. */
__attribute__((noinline)) static void scrub(void)
{
    char left[1024];
    memset(left, 0, sizeof left);
    __asm__ volatile("" ::"r"(left) : "memory");
}

/* Those who wait for something to change look again. */
static void changed(void)
{
    for (unsigned t = 0; t < THREADS; t++)
        run.fiber[t].fresh |= t != self;
}

void calls_flush(unsigned thread)
{
    run.pending[thread].size = 0;
    run.pending[thread].address = run.pending[thread].old = 0;
    changed();
}

static void point(bool here, enum wait wait, uintptr_t address)
{
    if (replaying ? budget == 0 : here)
        fiber_suspend(wait, address);
    budget--;
}

/* Waits to be the next at an atomic. @return its place, or NULL before and after the threads. */
static struct place *wait_for(const volatile void *p, bool write, enum wait wait)
{
    if (!exploring)
        return NULL;
    struct place *place = order_place((uintptr_t)p, write, false);
    point(order_is_shared(place), wait, (uintptr_t)p);
    return place;
}

static struct place *begin(const volatile void *p, bool write, enum wait wait)
{
    struct place *place = wait_for(p, write, wait);
    if (place == NULL)
        return NULL;
    order_access(place, write, false);
    if (write)
        changed();
    return place;
}

/* The thread's own store, and one of another at the same address, come before what follows. */
static void drain(const volatile void *p)
{
    if (!exploring)
        return;
    for (unsigned t = 0; t < THREADS; t++)
        if (run.pending[t].size != 0 && (t == self || run.pending[t].address == (uintptr_t)p))
            calls_flush(t);
}

/* What the thread sees: another's store may not have arrived. */
static uint64_t seen(const volatile void *p, unsigned size)
{
    for (unsigned t = 0; t < THREADS; t++)
        if (t != self && run.pending[t].size == size && run.pending[t].address == (uintptr_t)p)
            return run.pending[t].old;
    return get(p, size);
}

static void delay(const struct place *place, const volatile void *p, unsigned size)
{
    if (place == NULL || (scenario->flags & EXPLORE_TSO) == 0 || !order_is_shared(place))
        return;
    run.pending[self].address = (uintptr_t)p;
    run.pending[self].size = size;
    run.pending[self].old = get(p, size);
}

uint64_t explore_load(const volatile void *p, unsigned size, int order,
                      const struct explore_site *site)
{
    struct place *place = begin(p, false, GO);
    uint64_t value = seen(p, size);
    if (place != NULL && acquires(order))
        order_acquire(place);
    search_trace(site, "%#llx", (unsigned long long)value);
    scrub();
    return value;
}

void explore_store(volatile void *p, unsigned size, uint64_t value, int order,
                   const struct explore_site *site)
{
    struct place *place = begin(p, true, GO);
    drain(p);
    if (place != NULL && releases(order))
        order_release(place, false);
    else if (place != NULL)
        order_relax(place);
    search_trace(site, "%#llx -> %#llx", (unsigned long long)get(p, size),
                 (unsigned long long)value);
    scrub();
    delay(place, p, size);
    put(p, size, value);
}

static uint64_t applied(enum explore_rmw op, uint64_t old, uint64_t operand)
{
    switch (op) {
    case EXPLORE_ADD:
        return old + operand;
    case EXPLORE_SUB:
        return old - operand;
    case EXPLORE_OR:
        return old | operand;
    case EXPLORE_AND:
        return old & operand;
    default:
        return operand;
    }
}

static void synchronize(const struct place *place, int order)
{
    if (place != NULL && acquires(order))
        order_acquire(place);
    if (place != NULL && releases(order))
        order_release(place, true);
}

uint64_t explore_rmw(volatile void *p, unsigned size, enum explore_rmw op, uint64_t operand,
                     int order, const struct explore_site *site)
{
    struct place *place = begin(p, true, GO);
    drain(p);
    uint64_t old = get(p, size);
    synchronize(place, order);
    put(p, size, applied(op, old, operand));
    search_trace(site, "%#llx -> %#llx", (unsigned long long)old,
                 (unsigned long long)get(p, size));
    scrub();
    return old;
}

bool explore_cas(volatile void *p, unsigned size, uint64_t *expected, uint64_t desired, int order,
                 int failed_order, const struct explore_site *site)
{
    struct place *place = wait_for(p, true, GO);
    drain(p);
    uint64_t old = get(p, size), all = UINT64_MAX >> (64 - 8 * size);
    bool done = old == (*expected & all);
    if (place != NULL)
        order_access(place, done, false);
    if (done)
        changed();
    if (done) {
        synchronize(place, order);
        put(p, size, desired);
    } else if (place != NULL && acquires(failed_order)) {
        order_acquire(place);
    }
    search_trace(site, done ? "%#llx -> %#llx" : "%#llx, not %#llx", (unsigned long long)old,
                 (unsigned long long)((done ? desired : *expected) & all));
    scrub();
    *expected = old;
    return done;
}

int explore_lock(void *mutex, const struct explore_site *site)
{
    struct place *place = begin(mutex, true, LOCKED);
    drain(mutex);
    if (get(mutex, sizeof(int)) != 0)
        explore_fail("%s:%d: %s is locked already", site->file, site->line, site->what);
    if (place != NULL)
        order_acquire(place);
    put(mutex, sizeof(int), self + 1);
    search_trace(site, " ");
    scrub();
    return 0;
}

/* Not a scheduling point: what others do meanwhile, they can as well do after it. */
int explore_unlock(void *mutex, const struct explore_site *site)
{
    drain(mutex);
    if (get(mutex, sizeof(int)) != self + 1)
        explore_fail("%s:%d: %s is not this thread's", site->file, site->line, site->what);
    if (exploring) {
        order_release(order_place((uintptr_t)mutex, true, false), false);
        changed();
    }
    put(mutex, sizeof(int), 0);
    search_trace(site, " ");
    scrub();
    return 0;
}

int explore_mutex_init(void *mutex)
{
    put(mutex, sizeof(int), 0);
    return 0;
}

int explore_once(int *once, void (*call)(void), const struct explore_site *site)
{
    struct place *place = begin(once, true, GO);
    drain(once);
    if (place != NULL)
        order_acquire(place);
    if (get(once, sizeof *once) == 0) {
        put(once, sizeof *once, 1);
        call();
    }
    if (place != NULL)
        order_release(place, true);
    search_trace(site, " ");
    scrub();
    return 0;
}

int explore_yield(const struct explore_site *site)
{
    if (!exploring)
        explore_fail("%s:%d: waits for threads that are gone", site->file, site->line);
    point(true, YIELDED, 0);
    drain(NULL);
    run.fiber[self].fresh = false;
    search_trace(site, " ");
    scrub();
    return 0;
}

long explore_membarrier(int command, const struct explore_site *site)
{
    if (!exploring)
        return 0;
    point(true, GO, 0);
    drain(NULL);
    if (command == MEMBARRIER_CMD_PRIVATE_EXPEDITED)
        for (unsigned t = 0; t < THREADS; t++)
            calls_flush(t);
    search_trace(site, " ");
    scrub();
    return 0;
}

int explore_key_create(unsigned *key, void (*end)(void *))
{
    if (run.keys == KEYS)
        explore_fail("more than %d keys", KEYS);
    put(key, sizeof *key, run.keys);
    run.key_end[run.keys++] = end;
    return 0;
}

int explore_setspecific(unsigned key, const void *value)
{
    run.specific[self][key] = value;
    return 0;
}

bool explore_wait(unsigned thread)
{
    fiber_suspend(WAITING, thread);
    order_join(thread);
    return run.fiber[thread].wait == KILLED;
}

void explore_pause(const struct explore_site *site)
{
    if (!exploring)
        return;
    point(true, GO, 0);
    search_trace(site, " ");
    scrub();
}

uint64_t *explore_ghosts(void)
{
    return run.ghost;
}

static void plain(const void *p, size_t bytes, bool write)
{
    uintptr_t at = (uintptr_t)p;
    if (!fiber_is_shared(at))
        return;
    if (write)
        memory_touch(p, bytes);
    while (exploring && bytes != 0) {
        unsigned size = bytes > sizeof(uint64_t) ? sizeof(uint64_t) : (unsigned)bytes;
        order_access(order_place(at, write, true), write, true);
        at += size;
        bytes -= size;
    }
    scrub();
}

void *explore_copy(void *to, const void *from, size_t bytes)
{
    last_access = (uintptr_t)__builtin_return_address(0);
    plain(from, bytes, false);
    plain(to, bytes, true);
    return memmove(to, from, bytes);
}

void *explore_fill(void *to, int byte, size_t bytes)
{
    last_access = (uintptr_t)__builtin_return_address(0);
    plain(to, bytes, true);
    return memset(to, byte, bytes);
}

/* What gcc and clang call for -fsanitize=thread. */
#define PLAIN(name, size, write)                                                                   \
    void __tsan_##name(const void *p);                                                             \
    void __tsan_##name(const void *p)                                                              \
    {                                                                                              \
        last_access = (uintptr_t)__builtin_return_address(0);                                      \
        plain(p, size, write);                                                                     \
    }
#define PLAIN_OF(size)                                                                             \
    PLAIN(read##size, size, false)                                                                 \
    PLAIN(write##size, size, true)                                                                 \
    PLAIN(unaligned_read##size, size, false)                                                       \
    PLAIN(unaligned_write##size, size, true)                                                       \
    PLAIN(volatile_read##size, size, false)                                                        \
    PLAIN(volatile_write##size, size, true)
PLAIN_OF(1)
PLAIN_OF(2)
PLAIN_OF(4)
PLAIN_OF(8)
PLAIN_OF(16)

#define PLAIN_RANGE(name, write)                                                                   \
    void __tsan_##name(const void *p, size_t bytes);                                               \
    void __tsan_##name(const void *p, size_t bytes)                                                \
    {                                                                                              \
        last_access = (uintptr_t)__builtin_return_address(0);                                      \
        plain(p, bytes, write);                                                                    \
    }
PLAIN_RANGE(read_range, false)
PLAIN_RANGE(write_range, true)

void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_func_entry(void *from);
void __tsan_func_entry(void *from) { (void)from; }
void __tsan_func_exit(void);
void __tsan_func_exit(void) {}
