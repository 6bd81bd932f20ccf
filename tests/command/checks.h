/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A tree that stands for the machine's files, made anew for each test.
 */
#ifndef TESTS_COMMAND_CHECKS_H
#define TESTS_COMMAND_CHECKS_H

#include "support.h"

#include <ftw.h>
#include <sys/stat.h>

#include "doctor/checks.h"

struct fake {
    char root[32];
    struct machine m;
    struct doctor d;
};

/* Makes a folder and those above it. @p path is below the root. */
static inline void make_folders(const struct fake *f, const char *path)
{
    char full[512];
    int len = snprintf(full, sizeof full, "%s%s", f->root, path);
    assert_in_range(len, 1, sizeof full - 1);
    for (char *at = full + strlen(f->root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(full, 0755);
        *at = '/';
    }
}

static inline void put_bytes(const struct fake *f, const char *path, const void *bytes, size_t len)
{
    char full[512];
    make_folders(f, path);
    snprintf(full, sizeof full, "%s%s", f->root, path);
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void put(const struct fake *f, const char *path, const char *text)
{
    put_bytes(f, path, text, strlen(text));
}

static inline void put_link(const struct fake *f, const char *path, const char *target)
{
    char full[512];
    make_folders(f, path);
    snprintf(full, sizeof full, "%s%s", f->root, path);
    assert_int_equal(symlink(target, full), 0);
}

static inline const struct finding *last(const struct fake *f)
{
    assert_int_not_equal(f->d.report.n, 0);
    return &f->d.report.finding[f->d.report.n - 1];
}

static inline void assert_line(const struct fake *f, unsigned i, const char *subject,
                               enum state state, const char *fact, const char *fix)
{
    assert_true(i < f->d.report.n);
    const struct finding *line = &f->d.report.finding[i];
    assert_string_equal(line->subject, subject);
    assert_string_equal(line->fact, fact);
    assert_string_equal(line->fix, fix);
    assert_int_equal(line->state, state);
}

static inline int fake_begin(void **state)
{
    struct fake *f = calloc(1, sizeof *f);
    snprintf(f->root, sizeof f->root, "/tmp/vitrine-fake-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    assert_int_equal(chmod(f->root, 0755), 0);
    f->m = (struct machine){ .root = f->root, .pid = 100, .memory = "jemalloc 5.3.0",
                             .why_not = "", .dpdk = "22.11.11", .plugins = "/lib/pmds-23.0",
                             .runtime = "/run/user/1/dpdk",
                             .self = { .ports = true, .sent = 1000, .got = 1000 } };
    f->d.machine = &f->m;
    *state = f;
    return 0;
}

static inline int take_away(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline int fake_end(void **state)
{
    struct fake *f = *state;
    int rc = nftw(f->root, take_away, 16, FTW_DEPTH | FTW_PHYS);
    report_fini(&f->d.report);
    free(f);
    return rc;
}

#define with_fake(test) cmocka_unit_test_setup_teardown(test, fake_begin, fake_end)

#endif
