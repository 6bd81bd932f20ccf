/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: a memif whose other end keeps to the letter and takes more than is its: descriptors, time,
 * memory. And a server that has run out of descriptors.
 */
#include "ports.h"
#include "puppet.h"

#include <dirent.h>
#include <poll.h>

static struct vtr_heap *heap;
static struct vtr_port *port;
static char dir[] = "/tmp/vitrine-XXXXXX", path[64], server_spec[96];

static int begin(void **state)
{
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/m.sock", dir);
    snprintf(server_spec, sizeof server_spec, "memif:%s", path);
    return 0;
}

static int end(void **state) { return rmdir(dir); }

static int make_server(void **state)
{
    struct vtr_port_opts opts = test_opts();
    opts.frame_bytes = 9000;
    heap = test_heap(64 << 20);
    port = test_port(heap, server_spec, &opts);
    return 0;
}

static int end_port(void **state)
{
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
    return 0;
}

static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

static bool hung_up(int sock)
{
    struct pollfd f = { .fd = sock, .events = POLLRDHUP };
    return poll(&f, 1, 1000 * TEST_PATIENCE_S) == 1;
}

/* A message with two descriptors, where the protocol has one at most. */
static void put_two(int sock, uint16_t type, const int fds[2])
{
    char bytes[128] = { 0 }, control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8)));
    struct iovec iov = { bytes, sizeof bytes };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
                        .msg_controllen = sizeof control };
    memcpy(bytes, &type, 2);
    memset(control, 0, sizeof control);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
    assert_int_equal(sendmsg(sock, &m, MSG_NOSIGNAL), sizeof bytes);
}

static void descriptors_that_nobody_asked_for_are_closed(void **state)
{
    unsigned before = descriptors();
    for (int i = 0; i < 100; i++) {
        struct puppet p = { .sock = 0 };
        const int fds[2] = { STDIN_FILENO, STDOUT_FILENO };
        assert_true(puppet_knock(&p, path));
        put_two(p.sock, i % 2 ? PUPPET_RING : PUPPET_DISCONNECT, fds);
        assert_true(hung_up(p.sock));
        puppet_end(&p);
    }
    assert_int_equal(descriptors(), before);
}

int main(void)
{
#define GREEDY_TEST(test) cmocka_unit_test_setup_teardown(test, make_server, end_port)
    const struct CMUnitTest tests[] = {
        GREEDY_TEST(descriptors_that_nobody_asked_for_are_closed),
    };
    return cmocka_run_group_tests_name("greedy", tests, begin, end);
}
