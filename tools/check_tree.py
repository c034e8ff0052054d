#!/usr/bin/env python3
"""Checks that the tree keeps its shape: which folder may include which, and the size budgets.

    tools/check_tree.py [ROOT]       prints one line per violation; exit code 1 if there are any
    tools/check_tree.py --stats [ROOT]   prints the numbers behind the budgets, and the longest functions, as well

Stdlib only. C++ is read by a rough scan (comments and strings blanked, braces counted), good to a line or two.
"""
import pathlib
import re
import statistics
import sys

# A stage may include itself and what stands before it. Public headers may be included by all.
STAGES = ["base", "graph", "importers", "reverse", "rules", "methods", "passes", "backends", "runtime", "explain", "c"]
ALLOWED = {stage: set(STAGES[: i + 1]) for i, stage in enumerate(STAGES)}
ALLOWED["image"] = {"base", "image"}
ALLOWED["report"] = {"base", "report"}

PRODUCT = ("include", "src", "cli", "python")  # what the budgets for functions and medians are about
SOURCE_FOLDERS = PRODUCT + ("tests", "tools", "benchmarks", "examples", "cmake")
CPP = (".h", ".cpp")
SOURCE = CPP + (".py", ".sh", ".cmake")

MAX_FILE_LINES, MAX_TEST_LINES, MEDIAN_FILE_LINES = 600, 800, 120
MEDIAN_FUNCTION, P90_FUNCTION, MAX_FUNCTION = 12, 35, 100
MAX_FILES, MAX_DEPTH = 25, 4
MAX_PUBLIC_HEADERS, MAX_PUBLIC_LINES = 15, 2000
CONDITIONALS_ALLOWED = ("src/base/", "src/backends/", "include/signxai/signxai.h")  # a C header says extern "C" to C++

BLANKED = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
CONDITIONAL = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef)\b", re.MULTILINE)
TYPE_SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b|\bextern\s*$")
PROMISE = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def blank_text(text):
    """The text with comments and literals turned into blanks; line breaks stay where they are."""
    return BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def opens_function(header, before_brace):
    """Does a brace after `header` (the text since the last ; { or }) open the body of a function?

    A body's brace stands after white space or a parenthesis; one that follows a name directly initializes a member.
    """
    if "(" not in header or before_brace.isalnum() or before_brace in "_>":
        return False
    rest, previous = re.sub(r"operator\s*[^\s\w(]+", "", header), None
    while rest != previous:  # parameter lists and template arguments may hold an '=' of their own
        rest, previous = re.sub(r"\([^()]*\)|<[^<>]*>", "", rest), rest
    return "=" not in rest


def functions(text):
    """(first line, number of lines) of each function body, its head included."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group().count("\n"), blank_text(text),
                  flags=re.MULTILINE)
    found, scopes = [], []  # a scope is (kind, line on which its head begins)
    header_start, parens = 0, 0
    for at, char in enumerate(code):
        inside = bool(scopes) and scopes[-1][0] in ("body", "other")
        if char == "(":
            parens += 1
        elif char == ")":
            parens = max(0, parens - 1)
        elif char == "{":
            header = code[header_start:at]
            kind = "other"
            if not inside and parens == 0:
                if opens_function(header, code[at - 1]):
                    kind = "body"
                elif TYPE_SCOPE.search(header) and "=" not in header:
                    kind = "type"
            head = header_start + len(header) - len(header.lstrip())
            scopes.append((kind, code.count("\n", 0, head) + 1, header_start, parens))
            parens = 0
            if kind != "other":
                header_start = at + 1
        elif char == "}" and scopes:
            kind, first, outer_start, parens = scopes.pop()
            if kind == "body":
                found.append((first, code.count("\n", 0, at) + 2 - first))
            # Behind an initializer the head it belongs to goes on.
            header_start = outer_start if kind == "other" else at + 1
        elif char == ";" and not inside and parens == 0:
            header_start = at + 1
    return found


def read_tree(root):
    """{relative path: text} of every source file."""
    files = {}
    for folder in SOURCE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SOURCE and path.is_file() and "__pycache__" not in path.parts:
                files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="surrogateescape")
    return files


def including_stage(path):
    """The stage a file belongs to: a folder of src, "include", "cli", or None where no arrow applies."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return parts[0] if parts[0] in ("include", "cli", "python") else None


def check_include(path, stage, target):
    """None, or why the file may not include `target`."""
    first = target.split("/")[0]
    if first == "signxai":
        return None
    if ".." in target.split("/"):
        return "includes are written from src/, without '..'"
    if stage in ("include", "cli", "python"):
        return f"{stage}/ may include only signxai/ headers" if "/" in target or stage == "include" else None
    if "/" not in target:
        return None  # a neighbour in the same folder
    if first not in ALLOWED:
        return f"'{first}' is not a stage (a folder of src/)"
    if stage not in ALLOWED:
        return f"src/{stage} is not a stage; stages: {', '.join(ALLOWED)}"
    if first not in ALLOWED[stage]:
        return f"src/{stage} may not include src/{first}"
    return None


