/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Telling what a load gave.
 */
#include "outcome.h"

#include "measure/figures.h"

static const struct {
    const char *name;
    double share;
} quantiles[] = {
    { "p50_ns", 0.50 }, { "p90_ns", 0.90 }, { "p99_ns", 0.99 }, { "p999_ns", 0.999 }
};
enum { QUANTILES = sizeof quantiles / sizeof quantiles[0] };

bool outcome_good(const struct outcome *o) { return o->result.bad == 0 && o->result.requests != 0; }

/* Whether what it did while busy says something: a slice or two may be chance. */
static bool server_busy(const struct outcome *o)
{
    return o->counted && o->server.busy_cpu_ns * 20 >= o->result.wall_ns &&
           o->server.busy_requests != 0;
}

static double us(const struct histogram *h, double share)
{
    return (double)histogram_quantile(h, share) / 1e3;
}

void outcome_print(const struct outcome *o, FILE *to)
{
    const struct load_result *r = &o->result;
    double seconds = (double)r->wall_ns / 1e9;
    fprintf(to, "%s of %u B, %u under way, %.2f s\n", o->echo ? "echoes" : "gets", o->size,
            o->window, seconds);
    fprintf(to, "  requests  %lu   %.3f M/s\n", (unsigned long)r->requests,
            (double)r->requests / seconds / 1e6);
    fprintf(to,
            "  latency   p50 %.1f us   p90 %.1f us   p99 %.1f us   p99.9 %.1f us   max %.1f us\n",
            us(&r->latency, 0.5), us(&r->latency, 0.9), us(&r->latency, 0.99),
            us(&r->latency, 0.999), (double)r->latency.max / 1e3);
    fprintf(to, "  lost %lu   abandoned %lu   stray %lu   bad %lu\n", (unsigned long)r->lost,
            (unsigned long)r->abandoned, (unsigned long)r->stray, (unsigned long)r->bad);
    if (server_busy(o))
        fprintf(to, "  server    %.3f M requests a CPU second while busy (%.0f %% of the time)\n",
                (double)o->server.busy_requests / (double)o->server.busy_cpu_ns * 1e3,
                100 * (double)o->server.busy_cpu_ns / (double)r->wall_ns);
    else if (o->counted)
        fprintf(to, "  server    hardly busy: this load is too small\n");
    if (r->fault.what != NULL)
        fprintf(to, "  FAILED    first wrong reply: %s, at byte %zu (request %u, datagram %u)\n",
                r->fault.what, r->fault.off, r->fault.id, r->fault.seq);
    else if (r->requests == 0)
        fprintf(to, "  FAILED    not one request was answered: does a server listen there?\n");
    if (r->fault.what != NULL && !o->echo)
        fprintf(to, "  try       vitrine-kvd --preload %u:N, with N >= --keys\n", o->size);
}

static void write_histogram(struct json *j, const struct histogram *h)
{
    json_array(j, "latency_histogram_ns");
    for (unsigned step = 0; step < HISTOGRAM_STEPS; step++) {
        if (h->count[step] == 0)
            continue;
        json_object(j, NULL);
        json_number(j, "ns", (double)histogram_step(step));
        json_number(j, "count", (double)h->count[step]);
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void write_context(struct json *j, const struct outcome *o)
{
    struct machine m;
    machine_describe(&m);
    json_object(j, "context");
    figures_context(j, &m, o->command);
    json_end(j, '}');
}

static void write_counters(struct json *j, const struct outcome *o)
{
    const struct load_result *r = &o->result;
    for (unsigned i = 0; i < QUANTILES; i++)
        json_number(j, quantiles[i].name,
                    (double)histogram_quantile(&r->latency, quantiles[i].share));
    json_number(j, "max_ns", (double)r->latency.max);
    json_number(j, "lost", (double)r->lost);
    json_number(j, "abandoned", (double)r->abandoned);
    json_number(j, "stray", (double)r->stray);
    json_number(j, "bad", (double)r->bad);
    json_number(j, "window", o->window);
    if (server_busy(o))
        json_number(j, "rate_per_server_cpu_s",
                    (double)o->server.busy_requests / (double)o->server.busy_cpu_ns * 1e9);
    if (o->counted)
        json_number(j, "payload_bytes_copied",
                    (double)o->server.payload_bytes_copied / (double)r->requests);
}

void outcome_json(const struct outcome *o, FILE *to)
{
    struct json j = { .to = to };
    const struct load_result *r = &o->result;
    char name[64];
    snprintf(name, sizeof name, "%s/%u", o->echo ? "udp_echo" : "mc_udp_get", o->size);
    struct figures_place place = { name, 0, 0, 1, 1 };
    double each = (double)r->wall_ns / (double)(r->requests != 0 ? r->requests : 1);
    json_object(&j, NULL);
    write_context(&j, o);
    json_array(&j, "benchmarks");
    figures_entry(&j, &place, name, "iteration");
    json_number(&j, "repetition_index", 0);
    /* The generator spins: its CPU time is the wall's. */
    figures_times(&j, (double)r->requests, each, each);
    write_counters(&j, o);
    write_histogram(&j, &r->latency);
    json_end(&j, '}');
    json_end(&j, ']');
    json_end(&j, '}');
}
