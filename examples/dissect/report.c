/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Reports, and how they are printed.
 */
#include "report.h"

#include <string.h>

void report_begin(struct report *r, uint64_t number, struct vtr_span packet)
{
    r->packet = packet;
    r->layers = r->values = r->len = 0;
    r->full = r->part = false;
    r->stopped = NULL;
    r->stopped_at = 0;
    report_number(r, F_FRAME_NUMBER, number);
    report_number(r, F_FRAME_CAP_LEN, packet.len);
}

bool report_layer(struct report *r, const char *name, struct vtr_span s)
{
    if (r->layers == LAYERS_MAX) {
        report_stop(r, name, s);
        return false;
    }
    r->layer[r->layers++] = name;
    return true;
}

static void add(struct report *r, enum field f, int len)
{
    r->full = r->full || r->values == VALUES_MAX || (size_t)len >= sizeof r->text - r->len;
    if (r->full)
        return;
    r->value[r->values++] = (struct value){ f, r->len, (unsigned)len };
    r->len += (unsigned)len;
}

void report_number(struct report *r, enum field f, uint64_t n)
{
    add(r, f, field_print_number(f, n, r->text + r->len, sizeof r->text - r->len));
}

void report_bytes(struct report *r, enum field f, struct vtr_span s)
{
    add(r, f, field_print_bytes(f, s, r->text + r->len, sizeof r->text - r->len));
}

void report_stop(struct report *r, const char *layer, struct vtr_span s)
{
    if (r->stopped != NULL || r->part)
        return;
    r->stopped = layer;
    r->stopped_at = s.len != 0 ? (size_t)(s.ptr - r->packet.ptr) : r->packet.len;
}

static const struct value *first(const struct report *r, enum field f)
{
    for (unsigned i = 0; i < r->values; i++)
        if (r->value[i].field == f)
            return &r->value[i];
    return NULL;
}

/* "SRC > DST" of a pair of fields. @return whether they are there. */
static bool print_pair(const struct report *r, enum field src, enum field dst, FILE *out)
{
    const struct value *s = first(r, src), *d = first(r, dst);
    if (s == NULL || d == NULL)
        return false;
    fprintf(out, "  %.*s > %.*s", (int)s->len, r->text + s->at, (int)d->len, r->text + d->at);
    return true;
}

/* What says most of a packet, after its ends. */
static const enum field notes[] = {
    F_ARP_DST_IP,  F_ICMP_TYPE,        F_ICMP6_TYPE, F_IGMP_GROUP, F_DNS_QRY_NAME, F_DHCP_TYPE,
    F_NTP_STRATUM, F_MEMCACHE_COMMAND, F_TLS_SNI,    F_QUIC_DCID,  F_VXLAN_VNI,    F_GENEVE_VNI,
    F_GTP_TEID,    F_TCP_FLAGS,
};

void report_line(const struct report *r, FILE *out)
{
    const struct value *number = &r->value[0];
    fprintf(out, "%.*s  %zu bytes  ", (int)number->len, r->text + number->at, r->packet.len);
    for (unsigned i = 0; i < r->layers; i++)
        fprintf(out, "%s%s", i != 0 ? "/" : "", r->layer[i]);
    if (!print_pair(r, F_IP_SRC, F_IP_DST, out) && !print_pair(r, F_IP6_SRC, F_IP6_DST, out))
        print_pair(r, F_ETH_SRC, F_ETH_DST, out);
    if (!print_pair(r, F_UDP_SRC, F_UDP_DST, out) && !print_pair(r, F_TCP_SRC, F_TCP_DST, out))
        print_pair(r, F_SCTP_SRC, F_SCTP_DST, out);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        const struct value *v = first(r, notes[i]);
        if (v != NULL)
            fprintf(out, "  %s=%.*s", field_name(notes[i]), (int)v->len, r->text + v->at);
    }
    if (r->stopped != NULL)
        fprintf(out, "  stopped: %s at byte %zu is cut short or malformed", r->stopped,
                r->stopped_at);
    fputc('\n', out);
}

/* All values of a field, with commas between them. */
static void print_column(const struct report *r, enum field f, FILE *out)
{
    const char *between = "";
    for (unsigned i = 0; i < r->values; i++)
        if (r->value[i].field == f) {
            fprintf(out, "%s%.*s", between, (int)r->value[i].len, r->text + r->value[i].at);
            between = ",";
        }
}

void report_columns(const struct report *r, const enum field *wanted, unsigned n, FILE *out)
{
    for (unsigned i = 0; i < n; i++) {
        if (i != 0)
            fputc('\t', out);
        print_column(r, wanted[i], out);
    }
    fputc('\n', out);
}

static void print_quoted(const char *text, size_t len, FILE *out)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++)
        fprintf(out, text[i] == '"' || text[i] == '\\' ? "\\%c" : "%c", text[i]);
    fputc('"', out);
}

/* A field is an array, since tunnels have it more than once. */
static void print_values(const struct report *r, enum field f, FILE *out)
{
    const char *between = "";
    print_quoted(field_name(f), strlen(field_name(f)), out);
    fputs(":[", out);
    for (unsigned i = 0; i < r->values; i++)
        if (r->value[i].field == f) {
            fputs(between, out);
            print_quoted(r->text + r->value[i].at, r->value[i].len, out);
            between = ",";
        }
    fputc(']', out);
}

void report_json(const struct report *r, FILE *out)
{
    bool shown[FIELDS_N] = { false };
    fputs("{\"layers\":[", out);
    for (unsigned i = 0; i < r->layers; i++)
        fprintf(out, "%s\"%s\"", i != 0 ? "," : "", r->layer[i]);
    fputs("],\"fields\":{", out);
    for (unsigned i = 0; i < r->values; i++) {
        enum field f = r->value[i].field;
        if (shown[f])
            continue;
        fputs(i != 0 ? "," : "", out);
        print_values(r, f, out);
        shown[f] = true;
    }
    fputc('}', out);
    if (r->stopped != NULL)
        fprintf(out, ",\"stopped\":{\"layer\":\"%s\",\"byte\":%zu}", r->stopped, r->stopped_at);
    fputs(r->full ? ",\"full\":true}\n" : "}\n", out);
}
