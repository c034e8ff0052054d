#!/usr/bin/env python3
"""Runs ctest in a build folder and ends with one line: N passed, N failed.

    tools/run_tests.py BUILD_DIR [CTEST_ARGUMENT...]

GoogleTest programs and pytest are counted test by test (from the XML they leave), everything else entry by entry. Before the
closing line stands the table of the golden comparison, if that ran: BUILD_DIR/golden_table.txt.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree


def run_ctest(build, arguments):
    """ctest's exit code; its report is left in BUILD_DIR/ctest.xml, those of single entries in BUILD_DIR/test-results."""
    shutil.rmtree(build / "test-results", ignore_errors=True)
    for stale in ("ctest.xml", "golden_table.txt"):
        (build / stale).unlink(missing_ok=True)
    command = ["ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error", "--output-junit",
               str(build / "ctest.xml"), *arguments]
    return subprocess.run(command, check=False).returncode


def report_counts(report):
    """(passed, failed, skipped) of one report of GoogleTest or pytest, or None where there is none or it is damaged."""
    try:
        root = ElementTree.parse(report).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    # GoogleTest counts in the root and marks what it skipped; pytest counts everything, suite by suite.
    suites = [root] if root.get("tests") else list(root.iter("testsuite"))
    total, failures, errors, skipped = (sum(int(suite.get(key, 0)) for suite in suites)
                                        for key in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    skipped += sum(case.get("result") == "skipped" for case in root.iter("testcase"))
    return total - failed - skipped, failed, skipped


def entry_counts(build, entry):
    """(passed, failed, skipped) of one ctest entry."""
    status = entry.get("status")
    if status in ("notrun", "disabled"):
        return (0, 0, 1) if entry.find("skipped") is not None and status == "disabled" else (0, 1, 0)
    inner = report_counts(build / "test-results" / (entry.get("name").replace("/", ".") + ".xml"))
    passed, failed, skipped = inner or (0, 0, 0)
    if status == "fail":
        # A crash, a time-out or a sanitizer's verdict fails the entry though no test in it says so.
        return passed, max(failed, 1), skipped
    return (passed, failed, skipped) if inner else (1, 0, 0)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    arguments = sys.argv[2:] or [f"-j{min(2, os.cpu_count() or 1)}"]
    status = run_ctest(build, arguments)

    table = build / "golden_table.txt"
    if table.exists():
        print("\n" + table.read_text(encoding="utf-8").rstrip("\n"))

    passed = failed = skipped = 0
    try:
        entries = list(ElementTree.parse(build / "ctest.xml").getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        entries = []
    for entry in entries:
        counts = entry_counts(build, entry)
        passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
    if status != 0 and failed == 0:
        failed = 1
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    sys.exit(0 if status == 0 and failed == 0 else 1)


if __name__ == "__main__":
    main()
