/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine-load: a load on one server, for people: a closed loop, or an open one at a rate or at
 * several in turn.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vitrine/heap.h>

#include "measure/args.h"
#include "command.h"
#include "measure/complain.h"
#include "fill.h"
#include "load_options.h"
#include "moments.h"
#include "outcome.h"
#include "peer.h"

static void show_tick(void *context, const struct load_result *r)
{
    static uint64_t seconds, requests;
    (void)context;
    if (r->requests < requests)
        requests = 0; /* the next step of a sweep */
    fprintf(stderr, "\r\033[K%3lu s  %.3f Mreq/s  p99 %.1f us  lost %lu  bad %lu",
            (unsigned long)++seconds, (double)(r->requests - requests) / 1e6,
            (double)histogram_quantile(&r->latency, 0.99) / 1e3, (unsigned long)r->lost,
            (unsigned long)r->bad);
    requests = r->requests;
}

static struct load_watch watch_of(const struct load_opts *o)
{
    bool person = !o->quiet && isatty(STDERR_FILENO);
    return (struct load_watch){ .stop = &args_stop, .tick = person ? show_tick : NULL };
}

static void watch_end(const struct load_watch *w)
{
    if (w->tick != NULL)
        fprintf(stderr, "\r\033[K");
}

static int set_mode(const struct load_opts *o, struct link *link, struct vtr_error *err)
{
    int rc = o->mode != NULL ? command_mode(link, o->mode) : 0;
    if (rc == 0)
        return 0;
    return complain(err, rc, "--mode hybrid, reference or copy, of a vitrine-kvd",
                    "the server does not take mode '%s': %s", o->mode, strerror(-rc));
}

/* The server's counters, where it has ours, around a run. */
static void count_from(struct outcome *out, struct link *link)
{
    out->counted = command_stats(link, &out->server) == 0;
}

static void count_to(struct outcome *out, struct link *link)
{
    struct command_stats from = out->server, to;
    out->counted = out->counted && command_stats(link, &to) == 0;
    if (out->counted)
        out->server = command_stats_between(&from, &to);
}

static int run_closed(const struct load_opts *o, struct link *link, struct outcome *out,
                      struct vtr_error *err)
{
    struct workload w = { 0 };
    struct requests *requests = NULL;
    struct load load = { 0 };
    int rc;
    if ((rc = workload_init(o->stream.dataset.size, o->stream.keys, o->echo, &w)) != 0 ||
        (rc = link_prepare(link, &w, &requests)) != 0 ||
        (rc = load_init(link, requests, o->window, &load)) != 0) {
        complain(err, rc, "fewer --keys", "cannot prepare the requests: %s", strerror(-rc));
    } else {
        load.watch = watch_of(o);
        out->window = load.width;
        count_from(out, link);
        load_run(&load, o->seconds * UINT64_C(1000000000), &out->result);
        count_to(out, link);
        watch_end(&load.watch);
        outcome_print(out, stdout);
    }
    load_fini(&load);
    link_discard(link, requests);
    workload_fini(&w);
    return rc;
}

/* @return how many of the steps were made. */
static unsigned run_steps(const struct load_opts *o, struct openloop *loop, struct outcome *out)
{
    unsigned n = 0;
    for (; n < o->sweep && args_stop == 0; n++) {
        loop->opts.rate = o->open.rate * (n + 1) / o->sweep;
        loop->watch = watch_of(o);
        out[n].rate = loop->opts.rate;
        count_from(&out[n], loop->link);
        openloop_run(loop, o->seconds * UINT64_C(1000000000), &out[n].result);
        load_settle(loop->link);
        count_to(&out[n], loop->link);
        watch_end(&loop->watch);
        if (o->sweep == 1)
            outcome_print(&out[n], stdout);
        else
            outcome_print_row(&out[n], n == 0, stdout);
        fflush(stdout);
    }
    return n;
}

