/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The open loop against a server and a link that are made up, in a time that is made up: it passes
 * by 10 us a poll, so that every figure is the same in every run.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "openloop.h"

enum {
    US = 1000,
    MS = 1000 * US,
    POLL_NS = 10 * US,
    SECOND = 1000 * MS,
    SERVICE_NS = 20 * US,
    TIMEOUT_NS = 200 * MS,
    PENDING = 4096,
    WRONG_AT = 50,
};

enum fault { NONE, DEAF_EACH_10TH, SLOW_EACH_10TH, WRONG_BYTE, TWICE, STRANGER, NEVER_SENT };

static uint64_t now_ns;

static uint64_t fake_now(void) { return now_ns; }

struct pending {
    uint64_t ready_ns;
    uint32_t id;
};

struct fake {
    struct link base;
    struct openloop *loop;
    enum fault fault;
    uint64_t stall_from, stall_to; /* the server answers nothing, then all of it */
    uint64_t full_from, full_to;   /* the link takes nothing */
    unsigned said, n;
    struct pending pending[PENDING]; /* in the order of ready_ns, but for slow ones */
    uint8_t bytes[LINK_BURST][WORKLOAD_CHUNK_BYTES];
};

static void answer_later(struct fake *f, uint64_t ns, uint32_t id)
{
    uint64_t ready = now_ns + ns;
    if (ready >= f->stall_from && ready < f->stall_to)
        ready = f->stall_to;
    assert_true(f->n < PENDING);
    f->pending[f->n++] = (struct pending){ ready, id };
}

static void serve(struct fake *f, struct vtr_span request)
{
    uint32_t id = request.ptr[0] * 256u + request.ptr[1];
    bool tenth = ++f->said % 10 == 0;
    if (f->fault == DEAF_EACH_10TH && tenth)
        return;
    answer_later(f, f->fault == SLOW_EACH_10TH && tenth ? 3 * TIMEOUT_NS / 2 : SERVICE_NS, id);
    if (f->fault == TWICE && f->said == WRONG_AT)
        answer_later(f, SERVICE_NS, id);
    if (f->fault == STRANGER && f->said == WRONG_AT)
        answer_later(f, SERVICE_NS, WORKLOAD_IDS_MAX);
    if (f->fault == NEVER_SENT && f->said == WRONG_AT)
        answer_later(f, SERVICE_NS, WORKLOAD_IDS_MAX - 1);
}

static unsigned fake_say(struct link *link, const struct vtr_span *payload, unsigned n)
{
    struct fake *f = (struct fake *)link;
    if (now_ns >= f->full_from && now_ns < f->full_to)
        return 0;
    for (unsigned i = 0; i < n; i++)
        serve(f, payload[i]);
    return n;
}

/* The reply that is expected, with its fault. The loop's own record says which. */
static struct reply reply_of(struct fake *f, uint32_t id, uint8_t *bytes)
{
    const struct flight_slot *s = &f->loop->flight.slot[id % WORKLOAD_IDS_MAX];
    size_t len = ask_expect(f->loop->stream, s->ask, 0, bytes);
    struct reply r = { .pieces = 1, .len = (uint32_t)(WORKLOAD_FRAME_BYTES + len) };
    if (f->fault == WRONG_BYTE && s->parts != 0 && id == WRONG_AT)
        bytes[len - 1] ^= 1;
    r.frame = workload_frame(id, 0, 1);
    r.piece[0] = vtr_span_of(bytes, len);
    return r;
}

static unsigned fake_poll(struct link *link, struct reply *replies, unsigned n)
{
    struct fake *f = (struct fake *)link;
    unsigned given = 0, kept = 0;
    now_ns += POLL_NS;
    for (unsigned i = 0; i < f->n; i++) {
        struct pending p = f->pending[i];
        if (given == n || p.ready_ns > now_ns)
            f->pending[kept++] = p;
        else
            replies[given] = reply_of(f, p.id, f->bytes[given]), given++;
    }
    f->n = kept;
    return given;
}

