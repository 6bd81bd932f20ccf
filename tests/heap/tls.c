/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A plugin that takes 4 KiB of static TLS: of what glibc sets aside for such, when that is 4 KiB
 * more than it always is, what is left is too little for jemalloc.
 */
__thread char taken[4096] __attribute__((tls_model("initial-exec")));

char *take(void);

char *take(void) { return taken; }
