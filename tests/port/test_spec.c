/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: what a specification may say, and what is said of one that is wrong.
 */
#include "ports.h"

#define TYPES                                                                                      \
    "port types: null: ring:NAME memif:PATH pcap:IN,OUT tap:NAME af_packet:IF af_xdp:IF pci:ADDR, "\
    "or a DPDK device like net_null0"

static const struct {
    const char *spec;
    int rc;
    const char *what, *hint;
} wrong[] = {
    { "", -EINVAL, "no port named", TYPES },
    { "nul:0", -EINVAL, "no port type of this name", "did you mean 'null:'? " TYPES },
    { "memfi:/run/a", -EINVAL, "no port type of this name", "did you mean 'memif:'? " TYPES },
    { "ring", -EINVAL, "no port type of this name", "did you mean 'ring:'? " TYPES },
    { "af-packet:a", -EINVAL, "no port type of this name", "did you mean 'af_packet:'? " TYPES },
    { "pci:0000:01:00", -EINVAL, "'0000:01:00' is no PCI address like 0000:01:00.0",
      "lspci -D  lists the devices" },
    { "pci:0000:01:00.8", -EINVAL, "'0000:01:00.8' is no PCI address like 0000:01:00.0",
      "lspci -D  lists the devices" },
    { "pci:", -EINVAL, "'' is no PCI address like 0000:01:00.0", "lspci -D  lists the devices" },
    { "pci:ffff:ff:1f.7", -ENODEV, "there is no such device", "lspci -D  lists the devices" },
    { "pcap:", -EINVAL, "no file to read and none to write",
      "pcap:in.pcap  pcap:in.pcap,out.pcap  pcap:,out.pcap" },
    { "pcap:,", -EINVAL, "no file to read and none to write",
      "pcap:in.pcap  pcap:in.pcap,out.pcap  pcap:,out.pcap" },
    { "pcap:a,b,c", -EINVAL,
      "a path has a character that DPDK gives a meaning: one of ,[]=\"", "" },
    { "pcap:a=b", -EINVAL, "a path has a character that DPDK gives a meaning: one of ,[]=\"", "" },
    { "pcap:/none/in.pcap", -ENOENT, "/none/in.pcap: No such file or directory",
      "null:0 runs without a capture file" },
    { "pcap:/", -EISDIR, "/: Is a directory", "null:0 runs without a capture file" },
    { "pcap:/dev/null,/none/out", -ENOENT, "cannot write /none/out: No such file or directory",
      "name a file that this user may write" },
    { "tap:", -EINVAL, "'' cannot be an interface's name",
      "a name of 1 to 15 bytes like vtr0, without spaces, / : % [ ] = \"" },
    { "tap:a/b", -EINVAL, "'a/b' cannot be an interface's name",
      "a name of 1 to 15 bytes like vtr0, without spaces, / : % [ ] = \"" },
    { "tap:a234567890123456", -EINVAL, "'a234567890123456' cannot be an interface's name",
      "a name of 1 to 15 bytes like vtr0, without spaces, / : % [ ] = \"" },
    { "tap:t,mac=1", -EINVAL, "option 'mac=1' is not a MAC address like 02:00:00:00:00:01", "" },
    { "tap:t,persist=1", -EINVAL, "option 'persist' takes no value", "" },
    { "tap:t,mac=03:00:00:00:00:01", -EINVAL,
      "option 'mac=03:00:00:00:00:01' is the address of a group, not of one port", "" },
    { "tap:t,iface=u", -EINVAL, "no option 'iface' here", "options: mac= remote= persist" },
    { "af_packet:no_such_if", -ENODEV, "there is no interface 'no_such_if'",
      "ip link  lists the interfaces there are" },
    { "af_packet:lo,qpairs=2", -EINVAL, "no option 'qpairs' here",
      "options: qdisc_bypass=" },
    { "af_xdp:no_such_if", -ENODEV, "there is no interface 'no_such_if'",
      "ip link  lists the interfaces there are" },
    { "null:x", -EINVAL, "'x' is not a number", "null:0,size=64" },
    { "null:0,copy=9x", -EINVAL, "option 'copy=9x' is not a number from 0 to 1", "" },
    { "null:0,copy=x", -EINVAL, "option 'copy=x' is not a number from 0 to 1", "" },
    { "null:0,size=-1", -EINVAL, "option 'size=-1' is not a number from 14 to 65535", "" },
    { "null:0,size=13", -EINVAL, "option 'size=13' is not a number from 14 to 65535", "" },
    { "null:0,size=0100", -EINVAL, "option 'size=0100' is not a number from 14 to 65535", "" },
    { "null:0,size=0", -EINVAL, "option 'size=0' is not a number from 14 to 65535", "" },
    { "null:0,size=99999999999999999999", -EINVAL,
      "option 'size=99999999999999999999' is not a number from 14 to 65535", "" },
    { "null:0,size=1729", -EINVAL, "size=1729 is more than a frame's 1728 bytes",
      "raise opts.frame_bytes" },
    { "net_null0,size=1729", -EINVAL, "size=1729 is more than a frame's 1728 bytes",
      "raise opts.frame_bytes" },
    { "null:0,copy=1,no-rx=1", -EINVAL, "copy=1 and no-rx=1 exclude another", "" },
    { "null:0,colour=red", -EINVAL, "no option 'colour' here",
      "options: size= copy= no-rx=" },
    { "null:0,size", -EINVAL, "option 'size' is not KEY=VALUE", "" },
    { "null:0,,", -EINVAL, "no option '' here", "options: size= copy= no-rx=" },
    { "null:0,size=64,size=65", -EINVAL, "option 'size' is there twice", "" },
    { "ring:", -EINVAL, "a ring needs a name", "ring:NAME" },
    { "ring:a,b=c", -EINVAL, "no option 'b' here", "it has no options" },
    { "memif:", -EINVAL, "a memif needs a path", "memif:/run/NAME.sock" },
    { "memif:/run/a,role=master", -EINVAL, "option 'role=master' is not server or client", "" },
    { "memif:/run/a,role=server or client", -EINVAL,
      "option 'role=server or client' is not server or client", "" },
    { "memif:/run/a,role=or", -EINVAL, "option 'role=or' is not server or client", "" },
    { "memif:/run/a,role=", -EINVAL, "option 'role=' is not server or client", "" },
    { "memif:/run/a,secret=", -EINVAL, "option 'secret' takes 1 to 23 bytes", "" },
    { "memif:/run/a,secret=a secret of 24 bytes now", -EINVAL,
      "option 'secret' takes 1 to 23 bytes", "" },
    { "memif:/none/a,secret=s", -ENOENT, "cannot make a socket in /none: No such file or directory",
      "name a directory that this user may write to" },
    { "memif:/run/a,zero-copy=yes", -EINVAL, "option 'zero-copy=yes' is not no", "" },
    { "memif:/run/a,mac=02:00", -EINVAL,
      "option 'mac=02:00' is not a MAC address like 02:00:00:00:00:01", "" },
    { "memif:/run/a,mac=02:00:00:00:00-01", -EINVAL,
      "option 'mac=02:00:00:00:00-01' is not a MAC address like 02:00:00:00:00:01", "" },
    { "memif:/run/a,mac=02:00:00:00:00:0g", -EINVAL,
      "option 'mac=02:00:00:00:00:0g' is not a MAC address like 02:00:00:00:00:01", "" },
    { "memif:/run/a,id=4294967296", -EINVAL,
      "option 'id=4294967296' is not a number from 0 to 4294967295", "" },
    { "memif:/run/[a]", -EINVAL, "the path has a character that DPDK gives a meaning: one of []=\"",
      "" },
    { "net_foo0", -ENODEV, "DPDK has no driver of this name",
      "drivers are packages: apt-cache search librte-net-foo" },
    { "net_no_such_12", -ENODEV, "DPDK has no driver of this name",
      "drivers are packages: apt-cache search librte-net-no-such-" },
    { "net_null0123456789012345678901234567890123456789012345678901234567", -EINVAL,
      "the device's name is longer than 63 bytes", "" },
};

