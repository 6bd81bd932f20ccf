/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The lines of `stats`: what clients of memcached expect, then what is ours.
 */
#include "engine.h"

#include <inttypes.h>
#include <unistd.h>

static bool number(struct message *m, const char *name, uint64_t value)
{
    return message_format(m, "STAT %s %" PRIu64 "\r\n", name, value);
}

static bool text(struct message *m, const char *name, const char *value)
{
    return message_format(m, "STAT %s %s\r\n", name, value);
}

static bool usual(struct engine *e, struct message *m)
{
    const struct engine_counts *c = &e->counts;
    struct store_stat store;
    struct timespec now;
    store_stat(e->store, &store);
    clock_gettime(CLOCK_REALTIME, &now);
    return number(m, "pid", (uint64_t)getpid()) &&
           number(m, "uptime", (uint64_t)(now.tv_sec - e->started)) &&
           number(m, "time", (uint64_t)now.tv_sec) && text(m, "version", ECHO_VERSION) &&
           number(m, "curr_items", store.items) && number(m, "bytes", store.bytes) &&
           number(m, "limit_maxbytes", store.max_bytes) &&
           number(m, "evictions", store.evictions) &&
           number(m, "cmd_get", c->cmd_get) && number(m, "cmd_set", c->cmd_set) &&
           number(m, "get_hits", c->get_hits) && number(m, "get_misses", c->get_misses) &&
           number(m, "threads", 1) && number(m, "curr_connections", 1);
}

static bool polling(struct engine *e, struct message *m)
{
    const struct slices *s = &e->slices;
    return number(m, "polls", s->polls) && number(m, "polls_empty", s->polls_empty) &&
           number(m, "slices", s->slices) && number(m, "busy_slices", s->busy_slices) &&
           number(m, "busy_requests", s->busy_requests) &&
           number(m, "busy_cpu_ns", s->busy_cpu_ns) && number(m, "cpu_ns", s->cpu_ns) &&
           number(m, "tx_retries", e->counts.tx_retries);
}

/* Of sizes that had a trial: choice_64 copy 210 228, in cycles a reply copied and referred. */
static bool choices(const struct threshold *t, struct message *m)
{
    for (unsigned i = 0; i < THRESHOLD_BUCKETS; i++) {
        const struct threshold_bucket *b = &t->bucket[i];
        if (b->trials != 0 &&
            !message_format(m, "STAT choice_%u %s %.0f %.0f %u\r\n", 1u << i,
                            b->refer ? "reference" : "copy", (double)b->cycles[0],
                            (double)b->cycles[1], b->trials))
            return false;
    }
    return true;
}

static bool drops(const struct engine *e, struct message *m)
{
    static const char *const names[] = {
#define X(name, what) "drop_" #name,
        DROPS(X)
#undef X
    };
    for (unsigned i = 0; i < DROP_REASONS; i++)
        if (e->counts.drop[i] != 0 && !number(m, names[i], e->counts.drop[i]))
            return false;
    return true;
}

bool engine_stats(struct engine *e, struct message *m)
{
    return usual(e, m) && text(m, "mode", engine_mode_name(e->mode)) &&
           number(m, "threshold", threshold_bytes(&e->threshold)) &&
           number(m, "requests", e->counts.requests) &&
           number(m, "payload_bytes_copied", e->counts.payload_bytes_copied) &&
           number(m, "payload_bytes_kernel", e->counts.payload_bytes_kernel) && polling(e, m) &&
           choices(&e->threshold, m) && drops(e, m) &&
           (e->stats == NULL || e->stats(e->stats_of, m)) && message_text(m, "END\r\n", 5);
}
