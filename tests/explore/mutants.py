#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: mutants.py [--cc CC] [--only N] EXPLORER ROOT SOURCE...

Changes one place of the counting core at a time, as a person might who finds it slow or long, and
shows that the explorer finds each change wrong in the scenario named beside it. A text that is not
found just once in its file is an error: the table has to follow the source.
Exit status: 0 all were found, 1 one was not, or is not to be made.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import typing

HERE = pathlib.Path(__file__).resolve().parent
RECORD, CACHE_H, BLOCK_H, MAGAZINE_H, BUF, DATA, ENDS = (
    'include/vitrine/inline/record.h', 'include/vitrine/inline/cache.h', 'src/heap/block.h',
    'src/heap/magazine.h', 'src/data/buf.c', 'src/data/data.c', 'src/data/record.c')
BLOCK, MAGAZINE, PAGEBLOCK, DEPOT, HEAP = (f'src/heap/{name}.c' for name in (
    'block', 'magazine', 'pageblock', 'depot', 'heap'))
FLAGS = ('-std=gnu17', '-D_GNU_SOURCE', '-DVTR_INSIDE_', '-DVTR_CHARGE_TRIES=1',
         '-DVTR_CHARGE_TRIES_ALWAYS=0', '-O1', '-g', '-fPIC',
         '-fsanitize=thread', '-w', '-ftrivial-auto-var-init=pattern', '-include',
         str(HERE / 'atomics.h'))


class Mutant(typing.NamedTuple):
    """One change of the source, and the scenario that finds it."""
    what: str
    scenario: str
    file: str
    text: str
    instead: str


CLEAR = ('if (__atomic_and_fetch(&vtr_holders_of(rec)->word, ~pb->own_bit, '
         '__ATOMIC_ACQ_REL) == 0)')
