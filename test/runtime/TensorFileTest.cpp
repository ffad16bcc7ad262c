//===- TensorFileTest.cpp - .npy and .pb files, whole and damaged ---------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <cmath>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>
extern "C" {
#include "program.h"
}

namespace {

class TensorFile : public testing::Test {
protected:
  std::string base =
      testing::TempDir() + "swap-tensor-" + std::to_string(getpid());
  void TearDown() override {
    unlink((base + ".npy").c_str());
    unlink((base + ".pb").c_str());
  }
  std::string write(const char *extension, const std::string &bytes) {
    std::ofstream(base + extension, std::ios::binary | std::ios::trunc)
        << bytes;
    return base + extension;
  }
  /// Opens and reads; -1 where that fails, else the number of elements.
  int64_t load(const std::string &path, std::vector<uint8_t> *data,
               uint32_t wanted = 0) {
    testing::internal::CaptureStderr();
    tensor_file t;
    int64_t result = -1;
    if (tensor_file_open(&t, path.c_str(), wanted) == 0) {
      if (t.elements < 1000) {
        data->assign(t.elements * t.type->bytes + 1, 0xCC);
        if (tensor_file_read(&t, data->data(), t.elements) == 0)
          result = static_cast<int64_t>(t.elements);
        EXPECT_EQ(data->back(), 0xCC);
      }
      last = t;
      tensor_file_close(&t);
    }
    message = testing::internal::GetCapturedStderr();
    EXPECT_EQ(result < 0, !message.empty()) << message;
    return result;
  }
  tensor_file last;
  std::string message;
};

std::string npy(const std::string &dictionary, const std::string &data,
                char version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += version;
  bytes += '\0';
  bytes += static_cast<char>(dictionary.size() & 255);
  bytes += static_cast<char>(dictionary.size() >> 8);
  if (version > 1)
    bytes += std::string(2, '\0');
  return bytes + dictionary + data;
}

const std::string kData("\0\0\x80?\0\0\0@\0\0@@\0\0\x80@\0\0\xa0@\0\0\xc0@",
                        24); // 1..6

TEST_F(TensorFile, NpyVersions) {
  std::vector<uint8_t> data;
  for (char version : {1, 2, 3})
    for (const char *text :
         {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n",
          "{'shape':(2,3),'descr':\"=f4\",'fortran_order':False}",
          "{'fortran_order': False, 'descr': '<f4', 'shape': (2, 3,)}\n"}) {
      ASSERT_EQ(load(write(".npy", npy(text, kData, version)), &data), 6)
          << message;
      EXPECT_EQ(last.rank, 2u);
      EXPECT_EQ(last.dims[1], 3);
      EXPECT_EQ(memcmp(data.data(), kData.data(), 24), 0);
    }
  EXPECT_EQ(
      load(write(".npy",
                 npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}",
                     kData.substr(0, 8))),
           &data),
      1);
  EXPECT_EQ(
      load(write(".npy",
                 npy("{'descr': '|b1', 'fortran_order': True, 'shape': (3,)}",
                     std::string("\0\1\5", 3))),
           &data),
      3);
  EXPECT_EQ(data[2], 1); // truth values are made 0 and 1
}

TEST_F(TensorFile, NpyTypes) {
  std::vector<uint8_t> data;
  const std::string file =
      npy("{'descr': '<u2', 'fortran_order': False, 'shape': (3,)}",
          kData.substr(0, 6));
  ASSERT_EQ(load(write(".npy", file), &data, SWAP_BF16), 3);
  EXPECT_EQ(last.type->dtype, uint32_t(SWAP_BF16));
  ASSERT_EQ(load(write(".npy", file), &data, SWAP_F32), 3);
  EXPECT_EQ(last.type->dtype, uint32_t(SWAP_U16));
}

TEST_F(TensorFile, NpyRefused) {
  std::vector<uint8_t> data;
  for (const char *text :
       {"", "{}", "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': "
        "(4611686018427387904, 8)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, "
        "3)}"})
    EXPECT_EQ(load(write(".npy", npy(text, kData)), &data), -1) << text;
  EXPECT_EQ(load(write(".npy", npy("{}", kData, 4)), &data), -1);
  EXPECT_EQ(load(base + ".missing", &data), -1);
  EXPECT_NE(message.find("No such file"), std::string::npos);
  EXPECT_EQ(load("/dev/zero", &data), -1);
  EXPECT_EQ(load("/tmp", &data), -1);
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7)
    bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}