static const struct link_ops fake_ops = { .say = fake_say, .poll = fake_poll };

/* A second at a rate, of values of 64 bytes. */
static struct load_result *run(struct fake *f, double rate)
{
    struct stream stream;
    struct openloop loop;
    struct load_result *result = (struct load_result *)calloc(1, sizeof *result);
    struct stream_opts of = { .dataset = { .size = 64 }, .keys = 100, .sets = 0.1, .seed = 3 };
    struct openloop_opts opts = { .rate = rate, .constant = true, .timeout_ns = TIMEOUT_NS };
    f->base = (struct link){ .ops = &fake_ops, .say_max = WORKLOAD_DATAGRAM_BYTES };
    f->loop = &loop;
    now_ns = SECOND;
    assert_non_null(result);
    assert_int_equal(stream_init(&of, &stream), 0);
    assert_int_equal(openloop_init(&f->base, &stream, &opts, &loop), 0);
    loop.now = fake_now;
    openloop_run(&loop, SECOND, result);
    assert_int_equal(result->offered, result->requests + result->lost + result->unsent);
    assert_int_equal(result->latency.n, result->requests);
    assert_int_equal(result->lag.n, result->offered - result->unsent);
    assert_int_equal(loop.flight.n[FLIGHT_BUSY], 0);
    openloop_fini(&loop);
    stream_fini(&stream);
    return result;
}

static uint64_t at_least(const struct histogram *h, uint64_t ns)
{
    uint64_t n = 0;
    for (unsigned step = 0; step < HISTOGRAM_STEPS; step++)
        n += histogram_step(step) >= ns ? h->count[step] : 0;
    return n;
}

static void requests_leave_when_they_are_due(void **state)
{
    struct fake f = { .fault = NONE };
    struct load_result *r = run(&f, 1000);
    assert_int_equal(r->offered, 999); /* at 1 ms, 2 ms, ... 999 ms */
    assert_int_equal(r->requests, 999);
    assert_true(r->latency.max <= SERVICE_NS + 3 * POLL_NS);
    assert_true(r->lag.max <= POLL_NS);
    assert_int_equal(r->wall_ns, SECOND);
    assert_true(r->sets > 50 && r->sets < 150);
    free(r);
}

/* What a closed loop would show of it: one slow reply. */
static void a_stall_of_100_ms_is_in_the_latency_of_all_100_requests_due_in_it(void **state)
{
    struct fake f = { .stall_from = SECOND + 300 * MS, .stall_to = SECOND + 400 * MS };
    struct load_result *r = run(&f, 1000);
    assert_int_equal(r->requests, 999);
    assert_int_equal(at_least(&r->latency, MS / 2), 100);
    assert_int_equal(at_least(&r->latency, 50 * MS + MS / 2), 50);
    assert_true(r->latency.max > 99 * MS && r->latency.max < 101 * MS);
    free(r);
}

static void a_full_link_hides_nothing_either(void **state)
{
    struct fake f = { .full_from = SECOND + 300 * MS, .full_to = SECOND + 400 * MS };
    struct load_result *r = run(&f, 1000);
    assert_int_equal(r->requests, 999);
    assert_int_equal(at_least(&r->latency, MS / 2), 100);
    assert_int_equal(at_least(&r->lag, MS / 2), 100);
    free(r);
}

static void what_is_not_answered_is_lost_and_not_asked_again(void **state)
{
    struct fake f = { .fault = DEAF_EACH_10TH };
    struct load_result *r = run(&f, 1000);
    assert_int_equal(r->offered, 999);
    assert_int_equal(r->lost, 99);
    assert_int_equal(f.said, 999);
    assert_int_equal(r->late + r->bad + r->unsent, 0);
    free(r);
}

