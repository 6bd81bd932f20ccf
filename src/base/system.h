/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The system calls that can fail for want of something, so that tests can make each fail. In
 * release builds they are the calls themselves.
 * Owner: nothing. Threads: any.
 */
#ifndef VITRINE_BASE_SYSTEM_H
#define VITRINE_BASE_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vitrine/base.h>

/** What can be made to fail, and its errno unless vtr_test_fail_with_() said another. */
enum vtr_fault {
    VTR_FAULT_MEMORY = 1 << 0,    /* private memory, and lists that are kept ready */
    VTR_FAULT_BLOCK = 1 << 1,     /* a block of a heap */
    VTR_FAULT_MMAP = 1 << 2,      /* ENOMEM */
    VTR_FAULT_MEMFD = 1 << 3,     /* EMFILE */
    VTR_FAULT_FALLOCATE = 1 << 4, /* ENOSPC */
    VTR_FAULT_FTRUNCATE = 1 << 5, /* ENOMEM */
    VTR_FAULT_FCNTL = 1 << 6,     /* EINVAL: a kernel without the seal */
    VTR_FAULT_MADVISE = 1 << 7,   /* ENOMEM */
    VTR_FAULT_KEY = 1 << 8,       /* EAGAIN of pthread_key_create, ENOMEM of pthread_setspecific */
    VTR_FAULT_ALL = (1 << 9) - 1,
    VTR_FAULT_ON = 1 << 30, /* with any of these: all that follow too, not one alone */
};

#if VTR_DEBUG
/** @return the errno that a call of this kind fails with now, or 0: it goes on. */
VTR_API int vtr_fault_(enum vtr_fault kind);

/** Lets @p n calls of these kinds, from any thread, succeed; the next one fails. 0: none does. */
VTR_API void vtr_test_fail_after_(unsigned kinds, unsigned n);

/** The errno of faults to come; 0: that of their kind. */
VTR_API void vtr_test_fail_with_(int error);

/** @return whether a call failed since vtr_test_fail_after_(). */
VTR_API bool vtr_test_failed_(void);
#else
static inline int vtr_fault_(enum vtr_fault kind)
{
    (void)kind;
    return 0;
}
#endif

static inline bool vtr_fails_(enum vtr_fault kind)
{
    int error = vtr_fault_(kind);
    if (error != 0)
        errno = error;
    return error != 0;
}

static inline void *vtr_system_mmap_(void *at, size_t bytes, int prot, int flags, int fd)
{
    return vtr_fails_(VTR_FAULT_MMAP) ? MAP_FAILED : mmap(at, bytes, prot, flags, fd, 0);
}

static inline int vtr_system_memfd_(const char *name, unsigned flags)
{
    return vtr_fails_(VTR_FAULT_MEMFD) ? -1 : memfd_create(name, flags);
}

static inline int vtr_system_fallocate_(int fd, off_t at, off_t bytes)
{
    return vtr_fails_(VTR_FAULT_FALLOCATE) ? -1 : fallocate(fd, 0, at, bytes);
}

static inline int vtr_system_ftruncate_(int fd, off_t bytes)
{
    return vtr_fails_(VTR_FAULT_FTRUNCATE) ? -1 : ftruncate(fd, bytes);
}

static inline int vtr_system_seal_(int fd, int seals)
{
    return vtr_fails_(VTR_FAULT_FCNTL) ? -1 : fcntl(fd, F_ADD_SEALS, seals);
}

static inline int vtr_system_madvise_(void *at, size_t bytes, int advice)
{
    return vtr_fails_(VTR_FAULT_MADVISE) ? -1 : madvise(at, bytes, advice);
}

/** @return 0 or an errno, as these calls do. */
static inline int vtr_system_key_create_(pthread_key_t *key, void (*end)(void *))
{
    return vtr_fails_(VTR_FAULT_KEY) ? EAGAIN : pthread_key_create(key, end);
}

static inline int vtr_system_setspecific_(pthread_key_t key, const void *value)
{
    return vtr_fails_(VTR_FAULT_KEY) ? ENOMEM : pthread_setspecific(key, value);
}

/**
 * A key of the process whose @p end is called with what a thread set, when that thread ends.
 * @param slot  static, zero at first; atomic. After a failure the next call tries again.
 * @return 0 or an errno.
 */
static inline int vtr_system_exit_key_(uint64_t *slot, void (*end)(void *), pthread_key_t *key)
{
    uint64_t made = __atomic_load_n(slot, __ATOMIC_RELAXED); /* O: a number, libc has the rest */
    if (made == 0) {
        int error = vtr_system_key_create_(key, end);
        if (error != 0)
            return error;
        if (__atomic_compare_exchange_n(slot, &made, (uint64_t)*key + 1, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return 0;
        pthread_key_delete(*key); /* another thread was first */
    }
    *key = (pthread_key_t)(made - 1);
    return 0;
}

#endif
