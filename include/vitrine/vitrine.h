/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Everything but ports: what libvitrine holds. Ports are in <vitrine/port.h> and libvitrine-net.
 */
#ifndef VITRINE_VITRINE_H
#define VITRINE_VITRINE_H

#include <vitrine/adopt.h>
#include <vitrine/answer.h>
#include <vitrine/base.h>
#include <vitrine/buf.h>
#include <vitrine/checksum.h>
#include <vitrine/data.h>
#include <vitrine/debug.h>
#include <vitrine/flow.h>
#include <vitrine/heap.h>
#include <vitrine/keep.h>
#include <vitrine/memory.h>
#include <vitrine/parse.h>
#include <vitrine/primitive.h>
#include <vitrine/reader.h>
#include <vitrine/span.h>
#include <vitrine/static.h>
#include <vitrine/walk.h>
#include <vitrine/wire.h>
#include <vitrine/writer.h>

#endif
