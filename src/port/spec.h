/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a port specification says: which driver, with which options. Specifications come from
 * command lines and files: any bytes are expected. Not here: whether the device comes up
 * (device.h).
 */
#ifndef VITRINE_PORT_SPEC_H
#define VITRINE_PORT_SPEC_H

#include <vitrine/base.h>

enum vtr_scheme {
    VTR_SCHEME_NULL,
    VTR_SCHEME_RING,
    VTR_SCHEME_MEMIF,
    VTR_SCHEME_PCAP,
    VTR_SCHEME_TAP,
    VTR_SCHEME_AF_PACKET,
    VTR_SCHEME_AF_XDP,
    VTR_SCHEME_PCI,
    VTR_SCHEME_VDEV,
};

enum { VTR_SPEC_MAX = 255, VTR_DEVICE_NAME_MAX = 63 };

struct vtr_spec {
    enum vtr_scheme scheme;
    char shown[81];                /* as it appears in messages */
    char target[VTR_SPEC_MAX + 1]; /* what stands behind the colon, up to a comma; of pci the whole
                                      address; of a vdev string nothing */
    char device[VTR_DEVICE_NAME_MAX + 1]; /* "net_tap0" of a vdev string; else empty */
    char args[VTR_SPEC_MAX + 1];          /* "key=value,key=value"; of pcap the file to write */
};

/** @return 0, or -EINVAL with @p err filled. */
int vtr_spec_parse_(const char *text, struct vtr_spec *spec, struct vtr_error *err);

/**
 * The value of an option.
 * @param value  of @p size bytes; filled on true.
 */
bool vtr_spec_option_(const struct vtr_spec *spec, const char *key, char *value, size_t size);

/** @return the number that an option was checked to be, or @p otherwise. */
unsigned long vtr_spec_number_(const struct vtr_spec *spec, const char *key,
                               unsigned long otherwise);

/** Fills @p err with "port 'SPEC': " and the message. @return -code. */
VTR_COLD __attribute__((format(printf, 5, 6))) int vtr_spec_fail_(const struct vtr_spec *spec,
                                                                  struct vtr_error *err, int code,
                                                                  const char *hint,
                                                                  const char *what, ...);

#endif
