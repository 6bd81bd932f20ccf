/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: a store into immutable bytes is named, and then ends as it would have without us.
 */
#include "support.h"

#include <errno.h>
#include <sys/mman.h>

enum { SAID = 2048 };

/* As a program without a sanitizer begins. */
static void report_faults(void)
{
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    if (vtr_fault_report_enable() != 0)
        _exit(1);
}

/* AddressSanitizer would stop before the store at what is poisoned. */
__attribute__((noinline, no_sanitize_address)) static void store_to(const void *p)
{
    *(volatile uint8_t *)(uintptr_t)p = 0x5a;
}

static void store_through_a_span(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    uint8_t bytes[2000] = { 0 };
    struct vtr_data d = test_data(heap, bytes, sizeof bytes);
    d = test_data(heap, bytes, sizeof bytes); /* block 1 */
    fprintf(stderr, "generation %u pid %d\n", (unsigned)(d.what >> VTR_WHAT_GEN_SHIFT), getpid());
    report_faults();
    store_to(vtr_data_span(d).ptr + 123);
}

static void a_store_through_a_span_is_named(void **state)
{
    (void)state;
    char said[SAID], want[SAID];
    unsigned gen = 0, pid = 0;
    assert_int_equal(test_death(store_through_a_span, said, sizeof said), SIGSEGV);
    assert_int_equal(sscanf(said, "generation %u pid %u\n", &gen, &pid), 2);
    const char *report = strchr(said, '\n') + 1;
    snprintf(want, sizeof want,
             "vitrine: write to immutable bytes: heap 'test', block 1 of pageblock 0 (2112 B), "
             "generation %u, owner slot 0 pid %u", gen, pid);
    assert_memory_equal(report, want, strlen(want));
    assert_non_null(strstr(report, ", at offset 123, instruction at 0x"));
    assert_non_null(strstr(report, "\n  try: "));
#ifdef VTR_DEBUG
    assert_non_null(strstr(report, "; made at "));
#endif
}

/* What the hint says to run names the line of the store. */
static void the_hint_leads_to_the_instruction(void **state)
{
    (void)state;
    char said[SAID], command[SAID + 64], line[512] = "";
    assert_int_equal(test_death(store_through_a_span, said, sizeof said), SIGSEGV);
    char *hint = strstr(said, "addr2line "), *end = strstr(said, " says where");
    if (hint == NULL || end == NULL || system("command -v addr2line >/dev/null") != 0) {
        printf("skipped: no addr2line here, or no /proc\n");
        return;
    }
    snprintf(command, sizeof command, "%.*s", (int)(end - hint), hint);
    FILE *ran = popen(command, "r");
    assert_non_null(fgets(line, sizeof line, ran));
    pclose(ran);
    assert_string_equal(line, "store_to\n");
}

static void store_where_no_block_is(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    report_faults();
    store_to(vtr_data_span(d).ptr + (5 << 20));
}

static void store_far_into_a_large_block(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_buf b;
    if (vtr_buf_init(heap, 0, 9 << 20, &b) != 0)
        _exit(1);
    vtr_buf_commit(&b, 9 << 20);
    struct vtr_data d = vtr_buf_seal(&b);
    report_faults();
    store_to(vtr_data_span(d).ptr + (7 << 20) + 5);
}

static void store_where_no_block_was_cut(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    report_faults();
    store_to(vtr_data_span(d).ptr + (1 << 20));
}

static void store_into_a_free_block(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    const uint8_t *at = vtr_data_span(d).ptr;
    vtr_data_unref(&d);
    report_faults();
    store_to(at + 3);
}

static void every_byte_of_the_heap_has_a_name(void **state)
{
    (void)state;
    char said[SAID];
    assert_int_equal(test_death(store_where_no_block_is, said, sizeof said), SIGSEGV);
    assert_non_null(strstr(said, "no block there yet, pageblock 2, at offset "));
    assert_int_equal(test_death(store_where_no_block_was_cut, said, sizeof said), SIGSEGV);
    assert_non_null(strstr(said, "no block there yet, pageblock 0, at offset "));
    assert_int_equal(test_death(store_into_a_free_block, said, sizeof said), SIGSEGV);
    assert_non_null(strstr(said, " (it is free), owner slot 0 pid "));
    assert_non_null(strstr(said, ", at offset 3,"));
    assert_int_equal(test_death(store_far_into_a_large_block, said, sizeof said), SIGSEGV);
    assert_non_null(strstr(said, "block 0 of pageblock 0 (10485760 B)"));
    assert_non_null(strstr(said, "at offset 7340037,"));
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    (void)context;
    dprintf(STDERR_FILENO, "the program's: %d at %p", sig, info->si_addr);
    _exit(9);
}