static void late_replies_are_lost_and_counted_apart(void **state)
{
    struct fake f = { .fault = SLOW_EACH_10TH };
    struct load_result *r = run(&f, 1000);
    assert_int_equal(r->lost, 99);
    assert_true(r->late >= 80 && r->late < 99); /* but for those still out at the end */
    assert_int_equal(r->bad, 0);
    assert_true(r->latency.max < TIMEOUT_NS);
    free(r);
}

static void what_the_link_never_takes_is_unsent(void **state)
{
    struct fake f = { .full_from = SECOND + 500 * MS, .full_to = UINT64_MAX };
    struct load_result *r = run(&f, 1000);
    assert_int_equal(r->requests, 499);
    assert_int_equal(r->unsent, 500);
    assert_int_equal(r->lost, 0);
    free(r);
}

static void more_than_there_are_ids_for_waits_and_is_timed(void **state)
{
    struct fake f = { .stall_from = 0, .stall_to = 0, .full_from = SECOND, .full_to = 2 * SECOND };
    struct load_result *r = run(&f, 100000);
    assert_int_equal(r->offered, 99999);
    assert_int_equal(r->requests, 99999);
    assert_true(at_least(&r->lag, SECOND / 2) > 49000);
    free(r);
}

static void hostile_replies_are_bad_and_answer_nothing(void **state)
{
    static const struct {
        enum fault fault;
        const char *what;
        unsigned lost;
    } table[] = {
        { WRONG_BYTE, "wrong byte", 1 },
        { TWICE, "answered twice", 0 },
        { STRANGER, "request id never sent", 0 },
        { NEVER_SENT, "request id never sent", 0 },
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct fake f = { .fault = table[i].fault };
        struct load_result *r = run(&f, 1000);
        assert_int_equal(r->bad, 1);
        assert_string_equal(r->fault.what, table[i].what);
        assert_int_equal(r->lost, table[i].lost);
        free(r);
    }
}

static void lost_ids_are_taken_only_when_none_is_free(void **state)
{
    struct flight f;
    struct ask ask = { .index = 0 };
    assert_int_equal(flight_init(4, &f), 0);
    for (uint32_t id = 0; id < 3; id++) {
        assert_int_equal(flight_begin(&f, ask, 1, 1), id);
        f.slot[id].sent_ns = 1 + id;
    }
    assert_int_equal(flight_expire(&f, 10, 9), 1); /* only id 0 is that old */
    assert_int_equal(flight_begin(&f, ask, 1, 1), 3);
    assert_int_equal(flight_begin(&f, ask, 2, 1), 0);
    assert_false(flight_has_room(&f));
    assert_int_equal(flight_arrived(&f, 0, 0), FLIGHT_MORE);
    assert_int_equal(flight_arrived(&f, 0, 0), FLIGHT_STRAY);
    assert_int_equal(flight_arrived(&f, 0, 1), FLIGHT_DONE);
    f.slot[3].sent_ns = 3;
    assert_int_equal(flight_expire(&f, 100, 9), 3);
    assert_int_equal(flight_arrived(&f, 2, 0), FLIGHT_LATE);
    assert_int_equal(f.n[FLIGHT_FREE] + f.n[FLIGHT_LOST], 4);
    flight_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_leave_when_they_are_due),
        cmocka_unit_test(a_stall_of_100_ms_is_in_the_latency_of_all_100_requests_due_in_it),
        cmocka_unit_test(a_full_link_hides_nothing_either),
        cmocka_unit_test(what_is_not_answered_is_lost_and_not_asked_again),
        cmocka_unit_test(late_replies_are_lost_and_counted_apart),
        cmocka_unit_test(what_the_link_never_takes_is_unsent),
        cmocka_unit_test(more_than_there_are_ids_for_waits_and_is_timed),
        cmocka_unit_test(hostile_replies_are_bad_and_answer_nothing),
        cmocka_unit_test(lost_ids_are_taken_only_when_none_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
