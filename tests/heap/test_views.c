/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: immutability is enforced by the mapping, not only by the type. A store through every kind
 * of read pointer faults where it was made.
 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>

static sigjmp_buf caught;
static void *volatile fault_address;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    fault_address = info->si_addr;
    siglongjmp(caught, 1);
}

/* @return whether a store to @p p faults, at @p p. */
static bool store_faults(const void *p)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, before;
    bool faulted = true;
    sigaction(SIGSEGV, &action, &before);
    fault_address = NULL;
    if (sigsetjmp(caught, 1) == 0) {
        *(volatile uint8_t *)(uintptr_t)p = 0x5a;
        faulted = false;
    }
    sigaction(SIGSEGV, &before, NULL);
    return faulted && fault_address == p;
}

static void a_store_through_any_read_pointer_faults(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data a = test_data(heap, "0123456789", 10), b = test_data(heap, "abcdef", 6), list;
    struct vtr_be32 scratch;
    size_t run = 0;
    assert_int_equal(vtr_data_concat(a, b, &list), 0);
    assert_true(store_faults(vtr_data_at(a, 3, &run)));
    assert_true(store_faults(vtr_data_at(list, 12, &run)));
    assert_true(store_faults(vtr_data_span(b).ptr));
    assert_true(store_faults(vtr_data_view(a, 2, struct vtr_be32, &scratch)));
    struct vtr_cursor c = vtr_cursor_of(list);
    struct vtr_span s;
    while (vtr_cursor_next(&c, &s))
        assert_true(store_faults(s.ptr));
    struct iovec iov[2];
    assert_int_equal(vtr_data_to_iovec(list, iov, 2), 2);
    assert_true(store_faults(iov[1].iov_base));
    assert_data(list, "0123456789abcdef", 16);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    vtr_data_unref(&list);
    test_heap_end(heap);
}

static void data_split_off_an_open_block_is_read_only_too(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_buf b;
    struct vtr_data head;
    assert_int_equal(vtr_buf_init(heap, 0, 100, &b), 0);
    assert_true(vtr_buf_append(&b, "headtail", 8));
    assert_true(vtr_buf_split(&b, 4, &head));
    assert_true(store_faults(vtr_data_span(head).ptr));
    vtr_buf_bytes(&b)[0] = 'T'; /* the rest is open still */
    struct vtr_data tail = vtr_buf_seal(&b);
    assert_data(head, "head", 4);
    assert_data(tail, "Tail", 4);
    vtr_data_unref(&head);
    vtr_data_unref(&tail);
    test_heap_end(heap);
}

static void a_read_view_cannot_be_made_writable(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    uintptr_t page = (uintptr_t)vtr_data_span(d).ptr & ~(uintptr_t)4095;
    assert_int_equal(mprotect((void *)page, 4096, PROT_READ | PROT_WRITE), -1);
    assert_int_equal(errno, EACCES);
    vtr_data_unref(&d);
    test_heap_end(heap);
}

/* What a peer that is handed the descriptor of a segment could do. */
static void segments_are_sealed_against_further_writers(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    DIR *fds = opendir("/proc/self/fd");
    unsigned segments = 0;
    for (struct dirent *e; (e = readdir(fds)) != NULL;) {
        char name[64] = "";
        if (readlinkat(dirfd(fds), e->d_name, name, sizeof name - 1) < 0 ||
            strstr(name, "vitrine-blocks") == NULL)
            continue;
        int fd = atoi(e->d_name), seals = fcntl(fd, F_GET_SEALS);
        segments++;
        assert_int_equal(seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
                         F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
        assert_int_equal(pwrite(fd, "x", 1, 0), -1);
        assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
        assert_int_equal(ftruncate(fd, 0), -1);
        void *peer = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(peer, MAP_FAILED);
        munmap(peer, 4096);
    }
    closedir(fds);
    assert_int_equal(segments, 1);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_through_any_read_pointer_faults),
        cmocka_unit_test(data_split_off_an_open_block_is_read_only_too),
        cmocka_unit_test(a_read_view_cannot_be_made_writable),
        cmocka_unit_test(segments_are_sealed_against_further_writers),
    };
    if (test_single_view()) {
        printf("skipped: in single-view mode the one view is writable\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
