/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Stores into immutable bytes, named. What runs in the handler takes no lock and no memory, and
 * calls nothing but open, read, write, close, getpid and sigaction (signal-safety(7)).
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <vitrine/debug.h>

#include "heap/heap.h"
#include "heap/heaps.h"
#include "heap/name.h"

enum { SIGNALS = 2 };
static const int signals[SIGNALS] = { SIGSEGV, SIGBUS };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* not taken in the handler */
static struct sigaction before[SIGNALS]; /* constant while ours is installed */
static bool installed[SIGNALS];
static bool reporting; /* atomic */

static uintptr_t instruction(const void *context)
{
    const ucontext_t *c = (const ucontext_t *)context;
#if defined __x86_64__
    return (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    return (uintptr_t)c->uc_mcontext.pc;
#else
    (void)c;
    return 0;
#endif
}

/* A load faults here only if the memory is gone. */
static bool is_store(const void *context)
{
#if defined __x86_64__
    const ucontext_t *c = (const ucontext_t *)context;
    return (c->uc_mcontext.gregs[REG_ERR] & 2) != 0; /* bit 1, W/R: Intel SDM vol. 3, 4.7 */
#else
    (void)context;
    return true;
#endif
}

/* A file that is read a line at a time. */
struct lines {
    int fd;
    size_t at, n;
    char buf[512];
};

/* @return false at the end. What is too long for @p line is cut. */
static bool next_line(struct lines *f, char *line, size_t size)
{
    size_t len = 0;
    for (;;) {
        if (f->at == f->n) {
            ssize_t n = read(f->fd, f->buf, sizeof f->buf);
            f->at = 0;
            f->n = n > 0 ? (size_t)n : 0;
            if (n <= 0)
                return false;
        }
        char c = f->buf[f->at++];
        if (c == '\n')
            break;
        if (len < size - 1)
            line[len++] = c;
    }
    line[len] = '\0';
    return true;
}

static uintptr_t hex(const char **at)
{
    uintptr_t n = 0;
    for (;; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            n = n * 16 + (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            n = n * 16 + (uintptr_t)(c - 'a' + 10);
        else
            return n;
    }
}

struct module {
    char path[256];
    uintptr_t address; /* as addr2line wants it; 0: not found */
};

/* What addresses of a module are counted from: where it begins, unless it was linked to there. */
static uintptr_t base_of(uintptr_t begin)
{
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)begin;
    bool fixed = memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 && elf->e_type == ET_EXEC;
    return fixed ? 0 : begin;
}

/* Lines of /proc/self/maps: "begin-end rwxp offset dev inode path". */
static void find_module(uintptr_t ip, struct module *m)
{
    struct lines maps = { .fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC) };
    char line[384];
    uintptr_t first = 0;
    m->address = 0;
    m->path[0] = '\0';
    while (maps.fd >= 0 && next_line(&maps, line, sizeof line)) {
        const char *at = line, *path = strchr(line, '/');
        uintptr_t begin = hex(&at), end = *at == '-' ? (at++, hex(&at)) : begin;
        if (path == NULL)
            continue;
        if (strncmp(path, m->path, sizeof m->path - 1) != 0) {
            size_t len = strnlen(path, sizeof m->path - 1);
            memcpy(m->path, path, len);
            m->path[len] = '\0';
            first = begin;
        }
        if (ip >= begin && ip < end) {
            m->address = ip - base_of(first);
            break;
        }
    }
    if (maps.fd >= 0)
        close(maps.fd);
}

static void say_instruction(struct vtr_text *t, uintptr_t ip)
{
    struct module m;
    find_module(ip, &m);
    vtr_text_add(t, ", instruction at ");
    vtr_text_hex(t, ip);
    vtr_text_add(t, "\n  try: ");
    if (m.address != 0) {
        vtr_text_add(t, "addr2line -fie ");
        vtr_text_add(t, m.path);
        vtr_text_add(t, " ");
        vtr_text_hex(t, m.address);
        vtr_text_add(t, " says where; ");
    }
    vtr_text_add(t, "to change bytes, own them by vtr_data_try_own or copy them\n");
}

