/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Does each hot call once, instruction by instruction, and prints where each instruction was:
 *
 *   ref
 *   40173c
 *   ...
 *
 * The calls are done by a child whose parent steps it. A call lies between two breakpoints, and has
 * been done a few times before, so that what is seen is its usual way. What the functions here
 * (do_*, once, work) execute themselves is to be left out by who reads the output.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

enum { BLOCK = 2048, BULK = 32, WARM = 200, SKIP = 77 };

/* What the calls work on. */
static struct vtr_heap *heap, *heap_st;
static struct vtr_data whole, whole_st, straddle, part, scrap;
static struct vtr_buf buf, bufs[BULK];
static struct vtr_data refs[BULK];
static struct vtr_span span, rest;
static struct vtr_cursor cursor;
static struct vtr_ipv4 scratch;
static uint8_t bytes[BLOCK];
static size_t run;
static uint16_t number;
static const void *seen;
static bool ok;

static void nothing(void) {}
static void take_ref(void) { scrap = vtr_data_ref(whole); }
static void take_ref_st(void) { scrap = vtr_data_ref(whole_st); }
static void drop(void) { vtr_data_unref(&scrap); }
static void take_cursor(void) { cursor = vtr_cursor_of(whole); }
static void take_cursor_list(void) { cursor = vtr_cursor_of(straddle); }
static void fini(void) { vtr_buf_fini(&buf); }
static void init(void) { ok = vtr_buf_init(heap, 0, BLOCK, &buf) == 0; }

static void written(void)
{
    init();
    vtr_buf_commit(&buf, BLOCK);
}

static void sealed(void)
{
    written();
    scrap = vtr_buf_seal(&buf);
}

static void fini_all(void)
{
    for (unsigned i = 0; i < BULK; i++)
        vtr_buf_fini(&bufs[i]);
}

static void take_refs(void)
{
    for (unsigned i = 0; i < BULK; i++)
        refs[i] = vtr_data_ref(whole);
}

static void joined(void) { ok = vtr_data_concat(whole, part, &scrap) == 0; }
static void prepended(void) { ok = vtr_data_prepend(heap, bytes, 42, part, &scrap) == 0; }

static void do_ref(void) { scrap = code_ref(whole); }
static void do_ref_st(void) { scrap = code_ref(whole_st); }
static void do_worse_locked(void) { scrap = code_worse_locked(whole); }
static void do_worse_call(void) { scrap = code_worse_call(whole); }
static void do_unref(void) { code_unref(&scrap); }
static void do_slice(void) { ok = code_slice(whole, 64, 1400, &scrap); }
static void do_at(void) { seen = code_at(whole, 64, &run); }
static void do_span(void) { span = code_span(whole); }
static void do_view(void) { seen = code_view(whole, 14, &scratch); }
static void do_view_straddle(void) { seen = code_view(straddle, BLOCK - 10, &scratch); }
static void do_span_u16be(void) { ok = code_span_u16be(vtr_span_of(bytes, 64), 12, &number); }
static void do_udp_take(void) { seen = code_udp_take(vtr_span_of(bytes, 64), &rest); }
static void do_cursor_next(void) { ok = code_cursor_next(&cursor, &span); }
static void do_reserve(void) { seen = code_reserve(&buf, 64); }
static void do_commit(void) { code_commit(&buf, 64); }
static void do_buf_init(void) { ok = code_buf_init(heap, BLOCK, &buf) == 0; }
static void do_buf_init_bulk(void) { ok = code_buf_init_bulk(heap, BLOCK, bufs, BULK) == BULK; }
static void do_buf_fini(void) { code_buf_fini(&buf); }
static void do_buf_seal(void) { scrap = code_buf_seal(&buf); }
static void do_buf_split(void) { ok = code_buf_split(&buf, 64, &scrap); }
static void do_try_own(void) { ok = code_try_own(&scrap, &buf); }
static void do_unref_bulk(void) { code_unref_bulk(refs, BULK); }
static void do_concat(void) { ok = code_concat(whole, part, &scrap) == 0; }
static void do_prepend(void) { ok = code_prepend(heap, bytes, 42, part, &scrap) == 0; }

static void split_end(void)
{
    drop();
    fini();
}