static void a_wrong_spec_says_what_is_wrong_and_what_to_try(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct vtr_error err = { 0 };
        struct vtr_port *port = NULL;
        char what[sizeof err.what];
        snprintf(what, sizeof what, "port '%s': %s", wrong[i].spec, wrong[i].what);
        assert_int_equal(vtr_port_open(heap, wrong[i].spec, NULL, &port, &err), wrong[i].rc);
        assert_int_equal(err.code, wrong[i].rc);
        assert_string_equal(err.what, what);
        assert_string_equal(err.hint, wrong[i].hint);
        assert_null(port);
        assert_int_equal(vtr_port_open(heap, wrong[i].spec, NULL, &port, NULL), wrong[i].rc);
    }
    test_heap_end(heap);
}

static void a_control_character_is_refused_and_not_shown(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_error err;
    struct vtr_port *port = NULL;
    assert_int_equal(vtr_port_open(heap, "null:\x1b[1m", NULL, &port, &err), -EINVAL);
    assert_string_equal(err.what, "port 'null:?[1m': control characters");
    assert_int_equal(vtr_port_open(heap, "null:\x7f", NULL, &port, &err), -EINVAL);
    assert_string_equal(err.what, "port 'null:?': control characters");
    assert_int_equal(vtr_port_open(heap, NULL, NULL, &port, &err), -EINVAL);
    assert_string_equal(err.what, "port '': no port named");
    test_heap_end(heap);
}

static int try_opts(struct vtr_heap *heap, const struct vtr_port_opts *opts, struct vtr_error *err)
{
    struct vtr_port *port = NULL;
    int rc = vtr_port_open(heap, "null:0", opts, &port, err);
    vtr_port_close(port);
    return rc;
}

