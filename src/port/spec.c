/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Parsing port specifications. Options of the drivers named here are checked, whole: the drivers
 * themselves take "copy=9x" for 9, and "socket=" without a word.
 */
#include "port/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define TYPES_HINT                                                                                 \
    "port types: null: ring:NAME memif:PATH pcap:IN,OUT tap:NAME af_packet:IF af_xdp:IF "          \
    "pci:ADDR, "                                                                                   \
    "or a DPDK device like net_null0"

/* What DPDK gives a meaning to in a value. */
#define RESERVED "[]=\""

enum kind { NUMBER, WORDS, MAC, TEXT, FLAG };

/* What a driver's option may be. */
struct rule {
    const char *driver, *key;
    enum kind kind;
    unsigned long min, max;
    const char *words; /* "a or b"; a MAC may be such a word too */
};

static const struct rule rules[] = {
    { "net_null", "size", NUMBER, 14, UINT16_MAX, NULL },
    { "net_null", "copy", NUMBER, 0, 1, NULL },
    { "net_null", "no-rx", NUMBER, 0, 1, NULL },
    { "net_memif", "role", WORDS, 0, 0, "server or client" },
    { "net_memif", "id", NUMBER, 0, UINT32_MAX, NULL },
    { "net_memif", "mac", MAC, 0, 0, NULL },
    { "net_memif", "secret", TEXT, 1, 23, NULL },
    { "net_memif", "zero-copy", WORDS, 0, 0, "no" }, /* it shares EAL's memory, not the heap */
    { "net_tap", "mac", MAC, 0, 0, "fixed" },
    { "net_tap", "remote", TEXT, 1, 15, NULL },
    { "net_tap", "persist", FLAG, 0, 0, NULL },
    { "net_af_packet", "qdisc_bypass", NUMBER, 0, 1, NULL },
    { "net_af_xdp", "start_queue", NUMBER, 0, 1023, NULL },
    { "net_af_xdp", "force_copy", NUMBER, 0, 1, NULL },
    { "net_af_xdp", "busy_budget", NUMBER, 0, UINT16_MAX, NULL },
    { "net_af_xdp", "xdp_prog", TEXT, 1, VTR_SPEC_MAX, NULL },
};
enum { RULES = sizeof rules / sizeof rules[0] };

static const char *const schemes[] = { "null", "ring",      "memif",  "pcap",
                                       "tap",  "af_packet", "af_xdp", "pci" };
enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

int vtr_spec_fail_(const struct vtr_spec *spec, struct vtr_error *err, int code, const char *hint,
                   const char *what, ...)
{
    char why[sizeof err->what];
    va_list args;
    va_start(args, what);
    vsnprintf(why, sizeof why, what, args);
    va_end(args);
    return vtr_error_set_(err, code, hint, "port '%s': %s", spec->shown, why);
}

