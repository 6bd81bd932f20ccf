#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does the benchmark of the core run, and does its JSON hold all rows?

usage: core.py VITRINE_CORE_BENCH JOIN.PY
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

BENCH, JOIN = sys.argv[1:3]
ROWS = {  # of each row: its ways, ours first, and which of them its goal is about
    "alloc_free_2k": ("vitrine mbuf malloc", "mbuf"),
    "alloc_free_2k_bulk32": ("vitrine mbuf malloc", "mbuf"),
    "alloc_free_2k_st": ("vitrine mbuf", "mbuf"),
    "alloc_free_2k_bulk32_st": ("vitrine mbuf", "mbuf"),
    "ref_unref": ("vitrine atomic mbuf malloc", "atomic"),
    "ref_unref_st": ("vitrine atomic", None),
    "slice_unref": ("vitrine atomic mbuf malloc", "atomic"),
    "ref_unref_cold": ("vitrine mbuf malloc", "mbuf"),
    "slice_unref_cold": ("vitrine mbuf malloc", "mbuf"),
    "concat2": ("vitrine mbuf malloc", "mbuf"),
    "concat2_st": ("vitrine mbuf", None),
    "prepend_shared": ("vitrine mbuf malloc", "mbuf"),
    "prepend_shared_st": ("vitrine mbuf", None),
    "view": ("vitrine unchecked dpdk", "unchecked"),
    "view_next": ("vitrine unchecked dpdk", None),
    "view_straddle": ("vitrine dpdk", "dpdk"),
    "parse_udp4": ("vitrine unchecked", "unchecked"),
    "parse_tcp6_options": ("vitrine unchecked", "unchecked"),
    "parse_vxlan_inner": ("vitrine unchecked", "unchecked"),
    "echo_null": ("vitrine mbuf", "mbuf"),
    "echo_null_st": ("vitrine mbuf", "mbuf"),
    "scale2_own": ("vitrine one_thread mbuf mbuf_one", "one_thread"),
    "scale2_shared": ("vitrine atomic", "atomic"),
    "remote_free": ("vitrine mbuf", None),
    "own_seal": ("vitrine atomic", None),
    "split_64": ("vitrine malloc", None),
    "unref_bulk32": ("vitrine one_by_one", None),
    "keep_64": ("vitrine malloc", None),
    "copy_64": ("vitrine mbuf malloc", None),
    "copy_512": ("vitrine mbuf malloc", None),
    "copy_2048": ("vitrine mbuf malloc", None),
    "locked": ("atomic plain", None),
}
TWO_CPUS = {"scale2_own", "scale2_shared", "remote_free"}
CPUS = len(os.sched_getaffinity(0))


def run(*args):
    return subprocess.run([BENCH, *args], capture_output=True, encoding="utf-8", check=False)


def figures_of(*args):
    with tempfile.NamedTemporaryFile(suffix=".json") as to:
        done = run("--rounds", "2", "--slice", "20", "--json", to.name, *args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout, json.load(to)


class Core(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table, cls.figures = figures_of()
        cls.runs = {}
        for entry in cls.figures["benchmarks"]:
            if entry["run_type"] == "iteration":
                cls.runs.setdefault(entry["name"], []).append(entry)

    def measured(self):
        return {name: runs for name, runs in self.runs.items()
                if CPUS > 1 or name.split("/")[0] not in TWO_CPUS}

    def test_every_row_is_there_with_all_its_ways(self):
        wanted = {f"{row}/{way}" for row, (ways, _) in ROWS.items() for way in ways.split()}
        self.assertEqual(set(self.runs), wanted)

    def test_every_way_has_its_rounds_and_a_time(self):
        for name, runs in self.measured().items():
            self.assertEqual([b["repetition_index"] for b in runs], [0, 1], name)
            for b in runs:
                self.assertNotIn("error_occurred", b)
                self.assertGreater(b["real_time"], 0, name)
                self.assertGreater(b["cpu_time"], 0, name)
                self.assertEqual(b["time_unit"], "ns")

    def test_a_goal_is_said_where_there_is_one(self):
        for row, (ways, against) in ROWS.items():
            for way in ways.split():
                for b in self.measured().get(f"{row}/{way}", []):
                    self.assertEqual("goal" in b, way == against, b["name"])

    def test_aggregates_follow_each_way(self):
        names = [b["name"] for b in self.figures["benchmarks"] if b["run_type"] == "aggregate"]
        wanted = [f"{name}_{which}" for name in self.measured() for which in ("median", "min",
                                                                             "max")]
        self.assertEqual(names, wanted)

    def test_the_context_says_how_the_figures_came_to_be(self):
        for name in ("date", "cpu_model", "executable", "compiler", "flags", "commit", "dpdk",
                     "heap", "core_cpu", "core_repetitions", "core_slice_ns"):
            self.assertIn(name, self.figures["context"])

    def test_the_table_has_a_line_for_each_row_and_ends_in_a_summary(self):
        lines = [line.split() for line in self.table.splitlines()]
        begins = {line[0] for line in lines if line}
        self.assertLessEqual(set(ROWS), begins)
        self.assertRegex(self.table.splitlines()[-1], r"^  core: \d+ of \d+ goals met$")


class Options(unittest.TestCase):
    def test_a_filter_leaves_rows_out(self):
        _, figures = figures_of("--filter", "locked", "--filter", "view_next")
        rows = {b["run_name"].split("/")[0] for b in figures["benchmarks"]}
        self.assertEqual(rows, {"locked", "view_next"})

    def test_check_tells_by_its_exit_status_whether_goals_were_met(self):
        args = ("--rounds", "2", "--slice", "20", "--check", "--filter")
        self.assertEqual(run(*args, "locked").returncode, 0)  # has no goal
        done = run(*args, "ref_unref")
        self.assertEqual(done.returncode != 0, "MISSED" in done.stdout, done.stdout)

    def test_help_names_every_option(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--json", "--filter", "--rounds", "--slice", "--quick", "--check", "--list"):
            self.assertIn(option, done.stdout)

    def test_list_names_every_row(self):
        self.assertEqual([line.split()[0] for line in run("--list").stdout.splitlines()],
                         list(ROWS))

    def test_what_is_no_option_is_refused_with_advice(self):
        for args in (["--nonsense"], ["extra"], ["--rounds", "0"], ["--slice", "x"]):
            done = run(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn("--help", done.stderr)


class Join(unittest.TestCase):
    def test_two_sets_become_one(self):
        _, figures = figures_of("--filter", "locked")
        with tempfile.TemporaryDirectory() as folder:
            part, none, to = (os.path.join(folder, name) for name in ("part", "none", "to"))
            with open(part, "w", encoding="utf-8") as out:
                json.dump(figures, out)
            with open(none, "w", encoding="utf-8"):
                pass
            subprocess.run([JOIN, to, part, none, part], check=True)
            with open(to, encoding="utf-8") as source:
                both = json.load(source)
        self.assertEqual(len(both["benchmarks"]), 2 * len(figures["benchmarks"]))
        self.assertEqual(len({b["family_index"] for b in both["benchmarks"]}), 2)
        self.assertEqual(both["context"], figures["context"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
