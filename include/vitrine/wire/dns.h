/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * DNS: RFC 1035 section 4, with the extensions of RFC 6891 (EDNS0).
 *
 *   if (vtr_dns_take(s, &rest) == NULL)
 *       ...
 *   for (w = vtr_dns_walk_of(s); vtr_dns_question_next(&w, &question);)
 *       ...
 *   while (vtr_dns_record_next(&w, &record))
 *       ...
 *   if (!vtr_dns_walk_done(&w))      w.r.rest begins with what is no question or no record
 *
 * Names refer back into their message, so it has to lie in one piece (vtr_data_gather()).
 * Owner: nothing here owns anything; a name is good while the message is.
 * Threads: any, each with a walk of its own. Bytes that change meanwhile lead nowhere outside.
 * Cost: of a name at most VTR_DNS_NAME_MAX bytes and VTR_DNS_JUMPS references, each of which must
 * lead to before all that was read of the name, so that none is read twice.
 */
#ifndef VITRINE_WIRE_DNS_H
#define VITRINE_WIRE_DNS_H

#include <vitrine/parse.h>
#include <vitrine/writer.h>

VTR_BEGIN_DECLS

VTR_WIRE(vtr_dns, 12,
         (struct vtr_be16, id, 0),
         (struct vtr_be16, flags, 2), /* VTR_DNS_REPLY, ...; vtr_dns_opcode(), vtr_dns_rcode() */
         (struct vtr_be16, questions, 4),
         (struct vtr_be16, answers, 6),
         (struct vtr_be16, authorities, 8),
         (struct vtr_be16, additionals, 10));

enum {
    VTR_DNS_PORT = 53,

    VTR_DNS_REPLY = 0x8000, /* QR */
    VTR_DNS_AA = 0x0400,    /* by the authority */
    VTR_DNS_TC = 0x0200,    /* cut off: ask over TCP */
    VTR_DNS_RD = 0x0100,    /* recursion is asked for */
    VTR_DNS_RA = 0x0080,    /* and available */
    VTR_DNS_AD = 0x0020,    /* RFC 4035 section 3.2.3 */
    VTR_DNS_CD = 0x0010,

    /* types: IANA "Domain Name System (DNS) Parameters" */
    VTR_DNS_A = 1,
    VTR_DNS_NS = 2,
    VTR_DNS_CNAME = 5,
    VTR_DNS_SOA = 6,
    VTR_DNS_PTR = 12,
    VTR_DNS_MX = 15,
    VTR_DNS_TXT = 16,
    VTR_DNS_AAAA = 28,
    VTR_DNS_SRV = 33,
    VTR_DNS_OPT = 41, /* RFC 6891: vtr_dns_edns_of() */

    VTR_DNS_IN = 1, /* class */

    VTR_DNS_LABEL_MAX = 63,
    VTR_DNS_NAME_MAX = 255,  /* bytes as sent without references, the root's zero included */
    VTR_DNS_JUMPS = 127,     /* more labels than one for each has no name */
    VTR_DNS_TEXT_MAX = 1003, /* of vtr_dns_name_text(): 250 bytes as \DDD, three dots */
};

/** The rest is the questions and records. */
VTR_TAKE_FIXED(vtr_dns)

/* Over TCP a message has its length in front: RFC 1035 section 4.2.2. */
VTR_WIRE(vtr_dns_tcp, 2, (struct vtr_be16, len, 0)); /* bytes, these two excluded */

/** A length that is all there. The rest is the message. */
VTR_INLINE VTR_MUST_USE bool vtr_dns_tcp_measure(const struct vtr_dns_tcp *h, size_t len,
                                                 struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h;
    e->end = sizeof *h + vtr_be16_get(h->len);
    return true;
}
VTR_TAKE(vtr_dns_tcp)

/** @return 0 for a query. */
VTR_INLINE VTR_MUST_USE unsigned vtr_dns_opcode(const struct vtr_dns *h)
{
    return vtr_be16_get(h->flags) >> 11 & 15u;
}
/** @return 0: no error; 3: no such name; with EDNS0, its low 4 bits. */
VTR_INLINE VTR_MUST_USE unsigned vtr_dns_rcode(const struct vtr_dns *h)
{
    return vtr_be16_get(h->flags) & 15u;
}

/* Names */

/** A name where it stands in its message. Copying it remembers the place. */
struct vtr_dns_name {
    struct vtr_span message; /**< from the header to the end */
    size_t at;               /**< private: the next label's place */
    size_t before;           /**< private: references must lead to before this */
    uint16_t len;            /**< private: bytes so far */
    uint16_t jumps;          /**< private: references so far */
};