static void show(const char *text, struct vtr_spec *spec)
{
    size_t n = strnlen(text, sizeof spec->shown - 1);
    for (size_t i = 0; i < n; i++)
        spec->shown[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    if (text[n] != '\0')
        memset(spec->shown + n - 3, '.', 3);
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* Levenshtein's distance, for words of up to 15 letters. */
static unsigned distance(const char *a, size_t an, const char *b, size_t bn)
{
    unsigned row[16];
    for (size_t j = 0; j <= bn; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= an; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= bn; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = diagonal + 1 < best ? diagonal + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[bn];
}

static int unknown_type(const struct vtr_spec *spec, const char *text, size_t len,
                        struct vtr_error *err)
{
    char hint[sizeof err->hint];
    int nearest = -1;
    for (int i = 0; len <= 15 && i < SCHEMES; i++)
        if (distance(text, len, schemes[i], strlen(schemes[i])) <= 2)
            nearest = i;
    snprintf(hint, sizeof hint, nearest >= 0 ? "did you mean '%s:'? " TYPES_HINT : "%s" TYPES_HINT,
             nearest >= 0 ? schemes[nearest] : "");
    return vtr_spec_fail_(spec, err, EINVAL, hint, "no port type of this name");
}

/* The value of a key in "key=value,key=value". */
static bool option_in(const char *args, const char *key, char *value, size_t size)
{
    size_t len = strlen(key);
    for (const char *at = args; *at != '\0'; at += *at == ',') {
        if (strncmp(at, key, len) == 0 && at[len] == '=') {
            snprintf(value, size, "%.*s", (int)strcspn(at + len + 1, ","), at + len + 1);
            return true;
        }
        at += strcspn(at, ",");
    }
    return false;
}

/* A number and nothing behind it. To some drivers 0100 is 64. */
static bool is_number(const char *text, unsigned long min, unsigned long max)
{
    char *end;
    if (text[0] < '0' || text[0] > '9' || (text[0] == '0' && text[1] != '\0'))
        return false;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && n >= min && n <= max;
}

/* Six bytes in hexadecimal; the lowest bit of the first is for the caller to look at. */
static bool is_mac(const char *text)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    for (int i = 0; i < 17; i++)
        if (text[i] == '\0' || (i % 3 == 2 ? text[i] != ':' : strchr(hex, text[i]) == NULL))
            return false;
    return text[17] == '\0';
}

static bool is_group(const char *mac) { return strchr("13579bBdDfF", mac[1]) != NULL; }

/* One of "a or b". */
static bool is_word(const char *text, const char *words)
{
    size_t len = strlen(text);
    for (const char *word = words; word != NULL; word = strstr(word, " or ")) {
        word += word == words ? 0 : 4;
        if (len != 0 && strcspn(word, " ") == len && strncmp(text, word, len) == 0)
            return true;
    }
    return false;
}

static bool rule_holds(const struct rule *rule, const char *value)
{
    switch (rule->kind) {
    case NUMBER:
        return is_number(value, rule->min, rule->max);
    case WORDS:
        return is_word(value, rule->words);
    case MAC:
        return (is_mac(value) && !is_group(value)) || is_word(value, rule->words);
    case FLAG:
        return false; /* says what it says by being there */
    default:
        return strlen(value) >= rule->min && strlen(value) <= rule->max;
    }
}

static const struct rule *rule_of(const char *driver, const char *key)
{
    for (int i = 0; i < RULES; i++)
        if (strncmp(driver, rules[i].driver, strlen(rules[i].driver)) == 0 &&
            strcmp(key, rules[i].key) == 0)
            return &rules[i];
    return NULL;
}

static int bad_value(const struct vtr_spec *spec, const struct rule *rule, const char *value,
                     struct vtr_error *err)
{
    if (rule->kind == NUMBER)
        return vtr_spec_fail_(spec, err, EINVAL, NULL,
                              "option '%s=%s' is not a number from %lu to %lu", rule->key, value,
                              rule->min, rule->max);
    if (rule->kind == FLAG)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "option '%s' takes no value", rule->key);
    if (rule->kind == TEXT)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "option '%s' takes %lu to %lu bytes",
                              rule->key, rule->min, rule->max);
    if (rule->kind == MAC && is_mac(value))
        return vtr_spec_fail_(spec, err, EINVAL, NULL,
                              "option '%s=%s' is the address of a group, not of one port",
                              rule->key, value);
    return vtr_spec_fail_(spec, err, EINVAL, NULL, "option '%s=%s' is not %s", rule->key, value,
                          rule->kind == MAC ? "a MAC address like 02:00:00:00:00:01" : rule->words);
}

/* Refuses an option, and lists those that there are. */
static int no_option(const struct vtr_spec *spec, const char *driver, const char *option,
                     struct vtr_error *err)
{
    char hint[sizeof err->hint] = "";
    size_t n = 0;
    for (int i = 0; i < RULES; i++)
        if (strcmp(driver, rules[i].driver) == 0 && n < sizeof hint)
            n += (size_t)snprintf(hint + n, sizeof hint - n, "%s%s%s", n == 0 ? "options: " : " ",
                                  rules[i].key, rules[i].kind == FLAG ? "" : "=");
    return vtr_spec_fail_(spec, err, EINVAL, n != 0 ? hint : "it has no options",
                          "no option '%s' here", option);
}

/* Checks one option by the rules of a driver. A type of ours knows all that may be said; a device
 * string may say more. */
