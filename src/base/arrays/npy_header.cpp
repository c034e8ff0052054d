// Header of the .npy format: a Python dictionary literal of three known keys. It is parsed by hand, never evaluated,
// and anything else than the three keys with values of the right sort is refused.
#include <charconv>
#include <cstring>

#include "base/arrays/npy.h"
#include "signxai/error.h"

namespace signxai::base {
namespace {

constexpr std::size_t kMaxRank = 64;  // NumPy's own limit

class HeaderParser {
 public:
  HeaderParser(const std::string& text, const std::string& subject)
      : at_(text.data()), end_(text.data() + text.size()), subject_(subject) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      value_of(key);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (peek() != '\0') fail("text after the dictionary");
    if (!seen_descr_ || !seen_order_ || !seen_shape_) fail("a key is missing; expected descr, fortran_order and shape");
    return header_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kCorruptFile, "array", subject_, "the .npy header is damaged; " + what);
  }

  char peek() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }

  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (at_ == end_ || !accept(c)) fail(std::string("expected '") + c + "'");
  }

  bool accept_word(std::string_view word) {
    peek();
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0)
      return false;
    at_ += word.size();
    return true;
  }

  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("expected a quoted name");
    const char* from = ++at_;
    while (at_ != end_ && *at_ != quote) ++at_;
    if (at_ == end_) fail("a quoted name does not end");
    return std::string(from, at_++);
  }

  void value_of(const std::string& key) {
    if (key == "descr") {
      mark(seen_descr_, key);
      element_type();
    } else if (key == "fortran_order") {
      mark(seen_order_, key);
      header_.fortran_order = accept_word("True");
      if (!header_.fortran_order && !accept_word("False")) fail("fortran_order is neither True nor False");
    } else if (key == "shape") {
      mark(seen_shape_, key);
      shape();
    } else {
      fail("unknown key '" + key.substr(0, 40) + "'");
    }
  }

  void mark(bool& seen, const std::string& key) const {
    if (seen) fail("key '" + key + "' appears twice");
    seen = true;
  }

  void element_type() {
    if (peek() == '[' || peek() == '{' || peek() == '(') {
      throw Error(ErrorCode::kUnsupported, "array", subject_,
                  "holds records with named fields; expected plain numbers; try saving one field at a time");
    }
    const std::string descr = quoted();
    if (descr.find('O') != std::string::npos) {
      throw Error(ErrorCode::kUnsupported, "array", subject_,
                  "holds pickled Python objects, which are never loaded; try saving numbers: "
                  "np.save(file, np.asarray(values, dtype='float32'), allow_pickle=False)");
    }
    if (descr.size() == 3 && std::strchr("<>=|", descr[0]) != nullptr) {
      header_.big_endian = descr[0] == '>';
      header_.kind = descr[1];
      header_.item_size = descr[2] - '0';
      const int size = header_.item_size;
      const bool integer =
          (header_.kind == 'i' || header_.kind == 'u') && (size == 1 || size == 2 || size == 4 || size == 8);
      const bool real = header_.kind == 'f' && (size == 2 || size == 4 || size == 8);
      if (integer || real || (header_.kind == 'b' && size == 1)) return;
    }
    throw Error(ErrorCode::kUnsupported, "array", subject_,
                "has elements of a type that cannot be read; got '" + descr.substr(0, 40) +
                    "', expected bool, int8 to int64, uint8 to uint64, float16, float32 or float64");
  }

  void shape() {
    expect('(');
    while (!accept(')')) {
      std::int64_t extent = 0;
      peek();
      const auto [next, status] = std::from_chars(at_, end_, extent);
      if (status != std::errc() || extent < 0) fail("the shape has an extent that is not a natural number");
      at_ = next;
      accept('L');  // written by Python 2
      header_.shape.push_back(extent);
      if (header_.shape.size() > kMaxRank) fail("the shape has more than 64 extents");
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }

  const char* at_;
  const char* end_;
  const std::string& subject_;
  NpyHeader header_;
  bool seen_descr_ = false, seen_order_ = false, seen_shape_ = false;
};

}  // namespace

NpyHeader parse_npy_header(const std::string& text, const std::string& subject) {
  return HeaderParser(text, subject).parse();
}

std::string npy_preamble(const std::string& descr, const Shape& shape) {
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kFixed = 10;  // magic, version, length of the dictionary
  std::string dictionary = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + to_string(shape) + ", }";
  const std::size_t unpadded = kFixed + dictionary.size() + 1;
  dictionary.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ').push_back('\n');
  std::string preamble("\x93NUMPY\x01\x00", 8);
  preamble.push_back(static_cast<char>(dictionary.size() & 0xff));
  preamble.push_back(static_cast<char>(dictionary.size() >> 8));
  return preamble + dictionary;
}

}  // namespace signxai::base