/* The byte's block, or what there is in place of one. */
static void say_bytes(struct vtr_text *t, struct vtr_heap *heap, const uint8_t *at)
{
    size_t off = (size_t)(at - heap->views.read), in = off % VTR_PAGEBLOCK_BYTES;
    unsigned i = (unsigned)(off / VTR_PAGEBLOCK_BYTES);
    const struct vtr_record *rec = vtr_record_at(heap, i, &in);
    if (rec == NULL) {
        vtr_text_add(t, "heap '");
        vtr_text_add(t, heap->name);
        vtr_text_add(t, "', no block there yet, pageblock ");
        vtr_text_number(t, i);
    } else {
        vtr_text_block(t, rec);
        vtr_text_add(t, ", generation ");
        vtr_text_number(t, rec->gen);
        if (__atomic_load_n(&vtr_holders_of(rec)->word, __ATOMIC_RELAXED) == 0) /* O: as it is */
            vtr_text_add(t, " (it is free)");
        vtr_text_add(t, ", ");
        vtr_text_owner(t, vtr_pageblock_of(rec));
        vtr_text_places(t, rec);
    }
    vtr_text_add(t, ", at offset ");
    vtr_text_number(t, in);
}

static void say_child(struct vtr_text *t, const struct vtr_heap *heap)
{
    vtr_text_add(t, "vitrine: heap '");
    vtr_text_add(t, heap->name);
    vtr_text_add(t, "' of pid ");
    vtr_text_number(t, (uint64_t)heap->pid);
    vtr_text_add(t, " is not there in its forked child ");
    vtr_text_number(t, (uint64_t)getpid());
    vtr_text_add(t, "\n  try: let the child open a heap of its own\n");
}

static void report(int sig, const siginfo_t *info, const void *context)
{
    struct vtr_text t = { .len = 0 };
    const uint8_t *at = (const uint8_t *)info->si_addr;
    struct vtr_heap *heap = info->si_code > 0 ? vtr_heaps_of_byte(at) : NULL;
    if (heap == NULL)
        return;
    if (heap->pid != getpid()) {
        say_child(&t, heap);
    } else {
        unsigned segments = __atomic_load_n(&heap->segments_n, __ATOMIC_ACQUIRE); /* A2 */
        if ((size_t)(at - heap->views.read) >= segments * VTR_SEGMENT_BYTES ||
            (sig == SIGSEGV && !is_store(context)))
            return;
        vtr_text_add(&t, sig == SIGSEGV ? "vitrine: write to immutable bytes: "
                                        : "vitrine: memory is gone (SIGBUS): ");
        say_bytes(&t, heap, at);
        say_instruction(&t, instruction(context));
    }
    vtr_text_write(&t);
}

static void on_fault(int sig, siginfo_t *info, void *context);

/* What would have happened without us. */
static void chain(int sig, siginfo_t *info, void *context)
{
    const struct sigaction *old = &before[sig == SIGSEGV ? 0 : 1];
    if ((old->sa_flags & SA_SIGINFO) != 0) {
        old->sa_sigaction(sig, info, context);
    } else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
        old->sa_handler(sig);
    } else if (old->sa_handler == SIG_DFL || info->si_code > 0) {
        /* The instruction faults again, and the process dies of it. The system does not let it
         * ignore a fault either. A signal that somebody sent has to be sent again. */
        struct sigaction none = { .sa_handler = SIG_DFL };
        sigaction(sig, &none, NULL);
        if (info->si_code <= 0)
            raise(sig);
    }
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    int error = errno;
    if (__atomic_load_n(&reporting, __ATOMIC_RELAXED)) /* O: a switch */
        report(sig, info, context);
    chain(sig, info, context);
    errno = error;
}

static int install(unsigned i)
{
    struct sigaction ours = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    if (installed[i]) /* but another may be on top of it */
        return 0;
    if (sigaction(signals[i], NULL, &before[i]) != 0 || sigaction(signals[i], &ours, NULL) != 0)
        return -errno;
    installed[i] = true;
    return 0;
}

static void uninstall(unsigned i)
{
    struct sigaction now;
    if (installed[i] && sigaction(signals[i], NULL, &now) == 0 &&
        (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fault)
        installed[i] = sigaction(signals[i], &before[i], NULL) != 0;
}

int vtr_fault_report_enable(void)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; rc == 0 && i < SIGNALS; i++)
        rc = install(i);
    __atomic_store_n(&reporting, rc == 0, __ATOMIC_RELAXED); /* O: a switch */
    pthread_mutex_unlock(&lock);
    return rc;
}

void vtr_fault_report_disable(void)
{
    pthread_mutex_lock(&lock);
    __atomic_store_n(&reporting, false, __ATOMIC_RELAXED); /* O: a switch */
    for (unsigned i = 0; i < SIGNALS; i++)
        uninstall(i);
    pthread_mutex_unlock(&lock);
}