static int check_option(const struct vtr_spec *spec, const char *driver, char *option,
                        struct vtr_error *err)
{
    char *value = strchr(option, '=');
    bool strict = spec->scheme != VTR_SCHEME_VDEV;
    if (value != NULL)
        *value++ = '\0';
    const struct rule *rule = rule_of(driver, option);
    if (rule == NULL)
        return strict ? no_option(spec, driver, option, err) : 0;
    if (value == NULL && strict && rule->kind != FLAG)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "option '%s' is not KEY=VALUE", option);
    if (value != NULL && !rule_holds(rule, value) && (strict || rule->kind != FLAG))
        return bad_value(spec, rule, value, err);
    return 0;
}

static int check_options(const struct vtr_spec *spec, const char *driver, struct vtr_error *err)
{
    char copy[sizeof spec->args], again[2];
    memcpy(copy, spec->args, sizeof copy);
    for (char *rest = copy[0] != '\0' ? copy : NULL; rest != NULL;) {
        char *option = strsep(&rest, ",");
        int rc = check_option(spec, driver, option, err); /* cuts it behind the key */
        if (rc != 0)
            return rc;
        /* Drivers that we have no rule for may want it so: net_pcap takes a file a queue. */
        if (rest != NULL && rule_of(driver, option) != NULL &&
            option_in(rest, option, again, sizeof again))
            return vtr_spec_fail_(spec, err, EINVAL, NULL, "option '%s' is there twice", option);
    }
    return 0;
}

/* Splits "TARGET,OPTIONS". */
static void split(const char *text, char *target, size_t size, char *args, size_t args_size)
{
    size_t n = strcspn(text, ",");
    snprintf(target, size, "%.*s", (int)n, text);
    snprintf(args, args_size, "%s", text[n] == ',' ? text + n + 1 : "");
}

static int parse_vdev(const char *text, struct vtr_spec *spec, struct vtr_error *err)
{
    spec->scheme = VTR_SCHEME_VDEV;
    if (strcspn(text, ",") > VTR_DEVICE_NAME_MAX)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "the device's name is longer than %d bytes",
                              VTR_DEVICE_NAME_MAX);
    split(text, spec->device, sizeof spec->device, spec->args, sizeof spec->args);
    return check_options(spec, spec->device, err);
}

static int parse_null(struct vtr_spec *spec, struct vtr_error *err)
{
    if (spec->target[strspn(spec->target, "0123456789")] != '\0')
        return vtr_spec_fail_(spec, err, EINVAL, "null:0,size=64", "'%s' is not a number",
                              spec->target);
    return check_options(spec, "net_null", err);
}

static int parse_ring(struct vtr_spec *spec, struct vtr_error *err)
{
    if (spec->target[0] == '\0')
        return vtr_spec_fail_(spec, err, EINVAL, "ring:NAME", "a ring needs a name");
    return check_options(spec, "net_ring", err);
}

static int parse_memif(struct vtr_spec *spec, struct vtr_error *err)
{
    if (spec->target[0] == '\0')
        return vtr_spec_fail_(spec, err, EINVAL, "memif:/run/NAME.sock", "a memif needs a path");
    if (strpbrk(spec->target, RESERVED) != NULL)
        return vtr_spec_fail_(spec, err, EINVAL, NULL,
                              "the path has a character that DPDK gives a meaning: one of []=\"");
    return check_options(spec, "net_memif", err);
}

static int parse_pcap(struct vtr_spec *spec, struct vtr_error *err)
{
    if (spec->target[0] == '\0' && spec->args[0] == '\0')
        return vtr_spec_fail_(spec, err, EINVAL,
                              "pcap:in.pcap  pcap:in.pcap,out.pcap  pcap:,out.pcap",
                              "no file to read and none to write");
    if (strpbrk(spec->target, RESERVED) != NULL || strpbrk(spec->args, "," RESERVED) != NULL)
        return vtr_spec_fail_(spec, err, EINVAL, NULL,
                              "a path has a character that DPDK gives a meaning: one of ,[]=\"");
    return 0;
}

