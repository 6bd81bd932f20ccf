/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * libvitrine-jemalloc: what programs need to have jemalloc from their start, when there is room for
 * its thread-locals. In itself it is nothing; it needs libstdc++, libc and libjemalloc, in this
 * order. A name is looked up in what the program needs, then in what that needs: so malloc and
 * operator new, which libjemalloc defines as well, stay those of libc and libstdc++. With -lc
 * -ljemalloc in a program itself they do not: libstdc++ comes last there.
 */
#include <vitrine/base.h>

VTR_API extern const char vtr_jemalloc_[];
const char vtr_jemalloc_[] = "behind libc"; /* no object file is empty */