static const struct {
    const char *name;
    void (*before)(void), (*call)(void), (*after)(void);
} calls[] = {
    { "ref", nothing, do_ref, drop },
    { "ref_single_thread", nothing, do_ref_st, drop },
    { "unref", take_ref, do_unref, nothing },
    { "unref_single_thread", take_ref_st, do_unref, nothing },
    { "unref_last", sealed, do_unref, nothing },
    { "unref_bulk_32", take_refs, do_unref_bulk, nothing },
    { "slice", nothing, do_slice, drop },
    { "at", nothing, do_at, nothing },
    { "span", nothing, do_span, nothing },
    { "view", nothing, do_view, nothing },
    { "view_straddle", nothing, do_view_straddle, nothing },
    { "span_u16be", nothing, do_span_u16be, nothing },
    { "udp_take", nothing, do_udp_take, nothing },
    { "cursor_next", take_cursor, do_cursor_next, nothing },
    { "cursor_next_list", take_cursor_list, do_cursor_next, nothing },
    { "buf_init", nothing, do_buf_init, fini },
    { "buf_init_bulk_32", nothing, do_buf_init_bulk, fini_all },
    { "buf_fini", init, do_buf_fini, nothing },
    { "buf_reserve", init, do_reserve, fini },
    { "buf_commit", init, do_commit, fini },
    { "buf_seal", written, do_buf_seal, drop },
    { "buf_split", written, do_buf_split, split_end },
    { "try_own", sealed, do_try_own, fini },
    { "concat", nothing, do_concat, drop },
    { "concat_unref", joined, do_unref, nothing },
    { "prepend", nothing, do_prepend, drop },
    { "prepend_unref", prepended, do_unref, nothing },
    { "worse_locked", nothing, do_worse_locked, drop },
    { "worse_call", nothing, do_worse_call, drop },
};
enum { CALLS = sizeof calls / sizeof calls[0] };

__attribute__((noinline)) static void once(unsigned i, bool stop)
{
    void (*call)(void) = calls[i].call;
    ok = true;
    seen = bytes;
    calls[i].before();
    if (stop)
        __asm__ volatile("int3");
    call();
    if (stop)
        __asm__ volatile("int3");
    vtr_check(ok && seen != NULL);
    calls[i].after();
}

static void open_heaps(void)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 64 << 20 };
    int rc = vtr_heap_open(&opts, &heap, NULL);
    opts.flags = VTR_HEAP_SINGLE_THREAD;
    rc |= vtr_heap_open(&opts, &heap_st, NULL);
    memset(bytes, 0, sizeof bytes);
    bytes[5] = 64; /* a UDP length */
    rc |= vtr_data_copy(heap, bytes, BLOCK, &whole);
    rc |= vtr_data_copy(heap, bytes, BLOCK, &part);
    rc |= vtr_data_copy(heap_st, bytes, BLOCK, &whole_st);
    rc |= vtr_data_concat(whole, part, &straddle);
    vtr_check(rc == 0);
}

/* The child. */
static int work(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        return SKIP;
    raise(SIGSTOP);
    open_heaps();
    for (unsigned i = 0; i < CALLS; i++) {
        for (unsigned j = 0; j < WARM; j++)
            once(i, false);
        once(i, true);
    }
    vtr_data_unref(&whole);
    vtr_data_unref(&whole_st);
    vtr_data_unref(&part);
    vtr_data_unref(&straddle);
    return vtr_heap_close(heap, NULL) != 0 || vtr_heap_close(heap_st, NULL) != 0;
}

/* @return whether it stopped, by a breakpoint or a step, and not for good. */
static bool go(pid_t pid, int request, int *status)
{
    return ptrace(request, pid, NULL, NULL) == 0 && waitpid(pid, status, 0) == pid &&
           WIFSTOPPED(*status) && WSTOPSIG(*status) == SIGTRAP;
}

static unsigned long long where(pid_t pid)
{
    struct user_regs_struct regs;
    return ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0 ? regs.rip : 0;
}

/* From the breakpoint that was met up to the next one. */
static bool step(pid_t pid, int *status)
{
    for (;;) {
        unsigned long long at = where(pid);
        errno = 0;
        if ((ptrace(PTRACE_PEEKTEXT, pid, (void *)at, NULL) & 0xff) == 0xcc && errno == 0)
            return go(pid, PTRACE_CONT, status); /* over it: stops right behind */
        printf("%llx\n", at);
        if (!go(pid, PTRACE_SINGLESTEP, status))
            return false;
    }
}

static int watch(pid_t pid)
{
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
        printf("skipped: no process may be traced here\n");
        return SKIP;
    }
    for (unsigned i = 0; i < CALLS; i++) {
        if (!go(pid, PTRACE_CONT, &status))
            break;
        printf("%s\n", calls[i].name);
        if (!step(pid, &status))
            break;
    }
    if (WIFSTOPPED(status)) {
        ptrace(PTRACE_CONT, pid, NULL, NULL);
        waitpid(pid, &status, 0);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(work());
    return pid > 0 ? watch(pid) : 1;
}
