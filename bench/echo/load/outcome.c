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

static void print_latency(const struct histogram *h, FILE *to)
{
    fprintf(to,
            "  latency   p50 %.1f us   p90 %.1f us   p99 %.1f us   p99.9 %.1f us   max %.1f us\n",
            us(h, 0.5), us(h, 0.9), us(h, 0.99), us(h, 0.999), (double)h->max / 1e3);
}

static void print_closed(const struct outcome *o, FILE *to)
{
    const struct load_result *r = &o->result;
    double seconds = (double)r->wall_ns / 1e9;
    fprintf(to, "%s of %u B, %u under way, %.2f s\n", o->echo ? "echoes" : "gets",
            o->stream.dataset.size, o->window, seconds);
    fprintf(to, "  requests  %lu   %.3f M/s\n", (unsigned long)r->requests,
            (double)r->requests / seconds / 1e6);
    print_latency(&r->latency, to);
    fprintf(to, "  lost %lu   abandoned %lu   stray %lu   bad %lu\n", (unsigned long)r->lost,
            (unsigned long)r->abandoned, (unsigned long)r->stray, (unsigned long)r->bad);
}

static const char *arrivals_name(const struct outcome *o)
{
    return o->constant ? "constant" : "poisson";
}

static void print_open(const struct outcome *o, FILE *to)
{
    const struct load_result *r = &o->result;
    const struct dataset *d = &o->stream.dataset;
    double seconds = (double)r->wall_ns / 1e9;
    char size[32] = "";
    if (d->kind == DATASET_FIXED)
        snprintf(size, sizeof size, " %u B", d->size);
    fprintf(to, "%s%s, %u keys, zipf %g, %.2f %% sets, %s, %.2f s\n", dataset_name(d), size,
            o->stream.keys, o->stream.zipf, 100 * o->stream.sets, arrivals_name(o), seconds);
    fprintf(to, "  offered   %lu   %.1f k/s\n", (unsigned long)r->offered,
            (double)r->offered / seconds / 1e3);
    fprintf(to, "  answered  %lu   %.1f k/s   sets %lu\n", (unsigned long)r->requests,
            (double)r->requests / seconds / 1e3, (unsigned long)r->sets);
    print_latency(&r->latency, to);
    fprintf(to, "  of that, waiting to be sent:  p99 %.1f us   max %.1f us\n", us(&r->lag, 0.99),
            (double)r->lag.max / 1e3);
    fprintf(to, "  lost %lu (%.3f %%)   late %lu   unsent %lu   too long to set %lu   bad %lu\n",
            (unsigned long)r->lost,
            100 * (double)r->lost / (double)(r->offered != 0 ? r->offered : 1),
            (unsigned long)r->late, (unsigned long)r->unsent, (unsigned long)r->oversize,
            (unsigned long)r->bad);
}

static void print_server(const struct outcome *o, FILE *to)
{
    if (server_busy(o))
        fprintf(to, "  server    %.3f M requests a CPU second while busy (%.0f %% of the time)\n",
                (double)o->server.busy_requests / (double)o->server.busy_cpu_ns * 1e3,
                100 * (double)o->server.busy_cpu_ns / (double)o->result.wall_ns);
    else if (o->counted)
        fprintf(to, "  server    hardly busy: this load is too small\n");
}

static void print_failure(const struct outcome *o, FILE *to)
{
    const struct load_result *r = &o->result;
    const struct dataset *d = &o->stream.dataset;
    if (r->fault.what != NULL)
        fprintf(to, "  FAILED    first wrong reply: %s, at byte %zu (request %u, datagram %u)\n",
                r->fault.what, r->fault.off, r->fault.id, r->fault.seq);
    else if (r->requests == 0)
        fprintf(to, "  FAILED    not one request was answered: does a server listen there?\n");
    if (r->fault.what != NULL && !o->echo && d->kind == DATASET_FIXED)
        fprintf(to, "  try       vitrine-kvd --preload %u:N, with N >= --keys\n", d->size);
    else if (r->fault.what != NULL && !o->echo)
        fprintf(to, "  try       vitrine-kvd --preload %s:N, with N >= --keys, or --fill\n",
                dataset_name(d));
}

