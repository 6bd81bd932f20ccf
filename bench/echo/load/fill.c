/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Sets, one after the other, each until it is answered.
 */
#include "fill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "measure/complain.h"

static int fill_item(struct link *link, const struct stream *s, uint32_t index, uint8_t *bytes,
                     struct vtr_error *err)
{
    struct ask ask = { .index = index, .set = true };
    uint32_t id = command_id(link), value = s->item[index].value;
    char answer[128];
    if (ask_len(s, ask) > link->say_max)
        return complain(err, -EMSGSIZE, "vitrine-kvd --preload fills itself",
                        "a value of %u B fits no datagram of this link", value);
    struct vtr_span request = vtr_span_of(bytes, ask_write(s, ask, id, bytes));
    int rc = command_ask(link, id, request, answer, sizeof answer);
    if (rc != 0)
        return complain(err, rc, "start the server first", "cannot fill the server: %s",
                        strerror(-rc));
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcmp(answer, "STORED") == 0
               ? 0
               : complain(err, -EPROTO, "more memory for the server",
                          "the server does not store a value of %u B: %.80s", value, answer);
}

int fill_server(struct link *link, const struct stream *s, const volatile sig_atomic_t *stop,
                struct vtr_error *err)
{
    uint8_t *bytes = malloc(STREAM_REQUEST_MAX);
    if (bytes == NULL)
        return complain(err, -ENOMEM, NULL, "no memory to fill the server from");
    int rc = 0;
    for (uint32_t i = 0; i < s->opts.keys && rc == 0; i++)
        rc = *stop == 0 ? fill_item(link, s, i, bytes, err)
                        : complain(err, -ECANCELED, NULL, "stopped while filling the server");
    free(bytes);
    return rc;
}
