/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VITRINE_WIRE_H
#define VITRINE_WIRE_H
#include <vitrine/span.h>
#endif