/* What the kernel takes for an interface's name. A tap's is yet to be made. */
static int parse_interface(struct vtr_spec *spec, const char *driver, struct vtr_error *err)
{
    const char *name = spec->target;
    const char *hint = spec->scheme == VTR_SCHEME_TAP
                           ? "a name of 1 to 15 bytes like vtr0, without spaces, / : % [ ] = \""
                           : "ip link  lists the interfaces there are";
    if (name[0] == '\0' || strlen(name) > 15 || strpbrk(name, "/: %" RESERVED) != NULL ||
        strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return vtr_spec_fail_(spec, err, EINVAL, hint, "'%.64s' cannot be an interface's name",
                              name);
    return check_options(spec, driver, err);
}

static int parse_tap(struct vtr_spec *spec, struct vtr_error *err)
{
    return parse_interface(spec, "net_tap", err);
}

static int parse_af_packet(struct vtr_spec *spec, struct vtr_error *err)
{
    return parse_interface(spec, "net_af_packet", err);
}

static int parse_af_xdp(struct vtr_spec *spec, struct vtr_error *err)
{
    return parse_interface(spec, "net_af_xdp", err);
}

/* "0000:01:00.0", or "01:00.0" in domain 0. The options are the driver's own. */
static int parse_pci(struct vtr_spec *spec, struct vtr_error *err)
{
    static const char form[] = "xxxx:xx:xx.f", short_form[] = "0000:";
    static const char hex[] = "0123456789abcdefABCDEF", functions[] = "01234567";
    char full[sizeof spec->target];
    size_t len = strlen(spec->target);
    snprintf(full, sizeof full, "%s%.200s", len == 7 ? short_form : "", spec->target);
    bool good = strlen(full) == sizeof form - 1;
    for (size_t i = 0; good && i < sizeof form - 1; i++)
        good = full[i] == form[i] || (form[i] == 'x' && strchr(hex, full[i]) != NULL) ||
               (form[i] == 'f' && strchr(functions, full[i]) != NULL);
    if (!good)
        return vtr_spec_fail_(spec, err, EINVAL, "lspci -D  lists the devices",
                              "'%.64s' is no PCI address like 0000:01:00.0", spec->target);
    for (size_t i = 0; i < sizeof form; i++) /* sysfs and DPDK write them so */
        spec->target[i] = (char)tolower((unsigned char)full[i]);
    return 0;
}

static int parse_scheme(const char *text, struct vtr_spec *spec, struct vtr_error *err)
{
    static int (*const parse[SCHEMES])(struct vtr_spec *, struct vtr_error *) = {
        parse_null, parse_ring,      parse_memif,  parse_pcap,
        parse_tap,  parse_af_packet, parse_af_xdp, parse_pci,
    };
    size_t len = strcspn(text, ":,");
    for (int i = 0; i < SCHEMES; i++)
        if (text[len] == ':' && len == strlen(schemes[i]) && memcmp(text, schemes[i], len) == 0) {
            spec->scheme = (enum vtr_scheme)i;
            split(text + len + 1, spec->target, sizeof spec->target, spec->args, sizeof spec->args);
            return parse[i](spec, err);
        }
    return unknown_type(spec, text, len, err);
}

int vtr_spec_parse_(const char *text, struct vtr_spec *spec, struct vtr_error *err)
{
    memset(spec, 0, sizeof *spec);
    if (text == NULL || text[0] == '\0')
        return vtr_spec_fail_(spec, err, EINVAL, TYPES_HINT, "no port named");
    show(text, spec);
    if (strnlen(text, VTR_SPEC_MAX + 1) > VTR_SPEC_MAX)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "longer than %d bytes", VTR_SPEC_MAX);
    if (has_control(text))
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "control characters");
    return strncmp(text, "net_", 4) == 0 ? parse_vdev(text, spec, err)
                                         : parse_scheme(text, spec, err);
}

bool vtr_spec_option_(const struct vtr_spec *spec, const char *key, char *value, size_t size)
{
    return option_in(spec->args, key, value, size);
}

unsigned long vtr_spec_number_(const struct vtr_spec *spec, const char *key,
                               unsigned long otherwise)
{
    char value[32];
    return vtr_spec_option_(spec, key, value, sizeof value) ? strtoul(value, NULL, 10) : otherwise;
}
