"""The pure parts of `make bench`: statistics, targets, the results file. Nothing is timed."""

import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(os.environ.get("SIGNXAI_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "benchmarks"))

from support.report import Table, Verdict, document, markdown, targets_table  # noqa: E402
from support.statistics import (  # noqa: E402
    Target,
    bytes_text,
    cosine,
    duration,
    quantile,
    ratios,
    spread_text,
    summarize,
)


class Summaries(unittest.TestCase):
    def test_quantiles_lie_between_neighbours(self):
        self.assertEqual(quantile([3, 1, 2], 0.5), 2)
        self.assertEqual(quantile([4, 1, 2, 3], 0.5), 2.5)
        self.assertEqual(quantile([0, 10], 0.25), 2.5)
        self.assertEqual(quantile([7], 0.75), 7)

    def test_an_outlier_moves_neither_median_nor_spread(self):
        quiet, disturbed = summarize([1.0, 1.01, 0.99, 1.0, 1.02]), summarize([1.0, 1.01, 0.99, 1.0, 50.0])
        self.assertEqual(quiet.median, disturbed.median)
        self.assertLess(disturbed.spread, 0.02)

    def test_ratios_are_of_pairs(self):
        # The machine slows down by 10 meanwhile; the factor of 3 remains.
        ours, peer = [1.0, 2.0, 10.0], [3.0, 6.0, 30.0]
        found = ratios(peer, ours)
        self.assertEqual((found.median, found.low, found.high, found.count), (3.0, 3.0, 3.0, 3))

    def test_values_without_pairs_are_refused(self):
        with self.assertRaises(ValueError):
            ratios([1.0], [1.0, 2.0])
        with self.assertRaises(ValueError):
            summarize([])

    def test_cosine(self):
        self.assertAlmostEqual(cosine([1, 2, 3], [2, 4, 6]), 1)
        self.assertAlmostEqual(cosine([1, 0], [0, 1]), 0)
        self.assertEqual(cosine([0, 0], [1, 1]), 0)


class Targets(unittest.TestCase):
    def test_at_most(self):
        target = Target(1.08, unit="x")
        self.assertEqual(target.verdict(1.08), "<= 1.08 x: met")
        self.assertEqual(target.verdict(1.35), "<= 1.08 x: **missed by 25%**")
        self.assertEqual(target.verdict(1.09), "<= 1.08 x: **missed by 0.9%**")

    def test_at_least(self):
        target = Target(4, at_least=True)
        self.assertEqual(target.verdict(5), ">= 4: met")
        self.assertEqual(target.verdict(3), ">= 4: **missed by 25%**")

    def test_missed_targets_stand_worst_first(self):
        verdicts = [
            Verdict("warm", "a", 1.2, Target(1)),
            Verdict("warm", "b", 0.9, Target(1)),
            Verdict("cold", "c", 3, Target(1)),
        ]
        table = targets_table(verdicts)
        self.assertEqual(table.title, "Targets: 1 of 3 met")
        self.assertEqual([row[1] for row in table.rows], ["c", "a"])


class Texts(unittest.TestCase):
    def test_durations_have_three_digits(self):
        self.assertEqual([duration(x) for x in (123.4, 1.236, 0.0123, 0.9e-3, 20.44e-6, 5e-7)],
                         ["123 s", "1.24 s", "12.3 ms", "900 us", "20.4 us", "0.50 us"])  # fmt: skip

    def test_spread(self):
        self.assertEqual(spread_text(summarize([0.4])), "400 ms")
        self.assertEqual(spread_text(summarize([0.40, 0.41, 0.42])), "410 ms (405 to 415)")

    def test_bytes(self):
        self.assertEqual(bytes_text(1.37e9), "1.37 GB")
        self.assertEqual(bytes_text(31.2e6), "31.2 MB")


class Files(unittest.TestCase):
    def test_table(self):
        table = Table("Warm", ["method", "ours"], notes=["a note"])
        table.add("lrp_z", "0.3 s")
        table.add("x|y", "fails:\nbad")
        self.assertEqual(markdown(table).splitlines(),
                         ["## Warm", "", "| method | ours |", "| --- | --- |", "| lrp_z | 0.3 s |", "| x\\|y | fails: bad |", "",
                          "- a note"])  # fmt: skip

    def test_a_row_of_another_width_is_refused(self):
        with self.assertRaises(ValueError):
            Table("Warm", ["method", "ours"]).add("lrp_z")

    def test_document_says_what_is_missing(self):
        text = document("Title", "Words.", [Table("Empty", ["a"])], "cold not measured")
        self.assertTrue(text.startswith("# Title\n\nWords.\n\n**Unfinished: cold not measured**\n"))
        self.assertIn("## Empty", text)
        self.assertNotIn("Unfinished", document("Title", "Words.", []))


if __name__ == "__main__":
    unittest.main()