std::string number(uint32_t field, uint64_t value) {
  return varint(field << 3) + varint(value);
}
std::string text(uint32_t field, const std::string &bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + bytes;
}

std::vector<std::string> protobufs() {
  std::string single,
      negative = varint(static_cast<uint64_t>(-3)) + varint(300);
  for (size_t i = 0; i < kData.size(); i += 4)
    single += varint(4 << 3 | 5) + kData.substr(i, 4);
  const std::string shape = number(1, 2) + number(1, 3),
                    packed = text(1, "\2\3");
  return {shape + number(2, 1) + text(8, "x") + text(9, kData),
          text(9, kData) + text(12, "doc") + packed + number(2, 1),
          shape + number(2, 1) + text(4, kData) + text(8, "x"),
          shape + number(2, 1) + text(4, kData.substr(0, 8)) +
              text(4, kData.substr(8)),
          shape + number(2, 1) + single,
          number(1, 2) + number(2, 7) + text(7, negative),
          number(1, 2) + number(2, 7) + number(7, 5) + number(7, 6),
          number(1, 2) + number(2, 6) + text(5, negative),
          number(1, 2) + number(2, 11) + text(10, kData.substr(0, 16)),
          number(2, 9) + text(5, varint(1)),
          number(1, 5) + number(2, 22) + text(9, "\x2f\x8e\x01"),
          number(1, 5) + number(2, 22) +
              text(5, varint(0x2f) + varint(0x8e) + varint(1)),
          number(1, 3) + number(2, 25) + text(9, "\x1e")};
}

TEST_F(TensorFile, Protobuf) {
  std::vector<uint8_t> data;
  const auto files = protobufs();
  for (size_t i = 0; i < 5; ++i) {
    ASSERT_EQ(load(write(".pb", files[i]), &data), 6) << i << message;
    EXPECT_EQ(memcmp(data.data(), kData.data(), 24), 0) << i;
  }
  ASSERT_EQ(load(write(".pb", files[5]), &data), 2) << message;
  EXPECT_EQ(value_get(SWAP_I64, data.data(), 0), -3);
  EXPECT_EQ(value_get(SWAP_I64, data.data(), 1), 300);
  ASSERT_EQ(load(write(".pb", files[6]), &data), 2) << message;
  EXPECT_EQ(value_get(SWAP_I64, data.data(), 1), 6);
  ASSERT_EQ(load(write(".pb", files[7]), &data), 2) << message;
  EXPECT_EQ(value_get(SWAP_I32, data.data(), 0), -3);
  ASSERT_EQ(load(write(".pb", files[8]), &data), 2) << message;
  ASSERT_EQ(load(write(".pb", files[9]), &data), 1) << message;
  EXPECT_EQ(last.rank, 0u);
}

// Verifies that elements of 4 and 2 bits come out of their bytes, lowest first,
// with their sign.
TEST_F(TensorFile, SeveralElementsAByte) {
  std::vector<uint8_t> data;
  const auto files = protobufs();
  const int int4[] = {-1, 2, -2, -8, 1}, uint2[] = {2, 3, 1};
  for (size_t file : {10, 11}) {
    ASSERT_EQ(load(write(".pb", files[file]), &data), 5) << message;
    for (size_t i = 0; i < 5; ++i)
      EXPECT_EQ(value_get(SWAP_I4, data.data(), i), int4[i]) << i;
  }
  ASSERT_EQ(load(write(".pb", files[12]), &data), 3) << message;
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(value_get(SWAP_U2, data.data(), i), uint2[i]) << i;
}

