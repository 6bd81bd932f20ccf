/* SPDX-License-Identifier: BSD-2-Clause */
#include <vitrine/checksum.h>
