/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Threads as fibers, each with a stack and the subject's thread-locals. One runs from a scheduling
 * point, just before an operation on a shared place, to the next one.
 */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"

#ifndef __x86_64__
#error "fiber_switch is written for x86-64"
#endif

enum { STACK_BYTES = 64 << 10, CLEARED_BYTES = 4 << 10 };

struct run run;
const struct explore_scenario *scenario;
unsigned self = MAIN;
bool exploring;

static uint8_t *stacks;
static void *engine_sp;
static uint8_t *tls; /* the subject's thread-locals of the one real thread */
static size_t tls_bytes;

/* Saves the callee-saved registers and the stack pointer to *from, and goes on at to. */
void fiber_switch(void **from, void *to);
__asm__(".text\n"
        ".type fiber_switch, @function\n"
        "fiber_switch:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n"
        ".size fiber_switch, . - fiber_switch\n");

static uint8_t *stack_top(unsigned thread)
{
    return stacks + (thread + 1) * (size_t)STACK_BYTES;
}

/* Whether threads of the program could share it. */
bool fiber_is_shared(uintptr_t address)
{
    return address - (uintptr_t)tls >= tls_bytes && memory_is_shared(address);
}

/* The subject is the one object whose writable data and thread-locals hold its scenarios. */
static int find_subject(struct dl_phdr_info *info, size_t size, void *subject)
{
    (void)size;
    bool its = false;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        its |= p->p_type == PT_LOAD &&
               (uintptr_t)subject - info->dlpi_addr - p->p_vaddr < p->p_memsz;
    }
    for (unsigned i = 0; its && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_W) != 0)
            memory_add((void *)(info->dlpi_addr + p->p_vaddr), p->p_memsz);
        if (p->p_type == PT_TLS) {
            tls = info->dlpi_tls_data;
            tls_bytes = p->p_memsz;
        }
    }
    return its;
}

void fibers_init(const void *subject)
{
    stacks = mmap(NULL, (size_t)THREADS * STACK_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    dl_iterate_phdr(find_subject, (void *)(uintptr_t)subject);
    if (stacks == MAP_FAILED || tls == NULL || tls_bytes > TLS_MAX)
        abort();
}

/* Takes the thread-locals of one thread out and puts those of another in. */
static void become(unsigned thread)
{
    memcpy(run.tls[self], tls, tls_bytes);
    self = thread;
    memcpy(tls, run.tls[self], tls_bytes);
}

void fiber_call(unsigned thread, void (*call)(void))
{
    unsigned was = self;
    become(thread);
    call();
    become(was);
}

/* As POSIX has it: the handlers may set values again, and are called once more then. */
void fiber_exit(void)
{
    for (bool some = true; some;) {
        some = false;
        for (unsigned k = 0; k < run.keys; k++) {
            void *value = (void *)(uintptr_t)run.specific[self][k];
            run.specific[self][k] = NULL;
            some |= value != NULL;
            if (value != NULL && run.key_end[k] != NULL)
                run.key_end[k](value);
        }
    }
}

void explore_thread_exit(void)
{
    fiber_exit();
}

void fiber_suspend(enum wait wait, uintptr_t address)
{
    struct fiber *f = &run.fiber[self];
    f->wait = (uint8_t)wait;
    f->address = address;
    fiber_switch(&f->sp, engine_sp);
}

static void fiber_main(void)
{
    scenario->thread[self]();
    if (scenario->flags & EXPLORE_EXIT)
        fiber_exit();
    calls_flush(self);
    fiber_suspend(ENDED, 0);
    abort();
}

void fibers_reset(void)
{
    for (unsigned t = 0; t < THREADS; t++) {
        void **sp = (void **)(void *)stack_top(t) - 2; /* aligned as after a call */
        memset(stack_top(t) - STACK_BYTES, 0, STACK_BYTES);
        *sp = (void *)fiber_main;
        run.fiber[t].sp = sp - 6; /* the callee-saved registers */
        run.fiber[t].wait = scenario->thread[t] != NULL ? GO : ENDED;
        run.fiber[t].fresh = true;
    }
}

void fibers_home(void)
{
    exploring = false;
    self = MAIN;
    memcpy(tls, run.tls[MAIN], tls_bytes);
}

bool fiber_can_run(unsigned thread)
{
    const struct fiber *f = &run.fiber[thread];
    switch (f->wait) {
    case GO:
        return true;
    case LOCKED:
        return *(const int *)f->address == 0;
    case YIELDED:
        return f->fresh;
    case WAITING:
        return run.fiber[f->address].wait >= ENDED;
    default:
        return false;
    }
}

void fiber_run(unsigned thread)
{
    struct fiber *f = &run.fiber[thread];
    become(thread);
    exploring = true;
    fiber_switch(&engine_sp, f->sp);
    exploring = false;
    become(MAIN);
    /* What returned calls left there is no part of the state. */
    memset((uint8_t *)f->sp - CLEARED_BYTES, 0, CLEARED_BYTES);
}

void fiber_kill(unsigned thread)
{
    calls_flush(thread);
    run.fiber[thread].wait = KILLED;
}

bool fibers_ended(void)
{
    for (unsigned t = 0; t < THREADS; t++)
        if (run.fiber[t].wait < ENDED)
            return false;
    return true;
}

size_t fibers_save(uint8_t *to)
{
    uint8_t *at = to;
    memcpy(at, &run, sizeof run);
    at += sizeof run;
    for (unsigned t = 0; t < THREADS; t++) {
        size_t live = (size_t)(stack_top(t) - (uint8_t *)run.fiber[t].sp);
        if (run.fiber[t].wait >= ENDED)
            continue;
        memcpy(at, run.fiber[t].sp, live);
        at += live;
    }
    return (size_t)(at - to);
}

size_t fibers_load(const uint8_t *from)
{
    const uint8_t *at = from;
    memcpy(&run, at, sizeof run);
    at += sizeof run;
    for (unsigned t = 0; t < THREADS; t++) {
        size_t live = (size_t)(stack_top(t) - (uint8_t *)run.fiber[t].sp);
        if (run.fiber[t].wait >= ENDED)
            continue;
        memcpy(run.fiber[t].sp, at, live);
        memset((uint8_t *)run.fiber[t].sp - CLEARED_BYTES, 0, CLEARED_BYTES);
        at += live;
    }
    return (size_t)(at - from);
}