static int show_moments(const struct stream *s)
{
    struct moments m;
    const struct moments *model = moments_model(&s->opts.dataset);
    int rc = model != NULL ? moments_of(s->item, s->opts.keys, &m) : 0;
    if (model != NULL && rc == 0)
        moments_print(&m, model, stdout);
    if (s->opts.zipf > 0)
        printf("  zipf %g: 1 %% of the keys get %.1f %% of the requests, half of them %.1f %%\n",
               s->opts.zipf, 100 * zipf_share(&s->zipf, (s->opts.keys + 99) / 100),
               100 * zipf_share(&s->zipf, (s->opts.keys + 1) / 2));
    return rc;
}

static int run_open(const struct load_opts *o, struct link *link, struct outcome *out,
                    unsigned *outcomes, struct vtr_error *err)
{
    struct stream s = { 0 };
    struct openloop loop = { 0 };
    int rc;
    if ((rc = stream_init(&o->stream, &s)) != 0 || (rc = show_moments(&s)) != 0 ||
        (rc = openloop_init(link, &s, &o->open, &loop)) != 0)
        complain(err, rc, "fewer --keys", "cannot prepare the requests: %s", strerror(-rc));
    else if (!o->fill || (rc = fill_server(link, &s, &args_stop, err)) == 0)
        *outcomes = run_steps(o, &loop, out);
    openloop_fini(&loop);
    stream_fini(&s);
    return rc;
}

static int run(const struct load_opts *o, struct link *link, struct outcome *out,
               unsigned *outcomes, struct vtr_error *err)
{
    int rc = set_mode(o, link, err);
    if (rc != 0)
        return rc;
    if (o->open.rate > 0)
        return run_open(o, link, out, outcomes, err);
    *outcomes = 1;
    return run_closed(o, link, out, err);
}

static int open_and_run(const struct load_opts *o, struct outcome *out, unsigned *outcomes,
                        struct vtr_error *err)
{
    struct vtr_heap *heap = NULL;
    struct link *link = NULL;
    int rc = o->cpu >= 0 ? peer_pin(o->cpu) : 0;
    if (rc != 0)
        return complain(err, rc, NULL, "cannot run on CPU %d: %s", o->cpu, strerror(-rc));
    if (o->kernel != NULL)
        rc = link_kernel_open(&o->where, &link, err);
    else if ((rc = vtr_heap_open(NULL, &heap, err)) == 0)
        rc = link_port_open(heap, o->port, &o->where, &link, err);
    if (rc == 0 && o->port != NULL)
        rc = link_resolve(link, err);
    if (rc == 0)
        rc = run(o, link, out, outcomes, err);
    link_close(link);
    struct vtr_error leak;
    if (vtr_heap_close(heap, &leak) != 0)
        complain_print(&leak);
    return rc;
}

static int write_json(const char *path, const struct outcome *out, unsigned n)
{
    FILE *to = fopen(path, "w");
    if (to != NULL)
        outcome_json(out, n, to);
    if (to != NULL && fclose(to) == 0)
        return 0;
    fprintf(stderr, "vitrine-load: cannot write '%s': %s\n", path, strerror(errno));
    return -1;
}

int main(int argc, char **argv)
{
    struct load_opts o = load_options_parse(argc, argv);
    struct outcome *out = calloc(o.sweep, sizeof *out); /* a histogram each */
    struct vtr_error err;
    unsigned n = 0;
    char command[512];
    if (out == NULL)
        return ARGS_FAILED;
    args_join(argv, command, sizeof command);
    for (unsigned i = 0; i < o.sweep; i++) {
        out[i].command = command;
        out[i].echo = o.echo;
        out[i].constant = o.open.constant;
        out[i].stream = o.stream;
    }
    args_catch_signals();
    bool good = open_and_run(&o, out, &n, &err) == 0;
    if (!good)
        complain_print(&err);
    else if (o.json != NULL)
        good = write_json(o.json, out, n) == 0;
    for (unsigned i = 0; i < n; i++)
        good = good && outcome_good(&out[i]);
    free(out);
    return good ? 0 : ARGS_FAILED;
}
