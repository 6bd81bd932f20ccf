/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: what takes processes of their own. The test's process never starts DPDK; its children do.
 */
#include "memifs.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

/* In a child: cmocka's asserts would unwind into the parent's tests. */
#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __LINE__))

static void must_failed(const char *cond, int line)
{
    fprintf(stderr, "test_peers.c:%d: %s\n", line, cond);
    _exit(1);
}

static char their_server[128], their_client[128]; /* DPDK's net_memif */

/* What the next children open. */
static const char *server_is = server_spec, *client_is = client_spec;

static int begin(void **state)
{
    if (make_dir(state) != 0 || chmod(dir, 0777) != 0)
        return -1;
    snprintf(their_server, sizeof their_server,
             "net_memif0,role=server,socket-abstract=no,socket=%s", memif_path);
    snprintf(their_client, sizeof their_client,
             "net_memif0,role=client,socket-abstract=no,socket=%s", memif_path);
    return 0;
}

struct child {
    pid_t pid;
    int to, from; /* pipes of single bytes, to be in step */
};

static struct child start(void (*body)(int in, int out))
{
    int to[2], from[2];
    struct child c;
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    c.pid = fork();
    assert_true(c.pid >= 0);
    if (c.pid == 0) {
        close(to[1]);
        close(from[0]);
        body(to[0], from[1]);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    c.to = to[1];
    c.from = from[0];
    return c;
}

static bool hear(int fd)
{
    char c;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 1000 * TEST_PATIENCE_S) == 1 && read(fd, &c, 1) == 1;
}

static bool tell(int fd) { return write(fd, "", 1) == 1; }

static int finish(struct child *c)
{
    int status = -1;
    close(c->to);
    waitpid(c->pid, &status, 0);
    close(c->from);
    return status;
}

static struct vtr_port *must_open(struct vtr_heap *heap, const char *spec)
{
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    if (vtr_port_open(heap, spec, NULL, &port, &err) != 0)
        must_failed(err.what, __LINE__);
    return port;
}

static struct vtr_heap *must_heap(void)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 64 << 20 };
    struct vtr_heap *heap = NULL;
    must(vtr_heap_open(&opts, &heap, NULL) == 0);
    return heap;
}

static void must_end(struct vtr_heap *heap)
{
    must(test_live(heap) == 0);
    must(vtr_heap_close(heap, NULL) == 0);
}

enum { PACKETS = 20000 };

/* Sends back what comes. */
static void echo(struct vtr_port *port, unsigned packets)
{
    struct vtr_pkt pkts[32];
    for (unsigned n, done = 0; done < packets; done += n) {
        n = vtr_port_rx(port, 0, pkts, 32);
        for (unsigned sent = 0; sent < n;)
            sent += vtr_port_tx(port, 0, pkts + sent, n - sent);
        if (n == 0)
            sched_yield();
    }
}

static void be_server(int in, int out)
{
    struct vtr_heap *heap = must_heap();
    struct vtr_port *port = must_open(heap, server_is);
    must(tell(out));
    echo(port, PACKETS);
    must(hear(in)); /* the client has what is its own */
    must(vtr_port_close(port) == 0);
    must_end(heap);
}

static void be_client(int in, int out)
{
    struct vtr_heap *heap = must_heap();
    struct vtr_port *port = must_open(heap, client_is);
    struct vtr_pkt pkt[16];
    must(test_link_is(port, true));
    for (uint32_t i = 0; i < PACKETS; i += 16) {
        for (uint32_t j = 0; j < 16; j++)
            pkt[j] = test_pkt(heap, 14 + (i + j) % 1500, i + j);
        test_send(port, 0, pkt, 16);
        must(test_receive(port, 0, pkt, 16) == 16);
        for (uint32_t j = 0; j < 16; j++)
            must(test_pkt_is(pkt[j], 14 + (i + j) % 1500, i + j));
        test_unref(pkt, 16);
    }
    must(tell(out));
    must(hear(in)); /* the server has closed */
    must(test_link_is(port, false));
    pkt[0] = test_pkt(heap, 100, 0);
    must(vtr_port_tx(port, 0, pkt, 1) == 0); /* nobody is there; nothing is lost */
    test_unref(pkt, 1);
    must(vtr_port_close(port) == 0);
    must_end(heap);
}