/**
 * The name at the front of @p r, checked to its end.
 * @param message  that @p r is of, such as a record's data: names in it refer back into this.
 * @param out      untouched on false: cut short, too long, or it refers to anywhere but backwards.
 */
VTR_API VTR_MUST_USE bool vtr_dns_name_next(struct vtr_span message, struct vtr_reader *r,
                                            struct vtr_dns_name *out);

/**
 * The next label of a name.
 * @param n      moved on; once on false, it stays there.
 * @param label  1 to 63 bytes, any; borrowed from the message; untouched on false: the name ends.
 */
VTR_API VTR_MUST_USE bool vtr_dns_label_next(struct vtr_dns_name *n, struct vtr_span *label);

/**
 * Appends a name as people write it: labels with dots between them, the root a single dot; a dot or
 * backslash in a label behind a backslash, and what ASCII cannot print as three digits behind one
 * (RFC 1035 section 5.1).
 * @return false, and nothing appended: no room; VTR_DNS_TEXT_MAX bytes are always enough.
 */
VTR_API VTR_MUST_USE bool vtr_dns_name_text(struct vtr_dns_name n, struct vtr_writer *w);

/**
 * The order of RFC 4034 section 6.1: as the last labels differ, ASCII case aside (RFC 4343).
 * @return <0, 0 or >0; 0: the same name, of whatever messages.
 */
VTR_API VTR_MUST_USE int vtr_dns_name_compare(struct vtr_dns_name a, struct vtr_dns_name b);

/* Questions and records */

/** Where in a message a record lies. */
enum vtr_dns_section {
    VTR_DNS_QUESTION,
    VTR_DNS_ANSWER,
    VTR_DNS_AUTHORITY,
    VTR_DNS_ADDITIONAL,
};

/** A place in a message. Copying it remembers the place. */
struct vtr_dns_walk {
    struct vtr_span message;
    struct vtr_reader r; /**< what has not been read */
    uint16_t left[4];    /**< how many more the header promises, by vtr_dns_section */
};

/** A question. */
struct vtr_dns_question {
    struct vtr_dns_name name;
    uint16_t type;   /**< VTR_DNS_A, ... */
    uint16_t space;  /**< the class: VTR_DNS_IN, ... */
};

/** A resource record. */
struct vtr_dns_record {
    struct vtr_dns_name name;
    enum vtr_dns_section section;
    uint16_t type;        /**< VTR_DNS_A, ... */
    uint16_t space;       /**< the class: VTR_DNS_IN, ... */
    uint32_t ttl_s;       /**< RFC 2181 section 8: the high bit set means 0 */
    struct vtr_span data; /**< as the type says; names in it: vtr_dns_name_next() */
};

/** @param message  from the header to the end. @return its start; of a short one: done. */
VTR_API VTR_MUST_USE struct vtr_dns_walk vtr_dns_walk_of(struct vtr_span message);

/** @param out untouched on false: there are no more, or w->r is before what is none. */
VTR_API VTR_MUST_USE bool vtr_dns_question_next(struct vtr_dns_walk *w,
                                                struct vtr_dns_question *out);

/** Questions that were not taken are gone past. @param out as vtr_dns_question_next(). */
VTR_API VTR_MUST_USE bool vtr_dns_record_next(struct vtr_dns_walk *w, struct vtr_dns_record *out);

/** @return whether all that the header promises was found. */
VTR_INLINE VTR_MUST_USE bool vtr_dns_walk_done(const struct vtr_dns_walk *w)
{
    return (w->left[0] | w->left[1] | w->left[2] | w->left[3]) == 0;
}

/* EDNS0: RFC 6891 section 6.1. */

/** What the OPT record says. */
struct vtr_dns_edns {
    uint16_t udp_len;        /**< bytes of UDP payload that the sender takes */
    uint8_t rcode_high;      /**< above the four bits of vtr_dns_rcode() */
    uint8_t version;         /**< 0 */
    bool dnssec;             /**< RFC 3225: DO */
    struct vtr_span options; /**< to vtr_dns_option_next() */
};

/** @param out untouched on false: the record is another. */
VTR_API VTR_MUST_USE bool vtr_dns_edns_of(const struct vtr_dns_record *record,
                                          struct vtr_dns_edns *out);

/** An option of the OPT record. */
struct vtr_dns_option {
    uint16_t code;
    struct vtr_span data;
};

/** @param r  on false at the end, or before what is no option. @param out untouched on false. */
VTR_API VTR_MUST_USE bool vtr_dns_option_next(struct vtr_reader *r, struct vtr_dns_option *out);

VTR_END_DECLS
#endif
