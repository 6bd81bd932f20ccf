/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Lines to commands. A line ends at LF; one CR before it goes, unless it is all there is.
 */
#include "memcache.h"
#include "store.h"

enum { WORDS = 8 }; /* more than any command but get has */

#define BAD_LINE "CLIENT_ERROR bad command line format"

struct words {
    struct vtr_span at[WORDS];
    unsigned n; /* WORDS + 1 if there are more */
};

static struct words words_of(struct vtr_span line)
{
    struct words words = { .n = 0 };
    struct vtr_span word;
    while (memcache_word(&line, &word)) {
        if (words.n == WORDS) {
            words.n++;
            break;
        }
        words.at[words.n++] = word;
    }
    return words;
}

static bool is(struct vtr_span word, const char *text)
{
    size_t len = strlen(text);
    return word.len == len && memcmp(word.ptr, text, len) == 0;
}

/* strtol's grammar without white space: sign, digits, nothing else, within 64 bits. */
static bool number(struct vtr_span word, bool sign, int64_t *out)
{
    bool minus = word.len > 0 && word.ptr[0] == '-';
    size_t i = minus || (word.len > 0 && word.ptr[0] == '+') ? 1 : 0;
    int64_t value = 0;
    if (i == word.len)
        return false;
    for (; i < word.len; i++) {
        unsigned digit = (unsigned)word.ptr[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (int64_t)digit, &value))
            return false;
    }
    if (minus && value != 0 && !sign)
        return false;
    *out = minus ? -value : value;
    return true;
}

static void answer(struct memcache_command *c, const char *text)
{
    c->verb = MEMCACHE_ANSWER;
    c->answer = text;
}

/* The value, or as much as is there of one too large to be stored. @return false: cut short. */
static bool take_value(struct vtr_span *in, struct memcache_command *c)
{
    if (c->value_len > store_value_max()) {
        c->data = *in;
        *in = (struct vtr_span){ in->ptr + in->len, 0 };
        return true;
    }
    if (in->len < c->value_len + 2)
        return false;
    c->data = (struct vtr_span){ in->ptr, c->value_len };
    const uint8_t *end = in->ptr + c->value_len;
    *in = (struct vtr_span){ end + 2, in->len - c->value_len - 2 };
    if (end[0] != '\r' || end[1] != '\n')
        answer(c, "CLIENT_ERROR bad data chunk");
    return true;
}

/* set <key> <flags> <exptime> <bytes> [noreply]: 32-bit numbers wrap, as memcached's do. */
static bool parse_set(const struct words *w, struct vtr_span *in, struct memcache_command *c)
{
    int64_t flags, exptime, len;
    if (w->n != 5 && w->n != 6) {
        answer(c, "ERROR");
        return true;
    }
    c->verb = MEMCACHE_SET;
    c->noreply = is(w->at[w->n - 1], "noreply");
    c->key = w->at[1];
    if (c->key.len > STORE_KEY_MAX || !number(w->at[2], false, &flags) ||
        !number(w->at[3], true, &exptime) || !number(w->at[4], true, &len) || (int32_t)len < 0 ||
        (int32_t)len > INT32_MAX - 2) {
        answer(c, BAD_LINE);
        return true;
    }
    c->flags = (uint32_t)flags;
    c->exptime = (int32_t)exptime;
    c->value_len = (size_t)(int32_t)len;
    return take_value(in, c);
}

/* delete <key> [0] [noreply] */
static void parse_delete(const struct words *w, struct memcache_command *c)
{
    if (w->n < 2 || w->n > 4) {
        answer(c, "ERROR");
        return;
    }
    c->verb = MEMCACHE_DELETE;
    c->key = w->at[1];
    bool zero = w->n > 2 && is(w->at[2], "0");
    c->noreply = w->n > 2 && is(w->at[w->n - 1], "noreply");
    if ((w->n == 3 && !zero && !c->noreply) || (w->n == 4 && !(zero && c->noreply)))
        answer(c, BAD_LINE ".  Usage: delete <key> [noreply]");
    else if (c->key.len > STORE_KEY_MAX)
        answer(c, BAD_LINE);
}

static void parse_verbosity(const struct words *w, struct memcache_command *c)
{
    int64_t level;
    if (w->n != 2 && w->n != 3) {
        answer(c, "ERROR");
        return;
    }
    c->verb = MEMCACHE_VERBOSITY;
    c->noreply = is(w->at[w->n - 1], "noreply");
    if (!number(w->at[1], false, &level))
        answer(c, BAD_LINE);
}

static void parse_unknown(const struct words *w, struct memcache_command *c)
{
    struct vtr_span last = w->at[(w->n > WORDS ? WORDS : w->n) - 1];
    if (last.len >= 5 && memcmp(last.ptr, "HTTP/", 5) == 0)
        c->verb = MEMCACHE_DROP; /* a browser was talked into this */
    else
        answer(c, "ERROR");
}

static bool parse_other(struct vtr_span line, struct vtr_span *in, struct memcache_command *c)
{
    struct words w = words_of(line);
    if (w.n == 0 || w.at[0].len < 2)
        answer(c, "ERROR");
    else if (is(w.at[0], "set"))
        return parse_set(&w, in, c);
    else if (is(w.at[0], "delete"))
        parse_delete(&w, c);
    else if (is(w.at[0], "version"))
        c->verb = MEMCACHE_VERSION;
    else if (is(w.at[0], "quit"))
        c->verb = MEMCACHE_QUIT;
    else if (is(w.at[0], "verbosity"))
        parse_verbosity(&w, c);
    else if (is(w.at[0], "stats") && w.n == 1)
        c->verb = MEMCACHE_STATS;
    else if (is(w.at[0], "mode"))
        c->verb = MEMCACHE_MODE, c->more = w.n == 2 ? w.at[1] : w.at[0];
    else
        parse_unknown(&w, c);
    return true;
}

/* The common request is told by its first word; everything else is split first. */
static bool parse_get(struct vtr_span line, struct memcache_command *c)
{
    struct vtr_span word, key;
    if (!memcache_word(&line, &word))
        return false;
    if (is(word, "get"))
        c->verb = MEMCACHE_GET;
    else if (is(word, "gets"))
        c->verb = MEMCACHE_GETS;
    else
        return false;
    if (memcache_word(&line, &key))
        c->key = key, c->more = line;
    else
        answer(c, "ERROR");
    return true;
}

bool memcache_take(struct vtr_span *in, struct memcache_command *out)
{
    const uint8_t *lf = in->len != 0 ? memchr(in->ptr, '\n', in->len) : NULL;
    if (lf == NULL)
        return false;
    struct vtr_span line = { in->ptr, (size_t)(lf - in->ptr) };
    struct vtr_span rest = { lf + 1, in->len - line.len - 1 };
    if (line.len > 1 && line.ptr[line.len - 1] == '\r')
        line.len--;
    memset(out, 0, sizeof *out);
    if (!parse_get(line, out) && !parse_other(line, &rest, out))
        return false;
    if (out->verb == MEMCACHE_DROP)
        rest = (struct vtr_span){ rest.ptr + rest.len, 0 };
    *in = rest;
    return true;
}