static void wrong_options_are_named(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_error err;
    struct vtr_port_opts opts = test_opts();
    opts.queues = 65;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    assert_string_equal(err.what, "port 'null:0': opts.queues is 65, not 1 to 64");
    opts = test_opts();
    opts.rx_descs = 32769;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    assert_string_equal(err.what, "port 'null:0': opts.rx_descs is 32769, not 0 to 32768");
    opts = test_opts();
    opts.tx_descs = UINT32_MAX;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    opts = test_opts();
    opts.frame_bytes = 65408;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    assert_string_equal(err.what, "port 'null:0': opts.frame_bytes is 65408, not 64 to 65407");
    opts = test_opts();
    opts.frame_bytes = 63;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    assert_string_equal(err.what, "port 'null:0': opts.frame_bytes is 63, not 64 to 65407");
    opts = test_opts();
    opts.headroom = 4097;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    opts = test_opts();
    opts.size = sizeof opts + 8;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    opts.size = 0;
    assert_int_equal(try_opts(heap, &opts, &err), -EINVAL);
    opts.size = sizeof opts.size; /* a caller that knows no field yet */
    opts.queues = 1000;
    assert_int_equal(try_opts(heap, &opts, &err), 0);
    opts = test_opts();
    opts.frame_bytes = 65407;
    opts.headroom = 4096;
    opts.queues = 64;
    assert_int_equal(try_opts(heap, &opts, &err), 0);
    test_heap_end(heap);
}

/* An empty capture for each of two queues. */
static void a_device_may_take_an_option_more_than_once(void **state)
{
    static const uint8_t empty[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
                                       0,    0,    0,    0,    0, 0, 4, 0, 1, 0, 0, 0 };
    char dir[] = "/tmp/vitrine-test-XXXXXX", in[64], out[2][64], spec[384];
    assert_non_null(mkdtemp(dir));
    snprintf(in, sizeof in, "%s/in", dir);
    snprintf(out[0], sizeof out[0], "%s/0", dir);
    snprintf(out[1], sizeof out[1], "%s/1", dir);
    FILE *f = fopen(in, "wb");
    assert_true(f != NULL && fwrite(empty, sizeof empty, 1, f) == 1 && fclose(f) == 0);
    snprintf(spec, sizeof spec, "net_pcap0,rx_pcap=%s,rx_pcap=%s,tx_pcap=%s,tx_pcap=%s", in, in,
             out[0], out[1]);
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.queues = 2;
    assert_int_equal(vtr_port_close(test_port(heap, spec, &opts)), 0);
    assert_int_equal(unlink(in) | unlink(out[0]) | unlink(out[1]) | rmdir(dir), 0);
    test_heap_end(heap);
}

/* Specs made of pieces and stray bytes. What they would open is harmless, and is closed. */
static size_t any_spec(uint64_t *seed, char *spec, size_t size)
{
    static const char *const pieces[] = {
        "null:",  "ring:",       "memif:/nonexistent/",
        "net_",   "net_null9",   ",",
        "=",      "size=",       "64",
        "copy=1", "role=client", "id=",
        "a",      "0",           ":",
        "[",      "\x01",        "\xff",
        "%s%n",   "'",           "no-rx=0",
        "1e9",    " ",           "mac=",
        ",,",     "size=64",     "../",
        "\\",     "\"",          "secret",
        "]",      "65536",       "pcap:/nonexistent/",
        "pci:",   "tap:/",       "af_packet:/",
    };
    size_t len = 0;
    for (uint32_t n = test_random(seed) % 12; n > 0; n--) {
        const char *piece = pieces[test_random(seed) % (sizeof pieces / sizeof pieces[0])];
        for (uint32_t k = test_random(seed) % 97 == 0 ? 100 : 1; k > 0; k--)
            len += (size_t)snprintf(spec + len, size - len, "%s", piece);
        if (len >= size - 2100)
            break;
    }
    spec[len] = '\0';
    return len;
}

static void no_spec_crashes_hangs_or_leaks(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    uint64_t seed = (uint64_t)time(NULL);
    unsigned opened = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 20000; i++) {
        char spec[8192];
        struct vtr_error err = { 0 };
        struct vtr_port *port = NULL;
        any_spec(&seed, spec, sizeof spec);
        int rc = vtr_port_open(heap, spec, NULL, &port, &err);
        assert_true(rc <= 0);
        assert_int_equal(rc == 0, port != NULL);
        if (rc != 0) {
            assert_int_equal(err.code, rc);
            assert_memory_equal(err.what, "port '", 6);
            for (const char *c = err.what; *c != '\0'; c++)
                assert_true((unsigned char)*c >= ' ');
        }
        opened += rc == 0;
        assert_int_equal(vtr_port_close(port), 0);
    }
    assert_true(opened != 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_spec_says_what_is_wrong_and_what_to_try),
        cmocka_unit_test(a_control_character_is_refused_and_not_shown),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(a_device_may_take_an_option_more_than_once),
        cmocka_unit_test(no_spec_crashes_hangs_or_leaks),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
