/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: a device whose driver has no interrupts. There is none here, so a null port says that it
 * is hardware.
 */
#include "port/ports.h"

#include "support.h"

#include <poll.h>

static void a_device_without_interrupts_wakes_after_a_nap(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = NULL;
    assert_int_equal(vtr_port_open(heap, "null:0,no-rx=1", NULL, &port, NULL), 0);
    port->wake = VTR_WAKE_DEVICE;
    struct pollfd p = { .fd = vtr_port_fd(port, 0), .events = POLLIN };
    for (int i = 0; i < 8; i++) {
        assert_int_equal(vtr_port_arm(port, 0), 0);
        assert_int_equal(poll(&p, 1, 2000), 1);
        vtr_port_disarm(port, 0);
        assert_int_equal(poll(&p, 1, 0), 0);
    }
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_without_interrupts_wakes_after_a_nap),
    };
    return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}
