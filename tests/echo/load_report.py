#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Is what load_report writes JSON in Google Benchmark's shape, with the names others rely on, and
does bench/plot.py draw it?

usage: load_report.py LOAD_REPORT PLOT.PY
"""
import json
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

REPORT, PLOT = sys.argv[1:3]
COUNTERS = ["rate_per_server_cpu_s", "p50_ns", "p99_ns", "busy_ns", "payload_bytes_copied"]
VARIANTS = ["hybrid", "reference", "copy", "kernel", "echo", "echo_kernel"]


def output(*args):
    return subprocess.run([REPORT, *args], check=True, capture_output=True, encoding="utf-8").stdout


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        def refuse(text):
            raise ValueError(text)
        cls.figures = json.loads(output(), parse_constant=refuse)
        cls.runs = [b for b in cls.figures["benchmarks"] if b["run_type"] == "iteration"]
        cls.aggregates = [b for b in cls.figures["benchmarks"] if b["run_type"] == "aggregate"]

    def test_the_context_says_how_the_figures_came_to_be(self):
        for name in ("date", "host_name", "executable", "num_cpus", "cpu_model", "governor",
                     "kernel", "hugepages", "server_cpu", "load_cpu", "ports", "build_type",
                     "compiler", "flags", "commit", "dpdk", "repetitions", "library_build_type"):
            self.assertIn(name, self.figures["context"])
        bad = "\ufffd"
        self.assertEqual(self.figures["context"]["executable"],
                         'a "quoted" \\ command\n\u00e9\u20ac\U0001d11e' +
                         "|".join(["", bad * 2, bad * 3, bad * 4, bad, bad * 2, bad, bad]))

    def test_every_row_has_its_name(self):
        names = {b["name"] for b in self.runs}
        want = {f"{path}/{size}/{variant}" for path in ("mc_udp_get", "mc_udp_get_ring")
                for size in (64, 16384) for variant in VARIANTS} | {"mc_udp_idle/spin"}
        self.assertEqual(names, want)

    def test_every_entry_can_be_compared(self):
        for b in self.figures["benchmarks"]:
            for name in ("real_time", "cpu_time", "iterations", "repetitions", "family_index"):
                self.assertIsInstance(b[name], (int, float), b["name"])
            self.assertEqual(b["time_unit"], "ns")

    def test_repetitions_are_numbered(self):
        indexes = [b["repetition_index"] for b in self.runs if b["name"] == "mc_udp_get/64/copy"]
        self.assertEqual(indexes, [0, 1, 2])

    def test_a_complete_row_has_all_counters(self):
        for b in self.runs:
            if "/64/" in b["name"]:
                for counter in COUNTERS:
                    self.assertIsInstance(b[counter], (int, float))

    def test_a_round_without_a_figure_has_none(self):
        rounds = [b for b in self.runs if b["name"] == "mc_udp_get/16384/hybrid"]
        self.assertEqual(["rate_per_server_cpu_s" in b for b in rounds], [True, False, True])
        self.assertEqual(["error_occurred" in b for b in rounds], [False, True, False])

    def test_aggregates_are_median_and_extremes(self):
        of = {b["aggregate_name"]: b for b in self.aggregates
              if b["run_name"] == "mc_udp_get/64/hybrid"}
        self.assertEqual({k: v["rate_per_server_cpu_s"] for k, v in of.items()},
                         {"median": 2.2e6, "min": 2.0e6, "max": 2.4e6})
        self.assertEqual(of["median"]["name"], "mc_udp_get/64/hybrid_median")
        self.assertEqual(of["median"]["ratio_to_kernel"], 20)

    def test_the_table_says_what_was_met(self):
        table = output("table")
        self.assertIn("hybrid / kernel", table)
        self.assertRegex(table, r"memif +64 B +hybrid / kernel +>= 15.00 +got +20.00 +met")
        self.assertRegex(table, r"ring +64 B +reference: payload bytes copied +<= +0.00 +got +0")
        self.assertIn("* the server was not busy", table)
        self.assertIn("12 of 12 met", table)

    def test_the_picture_is_a_picture(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/f.json", "w", encoding="utf-8") as to:
                json.dump(self.figures, to)
            subprocess.run([sys.executable, PLOT, f"{folder}/f.json", f"{folder}/f.svg"],
                           check=True)
            svg = xml.dom.minidom.parse(f"{folder}/f.svg")
        self.assertEqual(svg.documentElement.tagName, "svg")
        self.assertGreaterEqual(len(svg.getElementsByTagName("rect")), 1 + 6 + 2 * 2 * 6)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