static void exchange(const char *a_server, const char *a_client)
{
    server_is = a_server;
    client_is = a_client;
    struct child server = start(be_server);
    assert_true(hear(server.from));
    struct child client = start(be_client);
    assert_true(hear(client.from));
    assert_true(tell(server.to));
    assert_int_equal(finish(&server), 0);
    assert_true(tell(client.to));
    assert_int_equal(finish(&client), 0);
}

static void two_processes_exchange_frames(void **state) { exchange(server_spec, client_spec); }

static void dpdks_memif_can_be_the_client(void **state) { exchange(server_spec, their_client); }

static void dpdks_memif_can_be_the_server(void **state) { exchange(their_server, client_spec); }

static void be_killed_serving(int in, int out)
{
    must_open(must_heap(), server_spec);
    must(tell(out));
    pause();
}

static void be_successor(int in, int out)
{
    struct vtr_heap *heap = must_heap();
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    must(vtr_port_open(heap, server_spec, NULL, &port, &err) == -EBUSY);
    must(strstr(err.what, "another process serves") != NULL);
    must(tell(out));
    must(hear(in)); /* the other is dead, its socket is not */
    port = must_open(heap, server_spec);
    must(vtr_port_close(port) == 0);
    must_end(heap);
}

static void a_killed_servers_socket_is_taken_over_and_a_living_ones_not(void **state)
{
    struct child first = start(be_killed_serving);
    assert_true(hear(first.from));
    struct child second = start(be_successor);
    assert_true(hear(second.from));
    kill(first.pid, SIGKILL);
    assert_int_equal(WTERMSIG(finish(&first)), SIGKILL);
    assert_true(tell(second.to));
    assert_int_equal(finish(&second), 0);
}

static unsigned entries(const char *path)
{
    unsigned n = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    if (d != NULL)
        closedir(d);
    return n;
}

/* Where this user's DPDK keeps files, if it keeps any. */
static void to_own_runtime_dir(char *run, size_t size)
{
    snprintf(run, size, "%s/run", dir);
    must(mkdir(run, 0700) == 0);
    must(setenv("XDG_RUNTIME_DIR", run, 1) == 0);
}

