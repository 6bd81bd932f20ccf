/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: a memif whose other end breaks the rules. It is disconnected, nothing of it gets into a
 * frame that is not its own, and the next one is served.
 */
#include "memifs.h"
#include "puppet.h"

#include <poll.h>

static struct vtr_heap *heap;
static struct vtr_port *port;

static int make_server(void **state)
{
    heap = test_heap(64 << 20);
    port = test_port(heap, server_spec, NULL);
    return 0;
}

/* A puppet that keeps to the rules is served, whatever came before. */
static void serves_the_next(void)
{
    struct puppet p;
    struct vtr_pkt pkt;
    assert_true(puppet_client(&p, memif_path));
    assert_true(test_link_is(port, true));
    puppet_pump(&p, true, PUPPET_SLOTS);
    assert_int_equal(test_receive(port, 0, &pkt, 1), 1);
    assert_int_equal(pkt.data.len, 60);
    vtr_pkt_unref(&pkt);
    puppet_end(&p);
    assert_true(test_link_is(port, false));
}

static int end_port(void **state)
{
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
    return 0;
}

static bool hung_up(const struct puppet *p)
{
    struct pollfd f = { .fd = p->sock, .events = POLLRDHUP };
    return poll(&f, 1, 1000 * TEST_PATIENCE_S) == 1;
}

static void a_peer_may_be_gone_at_any_step(void **state)
{
    for (unsigned i = 0; i < 350; i++) {
        struct puppet p = { .sock = 0 };
        unsigned steps = i % 7;
        bool good = steps == 0 || puppet_knock(&p, memif_path);
        good = good && (steps < 2 || puppet_init(&p, 0));
        good = good && (steps < 3 || (puppet_share(&p, F_SEAL_SHRINK) &&
                                      puppet_region(&p, 0, PUPPET_BYTES, p.memory)));
        good = good && (steps < 4 || puppet_ring(&p, true, 0, 0, 0, PUPPET_LOG2, p.bell[0]));
        good = good && (steps < 5 || puppet_ring(&p, false, 0, 0, PUPPET_RING_BYTES, PUPPET_LOG2,
                                                 p.bell[1]));
        if (steps == 5)
            good = good && puppet_put(p.sock, PUPPET_CONNECT, NULL, 0, -1); /* unheard */
        if (steps == 6)
            good = good && puppet_connect(&p);
        assert_true(good);
        puppet_end(&p);
    }
    serves_the_next();
}

/* A client that has shared its memory, and may add rings. */
static struct puppet introduced(void)
{
    struct puppet p = { .sock = 0 };
    assert_true(puppet_knock(&p, memif_path) && puppet_init(&p, 0) &&
                puppet_share(&p, F_SEAL_SHRINK) && puppet_region(&p, 0, PUPPET_BYTES, p.memory));
    return p;
}

static void memory_that_may_shrink_is_refused(void **state)
{
    struct puppet p = { .sock = 0 };
    assert_true(puppet_knock(&p, memif_path) && puppet_init(&p, 0) && puppet_share(&p, 0));
    assert_false(puppet_region(&p, 0, PUPPET_BYTES, p.memory));
    puppet_end(&p);
    serves_the_next();
}

static void memory_is_as_large_as_it_says(void **state)
{
    static const uint64_t sizes[] = { 0, PUPPET_BYTES + 1, UINT64_C(1) << 47, UINT64_MAX };
    for (int i = 0; i < 4; i++) {
        struct puppet p = { .sock = 0 };
        assert_true(puppet_knock(&p, memif_path) && puppet_init(&p, 0) &&
                    puppet_share(&p, F_SEAL_SHRINK));
        assert_false(puppet_region(&p, 0, sizes[i], p.memory));
        puppet_end(&p);
    }
    serves_the_next();
}

