"""Maps of token ids with a vocabulary, as a user asks for them: on the terminal, as JSON, pictures and pages."""
import html.parser
import json
import unittest

from program import SOURCE, ProgramTest, npy_bytes, png_size, png_texts, read_npz

ATTENTION = SOURCE / "tests" / "importers" / "data" / "attention"
MASKED, TWO = ATTENTION / "masked.keras", ATTENTION / "tokens.keras"
WORDS = ["[PAD]", "the", "film", "was", "<b>&", "not", "gr\u00f6\u00dfer", "\x1b[31mred", "good"]
IDS = [2, 4, 0, 0, 0, 0]


class Page(html.parser.HTMLParser):
    """Tokens and colours of a page, and the JSON in it."""

    def __init__(self, text):
        super().__init__()
        self.tokens, self.numbers, self.provenance, self._inside = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._inside = tag
        if tag == "span":
            self.numbers.append(float(dict(attrs)["title"]))
            self.tokens.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "span":
            self.tokens[-1] += data
        if self._inside == "script":
            self.provenance += data


class Texts(ProgramTest):
    def setUp(self):
        super().setUp()
        self.ids = self.file("review.npy", npy_bytes(IDS, [6]))
        self.words = self.file("vocab.txt", "\n".join(WORDS) + "\n")

    def arguments(self, *more, model=MASKED, words=None):
        return ["explain", model, self.ids, "-m", "gradient_x_input", "--vocabulary", words or self.words, *more]

    def sums(self):
        """Per token, from the raw maps."""
        raw = self.folder / "raw.npz"
        self.ok(*self.arguments("--raw", raw))
        _, shape, values = read_npz(raw)["gradient_x_input"]
        self.assertEqual(shape, (1, 6, 4))
        return [sum(values[4 * i : 4 * i + 4]) for i in range(6)]

    def test_terminal(self):
        lines = self.ok(*self.arguments()).stdout.splitlines()
        at = lines.index("tokens of gradient_x_input, review.npy, target " + lines[1].split()[1])
        first, second = self.sums()[:2]
        self.assertEqual(lines[at + 1].split(" ")[0], f"film({first:.4g})")
        self.assertTrue(lines[at + 1].split(" ")[1].startswith("<b>&("), lines[at + 1])
        self.assertEqual(lines[at + 1].count("[PAD]("), 4)
        self.assertTrue(first != 0 and second != 0)

    def test_terminal_with_colors(self):
        shaded = self.ok(*self.arguments(), env={"CLICOLOR_FORCE": "1"}).stdout
        self.assertRegex(shaded, "\x1b\\[48;2;\\d+;\\d+;\\d+m\x1b\\[(30|97)mfilm\x1b\\[0m")
        self.assertNotIn("\x1b", self.ok(*self.arguments()).stdout)
        self.ids = self.file("evil.npy", npy_bytes([7, 1, 2, 3, 5, 8], [6]))
        self.assertNotIn("\x1b[31mred", self.ok(*self.arguments(), env={"CLICOLOR_FORCE": "1"}).stdout)

    def test_json(self):
        tokens = self.json(*self.arguments())["samples"][0]["maps"]["gradient_x_input"]["tokens"]
        self.assertEqual([entry["id"] for entry in tokens], IDS)
        self.assertEqual([entry["token"] for entry in tokens], [WORDS[i] for i in IDS])
        for entry, expected in zip(tokens, self.sums()):
            self.assertAlmostEqual(entry["relevance"], expected, places=6)

    def test_page(self):
        page = self.folder / "review.html"
        self.ok(*self.arguments("-o", page))
        read = Page(page.read_text(encoding="utf-8"))
        self.assertEqual(read.tokens, [WORDS[i] for i in IDS])
        for number, expected in zip(read.numbers, self.sums()):
            self.assertAlmostEqual(number, expected, delta=1e-5 * abs(expected))
        self.assertEqual(json.loads(read.provenance)["picture"]["input"], "review.npy")

    def test_pictures(self):
        plain, out = self.folder / "plain", self.folder / "out"
        self.ok("explain", MASKED, self.ids, "-m", "gradient_x_input", "-o", plain)
        self.ok(*self.arguments("-o", out))
        self.assertEqual({p.name for p in plain.iterdir()}, {p.name for p in out.iterdir()})
        self.assertNotEqual(png_size(plain / "review_panel.png"), png_size(out / "review_panel.png"))
        self.assertEqual(png_texts(out / "review_panel.png")["Title"].split(":")[0], "review.npy")
        pages = self.folder / "pages"
        self.ok(*self.arguments("-o", pages, "--format", "html"))
        self.assertEqual(sorted(p.name for p in pages.iterdir()), ["review_gradient_x_input.html", "review_panel.html"])
        self.assertTrue(self.ok(*self.arguments("-o", self.folder / "r.svg")))

    def test_several_embeddings(self):
        page = self.folder / "two.html"
        maps = self.json(*self.arguments("-o", page, model=TWO))["samples"][0]["maps"]
        self.assertEqual(sorted(maps), ["gradient_x_input/more_words", "gradient_x_input/words"])
        self.assertEqual(Page(page.read_text(encoding="utf-8")).tokens.count("film"), 2)
        for entry in maps.values():
            self.assertEqual([token["token"] for token in entry["tokens"]], [WORDS[i] for i in IDS])

    def test_forms_of_vocabularies(self):
        expected = self.json(*self.arguments())["samples"]
        forms = {"list": WORDS, "ids": {word: i for i, word in enumerate(WORDS)}, "words": {str(i): word for i, word in enumerate(WORDS)}}
        for name, content in forms.items():
            words = self.file(f"{name}.json", json.dumps(content))
            self.assertEqual(self.json(*self.arguments(words=words))["samples"], expected, name)
        few = self.file("few.txt", "[PAD]\nthe\n")
        shown = self.json(*self.arguments(words=few))["samples"][0]["maps"]["gradient_x_input"]["tokens"]
        self.assertEqual([entry["token"] for entry in shown[:3]], ["[2]", "[4]", "[PAD]"])

    def test_refusals(self):
        self.refused(3, *self.arguments(words=self.folder / "none.txt"), says="none.txt")
        for content in ('{"a": 1, "b": 1}', '{"a": "b"}', '{"a": -1}', "[1, 2]", "{", "{}", '{"a": 99999999}'):
            self.refused(5, *self.arguments(words=self.file("bad.json", content)), says="bad.json")
        digit = SOURCE / "examples" / "digits" / "digit_3_0.png"
        cnn = SOURCE / "examples" / "digits" / "digits_cnn.h5"
        self.refused(2, "explain", cnn, digit, "-m", "gradient", "--vocabulary", self.words, says="token ids")
        self.refused(2, "explain", cnn, digit, "-m", "gradient", "--preprocess", "unit", "-o", self.folder / "x.html",
                     says="html is for texts")


if __name__ == "__main__":
    unittest.main()