MUTANTS = (
    Mutant('the last handle is exclusive though a weak reference was made', 'upgrade', RECORD, '''
           (vtr_record_flags_(rec) & VTR_RECORD_SHARED) == 0;''', ' true;'),
    Mutant('SHARED is looked at before the count', 'share', RECORD,
           '''__atomic_load_n(&rec->count, __ATOMIC_ACQUIRE) == 1 &&
           (vtr_record_flags_(rec) & VTR_RECORD_SHARED) == 0;''',
           '''(vtr_record_flags_(rec) & VTR_RECORD_SHARED) == 0 &&
           __atomic_load_n(&rec->count, __ATOMIC_ACQUIRE) == 1;'''),
    Mutant('the count of one is loaded relaxed', 'count', RECORD,
           '__atomic_load_n(&rec->count, __ATOMIC_ACQUIRE) == 1',
           '__atomic_load_n(&rec->count, __ATOMIC_RELAXED) == 1'),
    Mutant('a handle is counted down relaxed', 'count', RECORD,
           '__atomic_sub_fetch(&rec->count, 1, __ATOMIC_RELEASE)',
           '__atomic_sub_fetch(&rec->count, 1, __ATOMIC_RELAXED)'),
    Mutant('counting up from one by a plain store', 'borrow', RECORD,
           '__atomic_add_fetch(&rec->count, n, __ATOMIC_RELAXED)',
           '''(rec->count == 1 ? (__atomic_store_n(&rec->count, 1 + n, __ATOMIC_RELAXED), 1 + n)
                            : __atomic_add_fetch(&rec->count, n, __ATOMIC_RELAXED))'''),
    Mutant('naming a block does not make it SHARED', 'upgrade', BLOCK,
           '    __atomic_fetch_or(&rec->flags, VTR_RECORD_SHARED, __ATOMIC_RELAXED);\n', ''),
    Mutant('an upgrade does not look at the generation again', 'upgrade', BLOCK,
           'if (__atomic_load_n(&h->gen, __ATOMIC_ACQUIRE) == gen) /* A5 */', 'if (true)'),
    Mutant('an upgrade sets the bit of a word that may be zero', 'peer', BLOCK,
           '''!__atomic_compare_exchange_n(&h->word, &word, word | own, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED)''',
           '__atomic_fetch_or(&h->word, own, __ATOMIC_ACQ_REL) == UINT64_MAX'),
    Mutant('an upgrade that came too late keeps its count', 'upgrade', BLOCK,
           'if (__atomic_sub_fetch(&rec->count, 1, __ATOMIC_RELEASE) == VTR_COUNT_BUSY) /* R1 */',
           'if (false)'),
    Mutant('an upgrade takes what is CACHED', 'upgrade', BLOCK,
           'if (n == VTR_COUNT_CACHED || n == INT32_MAX)', 'if (n == INT32_MAX)'),
    Mutant('an upgrade does not wait for BUSY', 'peer-own', BLOCK,
           '''            vtr_wait_(&wait);
            n = __atomic_load_n(&rec->count, __ATOMIC_RELAXED);
            continue;''', '            return false;'),
    Mutant('release: IDLE before the bit is cleared', 'peer', BLOCK,
           CLEAR, '''__atomic_store_n(&rec->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE);
    ''' + CLEAR),
    Mutant('release: a word that others hold is free', 'peer', BLOCK,
           CLEAR, CLEAR.replace('if (', '').replace(' == 0)', ';') + 'if (true)'),
    Mutant('ends in bulk do not clear the words', 'depot-bulk', BLOCK,
           '        __atomic_store_n(&vtr_holders_of(rec)->word, 0, __ATOMIC_RELEASE); /* R6 */\n',
           ''),
    Mutant('end does not clear the word', 'count', BLOCK_H,
           '    __atomic_store_n(&vtr_holders_of(rec)->word, 0, __ATOMIC_RELEASE);\n', ''),
    Mutant('a block is in the magazine before it is CACHED', 'empty', BLOCK_H,
           '''    vtr_block_freed(rec);
    if (VTR_LIKELY(pb->head.klass < VTR_CLASSES))
        vtr_cache_keep(pb->head.heap, pb->head.klass, rec);''',
           '''    if (VTR_LIKELY(pb->head.klass < VTR_CLASSES))
        vtr_cache_keep(pb->head.heap, pb->head.klass, rec), vtr_block_freed(rec);'''),
    Mutant('ends in bulk are in the magazine before they are CACHED', 'bulk-empty', BLOCK,
           '''        vtr_block_freed(rec);
        recs[run++] = rec;
    }
    if (run != 0)
        vtr_cache_keep_all(of->head.heap, of->head.klass, recs, run);''',
           '''        recs[run++] = rec;
    }
    if (run != 0)
        vtr_cache_keep_all(of->head.heap, of->head.klass, recs, run);
    for (unsigned i = 0; i < run; i++)
        vtr_block_freed(recs[i]);'''),
    Mutant('ends in bulk do not look for a change of class', 'bulk-classes', BLOCK,
           '''if (VTR_UNLIKELY(of != NULL && (of->head.klass != pb->head.klass ||
                                        of->head.heap != pb->head.heap)))''',
           'if (false)'),
    Mutant('ends in bulk do not look for other handles', 'bulk', ENDS,
           '        if (!vtr_record_last_(rec)) {', '        if (false) {'),
    Mutant('ends in bulk do not look whether others name the block', 'bulk-upgrade', ENDS,
           '        if (!vtr_record_last_(rec)) {',
           '        if (__atomic_load_n(&rec->count, __ATOMIC_ACQUIRE) != 1) {'),
    Mutant('ends in bulk look whether others name the block first', 'bulk-share', ENDS,
           '        if (!vtr_record_last_(rec)) {',
           '''        if (vtr_record_flags_(rec) != 0 ||
            __atomic_load_n(&rec->count, __ATOMIC_ACQUIRE) != 1) {'''),
    Mutant('bufs that end do not look for what was split off', 'fini-bulk', BUF,
           'ahead == 0 && vtr_record_last_(rec)', 'ahead == 0'),
    Mutant('several blocks are put into a magazine from outside', 'bulk-empty', MAGAZINE,
           '''    vtr_cache_enter(cache);
    while (m->cap - m->n < n)''', '    while (m->cap - m->n < n)'),
    Mutant('several blocks are taken from a magazine from outside', 'take-bulk', MAGAZINE_H,
           '''    vtr_cache_enter(cache);
    uint32_t left = m->n;''', '    uint32_t left = m->n;'),
    Mutant('a block is taken inline from outside', 'inline', CACHE_H,
           '''    if (VTR_LIKELY(m != NULL && vtr_magazines_try_enter_(mine))) {
        uint32_t n = m->n;
        if (VTR_LIKELY(n != 0)) {''',
           '''    if (m != NULL) {
        uint32_t n = m->n;
        if (VTR_LIKELY(n != 0)) {'''),
    Mutant('how many blocks there are is read before the thread enters', 'inline', CACHE_H,
           '''    struct vtr_record *rec = NULL;
    if (VTR_LIKELY(m != NULL && vtr_magazines_try_enter_(mine))) {
        uint32_t n = m->n;''',
           '''    struct vtr_record *rec = NULL;
    uint32_t n = m != NULL ? m->n : 0;
    if (VTR_LIKELY(m != NULL && vtr_magazines_try_enter_(mine))) {'''),
    Mutant('a block that is put back inline is seen before it is there', 'empty', CACHE_H,
           '''            vtr_magazine_recs_(m)[n] = rec;
            __atomic_store_n(&m->n, n + 1, __ATOMIC_RELAXED);
        }
        vtr_magazines_leave_(mine);''',
           '''            __atomic_store_n(&m->n, n + 1, __ATOMIC_RELAXED);
        }
        vtr_magazines_leave_(mine);
        vtr_magazine_recs_(m)[n] = rec;'''),
    Mutant('counts taken ahead stay with a thread that is gone', 'carve', MAGAZINE,
           '''    if (ahead != 0)
        vtr_record_ref_n_(vtr_what_(old, 0), -ahead);''', '''    if (false)
        vtr_record_ref_n_(vtr_what_(old, 0), -ahead);'''),
    Mutant('the next header block begins with the counts of the last', 'carve-block', MAGAZINE,
           '    carved->ahead = 0;\n    if (rec != NULL) {', '    if (rec != NULL) {'),
    Mutant('a header block stays marked', 'carve', MAGAZINE,
           '    __atomic_fetch_and(&old->flags, (uint8_t)~VTR_RECORD_CARVED, __ATOMIC_RELAXED);\n',
           ''),
    Mutant('a header block is unmarked by a plain store', 'carve-stat', MAGAZINE,
           '    __atomic_fetch_and(&old->flags, (uint8_t)~VTR_RECORD_CARVED, __ATOMIC_RELAXED);\n',
           '    old->flags &= (uint8_t)~VTR_RECORD_CARVED;\n'),
    Mutant('a header block is let go before it is sealed', 'carve-block', MAGAZINE,
           '    vtr_record_unref_(vtr_block_seal_(old, carved->next));',
           '''    vtr_record_unref_(vtr_what_(old, 0));
    vtr_block_seal_(old, carved->next);'''),
    Mutant('a header takes no count', 'carve', DATA, '    h->ahead--;\n', ''),
    Mutant('how many counts are left is a plain store', 'carve-stat', DATA,
           '''    __atomic_store_n(&h->rec->fill, (uint8_t)(h->ahead + 1), __ATOMIC_RELAXED);''',
           '    h->rec->fill = (uint8_t)(h->ahead + 1);'),
    Mutant('a block is CACHED before it is taken back', 'upgrade', CACHE_H,
           '''    __atomic_store_n(&h->gen, gen, __ATOMIC_RELEASE);
    __atomic_store_n(&h->word, own, __ATOMIC_RELEASE);
    /* R3 */
    __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE);''',
           '''    __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&h->word, own, __ATOMIC_RELEASE);
    __atomic_store_n(&h->gen, gen, __ATOMIC_RELEASE);'''),
    Mutant('try_own leaves the word as it is', 'peer-own', BLOCK,
           '''!__atomic_compare_exchange_n(&h->word, &word, 0, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)''',
           '__atomic_load_n(&h->word, __ATOMIC_ACQUIRE) != own'),
    Mutant('try_own does not look for other processes', 'peer-own', BLOCK,
           '''if (!__atomic_compare_exchange_n(&h->word, &word, 0, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {''',
           'if (__atomic_exchange_n(&h->word, 0, __ATOMIC_ACQ_REL), word == 0) {'),
    Mutant('a thread does not look whether its cache is wanted', 'empty', CACHE_H,
           'if (VTR_LIKELY(__atomic_load_n(&mine->wanted, __ATOMIC_ACQUIRE) == 0))', 'if (true)'),
    Mutant('who empties a cache does not wait for its thread', 'empty', MAGAZINE,
           'while (may && __atomic_load_n(&c->mine.inside, __ATOMIC_ACQUIRE) != 0) /* A9 */',
           'while (false)'),
    Mutant('who empties a cache waits without membarrier', 'empty-tso', MAGAZINE,
           'return some && vtr_barrier_();', 'return some;'),
    Mutant('the thread is not seen to leave in order', 'empty', CACHE_H,
           '__atomic_store_n(&mine->inside, 0, __ATOMIC_RELEASE);',
           '__atomic_store_n(&mine->inside, 0, __ATOMIC_RELAXED);'),
    Mutant('a cache that is not wanted any more hides who emptied it', 'empty-by-2', MAGAZINE,
           '__atomic_store_n(&c->mine.wanted, wanted, __ATOMIC_RELEASE);',
           '__atomic_store_n(&c->mine.wanted, wanted, __ATOMIC_RELAXED);'),
    Mutant('a magazine that was emptied keeps its blocks', 'empty', MAGAZINE,
           '        __atomic_store_n(&m->n, 0, __ATOMIC_RELAXED);\n', ''),
    Mutant('a sweep does not claim what it finds', 'sweep', PAGEBLOCK,
           '        if (!record_claim(r))\n            continue;\n', ''),
    Mutant('retiring does not claim the blocks', 'retire', PAGEBLOCK,
           'while (claimed < n && record_claim(&pb->records[claimed]))', 'while (claimed < n)'),
    Mutant('a pageblock is cut without its lock', 'cut', PAGEBLOCK,
           '''    pthread_mutex_lock(&pb->lock);
    /* While it is''', '''    /* While it is'''),
    Mutant('the depot forgets blocks of which it keeps the hint', 'retire', DEPOT,
           '''            vtr_blocks_forget(&depot->rec[i], 1);
        else
            depot->rec[kept++] = depot->rec[i];''',
           '''            vtr_blocks_forget(&depot->rec[i], 1);
        depot->rec[kept++] = depot->rec[i];'''),
    Mutant('what is put into the depot stays charged', 'depot', DEPOT,
           '    vtr_heap_uncharge(heap, vtr_class_bytes_(klass), n);\n', ''),
    Mutant('the charge is no atomic', 'quota', HEAP,
           '''!__atomic_compare_exchange_n(&heap->charged, &now, now + n * bytes, false,
                                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)''',
           '(__atomic_store_n(&heap->charged, now + n * bytes, __ATOMIC_RELAXED), false)'),
)


