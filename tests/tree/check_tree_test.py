#!/usr/bin/env python3
"""tools/check_tree.py must pass a good tree, and name what is wrong with each bad one."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "tools" / "check_tree.py"
sys.path.insert(0, str(CHECKER.parent))
import check_tree  # noqa: E402

HEAD = "// What this is.\n"
GOOD = {
    "include/signxai/error.h": HEAD + "#pragma once\n",
    "src/base/shape.h": HEAD + "#pragma once\n#ifdef __linux__\n#endif\n",
    "src/graph/ops/add.cpp": HEAD + '#include "graph/ops/add.h"\n#include "base/shape.h"\n#include "signxai/error.h"\n',
    "src/explain/explainer.cpp": HEAD + '#include "runtime/executable.h"\n#include <vector>\n',
    "src/image/resize.cpp": HEAD + '#include "base/shape.h"\n#include "image/resize.h"\n',
    "cli/main.cpp": HEAD + '#include "verbs.h"\n#include "signxai/error.h"\n',
    "tests/graph/add_test.cpp": HEAD + '#include "explain/explainer.h"\n',
}


def function_of(lines):
    return "int f(int x) {\n" + "  x += 1;\n" * (lines - 2) + "}\n"


BAD = {
    "arrow_up": ({"src/graph/a.cpp": HEAD + '#include "rules/rule.h"\n'}, "src/graph may not include src/rules"),
    "image_sees_graph": ({"src/image/a.cpp": HEAD + '#include "graph/graph.h"\n'}, "src/image may not include src/graph"),
    "base_sees_image": ({"src/base/a.cpp": HEAD + '#include "image/png.h"\n'}, "src/base may not include src/image"),
    "cli_sees_src": ({"cli/a.cpp": HEAD + '#include "graph/graph.h"\n'}, "cli/ may include only signxai/"),
    "public_sees_src": ({"include/signxai/a.h": HEAD + '#pragma once\n#include "graph.h"\n'}, "include/ may include"),
    "unknown_stage": ({"src/graph/a.cpp": HEAD + '#include "util/x.h"\n'}, "'util' is not a stage"),
    "dots": ({"src/graph/a.cpp": HEAD + '#include "../rules/rule.h"\n'}, "without '..'"),
    "new_stage": ({"src/util/a.cpp": HEAD + '#include "base/x.h"\n'}, "src/util is not a stage"),
    "ifdef": ({"src/graph/a.cpp": HEAD + "#ifdef FAST\n#endif\n"}, "#if or #ifdef outside"),
    "long_file": ({"src/graph/a.cpp": HEAD + "\n" * 600}, "601 lines, at most 600"),
    "long_test": ({"tests/graph/a_test.cpp": HEAD + "\n" * 800}, "801 lines, at most 800"),
    "long_function": ({"src/graph/a.cpp": HEAD + function_of(101)}, "a function of 101 lines"),
    "crowded": ({f"src/rules/r{i}.cpp": HEAD for i in range(26)}, "26 files, at most 25"),
    "deep": ({"src/graph/a/b/c/d.cpp": HEAD}, "5 folders deep"),
    "public_headers": ({f"include/signxai/h{i}.h": HEAD + "#pragma once\n" for i in range(15)}, "16 headers"),
    "public_lines": ({f"include/signxai/h{i}.h": HEAD + "#pragma once\n" + "\n" * 500 for i in range(4)},
                     "lines, at most 2000"),
    "median_file": ({f"src/graph/{i}.cpp": HEAD + "\n" * 120 for i in range(9)}, "lines per file: median"),
    "median_function": ({"src/graph/a.cpp": HEAD + function_of(13)}, "lines per function: median 13"),
    "p90_function": ({"src/graph/a.cpp": HEAD + function_of(5) * 7 + function_of(36) * 3}, "p90 36"),
    "no_header_comment": ({"src/graph/a.cpp": "int x();\n"}, "begins without a comment"),
    "no_pragma_once": ({"src/graph/a.h": HEAD}, "no #pragma once"),
    "not_ascii": ({"src/graph/a.cpp": HEAD + "// \u03b1\n"}, "not ASCII"),
    "promise": ({"src/graph/a.cpp": HEAD + "// TO" + "DO: later\n"}, "a promise"),
}

FUNCTIONS = """// Braces of all kinds; only three open a function's body.
namespace a { enum class E { kA, kB };
struct S {
  S() : x_{1}, y_(f(2)), z_{3, {4}} {
    if (x_) { y_ = "}"; }
  }
  std::vector<int> v = {1, 2}; // }
  int x_{0};
};
const Row kTable[] = {
    {"a", [](int x) { return x; }},
    {"b", 1},
};
bool operator==(const S& l, const S& r) { return l.x == r.x; }
#define M(x) \\
  if (x) {
template <class T = int, int N = 3>
std::vector<T> make(std::vector<int> list = {1},
                    char c = '{') noexcept {
  auto g = [&] { return 1; };
  for (;;) {
    g();
  }
  return R"({{)";
}
}
"""


class CheckTree(unittest.TestCase):
    def run_checker(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return subprocess.run([sys.executable, str(CHECKER), folder], capture_output=True, text=True, check=False)

    def test_good_tree_passes(self):
        result = self.run_checker(GOOD)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)

    def test_bad_tree_fails(self):
        files, message = BAD["arrow_up"]
        result = self.run_checker({**GOOD, **files})
        self.assertEqual(result.returncode, 1)
        self.assertIn(message, result.stdout)

    def test_each_bad_tree_is_named_and_nothing_else(self):
        for name, (files, message) in BAD.items():
            with self.subTest(name):
                lines = check_tree.violations({**GOOD, **files})
                self.assertTrue(any(message in line for line in lines), lines)
                # One function that is too long alone in its tree is too long for the median and p90 as well.
                self.assertEqual(len(lines), 3 if name == "long_function" else 1, lines)

    def test_empty_folder_is_an_error(self):
        self.assertNotEqual(self.run_checker({}).returncode, 0)

    def test_function_scan(self):
        self.assertEqual(check_tree.functions(FUNCTIONS), [(4, 3), (14, 1), (17, 9)])


if __name__ == "__main__":
    unittest.main()
