/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VITRINE_CHECKSUM_H
#define VITRINE_CHECKSUM_H
#include <vitrine/span.h>
#endif
