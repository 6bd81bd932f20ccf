/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Primitive structs: structs of bytes only, so that any address and any content is valid, and bytes
 * from a wire can be looked at where they lie. Integers in them have a byte order in their name;
 * they are structs, so comparing, adding or assigning one as if it were a number does not compile.
 * Owner: nothing here owns anything.
 * Threads: any. A field is read once, into what its getter returns.
 * Not here: looking at bytes as one of them (span.h), those of the usual protocols (wire.h).
 */
#ifndef VITRINE_PRIMITIVE_H
#define VITRINE_PRIMITIVE_H

#include <string.h>
#include <vitrine/base.h>

VTR_BEGIN_DECLS

/* Cost: a getter or a maker is one load or store and at most one byte swap. */
#define VTR_ENDIAN_(wire, host, order)                                                             \
    /** ABI: sizeof(host) bytes, in the order of the name, align 1. */                             \
    struct wire {                                                                                  \
        uint8_t bytes[sizeof(host)];                                                               \
    };                                                                                             \
    /** @return the number, in host order. */                                                      \
    VTR_INLINE VTR_MUST_USE host wire##_get(struct wire x)                                         \
    {                                                                                              \
        host v;                                                                                    \
        memcpy(&v, x.bytes, sizeof v);                                                             \
        return order(v);                                                                           \
    }                                                                                              \
    /** @return @p v in the order of the name, ready to be stored. */                              \
    VTR_INLINE VTR_MUST_USE struct wire wire##_make(host v)                                        \
    {                                                                                              \
        struct wire x;                                                                             \
        v = order(v);                                                                              \
        memcpy(x.bytes, &v, sizeof v);                                                             \
        return x;                                                                                  \
    }                                                                                              \
    VTR_STATIC_ASSERT(sizeof(struct wire) == sizeof(host), #wire " is a " #host " in bytes");      \
    VTR_STATIC_ASSERT(__alignof__(struct wire) == 1, #wire " may lie at any address")

#define VTR_AS_IS_(v) (v) /* hosts are little-endian: base.h asserts it */

/* struct vtr_be16, vtr_be16_get(), vtr_be16_make(), and so on */
VTR_ENDIAN_(vtr_be16, uint16_t, __builtin_bswap16);
VTR_ENDIAN_(vtr_be32, uint32_t, __builtin_bswap32);
VTR_ENDIAN_(vtr_be64, uint64_t, __builtin_bswap64);
VTR_ENDIAN_(vtr_le16, uint16_t, VTR_AS_IS_);
VTR_ENDIAN_(vtr_le32, uint32_t, VTR_AS_IS_);
VTR_ENDIAN_(vtr_le64, uint64_t, VTR_AS_IS_);

#undef VTR_AS_IS_
#undef VTR_ENDIAN_

/**
 * Declares a primitive struct and asserts all that its source says of its layout: how long it is
 * and where each field begins. Anything but bytes in it, or a hole, does not compile.
 * ```
 * VTR_WIRE(vtr_udp, 8,                   // struct vtr_udp, 8 bytes
 *          (struct vtr_be16, src, 0),    // type, name, offset in bytes
 *          (uint8_t, key, 2, [6]));      // an array has its bound behind the offset
 * ```
 * At most 16 fields: nest structs for more.
 */
#define VTR_WIRE(name, size, ...)                                                                  \
    struct name {                                                                                  \
        VTR_EACH_(VTR_WIRE_FIELD_, name, __VA_ARGS__)                                              \
    };                                                                                             \
    VTR_EACH_(VTR_WIRE_OFFSET_, name, __VA_ARGS__)                                                 \
    VTR_STATIC_ASSERT(__alignof__(struct name) == 1, #name " is made of bytes");                   \
    VTR_STATIC_ASSERT(sizeof(struct name) == (size), #name " is " #size " bytes long")

/** Asserts that @p type may be laid over bytes at any address. For macros that take a type. */
#define VTR_ASSERT_PRIMITIVE_(type)                                                                \
    VTR_STATIC_ASSERT(sizeof(type) > 0 && __alignof__(type) == 1,                                  \
                      #type " is not primitive: declare it with VTR_WIRE")

/* VTR_WIRE: a field is the tuple (type, name, offset) or (type, name, offset, [bound]). */
#define VTR_WIRE_FIELD_(owner, field) VTR_WIRE_FIELD_I_(VTR_UNWRAP_ field, , )
#define VTR_WIRE_FIELD_I_(...) VTR_WIRE_FIELD_II_(__VA_ARGS__)
#define VTR_WIRE_FIELD_II_(type, name, off, bound, ...) type name bound;
#define VTR_WIRE_OFFSET_(owner, field) VTR_WIRE_OFFSET_I_(owner, VTR_UNWRAP_ field, )
#define VTR_WIRE_OFFSET_I_(...) VTR_WIRE_OFFSET_II_(__VA_ARGS__)
#define VTR_WIRE_OFFSET_II_(owner, type, name, off, ...)                                           \
    VTR_STATIC_ASSERT(offsetof(struct owner, name) == (off), #owner "." #name " is at " #off);
#define VTR_UNWRAP_(...) __VA_ARGS__

/* VTR_EACH_(m, c, a, b, ...) is m(c, a) m(c, b) ... */
#define VTR_EACH_(m, c, ...) VTR_EACH_N_(VTR_COUNT_(__VA_ARGS__))(m, c, __VA_ARGS__)
#define VTR_EACH_N_(n) VTR_EACH_NN_(n)
#define VTR_EACH_NN_(n) VTR_EACH_##n##_
#define VTR_COUNT_(...)                                                                            \
    VTR_COUNT_I_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define VTR_COUNT_I_(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, n, ...) n
#define VTR_EACH_1_(m, c, a) m(c, a)
#define VTR_EACH_2_(m, c, a, ...) m(c, a) VTR_EACH_1_(m, c, __VA_ARGS__)
#define VTR_EACH_3_(m, c, a, ...) m(c, a) VTR_EACH_2_(m, c, __VA_ARGS__)
#define VTR_EACH_4_(m, c, a, ...) m(c, a) VTR_EACH_3_(m, c, __VA_ARGS__)
#define VTR_EACH_5_(m, c, a, ...) m(c, a) VTR_EACH_4_(m, c, __VA_ARGS__)
#define VTR_EACH_6_(m, c, a, ...) m(c, a) VTR_EACH_5_(m, c, __VA_ARGS__)
#define VTR_EACH_7_(m, c, a, ...) m(c, a) VTR_EACH_6_(m, c, __VA_ARGS__)
#define VTR_EACH_8_(m, c, a, ...) m(c, a) VTR_EACH_7_(m, c, __VA_ARGS__)
#define VTR_EACH_9_(m, c, a, ...) m(c, a) VTR_EACH_8_(m, c, __VA_ARGS__)
#define VTR_EACH_10_(m, c, a, ...) m(c, a) VTR_EACH_9_(m, c, __VA_ARGS__)
#define VTR_EACH_11_(m, c, a, ...) m(c, a) VTR_EACH_10_(m, c, __VA_ARGS__)
#define VTR_EACH_12_(m, c, a, ...) m(c, a) VTR_EACH_11_(m, c, __VA_ARGS__)
#define VTR_EACH_13_(m, c, a, ...) m(c, a) VTR_EACH_12_(m, c, __VA_ARGS__)
#define VTR_EACH_14_(m, c, a, ...) m(c, a) VTR_EACH_13_(m, c, __VA_ARGS__)
#define VTR_EACH_15_(m, c, a, ...) m(c, a) VTR_EACH_14_(m, c, __VA_ARGS__)
#define VTR_EACH_16_(m, c, a, ...) m(c, a) VTR_EACH_15_(m, c, __VA_ARGS__)

VTR_END_DECLS
#endif