// Verifies that a byte of an .npy file may be the bits or the value of an
// element, and must be one of the two.
TEST_F(TensorFile, NpyOfNarrowTypes) {
  std::vector<uint8_t> data;
  for (const char *type : {"|i1", "|u1", "|V1", "<V1", "<f1"}) {
    const std::string dictionary =
        std::string("{'descr': '") + type +
        "', 'fortran_order': False, 'shape': (3,)}";
    ASSERT_EQ(load(write(".npy", npy(dictionary, "\x0f\xff\x07")), &data,
                   SWAP_I4),
              3)
        << message;
    EXPECT_EQ(value_get(SWAP_I4, data.data(), 0), -1);
    EXPECT_EQ(value_get(SWAP_I4, data.data(), 1), -1);
    EXPECT_EQ(value_get(SWAP_I4, data.data(), 2), 7);
    EXPECT_EQ(load(write(".npy", npy(dictionary, "\x0f\x10\x07")), &data,
                   SWAP_I4),
              -1);
    EXPECT_NE(message.find("outside the range of int4"), std::string::npos);
    ASSERT_EQ(load(write(".npy", npy(dictionary, "\x38\xb8\x7f")), &data,
                   SWAP_F8E4M3FN),
              3)
        << message;
    EXPECT_EQ(value_get(SWAP_F8E4M3FN, data.data(), 0), 1);
    EXPECT_EQ(value_get(SWAP_F8E4M3FN, data.data(), 1), -1);
    EXPECT_TRUE(std::isnan(value_get(SWAP_F8E4M3FN, data.data(), 2)));
  }
}

// Verifies that a file cut at any byte, or with any byte altered, is refused or
// read within bounds; cut ones of the right length of elements must be refused.
TEST_F(TensorFile, CutOrAlteredAnywhere) {
  std::vector<uint8_t> data;
  const std::string whole = npy(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", kData);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(load(write(".npy", whole.substr(0, size)), &data), -1) << size;
  EXPECT_EQ(load(write(".npy", whole + "x"), &data), -1);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string altered = whole;
    altered[at] = static_cast<char>(~altered[at]);
    load(write(".npy", altered), &data);
  }
  for (const std::string &file : protobufs())
    for (size_t at = 0; at < file.size(); ++at) {
      load(write(".pb", file.substr(0, at)), &data);
      for (unsigned flip : {0x01u, 0x80u, 0xFFu}) {
        std::string altered = file;
        altered[at] =
            static_cast<char>(static_cast<unsigned char>(altered[at]) ^ flip);
        load(write(".pb", altered), &data);
      }
    }
}

TEST(Sizes, Parsed) {
  uint64_t bytes = 0, fixed = 0;
  auto parse = [&](const char *text) {
    return size_parse(text, 1000, fixed, 7, 99, &bytes) ? bytes : UINT64_MAX;
  };
  EXPECT_EQ(parse("96MiB"), 96u << 20);
  EXPECT_EQ(parse("1.5GiB"), 3u << 29);
  EXPECT_EQ(parse("64KiB"), 65536u);
  EXPECT_EQ(parse("12345"), 12345u);
  EXPECT_EQ(parse("40%"), 400u);
  EXPECT_EQ(parse("43.1%"), 431u);
  EXPECT_EQ(parse("min"), 7u);
  EXPECT_EQ(parse("max"), 99u);
  for (const char *wrong :
       {"", "-1", " 5", "5 MiB", "MiB", "5MB", "0x10", "inf", "nan", "1e3",
        "5%%", "1.2.3", "1.5", "64B", "99999999999999999999", "minimum"})
    EXPECT_EQ(parse(wrong), UINT64_MAX) << wrong;
  fixed = 500;
  EXPECT_EQ(parse("40%"), 700u) << "a share of what is not fixed";
  EXPECT_EQ(parse("100%"), 1000u);
  EXPECT_EQ(parse("12345"), 12345u);
}

TEST(Values, HalfAndBrain) {
  uint16_t bits[] = {0x3C00, 0xC000, 0x0001, 0x7C00, 0x3555};
  EXPECT_EQ(value_get(SWAP_F16, bits, 0), 1.0);
  EXPECT_EQ(value_get(SWAP_F16, bits, 1), -2.0);
  EXPECT_EQ(value_get(SWAP_F16, bits, 2), std::ldexp(1, -24));
  EXPECT_TRUE(std::isinf(value_get(SWAP_F16, bits, 3)));
  EXPECT_NEAR(value_get(SWAP_F16, bits, 4), 1.0 / 3, 1e-4);
  for (double value : {0.0, 1.0, -0.5, 0.333251953125, 0x1p-24, -0x1p-14}) {
    value_set(SWAP_F16, bits, 0, value);
    EXPECT_EQ(value_get(SWAP_F16, bits, 0), value);
  }
  value_set(SWAP_BF16, bits, 0, -0.75);
  EXPECT_EQ(value_get(SWAP_BF16, bits, 0), -0.75);
}

} // namespace