static void a_ring_lies_inside_of_its_memory(void **state)
{
    static const struct {
        uint16_t index, region;
        uint32_t offset;
        uint8_t log2;
    } bad[] = {
        { 1, 0, 0, PUPPET_LOG2 },        { 0, 1, 0, PUPPET_LOG2 },
        { 0, UINT16_MAX, 0, 1 },         { 0, 0, 0, 15 },
        { 0, 0, 0, 255 },                { 0, 0, 4, PUPPET_LOG2 },
        { 0, 0, PUPPET_BYTES - 128, 1 }, { 0, 0, UINT32_MAX - 7, PUPPET_LOG2 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct puppet p = introduced();
        assert_false(puppet_ring(&p, true, bad[i].index, bad[i].region, bad[i].offset, bad[i].log2,
                                 p.bell[0]));
        puppet_end(&p);
    }
    serves_the_next();
}

static void a_bell_is_an_event_and_no_file(void **state)
{
    int fds[2];
    struct puppet p = introduced();
    assert_int_equal(pipe(fds), 0);
    assert_false(puppet_ring(&p, true, 0, 0, 0, PUPPET_LOG2, fds[1]));
    puppet_end(&p);
    p = introduced();
    assert_false(puppet_ring(&p, true, 0, 0, 0, PUPPET_LOG2, -1));
    puppet_end(&p);
    close(fds[0]);
    close(fds[1]);
    serves_the_next();
}

static void what_makes_no_sense_is_hung_up_on(void **state)
{
    for (uint16_t type = 0; type < 300; type++) {
        struct puppet p = { .sock = 0 };
        if (type == PUPPET_INIT)
            continue;
        assert_true(puppet_knock(&p, memif_path));
        assert_true(puppet_put(p.sock, type, NULL, 0, -1));
        assert_true(hung_up(&p));
        puppet_end(&p);
    }
    struct puppet p = { .sock = 0 };
    assert_true(puppet_knock(&p, memif_path));
    assert_int_equal(send(p.sock, "short", 5, 0), 5);
    assert_true(hung_up(&p));
    puppet_end(&p);
    serves_the_next();
}

static void refused(uint16_t version, uint32_t id, uint8_t mode, const char *why)
{
    struct puppet p = { .sock = 0 };
    char init[64] = { 0 }, said[100] = { 0 };
    memcpy(init, &version, 2);
    memcpy(init + 2, &id, 4);
    init[6] = (char)mode;
    assert_true(puppet_knock(&p, memif_path));
    assert_true(puppet_put(p.sock, PUPPET_INIT, init, sizeof init, -1));
    assert_int_equal(puppet_get(p.sock, said, sizeof said, NULL), PUPPET_DISCONNECT);
    assert_string_equal(said + 4, why);
    puppet_end(&p);
}

static void a_client_that_is_refused_is_told_why(void **state)
{
    struct puppet p;
    refused(0x0100, 0, 0, "Incompatible memif version");
    refused(0x0200, 9, 0, "ID not found");
    refused(0x0200, 0, 1, "Only ethernet mode supported");
    assert_true(puppet_client(&p, memif_path));
    refused(0x0200, 0, 0, "Already connected");
    assert_false(puppet_region(&p, 1, PUPPET_BYTES, p.memory)); /* linked, it has shared all */
    puppet_end(&p);
    assert_true(test_link_is(port, false));
    serves_the_next();
}

static void only_a_client_with_the_secret_is_served(void **state)
{
    char spec[128];
    assert_int_equal(vtr_port_close(port), 0);
    snprintf(spec, sizeof spec, "%s,secret=x", server_spec);
    port = test_port(heap, spec, NULL);
    refused(0x0200, 0, 0, "Incorrect secret");
    snprintf(spec, sizeof spec, "%s,secret=x", client_spec);
    struct vtr_port *client = test_port(heap, spec, NULL);
    assert_true(test_link_is(client, true));
    assert_int_equal(vtr_port_close(client), 0);
}

static void memory_and_rings_come_once_and_complete(void **state)
{
    struct puppet p = introduced();
    assert_false(puppet_region(&p, 0, PUPPET_BYTES, p.memory));
    puppet_end(&p);
    p = introduced();
    assert_false(puppet_region(&p, 1, PUPPET_BYTES, -1));
    puppet_end(&p);
    p = introduced();
    assert_true(puppet_rings(&p));
    assert_false(puppet_ring(&p, true, 0, 0, 0, PUPPET_LOG2, p.bell[0]));
    puppet_end(&p);
    p = introduced();
    assert_true(puppet_put(p.sock, 99, NULL, 0, -1) && hung_up(&p));
    puppet_end(&p);
    p = introduced();
    assert_false(puppet_init(&p, 0));
    puppet_end(&p);
    p = introduced();
    p.down->cookie = 0;
    assert_true(puppet_rings(&p));
    assert_false(puppet_connect(&p));
    puppet_end(&p);
    serves_the_next();
}

static void strangers_who_say_nothing_keep_nobody_out(void **state)
{
    enum { STRANGERS = 40 };
    struct puppet p[STRANGERS];
    memset(p, 0, sizeof p);
    for (int i = 0; i < STRANGERS; i++)
        assert_true(puppet_knock(&p[i], memif_path));
    serves_the_next();
    for (int i = 0; i < STRANGERS; i++)
        puppet_end(&p[i]);
}

/* Lets a linked client lie once. */
static void lie(void (*lie_about)(struct puppet *p))
{
    struct puppet p;
    struct vtr_pkt pkts[8];
    assert_true(puppet_client(&p, memif_path));
    assert_true(test_link_is(port, true));
    lie_about(&p);
    assert_int_equal(vtr_port_rx(port, 0, pkts, 8), 0);
    assert_true(test_link_is(port, false));
    assert_true(hung_up(&p));
    puppet_end(&p);
}

static void offer(struct puppet *p, struct puppet_desc d)
{
    p->up->desc[0] = d;
    __atomic_store_n(&p->up->head, 1, __ATOMIC_RELEASE);
}

static void of_head(struct puppet *p)
{
    __atomic_store_n(&p->up->head, PUPPET_SLOTS + 1, __ATOMIC_RELEASE);
}
static void of_length(struct puppet *p)
{
    offer(p, (struct puppet_desc){ .length = UINT32_MAX });
}
static void of_end(struct puppet *p)
{
    offer(p, (struct puppet_desc){ .length = 100, .offset = PUPPET_BYTES - 99 });
}
static void of_offset(struct puppet *p)
{
    offer(p, (struct puppet_desc){ .length = 100, .offset = UINT32_MAX - 50 });
}
static void of_region(struct puppet *p)
{
    offer(p, (struct puppet_desc){ .region = UINT16_MAX, .length = 100 });
}
static void of_more(struct puppet *p)
{
    offer(p, (struct puppet_desc){ .flags = 1, .length = 100 });
}
static void without_end(struct puppet *p)
{
    for (int i = 0; i < PUPPET_SLOTS; i++)
        p->up->desc[i].flags = 1;
    __atomic_store_n(&p->up->head, PUPPET_SLOTS, __ATOMIC_RELEASE);
}

static void a_lie_about_a_frame_ends_the_link(void **state)
{
    void (*const lies[])(struct puppet *p) = { of_head,   of_length, of_end,     of_offset,
                                               of_region, of_more,   without_end };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        lie(lies[i]);
    serves_the_next();
}

static void a_slot_outside_of_the_memory_is_not_filled(void **state)
{
    for (int i = 0; i < 3; i++) {
        struct puppet p;
        struct vtr_pkt pkt = test_pkt(heap, 1000, 1);
        assert_true(puppet_client(&p, memif_path));
        assert_true(test_link_is(port, true));
        p.down->desc[0] = (struct puppet_desc){ .region = i == 2 ? 9 : 0,
                                                .length = i == 1 ? 0 : 2048,
                                                .offset = i == 0 ? PUPPET_BYTES - 100 : 0 };
        assert_int_equal(vtr_port_tx(port, 0, &pkt, 1), 0);
        assert_true(test_link_is(port, false));
        vtr_pkt_unref(&pkt);
        puppet_end(&p);
    }
    serves_the_next();
}

/* Any word of the rings may be anything at any time; mostly the positions go on. */
static void scribble(struct puppet *p, bool client, unsigned rounds, unsigned *seed)
{
    struct puppet_ring *out = client ? p->up : p->down;
    for (unsigned i = 0; i < rounds; i++) {
        uint32_t value = (uint32_t)rand_r(seed);
        __atomic_fetch_add(client ? &out->head : &out->tail, 3, __ATOMIC_RELEASE);
        value = i % 3 == 0 ? value % 4 : i % 3 == 1 ? value % 4096 : value;
        memcpy(p->base + (unsigned)rand_r(seed) % (2 * PUPPET_RING_BYTES / 4) * 4, &value, 4);
        struct vtr_pkt pkts[8];
        test_unref(pkts, vtr_port_rx(port, 0, pkts, 8));
        struct vtr_pkt pkt = test_pkt(heap, 900, i);
        if (vtr_port_tx(port, 0, &pkt, 1) == 0)
            vtr_pkt_unref(&pkt);
        if (i % 16 == 0 && recv(p->sock, &value, 4, MSG_DONTWAIT) == 0)
            return;
    }
}

static void a_client_that_scribbles_harms_only_its_link(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (int i = 0; i < 60; i++) {
        struct puppet p;
        assert_true(puppet_client(&p, memif_path));
        scribble(&p, true, 200, &seed);
        puppet_end(&p);
    }
    serves_the_next();
}

static void a_server_that_scribbles_harms_only_its_link(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    int door = puppet_listen(memif_path);
    assert_true(door >= 0);
    heap = test_heap(64 << 20);
    port = test_port(heap, client_spec, NULL);
    for (int i = 0; i < 30; i++) {
        struct puppet p;
        assert_true(puppet_server(&p, door));
        assert_true(test_link_is(port, true));
        scribble(&p, false, 200, &seed);
        puppet_end(&p);
    }
    close(door);
    unlink(memif_path);
}

/* A server says something before its turn. */
static void a_server_that_makes_no_sense_is_hung_up_on(void **state)
{
    static const uint16_t types[] = { PUPPET_HELLO, PUPPET_ACK, PUPPET_CONNECTED, PUPPET_INIT, 99 };
    int door = puppet_listen(memif_path);
    assert_true(door >= 0);
    heap = test_heap(64 << 20);
    port = test_port(heap, client_spec, NULL);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct puppet p = { .sock = accept4(door, NULL, NULL, SOCK_CLOEXEC) };
        assert_true(p.sock >= 0 && puppet_put(p.sock, types[i], NULL, 0, -1)); /* of version 0 */
        assert_true(hung_up(&p));
        puppet_end(&p);
    }
    for (uint16_t type = PUPPET_ACK; type <= PUPPET_CONNECTED; type += 6) { /* again, or too late */
        struct puppet p;
        assert_true(puppet_server(&p, door) && test_link_is(port, true));
        assert_true(puppet_put(p.sock, type, NULL, 0, -1) && hung_up(&p));
        assert_true(test_link_is(port, false));
        puppet_end(&p);
    }
    close(door);
    unlink(memif_path);
}

