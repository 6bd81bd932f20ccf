/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A server thread.
 */
#include "inside.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "measure/complain.h"
#include "peer.h"
#include "../server.h"

struct inside {
    struct server_opts opts;
    int cpu;
    pthread_t thread;
    sem_t opened;
    int rc;                /* of opening; valid once @ref opened was posted */
    struct vtr_error *err; /* the starter's, until then */
    bool stop;             /* atomic */
    bool started;
};

static void *serve(void *context)
{
    struct inside *self = context;
    struct server *server;
    self->rc = peer_pin(self->cpu);
    if (self->rc == 0)
        self->rc = server_open(&self->opts, &server, self->err);
    bool open = self->rc == 0;
    sem_post(&self->opened);
    if (!open)
        return NULL;
    server_run(server, &self->stop);
    struct vtr_error leak;
    if (server_close(server, NULL, &leak) != 0)
        complain_print(&leak);
    return NULL;
}

int inside_start(struct vtr_heap *heap, const char *port, const struct inside_preload *preload,
                 unsigned preloads, int cpu, struct inside **out, struct vtr_error *err)
{
    struct inside *self = calloc(1, sizeof *self);
    if (self == NULL)
        return complain(err, -ENOMEM, NULL, "no memory for a server");
    server_defaults(&self->opts);
    self->opts.heap = heap;
    self->opts.port = port;
    self->opts.idle = SERVER_NAP;
    self->cpu = cpu;
    self->err = err;
    vtr_check(preloads <= SERVER_PRELOADS);
    for (unsigned i = 0; i < preloads; i++)
        self->opts.preload[i] =
            (struct server_preload){ { .size = preload[i].size }, preload[i].count };
    self->opts.preloads = preloads;
    sem_init(&self->opened, 0, 0);
    int rc = -pthread_create(&self->thread, NULL, serve, self);
    if (rc != 0) {
        complain(err, rc, NULL, "no thread for a server: %s", strerror(-rc));
    } else {
        self->started = true;
        while (sem_wait(&self->opened) != 0 && errno == EINTR)
            ;
        rc = self->rc;
    }
    if (rc != 0)
        inside_end(self);
    else
        *out = self;
    return rc;
}

void inside_end(struct inside *self)
{
    if (self == NULL)
        return;
    /* O: the thread reads it once a poll; joining orders everything else. */
    __atomic_store_n(&self->stop, true, __ATOMIC_RELAXED);
    if (self->started)
        pthread_join(self->thread, NULL);
    sem_destroy(&self->opened);
    free(self);
}
