// SPDX-License-Identifier: BSD-2-Clause
/** @file
 * static data in C++: there before any constructor ran, so nothing initialises it at run time.
 */
#include <cstdio>
#include <cstring>
#include <vitrine/vitrine.h>

static const uint8_t bytes[] = { 1, 2, 3 };
static const struct vtr_static replies[] = { VTR_STATIC_INIT("STORED\r\n"),
                                             VTR_STATIC_INIT_ARRAY(bytes) };
static bool early;

static bool there(const struct vtr_static *s, const void *want, size_t len)
{
    struct vtr_data d = vtr_data_static(s);
    struct vtr_span span = vtr_data_span(d);
    return span.ptr != nullptr && span.len == len && std::memcmp(span.ptr, want, len) == 0;
}

// 101 is the earliest that a program may ask for; constructors of C++ run at 65535.
__attribute__((constructor(101))) static void look_early()
{
    early = there(&replies[0], "STORED\r\n", 8) && there(&replies[1], bytes, 3);
}

int main()
{
    std::printf("static data before constructors: %s\n", early ? "there" : "missing");
    return early ? 0 : 1;
}
