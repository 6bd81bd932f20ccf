/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Lines to commands, by the shape of what follows the first word; and lines to replies.
 */
#include <vitrine/wire/memcached.h>

enum { WORDS = 8 }; /* more than any command but lists of keys and flags has */

#define BAD_LINE "CLIENT_ERROR bad command line format"
#define BAD_TIME "CLIENT_ERROR invalid exptime argument"
#define BAD_CHUNK "CLIENT_ERROR bad data chunk"

struct words {
    struct vtr_span at[WORDS]; /* the name is the first */
    unsigned n;                /* WORDS + 1 if there are more */
};

static bool is(struct vtr_span word, const char *text)
{
    size_t len = strlen(text);
    return word.len == len && memcmp(word.ptr, text, len) == 0;
}

static struct vtr_span last(const struct words *w) { return w->at[w->n - 1]; }

/* strtoull's grammar without white space: sign, digits, nothing else, within 64 bits. A word has a
 * byte at least. */
static bool digits(struct vtr_span word, bool *minus, uint64_t *out)
{
    uint64_t value = 0;
    uint8_t sign = word.ptr[0];
    size_t i = sign == '-' || sign == '+' ? 1 : 0;
    *minus = sign == '-';
    if (i == word.len)
        return false;
    for (; i < word.len; i++) {
        unsigned digit = (unsigned)word.ptr[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

static bool number(struct vtr_span word, uint64_t *out)
{
    bool minus;
    return digits(word, &minus, out) && (!minus || *out == 0);
}

/* The low 32 bits of a signed number of 64, as memcached keeps them. */
static bool number32(struct vtr_span word, int32_t *out)
{
    bool minus;
    uint64_t value;
    if (!digits(word, &minus, &value) || value > INT64_MAX)
        return false;
    *out = (int32_t)(uint32_t)(minus ? 0 - value : value);
    return true;
}

static bool value_len(struct vtr_span word, size_t *out)
{
    int32_t len;
    if (!number32(word, &len) || len < 0 || len > INT32_MAX - 2)
        return false;
    *out = (size_t)len;
    return true;
}

static bool is_key(struct vtr_span word) { return word.len <= VTR_MEMCACHED_KEY_MAX; }

/* <name> <key> <flags> <exptime> <bytes> [noreply]; cas: <unique> before noreply */
static const char *parse_store(const struct words *w, struct vtr_memcached_command *c)
{
    uint64_t flags;
    c->noreply = is(last(w), "noreply");
    if (!is_key(w->at[1]) || !number(w->at[2], &flags) || !number32(w->at[3], &c->exptime) ||
        !value_len(w->at[4], &c->value_len) ||
        (c->verb == VTR_MEMCACHED_CAS && !number(w->at[5], &c->number)))
        return BAD_LINE;
    c->key = w->at[1];
    c->flags = (uint32_t)flags;
    c->has_value = true;
    return NULL;
}

/* delete <key> [0] [noreply] */
static const char *parse_delete(const struct words *w, struct vtr_memcached_command *c)
{
    bool zero = w->n > 2 && is(w->at[2], "0");
    c->noreply = w->n > 2 && is(last(w), "noreply");
    if ((w->n == 3 && !zero && !c->noreply) || (w->n == 4 && !(zero && c->noreply)))
        return BAD_LINE ".  Usage: delete <key> [noreply]";
    if (!is_key(w->at[1]))
        return BAD_LINE;
    c->key = w->at[1];
    return NULL;
}

/* incr <key> <number> [noreply]; decr */
static const char *parse_count(const struct words *w, struct vtr_memcached_command *c)
{
    c->noreply = is(last(w), "noreply");
    if (!is_key(w->at[1]))
        return BAD_LINE;
    c->key = w->at[1];
    return number(w->at[2], &c->number) ? NULL : "CLIENT_ERROR invalid numeric delta argument";
}

/* touch <key> <exptime> [noreply] */
static const char *parse_touch(const struct words *w, struct vtr_memcached_command *c)
{
    c->noreply = is(last(w), "noreply");
    if (!is_key(w->at[1]))
        return BAD_LINE;
    c->key = w->at[1];
    return number32(w->at[2], &c->exptime) ? NULL : BAD_TIME;
}

/* flush_all [exptime] [noreply] */
static const char *parse_flush(const struct words *w, struct vtr_memcached_command *c)
{
    c->noreply = is(last(w), "noreply");
    return w->n == (c->noreply ? 2u : 1u) || number32(w->at[1], &c->exptime) ? NULL : BAD_TIME;
}

/* verbosity <level> [noreply] */
static const char *parse_verbosity(const struct words *w, struct vtr_memcached_command *c)
{
    c->noreply = is(last(w), "noreply");
    return number(w->at[1], &c->number) ? NULL : BAD_LINE;
}

/* A key that the line goes on behind: get, gets. */
static const char *parse_keys(struct vtr_memcached_command *c)
{
    struct vtr_span key;
    if (!vtr_memcached_word_next(&c->more, &key))
        return "ERROR";
    if (!is_key(key))
        return BAD_LINE;
    c->key = key;
    return NULL;
}

/* gat <exptime> <key>*; gats. memcached does not mind that there is no key. */
static const char *parse_gat(struct vtr_memcached_command *c)
{
    struct vtr_span exptime;
    if (!vtr_memcached_word_next(&c->more, &exptime))
        return "ERROR";
    if (!number32(exptime, &c->exptime))
        return BAD_TIME;
    struct vtr_reader peek = c->more;
    return vtr_memcached_word_next(&peek, &exptime) ? parse_keys(c) : NULL;
}

static const char *parse_meta_debug(struct vtr_memcached_command *c)
{
    return parse_keys(c) == NULL ? NULL : BAD_LINE;
}

/* ms <key> <bytes> <flag>* */
static const char *parse_meta_set(struct vtr_memcached_command *c)
{
    struct vtr_span word;
    const char *error = parse_keys(c);
    if (error != NULL)
        return error;
    if (!vtr_memcached_word_next(&c->more, &word) || !value_len(word, &c->value_len))
        return BAD_LINE;
    c->has_value = true;
    return NULL;
}

typedef const char *words_fn(const struct words *w, struct vtr_memcached_command *c);
typedef const char *rest_fn(struct vtr_memcached_command *c);

/* How many words there may be, the name included; then what they are. */
static const struct shape {
    char name[12];
    enum vtr_memcached_verb verb;
    unsigned least, most;
    words_fn *of_words;
    rest_fn *of_rest; /* or of this: then there may be any number */
} SHAPES[] = {
    { "set", VTR_MEMCACHED_SET, 5, 6, parse_store, NULL },
    { "add", VTR_MEMCACHED_ADD, 5, 6, parse_store, NULL },
    { "replace", VTR_MEMCACHED_REPLACE, 5, 6, parse_store, NULL },
    { "append", VTR_MEMCACHED_APPEND, 5, 6, parse_store, NULL },
    { "prepend", VTR_MEMCACHED_PREPEND, 5, 6, parse_store, NULL },
    { "cas", VTR_MEMCACHED_CAS, 6, 7, parse_store, NULL },
    { "delete", VTR_MEMCACHED_DELETE, 2, 4, parse_delete, NULL },
    { "incr", VTR_MEMCACHED_INCR, 3, 4, parse_count, NULL },
    { "decr", VTR_MEMCACHED_DECR, 3, 4, parse_count, NULL },
    { "touch", VTR_MEMCACHED_TOUCH, 3, 4, parse_touch, NULL },
    { "flush_all", VTR_MEMCACHED_FLUSH_ALL, 1, 3, parse_flush, NULL },
    { "verbosity", VTR_MEMCACHED_VERBOSITY, 2, 3, parse_verbosity, NULL },
    { "gat", VTR_MEMCACHED_GAT, 0, 0, NULL, parse_gat },
    { "gats", VTR_MEMCACHED_GATS, 0, 0, NULL, parse_gat },
    { "mg", VTR_MEMCACHED_META_GET, 0, 0, NULL, parse_keys },
    { "ms", VTR_MEMCACHED_META_SET, 0, 0, NULL, parse_meta_set },
    { "md", VTR_MEMCACHED_META_DELETE, 0, 0, NULL, parse_keys },
    { "ma", VTR_MEMCACHED_META_ARITHMETIC, 0, 0, NULL, parse_keys },
    { "me", VTR_MEMCACHED_META_DEBUG, 0, 0, NULL, parse_meta_debug },
    { "mn", VTR_MEMCACHED_META_NOOP, 0, 0, NULL, NULL },
    { "stats", VTR_MEMCACHED_STATS, 0, 0, NULL, NULL },
    { "version", VTR_MEMCACHED_VERSION, 0, 0, NULL, NULL },
    { "quit", VTR_MEMCACHED_QUIT, 0, 0, NULL, NULL },
};

static const struct shape *shape_of(struct vtr_span name)
{
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++)
        if (is(name, SHAPES[i].name))
            return &SHAPES[i];
    return NULL;
}

static struct words words_of(struct vtr_span line)
{
    struct vtr_reader r = vtr_reader_of(line);
    struct vtr_span word;
    struct words words;
    for (words.n = 0; vtr_memcached_word_next(&r, &word); words.at[words.n++] = word)
        if (words.n == WORDS) {
            words.n++;
            break;
        }
    return words;
}

static const char *parse(struct vtr_span line, struct vtr_memcached_command *c)
{
    const struct shape *shape = shape_of(c->name);
    if (shape == NULL)
        return "ERROR";
    c->verb = shape->verb;
    if (shape->of_rest != NULL)
        return shape->of_rest(c);
    if (shape->of_words == NULL)
        return NULL;
    struct words w = words_of(line);
    return w.n < shape->least || w.n > shape->most ? "ERROR" : shape->of_words(&w, c);
}

/* The common request is told by its first word; everything else is looked up. */
void vtr_memcached_parse(struct vtr_span line, struct vtr_memcached_command *out)
{
    memset(out, 0, sizeof *out);
    out->more = vtr_reader_of(line);
    if (!vtr_memcached_word_next(&out->more, &out->name))
        out->error = "ERROR";
    else if (is(out->name, "get"))
        out->verb = VTR_MEMCACHED_GET, out->error = parse_keys(out);
    else if (is(out->name, "gets"))
        out->verb = VTR_MEMCACHED_GETS, out->error = parse_keys(out);
    else
        out->error = parse(line, out);
}

bool vtr_memcached_line_next(struct vtr_reader *r, struct vtr_span *line)
{
    const uint8_t *from = r->rest.ptr;
    const uint8_t *lf = r->rest.len != 0 ? (const uint8_t *)memchr(from, '\n', r->rest.len) : NULL;
    if (lf == NULL)
        return false;
    size_t len = (size_t)(lf - from);
    r->rest = vtr_span_of(lf + 1, r->rest.len - len - 1);
    *line = vtr_span_of(from, len > 1 && from[len - 1] == '\r' ? len - 1 : len);
    return true;
}

/* @return false: not all there. *good: CR LF is behind it. */
static bool take_value(struct vtr_reader *r, size_t len, struct vtr_span *value, bool *good)
{
    struct vtr_reader at = *r;
    struct vtr_span end;
    if (!vtr_reader_take(&at, len, value) || !vtr_reader_take(&at, 2, &end))
        return false;
    *good = is(end, "\r\n");
    *r = at;
    return true;
}

bool vtr_memcached_value_take(struct vtr_reader *r, struct vtr_memcached_command *c)
{
    struct vtr_span value;
    bool good;
    if (!take_value(r, c->value_len, &value, &good))
        return false;
    c->value = value;
    if (!good)
        c->error = BAD_CHUNK;
    return true;
}

bool vtr_memcached_take(struct vtr_reader *r, struct vtr_memcached_command *out)
{
    struct vtr_reader at = *r;
    struct vtr_span line;
    if (!vtr_memcached_line_next(&at, &line))
        return false;
    vtr_memcached_parse(line, out);
    if (out->has_value && !vtr_memcached_value_take(&at, out))
        return false;
    *r = at;
    return true;
}

bool vtr_memcached_flag_next(struct vtr_reader *more, struct vtr_memcached_flag *out)
{
    struct vtr_span word;
    if (!vtr_memcached_word_next(more, &word))
        return false;
    out->flag = word.ptr[0];
    out->token = vtr_span_of(word.ptr + 1, word.len - 1);
    return true;
}

/* VALUE <key> <flags> <bytes> [<unique>] */
static bool reply_value(const struct words *w, struct vtr_memcached_reply *out, size_t *len)
{
    uint64_t flags;
    if ((w->n != 4 && w->n != 5) || !number(w->at[2], &flags) || !value_len(w->at[3], len) ||
        (w->n == 5 && !number(w->at[4], &out->cas)))
        return false;
    out->key = w->at[1];
    out->flags = (uint32_t)flags;
    return true;
}

/* VA <bytes> <flag>* */
static bool reply_meta(struct vtr_memcached_reply *out, size_t *len)
{
    struct vtr_span word;
    return vtr_memcached_word_next(&out->more, &word) && value_len(word, len);
}

bool vtr_memcached_reply_take(struct vtr_reader *r, struct vtr_memcached_reply *out)
{
    struct vtr_reader at = *r;
    struct vtr_span line;
    size_t len = 0;
    bool good = true;
    if (!vtr_memcached_line_next(&at, &line))
        return false;
    memset(out, 0, sizeof *out);
    out->more = vtr_reader_of(line);
    out->malformed = !vtr_memcached_word_next(&out->more, &out->status);
    if (is(out->status, "VALUE")) {
        struct words w = words_of(line);
        out->has_value = reply_value(&w, out, &len);
        out->malformed = !out->has_value;
    } else if (is(out->status, "VA")) {
        out->has_value = reply_meta(out, &len);
        out->malformed = !out->has_value;
    }
    if (out->has_value && !take_value(&at, len, &out->value, &good))
        return false;
    out->malformed = out->malformed || !good;
    *r = at;
    return true;
}
