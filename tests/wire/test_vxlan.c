/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * VXLAN and its generic form.
 */
#include "wire.h"

/* RFC 7348 section 5: I, a network, and where the inner frame begins. */
static const uint8_t PLAIN[] = { 0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0, 0x02, 0 };

static void a_header_has_a_network(void **state)
{
    struct vtr_span rest;
    const struct vtr_vxlan *vxlan = vtr_vxlan_take(ALL(PLAIN), &rest);
    assert_non_null(vxlan);
    assert_int_equal(vtr_vxlan_vni(vxlan), 0x123456);
    assert_int_equal(vtr_vxlan_gpe_next(vxlan), VTR_VXLAN_ETHERNET);
    assert_span(rest, PLAIN + 8, 2);
}

static void only_the_flag_i_decides(void **state)
{
    for (unsigned flags = 0; flags < 256; flags++) {
        uint8_t bytes[8] = { (uint8_t)flags, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
        struct vtr_span rest;
        assert_int_equal(vtr_vxlan_take(ALL(bytes), &rest) != NULL, flags >> 3 & 1);
    }
}

static void gpe_names_what_is_inside(void **state)
{
    static const uint8_t gpe[] = { 0x0c, 0, 0, VTR_VXLAN_IPV6, 0, 0, 1, 0 };
    struct vtr_span rest;
    const struct vtr_vxlan *vxlan = vtr_vxlan_take(ALL(gpe), &rest);
    assert_non_null(vxlan);
    assert_int_equal(vtr_vxlan_gpe_next(vxlan), VTR_VXLAN_IPV6);
    assert_int_equal(vtr_vxlan_vni(vxlan), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_has_a_network),
        cmocka_unit_test(only_the_flag_i_decides),
        cmocka_unit_test(gpe_names_what_is_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