void outcome_print(const struct outcome *o, FILE *to)
{
    if (o->rate > 0)
        print_open(o, to);
    else
        print_closed(o, to);
    print_server(o, to);
    print_failure(o, to);
}

void outcome_print_row(const struct outcome *o, bool first, FILE *to)
{
    const struct load_result *r = &o->result;
    double seconds = (double)r->wall_ns / 1e9;
    if (first)
        fprintf(to, "%12s %12s %9s %9s %9s %9s %9s %8s %8s\n", "offered /s", "answered /s",
                "p50 us", "p90 us", "p99 us", "p99.9 us", "max us", "lost", "unsent");
    fprintf(to, "%12.0f %12.0f %9.1f %9.1f %9.1f %9.1f %9.1f %8lu %8lu\n",
            (double)r->offered / seconds, (double)r->requests / seconds, us(&r->latency, 0.5),
            us(&r->latency, 0.9), us(&r->latency, 0.99), us(&r->latency, 0.999),
            (double)r->latency.max / 1e3, (unsigned long)r->lost, (unsigned long)r->unsent);
    print_failure(o, to);
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

static void write_open(struct json *j, const struct outcome *o)
{
    const struct load_result *r = &o->result;
    double seconds = (double)r->wall_ns / 1e9;
    json_text(j, "arrivals", arrivals_name(o));
    json_number(j, "keys", o->stream.keys);
    json_number(j, "zipf", o->stream.zipf);
    json_number(j, "set_share", o->stream.sets);
    json_number(j, "seed", (double)o->stream.seed);
    json_number(j, "offered", (double)r->offered);
    json_number(j, "offered_per_s", (double)r->offered / seconds);
    json_number(j, "achieved_per_s", (double)r->requests / seconds);
    json_number(j, "sets", (double)r->sets);
    json_number(j, "late", (double)r->late);
    json_number(j, "unsent", (double)r->unsent);
    json_number(j, "oversize", (double)r->oversize);
    json_number(j, "lag_p99_ns", (double)histogram_quantile(&r->lag, 0.99));
    json_number(j, "lag_max_ns", (double)r->lag.max);
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
    if (o->rate > 0)
        write_open(j, o);
    else
        json_number(j, "window", o->window);
    if (server_busy(o))
        json_number(j, "rate_per_server_cpu_s",
                    (double)o->server.busy_requests / (double)o->server.busy_cpu_ns * 1e9);
    if (o->counted)
        json_number(j, "payload_bytes_copied",
                    (double)o->server.payload_bytes_copied / (double)r->requests);
}

static void name_of(const struct outcome *o, char name[64])
{
    const struct dataset *d = &o->stream.dataset;
    if (o->rate == 0)
        snprintf(name, 64, "%s/%u", o->echo ? "udp_echo" : "mc_udp_get", d->size);
    else if (d->kind == DATASET_FIXED)
        snprintf(name, 64, "mc_udp_open/%u/%.0f", d->size, o->rate);
    else
        snprintf(name, 64, "mc_udp_open/%s/%.0f", dataset_name(d), o->rate);
}

static void write_entry(struct json *j, const struct outcome *o, unsigned index)
{
    const struct load_result *r = &o->result;
    char name[64];
    name_of(o, name);
    struct figures_place place = { name, 0, index, 1, 1 };
    double each = (double)r->wall_ns / (double)(r->requests != 0 ? r->requests : 1);
    figures_entry(j, &place, name, "iteration");
    json_number(j, "repetition_index", 0);
    /* The generator spins: its CPU time is the wall's. */
    figures_times(j, (double)r->requests, each, each);
    write_counters(j, o);
    write_histogram(j, &r->latency);
    json_end(j, '}');
}

void outcome_json(const struct outcome *o, unsigned n, FILE *to)
{
    struct json j = { .to = to };
    json_object(&j, NULL);
    write_context(&j, o);
    json_array(&j, "benchmarks");
    for (unsigned i = 0; i < n; i++)
        write_entry(&j, &o[i], i);
    json_end(&j, ']');
    json_end(&j, '}');
}