static void on_signal(int sig)
{
    dprintf(STDERR_FILENO, "the program's: %d", sig);
    _exit(9);
}

static void store_below_a_handler(int flags)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    struct sigaction action = { .sa_flags = flags };
    if (flags & SA_SIGINFO)
        action.sa_sigaction = on_fault;
    else
        action.sa_handler = on_signal;
    sigaction(SIGSEGV, &action, NULL);
    if (vtr_fault_report_enable() != 0 || vtr_fault_report_enable() != 0)
        _exit(1);
    fprintf(stderr, "%p\n", (const void *)vtr_data_span(d).ptr);
    store_to(vtr_data_span(d).ptr);
}

static void store_below_a_plain_handler(void) { store_below_a_handler(0); }
static void store_below_a_full_handler(void) { store_below_a_handler(SA_SIGINFO); }

static unsigned times(const char *text, const char *what)
{
    unsigned n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static void the_programs_handler_is_called_after_one_report(void **state)
{
    (void)state;
    char said[SAID], want[128];
    assert_int_equal(test_death(store_below_a_plain_handler, said, sizeof said), 0);
    assert_int_equal(times(said, "write to immutable bytes"), 1);
    snprintf(want, sizeof want, "the program's: %d", SIGSEGV);
    assert_non_null(strstr(said, want));
    assert_int_equal(test_death(store_below_a_full_handler, said, sizeof said), 0);
    assert_int_equal(times(said, "write to immutable bytes"), 1);
    snprintf(want, sizeof want, "the program's: %d at %.*s", SIGSEGV,
             (int)strcspn(said, "\n"), said);
    assert_non_null(strstr(said, want));
}

static void store_into_a_wall(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    void *wall = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)heap;
    report_faults();
    store_to(wall);
}

static void store_behind_the_segments(void)
{
    struct vtr_heap *heap = test_heap(128 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    report_faults();
    store_to(vtr_data_span(d).ptr + (64 << 20));
}

static void send_the_signal(void)
{
    report_faults();
    raise(SIGSEGV);
}

static void store_after_disable(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    report_faults();
    vtr_fault_report_disable();
    store_to(vtr_data_span(d).ptr);
}

static void store_after_close(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    const uint8_t *p = vtr_data_span(d).ptr;
    vtr_data_unref(&d);
    report_faults();
    test_heap_end(heap);
    store_to(p);
}

static void faults_that_are_not_ours_end_as_ever(void **state)
{
    (void)state;
    static void (*const bodies[])(void) = { store_into_a_wall, store_behind_the_segments,
                                            send_the_signal, store_after_disable,
                                            store_after_close };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char said[SAID];
        assert_int_equal(test_death(bodies[i], said, sizeof said), SIGSEGV);
        assert_string_equal(said, "");
    }
}

static void disabling_puts_the_former_handler_back(void **state)
{
    (void)state;
    struct sigaction mine = { .sa_handler = on_signal }, first, now;
    sigaction(SIGSEGV, &mine, &first);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(vtr_fault_report_enable(), 0);
        sigaction(SIGSEGV, NULL, &now);
        assert_true((now.sa_flags & SA_SIGINFO) != 0 && (now.sa_flags & SA_ONSTACK) != 0);
        vtr_fault_report_disable();
        vtr_fault_report_disable();
        sigaction(SIGSEGV, NULL, &now);
        assert_ptr_equal(now.sa_handler, on_signal);
    }
    sigaction(SIGSEGV, &first, NULL);
}

static void read_in_a_forked_child(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    const volatile uint8_t *p = vtr_data_span(d).ptr;
    int status = 0;
    report_faults();
    pid_t child = fork();
    if (child == 0)
        _exit(*p);
    waitpid(child, &status, 0);
    vtr_data_unref(&d);
    test_heap_end(heap);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
        _exit(1);
}

static void a_forked_child_is_told_that_it_has_no_heap(void **state)
{
    (void)state;
    char said[SAID];
    assert_int_equal(test_death(read_in_a_forked_child, said, sizeof said), 0);
    assert_non_null(strstr(said, "is not there in its forked child"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_through_a_span_is_named),
        cmocka_unit_test(the_hint_leads_to_the_instruction),
        cmocka_unit_test(every_byte_of_the_heap_has_a_name),
        cmocka_unit_test(the_programs_handler_is_called_after_one_report),
        cmocka_unit_test(faults_that_are_not_ours_end_as_ever),
        cmocka_unit_test(disabling_puts_the_former_handler_back),
        cmocka_unit_test(a_forked_child_is_told_that_it_has_no_heap),
    };
    if (test_single_view()) {
        printf("skipped: in single-view mode the one view is writable\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