def arrow_violations(files):
    for path, text in files.items():
        stage = including_stage(path)
        if stage is None or not path.endswith(CPP):
            continue
        for match in INCLUDE.finditer(text):
            why = check_include(path, stage, match.group(1))
            if why:
                yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: #include \"{match.group(1)}\": {why}"


def file_violations(files):
    for path, text in files.items():
        lines = text.count("\n")
        limit = MAX_TEST_LINES if path.startswith("tests/") else MAX_FILE_LINES
        if lines > limit:
            yield f"{path}: {lines} lines, at most {limit}"
        if not path.startswith(SOURCE_FOLDERS) or not path.endswith(CPP):
            continue
        if not text.lstrip().startswith(("//", "/*")):
            yield f"{path}: begins without a comment that says what the file is"
        if path.endswith(".h") and "#pragma once" not in text and not CONDITIONAL.search(text):
            yield f"{path}: no #pragma once"
        if not text.isascii():
            yield f"{path}: not ASCII"
        if PROMISE.search(text):
            yield f"{path}: a promise in a comment ({PROMISE.search(text).group()})"
        if path.startswith(PRODUCT) and not path.startswith(CONDITIONALS_ALLOWED):
            if CONDITIONAL.search(blank_text(text)):
                yield f"{path}: #if or #ifdef outside src/base and src/backends"


def folder_violations(files):
    counts = {}
    for path in files:
        parent = path.rpartition("/")[0]
        counts[parent] = counts.get(parent, 0) + 1
    for folder, count in counts.items():
        if count > MAX_FILES:
            yield f"{folder}/: {count} files, at most {MAX_FILES}; split it by what they are about"
        if folder.count("/") + 1 > MAX_DEPTH:
            yield f"{folder}/: {folder.count('/') + 1} folders deep, at most {MAX_DEPTH}"


def public_violations(files):
    headers = [text for path, text in files.items() if path.startswith("include/")]
    lines = sum(text.count("\n") for text in headers)
    if len(headers) > MAX_PUBLIC_HEADERS:
        yield f"include/: {len(headers)} headers, at most {MAX_PUBLIC_HEADERS}"
    if lines > MAX_PUBLIC_LINES:
        yield f"include/: {lines} lines, at most {MAX_PUBLIC_LINES}"


def product_functions(files):
    """(number of lines, path, first line) of each function of the product, longest first."""
    return sorted(
        ((count, path, first) for path, text in files.items() if path.startswith(PRODUCT) and path.endswith(CPP)
         for first, count in functions(text)), reverse=True)


def percentile_90(values):
    return sorted(values)[int(0.9 * (len(values) - 1))]


def length_violations(files):
    lengths = [text.count("\n") for path, text in files.items() if path.startswith(PRODUCT)]
    if lengths and statistics.median(lengths) > MEDIAN_FILE_LINES:
        yield f"lines per file: median {statistics.median(lengths)}, at most {MEDIAN_FILE_LINES}"
    listed = product_functions(files)
    for count, path, first in listed:
        if count > MAX_FUNCTION:
            yield f"{path}:{first}: a function of {count} lines, at most {MAX_FUNCTION}"
    counts = [count for count, _, _ in listed]
    if counts and statistics.median(counts) > MEDIAN_FUNCTION:
        yield f"lines per function: median {statistics.median(counts)}, at most {MEDIAN_FUNCTION}"
    if counts and percentile_90(counts) > P90_FUNCTION:
        yield f"lines per function: p90 {percentile_90(counts)}, at most {P90_FUNCTION}"


def violations(files):
    checks = (arrow_violations, file_violations, folder_violations, public_violations, length_violations)
    return [line for check in checks for line in check(files)]


def print_stats(files):
    lengths = sorted(text.count("\n") for path, text in files.items() if path.startswith(PRODUCT))
    listed = product_functions(files)
    counts = [count for count, _, _ in listed]
    if lengths:
        print(f"{len(lengths)} product files, {sum(lengths)} lines: median {statistics.median(lengths)}, "
              f"max {lengths[-1]}")
    if counts:
        print(f"{len(counts)} functions: median {statistics.median(counts)}, p90 {percentile_90(counts)}, "
              f"max {counts[0]}; the longest:")
    for count, path, first in listed[:10]:
        print(f"  {count:4} {path}:{first}")


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--stats"]
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent).resolve()
    files = read_tree(root)
    if not files:
        sys.exit(f"{root}: no source files")
    if "--stats" in sys.argv:
        print_stats(files)
    found = violations(files)
    print("\n".join(found) if found else f"{len(files)} files: arrows and budgets are kept")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
