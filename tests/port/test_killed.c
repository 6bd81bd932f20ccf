/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: a memif whose other end is killed, over and over, while frames go both ways. The survivor
 * is a process of the library with a thread a direction; the victims are puppets.
 * VTR_TEST_KILLS=N kills N times a test instead of 60.
 */
#include "memifs.h"
#include "puppet.h"

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>

#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __LINE__))

static void must_failed(const char *cond, int line)
{
    fprintf(stderr, "test_killed.c:%d: %s\n", line, cond);
    _exit(1);
}

static unsigned seed;

static int begin(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    return make_dir(state);
}

static int end(void **state)
{
    unlink(memif_path); /* as the last puppet was killed */
    return remove_dir(state);
}

static unsigned kills(void)
{
    const char *wanted = getenv("VTR_TEST_KILLS");
    return wanted != NULL ? (unsigned)atoi(wanted) : 60;
}

struct survivor {
    struct vtr_heap *heap;
    struct vtr_port *port;
    uint32_t stop;         /* atomic */
    uint64_t got, sent;
    unsigned ups, downs;
};

static bool stopped(const struct survivor *s)
{
    return __atomic_load_n(&s->stop, __ATOMIC_RELAXED) != 0;
}

static void *survive_receiving(void *arg)
{
    struct survivor *s = arg;
    struct vtr_pkt pkts[64];
    while (!stopped(s)) {
        unsigned n = vtr_port_rx(s->port, 0, pkts, 64);
        s->got += n;
        test_unref(pkts, n);
    }
    return NULL;
}

static void *survive_sending(void *arg)
{
    struct survivor *s = arg;
    struct vtr_pkt pkts[64], model = test_pkt(s->heap, 1400, 1);
    for (int i = 0; i < 64; i++)
        pkts[i] = (struct vtr_pkt){ .flags = 0 };
    while (!stopped(s)) {
        for (int i = 0; i < 64; i++)
            if (pkts[i].data.len == 0)
                pkts[i] = (struct vtr_pkt){ .data = vtr_data_ref(model.data) };
        s->sent += vtr_port_tx(s->port, 0, pkts, 64);
    }
    for (int i = 0; i < 64; i++)
        vtr_pkt_unref(&pkts[i]);
    vtr_pkt_unref(&model);
    return NULL;
}

/* Until its pipe is closed. */
static void survive(const char *spec, int in, int out)
{
    struct survivor s = { .stop = 0 };
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 64 << 20 };
    struct vtr_error err = { 0 };
    pthread_t threads[2];
    must(vtr_heap_open(&opts, &s.heap, NULL) == 0);
    if (vtr_port_open(s.heap, spec, NULL, &s.port, &err) != 0)
        must_failed(err.what, __LINE__);
    must(pthread_create(&threads[0], NULL, survive_receiving, &s) == 0);
    must(pthread_create(&threads[1], NULL, survive_sending, &s) == 0);
    must(write(out, "", 1) == 1);
    for (char c; read(in, &c, 1) > 0;) {
        unsigned events = vtr_port_events(s.port);
        s.ups += (events & VTR_PORT_UP) != 0;
        s.downs += (events & VTR_PORT_DOWN) != 0;
    }
    __atomic_store_n(&s.stop, 1, __ATOMIC_RELAXED);
    must(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    printf("survived: %u ups %u downs, %llu frames received, %llu sent\n", s.ups, s.downs,
           (unsigned long long)s.got, (unsigned long long)s.sent);
    fflush(stdout);
    must(s.got != 0 && s.sent != 0 && s.ups != 0 && s.downs != 0);
    must(vtr_port_close(s.port) == 0);
    must(test_live(s.heap) == 0 && vtr_heap_close(s.heap, NULL) == 0);
}

struct process {
    pid_t pid;
    int to, from;
};

static struct process start(void (*body)(const char *spec, int in, int out), const char *spec)
{
    int to[2], from[2];
    struct process p;
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    p.pid = fork();
    if (p.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        close(to[1]);
        close(from[0]);
        body(spec, to[0], from[1]);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    p.to = to[1];
    p.from = from[0];
    return p;
}

static bool hear(const struct process *p)
{
    char c;
    return read(p->from, &c, 1) == 1;
}

static int finish(struct process *p)
{
    int status = -1;
    close(p->to);
    waitpid(p->pid, &status, 0);
    close(p->from);
    return status;
}

static void be_client(const char *spec, int in, int out)
{
    struct puppet p;
    if (!puppet_client(&p, memif_path))
        pause(); /* the survivor is dead, which its parent finds out */
    must(write(out, "", 1) == 1);
    for (;;)
        puppet_pump(&p, true, PUPPET_SLOTS);
}

static void be_server(const char *spec, int in, int out)
{
    struct puppet p;
    int door = puppet_listen(memif_path);
    must(door >= 0);
    must(write(out, "", 1) == 1); /* so that the survivor finds somebody */
    must(puppet_server(&p, door));
    must(write(out, "", 1) == 1);
    for (;;)
        puppet_pump(&p, false, 1024);
}

static void pause_at_random(unsigned max_us)
{
    struct timespec pause = { 0, (long)(rand_r(&seed) % max_us) * 1000 };
    nanosleep(&pause, NULL);
}

static void kill_it(struct process *p)
{
    pause_at_random(3000);
    kill(p->pid, SIGKILL);
    assert_int_equal(WTERMSIG(finish(p)), SIGKILL);
}

/* Waits for a word of the victim. @return false: the survivor is dead. */
static bool hear_beside(const struct process *victim, const struct process *survivor)
{
    struct pollfd p[2] = { { .fd = victim->from, .events = POLLIN }, { .fd = survivor->from } };
    assert_true(poll(p, 2, 1000 * TEST_PATIENCE_S) > 0);
    return p[1].revents == 0 && hear(victim);
}

/* @param words  that a victim says until it is linked. */
static void kill_many(void (*victim)(const char *, int, int), unsigned words,
                      const struct process *survivor)
{
    for (unsigned i = 0; i < kills(); i++) {
        struct process v = start(victim, NULL);
        bool alive = true;
        for (unsigned word = 0; word < words && alive; word++)
            alive = hear_beside(&v, survivor);
        kill_it(&v);
        if (!alive)
            fail_msg("the survivor is dead after %u kills", i);
        assert_int_equal(write(survivor->to, "", 1), 1); /* it takes its events */
    }
}

static void a_server_outlives_clients_that_are_killed(void **state)
{
    struct process survivor = start(survive, server_spec);
    assert_true(hear(&survivor));
    kill_many(be_client, 1, &survivor);
    assert_int_equal(finish(&survivor), 0);
}

static void a_client_outlives_servers_that_are_killed(void **state)
{
    struct process first = start(be_server, NULL);
    assert_true(hear(&first));
    struct process survivor = start(survive, client_spec);
    assert_true(hear(&survivor) && hear(&first));
    kill_it(&first);
    kill_many(be_server, 2, &survivor);
    assert_int_equal(finish(&survivor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_outlives_clients_that_are_killed),
        cmocka_unit_test(a_client_outlives_servers_that_are_killed),
    };
    return cmocka_run_group_tests_name("killed", tests, begin, end);
}
