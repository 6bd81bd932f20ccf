/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Places: where in the program blocks are made and ended, and memory is adopted. Debug builds only;
 * in others nothing is noted and nothing is known.
 *
 * A place is what VTR_HERE_ noted (a program compiled with -DVTR_DEBUG), what a floor of ours says
 * ("port null:0"), or else the address that the outermost call into the library returns to.
 *
 * Each block has two numbers of places in a gap of its pageblock's area, which is memory that takes
 * none until it is written; adopted memory has them beside its record.
 *
 * Owner: whoever has the block. Threads: any.
 */
#ifndef VITRINE_HEAP_PLACE_H
#define VITRINE_HEAP_PLACE_H

#include <vitrine/debug.h>

enum { VTR_PLACES = 4096 }; /* 0 is not known */

/** Of one block: numbers of places. Atomic, since a report may look while it is taken. */
struct vtr_life {
    uint16_t made, ended;
};

#ifdef VTR_DEBUG

/** First line of a call that makes or ends blocks. */
#define VTR_PLACE_CALL_ VTR_PLACE_(__builtin_return_address(0), NULL)

/** The same of a floor that is called by somebody else's code. @param name  borrowed till then. */
#define VTR_PLACE_NAMED_(name) VTR_PLACE_(NULL, name)

#define VTR_PLACE_(returns_to, name)                                                               \
    __attribute__((cleanup(vtr_place_leave_), unused)) bool vtr_outermost_ =                       \
        vtr_place_enter_(returns_to, name)

VTR_API bool vtr_place_enter_(const void *returns_to, const char *name);
VTR_API void vtr_place_leave_(const bool *outermost);

/** The block was just taken, or ended, by the call that the thread is in. */
VTR_API void vtr_place_made_(const struct vtr_record *rec);
VTR_API void vtr_place_ended_(const struct vtr_record *rec);

/** @return the number of the place where the block was made. */
unsigned vtr_place_of(const struct vtr_record *rec);

/** @return what a person calls the place, or NULL: not known. */
const char *vtr_place_name(unsigned place);
const char *vtr_place_made_name(const struct vtr_record *rec);
const char *vtr_place_ended_name(const struct vtr_record *rec);

#else
#define VTR_PLACE_CALL_ (void)0
#define VTR_PLACE_NAMED_(name) (void)(name)
static inline void vtr_place_made_(const struct vtr_record *rec) { (void)rec; }
static inline void vtr_place_ended_(const struct vtr_record *rec) { (void)rec; }
static inline const char *vtr_place_made_name(const struct vtr_record *rec)
{
    (void)rec;
    return NULL;
}
#define vtr_place_ended_name vtr_place_made_name
#endif

#endif