def compile_all(args, folder, names):
    """Compiles files of the subject into objects in a folder, whose src/ and include/ go first."""
    roots = (folder, args.root)
    paths = [f'-I{root}/{part}' for root in roots for part in ('include', 'src')]
    for name in names:
        source = next(path for path in (root / name for root in roots) if path.exists())
        subprocess.run([args.cc, *FLAGS, f'-I{HERE}', *paths, '-c', source,
                        '-o', folder / f'{source.stem}.o'], check=True)


def link(cc, folder, objects):
    subprocess.run([cc, '-shared', '-o', folder / 'subject.so', *objects], check=True)


def explore(explorer, subject, scenario):
    """@return exit status and what was said."""
    done = subprocess.run([explorer, subject, '--only', scenario], check=False, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def complaint(mutant, root):
    """Why the mutant cannot be made, or None."""
    times = (root / mutant.file).read_text(encoding='utf-8').count(mutant.text)
    return None if times == 1 else f'its text is {times} times in {mutant.file}'


def try_mutant(args, mutant, good):
    """@return (whether it was found, how, in one line)."""
    why = complaint(mutant, args.root)
    if why is not None:
        return False, why
    with tempfile.TemporaryDirectory(prefix='vitrine-mutant-') as name:
        folder = pathlib.Path(name)
        text = (args.root / mutant.file).read_text(encoding='utf-8')
        (folder / mutant.file).parent.mkdir(parents=True)
        (folder / mutant.file).write_text(text.replace(mutant.text, mutant.instead),
                                          encoding='utf-8')
        in_header = mutant.file.endswith('.h')
        changed = args.sources if in_header else (mutant.file,)
        compile_all(args, folder, changed)
        objects = {path.name: path for path in [*good.glob('*.o'), *folder.glob('*.o')]}
        link(args.cc, folder, objects.values())
        status, said = explore(args.explorer, folder / 'subject.so', mutant.scenario)
    first = said.splitlines()[0] if said else ''
    return status == 1 and 'not exhausted' not in first, first


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('usage: ')[1], add_help=False)
    parser.add_argument('--cc', default='cc')
    parser.add_argument('--only', type=int)
    parser.add_argument('explorer')
    parser.add_argument('root', type=pathlib.Path)
    parser.add_argument('sources', metavar='SOURCE', nargs='+', help='of the subject, in ROOT')
    args = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory(prefix='vitrine-subject-') as name, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        good = pathlib.Path(name)
        list(pool.map(lambda file: compile_all(args, good, (file,)), args.sources))
        chosen = MUTANTS if args.only is None else MUTANTS[args.only:args.only + 1]
        for mutant, (found, how) in zip(chosen, pool.map(
                lambda mutant: try_mutant(args, mutant, good), chosen)):
            missed += not found
            print(f'{"found " if found else "MISSED"} {mutant.what}\n       {how[:120]}',
                  flush=True)
    print(f'{len(chosen) - missed} of {len(chosen)} mutants were found')
    return missed != 0


if __name__ == '__main__':
    sys.exit(main())