static void be_nobody(int in, int out)
{
    char run[64];
    must(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
    to_own_runtime_dir(run, sizeof run);
    struct vtr_heap *heap = must_heap();
    struct vtr_port *null = must_open(heap, "null:0"), *ring[2], *server, *client;
    ring[0] = must_open(heap, "ring:x");
    ring[1] = must_open(heap, "ring:x");
    server = must_open(heap, server_spec);
    client = must_open(heap, client_spec);
    must(test_link_is(client, true) && test_link_is(server, true));
    struct vtr_pkt pkt;
    must(vtr_port_rx(null, 0, &pkt, 1) == 1);
    must(vtr_port_tx(ring[0], 0, &pkt, 1) == 1);
    must(vtr_port_rx(ring[1], 0, &pkt, 1) == 1);
    must(vtr_port_tx(client, 0, &pkt, 1) == 1);
    must(test_receive(server, 0, &pkt, 1) == 1);
    must(vtr_port_tx(null, 0, &pkt, 1) == 1);
    struct vtr_error err = { 0 };
    struct vtr_port *tap = NULL;
    must(vtr_port_open(heap, "net_tap0,iface=vtr0", NULL, &tap, &err) != 0 && tap == NULL);
    must(strncmp(err.what, "port 'net_tap0,iface=vtr0': ", 28) == 0);
    must(strstr(err.what, "tun") != NULL || strstr(err.what, "TUNSETIFF") != NULL);
    must(strstr(err.hint, "CAP_NET_ADMIN") != NULL);
    vtr_port_close(null);
    vtr_port_close(ring[0]);
    vtr_port_close(ring[1]);
    vtr_port_close(client);
    vtr_port_close(server);
    must_end(heap);
    exit(0); /* as a program does: DPDK's socket goes */
}

static void no_privilege_is_needed_and_no_file_left(void **state)
{
    char run[64], dpdk[80];
    fflush(NULL); /* the child flushes too */
    struct child c = start(be_nobody);
    assert_int_equal(finish(&c), 0);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(dpdk, sizeof dpdk, "%s/dpdk", run);
    assert_int_equal(entries(dpdk), 0); /* nothing left but an empty directory */
    rmdir(dpdk);
    assert_int_equal(rmdir(run), 0);
}

static void be_polite(int in, int out)
{
    cpu_set_t before, after;
    char log[64], text[256];
    snprintf(log, sizeof log, "%s/log", dir);
    int fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int keep = dup(STDERR_FILENO), keep_out = dup(STDOUT_FILENO);
    unlink(log);
    dup2(fd, STDERR_FILENO);
    dup2(fd, STDOUT_FILENO);
    must(sched_getaffinity(0, sizeof before, &before) == 0);
    struct vtr_heap *heap = must_heap();
    struct vtr_port *port = must_open(heap, "null:0");
    struct vtr_error err = { 0 };
    struct vtr_port *none = NULL;
    must(vtr_port_open(heap, "net_foo0", NULL, &none, &err) == -ENODEV);
    must(vtr_port_close(port) == 0);
    must(sched_getaffinity(0, sizeof after, &after) == 0);
    must_end(heap);
    fflush(stdout);
    dup2(keep, STDERR_FILENO);
    dup2(keep_out, STDOUT_FILENO);
    must(pread(fd, text, sizeof text, 0) == 0);
    must(CPU_EQUAL(&before, &after));
}

static void dpdk_starts_without_a_word_and_moves_nobody(void **state)
{
    struct child c = start(be_polite);
    assert_int_equal(finish(&c), 0);
}

static void be_parent(int in, int out)
{
    struct vtr_heap *heap = must_heap();
    struct vtr_port *port = must_open(heap, "null:0");
    pid_t pid = fork();
    if (pid == 0) {
        struct vtr_error err = { 0 };
        struct vtr_port *mine = NULL;
        must(vtr_port_open(heap, "null:1", NULL, &mine, &err) == -ENODEV);
        must(strcmp(err.what, "this process was forked from one that had ports") == 0);
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    must(status == 0);
    must(vtr_port_close(port) == 0);
    must_end(heap);
}

static void *open_and_close(void *arg)
{
    struct vtr_heap *heap = arg;
    for (;;)
        must(vtr_port_close(must_open(heap, "null:2")) == 0);
    return NULL;
}

/* Whatever another thread was in the middle of. */
static void be_busy_parent(int in, int out)
{
    struct vtr_heap *heap = must_heap();
    pthread_t thread;
    must(vtr_port_close(must_open(heap, "null:0")) == 0);
    must(pthread_create(&thread, NULL, open_and_close, heap) == 0);
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct vtr_port *mine = NULL;
            alarm(TEST_PATIENCE_S);
            must(vtr_port_open(heap, "null:1", NULL, &mine, NULL) == -ENODEV);
            _exit(0);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        must(status == 0);
    }
}

static void a_child_is_refused_while_a_port_opens(void **state)
{
    struct child c = start(be_busy_parent);
    assert_int_equal(finish(&c), 0);
}

static void a_child_of_a_process_with_ports_is_refused(void **state)
{
    struct child c = start(be_parent);
    assert_int_equal(finish(&c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_exchange_frames),
        cmocka_unit_test(dpdks_memif_can_be_the_client),
        cmocka_unit_test(dpdks_memif_can_be_the_server),
        cmocka_unit_test(a_killed_servers_socket_is_taken_over_and_a_living_ones_not),
        cmocka_unit_test(no_privilege_is_needed_and_no_file_left),
        cmocka_unit_test(dpdk_starts_without_a_word_and_moves_nobody),
        cmocka_unit_test(a_child_of_a_process_with_ports_is_refused),
        cmocka_unit_test(a_child_is_refused_while_a_port_opens),
    };
    return cmocka_run_group_tests_name("peers", tests, begin, remove_dir);
}
