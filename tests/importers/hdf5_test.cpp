// HDF5 files: every readable kind of content with known values, and every reason for refusal. The files and the script
// that wrote them are in data/hdf5.
#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "importers/hdf5_fixture.h"

namespace signxai::hdf5 {
namespace {

using Strings = std::vector<std::string>;
using Floats = std::vector<float>;

const Floats kRamp = {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f, 8.5f};

TEST(Hdf5Keras, FullModel) {
  const File file = open_data("keras2_model");
  EXPECT_EQ(file.root().string_attribute("keras_version").value().substr(0, 2), "2.");
  EXPECT_EQ(file.root().string_attribute("model_config").value().front(), '{');
  const Object& weights = file.at("model_weights");
  const Strings layers = weights.string_list("layer_names").value();
  ASSERT_FALSE(layers.empty());
  std::size_t arrays = 0;
  for (const std::string& layer : layers) {
    const Object* group = weights.find(layer);
    ASSERT_NE(group, nullptr) << layer;
    const Strings names = group->string_list("weight_names").value();
    for (const std::string& name : names) {
      const Object* dataset = group->find(name);
      ASSERT_NE(dataset, nullptr) << name;
      EXPECT_TRUE(file.is_mapped(*dataset)) << name;
      for (const float value : values(file.read(*dataset))) EXPECT_TRUE(std::isfinite(value));
      ++arrays;
    }
  }
  EXPECT_EQ(arrays, 4u);
}

TEST(Hdf5Keras, WeightsFile) {
  const File file = open_data("keras2_weights");
  EXPECT_EQ(file.root().string_list("layer_names"), (Strings{"input", "dense"}));
  EXPECT_EQ(file.at("input").string_list("weight_names"), Strings{});  // stored as an empty float64 array
  EXPECT_EQ(file.at("dense").string_list("weight_names"), (Strings{"dense/kernel:0", "dense/bias:0"}));
  const Float32Array kernel = file.read("dense/dense/kernel:0");
  EXPECT_EQ(kernel.shape, (Shape{3, 4}));
  EXPECT_EQ(values(kernel), kRamp);
}

TEST(Hdf5Keras, Keras3WeightsFile) {
  const File file = open_data("keras3");
  EXPECT_TRUE(file.at("vars").is_group());
  EXPECT_EQ(values(file.read("/layers/dense/vars/0")), kRamp);
  EXPECT_EQ(values(file.read("layers/dense/vars/1")), Floats(4, 1.0f));
}

TEST(Hdf5Read, EveryElementTypeInBothByteOrders) {
  const File file = open_data("types");
  for (const std::string type : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
    for (const std::string order : {"le_", "be_"}) {
      const Object& dataset = file.at(order + type);
      EXPECT_EQ(values(file.read(dataset)), (Floats{0, 1, 2, 100})) << order + type;
      EXPECT_EQ(file.is_mapped(dataset), order + type == "le_f4") << order + type;
    }
  }
  EXPECT_EQ(file.at("be_i8").dataset->type_name, "int64 (big-endian)");
  EXPECT_EQ(file.at("le_f2").dataset->type_name, "float16");
}

TEST(Hdf5Read, HalfPrecisionEdges) {
  const Floats edges = values(open_data("types").read("half_edges"));
  EXPECT_EQ(edges[0], -1.5f);
  EXPECT_EQ(edges[1], 65504.0f);
  EXPECT_EQ(edges[2], 0x1p-24f);  // the smallest subnormal
  EXPECT_EQ(edges[3], std::numeric_limits<float>::infinity());
  EXPECT_TRUE(edges[4] == 0.0f && std::signbit(edges[4]));
}

TEST(Hdf5Read, ScalarsAndEmptyArrays) {
  const File file = open_data("types");
  const Float32Array scalar = file.read("scalar");  // lies on an odd offset: copied
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(values(scalar), Floats{7});
  EXPECT_FALSE(file.is_mapped(file.at("scalar")));
  EXPECT_EQ(file.read("empty").shape, (Shape{0, 5}));
  EXPECT_EQ(file.read("empty").data, nullptr);
  EXPECT_EQ(file.read("no_space").data, nullptr);
}

TEST(Hdf5Read, EveryLayoutAndFilterInAFileWithUserBlock) {
  const File file = open_data("layouts");
  for (const char* name : {"contiguous", "chunked", "gzip", "gzip_half_big", "compact"}) {
    const Float32Array array = file.read(name);
    EXPECT_EQ(array.shape, (Shape{3, 4})) << name;
    EXPECT_EQ(values(array), kRamp) << name;
  }
  EXPECT_EQ(values(file.read("fill_only")), Floats(12, 9.0f));
  EXPECT_TRUE(file.is_mapped(file.at("contiguous")));
  EXPECT_FALSE(file.is_mapped(file.at("gzip")));
}

TEST(Hdf5Read, MappedElementsAreTheBytesOfTheFileAndOutliveIt) {
  const std::string bytes = read_bytes(data_file("layouts"));
  Float32Array array, again;
  std::uint64_t offset = 0;
  {
    const File file = open_data("layouts");
    offset = file.at("contiguous").dataset->offset;
    array = file.read("contiguous");
    again = file.read("contiguous");
  }
  EXPECT_EQ(array.data.get(), again.data.get());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array.data.get()) % 4096, offset % 4096);
  EXPECT_EQ(std::memcmp(array.data.get(), bytes.data() + offset, 48), 0);
  std::ifstream maps("/proc/self/maps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) found |= line.find("layouts.h5") != std::string::npos;
  EXPECT_TRUE(found);
}

TEST(Hdf5Attributes, StringsAndNumbers) {
  const File file = open_data("attributes");
  const Object& root = file.root();
  EXPECT_EQ(root.string_attribute("text"), "caf\xc3\xa9");
  EXPECT_EQ(root.string_attribute("bytes"), "fixed");
  EXPECT_EQ(root.string_attribute("space_padded"), "ab");
  EXPECT_EQ(root.string_attribute("absent"), std::nullopt);
  EXPECT_EQ(root.string_list("variable_list"), (Strings{"a", "bc", ""}));
  EXPECT_EQ(root.string_list("fixed_list"), (Strings{"dense/kernel:0", "dense/bias:0"}));
  EXPECT_EQ(root.string_list("nothing"), Strings{});
  EXPECT_EQ(root.string_list("absent"), std::nullopt);
  EXPECT_EQ(root.number_list("number"), std::vector<double>{2.5});
  EXPECT_EQ(root.number_list("numbers"), (std::vector<double>{1, 2, 3}));
}

TEST(Hdf5Attributes, PartsThatKerasSplitAreJoined) {
  const File file = open_data("attributes");
  EXPECT_EQ(file.root().string_list("layer_names"), (Strings{"l0", "l1", "l2", "l3", "l4", "l5", "l6"}));
  EXPECT_EQ(file.root().string_attribute("model_config"), R"({"class_name": "Sequential"})");
}

TEST(Hdf5Attributes, WrongKindsAreRefusedWhenAskedFor) {
  const File file = open_data("attributes");
  const Object& root = file.root();
  expect_error(ErrorCode::kUnsupported, "got float64 (scalar)", [&] { root.string_attribute("number"); });
  expect_error(ErrorCode::kUnsupported, "'mixed1'", [&] { root.string_list("mixed"); });
  expect_error(ErrorCode::kUnsupported, "expected one string", [&] { root.string_attribute("fixed_list"); });
  expect_error(ErrorCode::kUnsupported, "reference", [&] { root.string_attribute("reference"); });
  expect_error(ErrorCode::kUnsupported, "expected numbers", [&] { root.number_list("matrix"); });
}

struct Refusal {
  const char* file;
  ErrorCode code;
  const char* message;
};

class Hdf5Refusal : public testing::TestWithParam<Refusal> {};

TEST_P(Hdf5Refusal, IsRefusedWithItsReason) {
  const Refusal& refusal = GetParam();
  expect_error(refusal.code, refusal.message, [&] { open_data(refusal.file); });
}

INSTANTIATE_TEST_SUITE_P(
    Files, Hdf5Refusal,
    testing::Values(Refusal{"link_soft", ErrorCode::kUnsupported, "'/alias' is a soft link"},
                    Refusal{"link_external", ErrorCode::kUnsupported, "'/w' is an external link"},
                    Refusal{"link_user", ErrorCode::kUnsupported, "'/w' is a user-defined link"},
                    Refusal{"link_hard", ErrorCode::kUnsupported, "is a second hard link"},
                    Refusal{"link_cycle", ErrorCode::kUnsupported, "'/a/b/a' is a second hard link"},
                    Refusal{"link_root_cycle", ErrorCode::kUnsupported, "'/a/root' is a second hard link"},
                    Refusal{"name_slash", ErrorCode::kCorruptFile, "impossible name"},
                    Refusal{"named_type", ErrorCode::kUnsupported, "neither a group nor a dataset"},
                    Refusal{"external_storage", ErrorCode::kUnsupported, "external storage"},
                    Refusal{"virtual", ErrorCode::kUnsupported, "is a virtual dataset"},
                    Refusal{"never_written", ErrorCode::kCorruptFile, "no elements"},
                    Refusal{"bomb_sparse", ErrorCode::kCorruptFile, "absurd shape for its storage"},
                    Refusal{"bomb_overflow", ErrorCode::kCorruptFile, "absurd shape"},
                    Refusal{"contiguous_too_large", ErrorCode::kCorruptFile, "does not fit into the file"},
                    Refusal{"deep", ErrorCode::kCorruptFile, "nested too deeply"}),
    [](const testing::TestParamInfo<Refusal>& refusal) { return std::string(refusal.param.file); });

TEST(Hdf5RefusedElements, AreListedButNotRead) {
  const File file = open_data("elements");
  for (const char* name : {"string", "fixed_string", "reference", "region", "compound", "complex", "bool", "opaque",
                           "long_double", "array"}) {
    expect_error(ErrorCode::kUnsupported, "unsupported type", [&] { file.read(name); });
  }
  expect_error(ErrorCode::kUnsupported, "filter 32000 (lzf)", [&] { file.read("lzf"); });
  expect_error(ErrorCode::kUnsupported, "is a group", [&] { file.read(file.root()); });
  expect_error(ErrorCode::kNotFound, "'good/x'", [&] { file.read("good/x"); });
  EXPECT_EQ(values(file.read("good")), kRamp);
}

TEST(Hdf5Open, OtherFilesAreRefused) {
  expect_error(ErrorCode::kNotFound, "cannot be opened", [] { File::open("/nonexistent.h5"); });
  expect_error(ErrorCode::kInvalidArgument, "directory", [] { File::open("/"); });
  expect_error(ErrorCode::kInvalidArgument, "device", [] { File::open("/dev/null"); });
  const TemporaryFile empty, text("this is not HDF5");
  expect_error(ErrorCode::kCorruptFile, "empty", [&] { File::open(empty.path()); });
  expect_error(ErrorCode::kCorruptFile, "signature", [&] { File::open(text.path()); });
}

TEST(Hdf5Open, DecompressionStaysWithinTheLimit) {
  SandboxLimits limits = File::default_limits(10'000);
  limits.file_bytes = 150'000;  // five are decoded, each taking 64 KiB
  expect_error(ErrorCode::kOutOfMemory, "would make the decompressed data exceed",
               [&] { File::open(data_file("layouts"), limits); });
}

TEST(Hdf5Open, WorksInSeveralThreadsAtOnceAndLeavesNoChild) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 10; ++i) EXPECT_EQ(values(open_data("layouts").read("gzip")), kRamp);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Hdf5Open, FollowsTheDescriptorNotThePath) {
  const int fd = ::memfd_create("model", MFD_CLOEXEC);
  const std::string bytes = read_bytes(data_file("keras3"));
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  const File file = File::open("/proc/self/fd/" + std::to_string(fd));
  ::close(fd);
  EXPECT_EQ(values(file.read("layers/dense/vars/0")), kRamp);
}

}  // namespace
}  // namespace signxai::hdf5