int main(void)
{
#define HOSTILE_TEST(test) cmocka_unit_test_setup_teardown(test, make_server, end_port)
    const struct CMUnitTest tests[] = {
        HOSTILE_TEST(a_peer_may_be_gone_at_any_step),
        HOSTILE_TEST(memory_that_may_shrink_is_refused),
        HOSTILE_TEST(memory_is_as_large_as_it_says),
        HOSTILE_TEST(a_ring_lies_inside_of_its_memory),
        HOSTILE_TEST(a_bell_is_an_event_and_no_file),
        HOSTILE_TEST(what_makes_no_sense_is_hung_up_on),
        HOSTILE_TEST(a_client_that_is_refused_is_told_why),
        HOSTILE_TEST(only_a_client_with_the_secret_is_served),
        HOSTILE_TEST(memory_and_rings_come_once_and_complete),
        HOSTILE_TEST(strangers_who_say_nothing_keep_nobody_out),
        HOSTILE_TEST(a_lie_about_a_frame_ends_the_link),
        HOSTILE_TEST(a_slot_outside_of_the_memory_is_not_filled),
        HOSTILE_TEST(a_client_that_scribbles_harms_only_its_link),
        cmocka_unit_test_setup_teardown(a_server_that_makes_no_sense_is_hung_up_on, NULL, end_port),
        cmocka_unit_test_setup_teardown(a_server_that_scribbles_harms_only_its_link, NULL,
                                        end_port),
    };
    return cmocka_run_group_tests_name("hostile", tests, make_dir, remove_dir);
}
