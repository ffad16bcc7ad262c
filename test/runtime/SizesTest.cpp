//===- SizesTest.cpp - Dimensions whose size a run says ---------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "MemoryStorage.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

using namespace fake;

namespace {

/// A model of one input, whose dimensions in `shortened` are sizes.
struct SizedModel {
  std::vector<int64_t> dims;
  std::vector<swap_size> sizes;
  std::vector<swap_extent> extents;
  swap_tensor tensor = {};
  swap_dynamic dynamic = {};
  swap_model model = {};

  SizedModel(std::vector<int64_t> shape, std::vector<uint32_t> shortened)
      : dims(std::move(shape)) {
    for (uint32_t dim : shortened) {
      extents.push_back({0, dim, uint32_t(sizes.size()), 0, 1});
      sizes.push_back({"n", 0, 0, 1, dims[dim]});
    }
    tensor = {"x", SWAP_U16, uint32_t(dims.size()), dims.data(),
              uint64_t(elements() * 2)};
    dynamic = {
        uint32_t(sizes.size()), uint32_t(extents.size()), 0,       0,
        sizes.data(),           extents.data(),           nullptr, &swap_sizes};
    model.input_count = 1;
    model.inputs = &tensor;
    model.dynamic = &dynamic;
  }
  SizedModel(const SizedModel &) = delete;
  int64_t elements() const {
    return std::accumulate(dims.begin(), dims.end(), int64_t(1),
                           std::multiplies<int64_t>());
  }
};

// Verifies, for all shapes of up to 3 dimensions of up to 4 and all sizes, that
// a dense tensor goes to where the bound has its elements, zeros around it, and
// comes back; in place and from elsewhere.
TEST(Sizes, SpreadAndCrop) {
  for (int64_t code = 0; code < 64 * 8; ++code) {
    std::vector<int64_t> shape = {code % 4 + 1, code / 4 % 4 + 1,
                                  code / 16 % 4 + 1};
    std::vector<uint32_t> shortened;
    for (uint32_t dim = 0; dim < 3; ++dim)
      if (code / 64 >> dim & 1)
        shortened.push_back(dim);
    SizedModel m(shape, shortened);
    std::vector<int64_t> sizes;
    for (uint32_t dim : shortened)
      sizes.push_back((shape[dim] + 1) / 2);
    std::vector<int64_t> small(3);
    const uint64_t bytes = swap_sized(&m.model, 0, sizes.data(), small.data());
    std::vector<int64_t> wanted = shape;
    for (size_t i = 0; i < shortened.size(); ++i)
      wanted[shortened[i]] = sizes[i];
    ASSERT_EQ(small, wanted);
    const size_t count = size_t(small[0] * small[1] * small[2]);
    ASSERT_EQ(bytes, count * 2);

    std::vector<uint16_t> dense(count), place(size_t(m.elements()), 7);
    std::iota(dense.begin(), dense.end(), 1);
    std::vector<uint16_t> expected(place.size(), 0);
    for (size_t i = 0; i < count; ++i) {
      const size_t c = i % size_t(small[2]),
                   b = i / size_t(small[2]) % size_t(small[1]);
      const size_t a = i / size_t(small[2] * small[1]);
      expected[(a * size_t(shape[1]) + b) * size_t(shape[2]) + c] = dense[i];
    }
    swap_spread(&m.model, 0, sizes.data(), dense.data(), place.data());
    ASSERT_EQ(place, expected) << code;
    std::vector<uint16_t> back(count);
    swap_crop(&m.model, 0, sizes.data(), place.data(), back.data());
    ASSERT_EQ(back, dense) << code;

    std::copy(dense.begin(), dense.end(), place.begin());
    swap_spread(&m.model, 0, sizes.data(), place.data(), place.data());
    ASSERT_EQ(place, expected) << code;
    swap_crop(&m.model, 0, sizes.data(), place.data(), place.data());
    place.resize(count);
    ASSERT_EQ(place, dense) << code;
  }
}

// Verifies that a dimension may be the sum of two sizes.
TEST(Sizes, OneDimensionOfTwo) {
  SizedModel m({9, 2}, {0});
  m.sizes = {{"past", 0, 0, 1, 6}, {"new", 0, 0, 1, 3}};
  m.extents = {{0, 0, 0, 0, 1}, {0, 0, 1, 0, 1}};
  m.dynamic = {2,       2,          0, 0, m.sizes.data(), m.extents.data(),
               nullptr, &swap_sizes};
  const int64_t sizes[] = {4, 1};
  int64_t dims[2];
  EXPECT_EQ(swap_sized(&m.model, 0, sizes, dims), 20u);
  EXPECT_EQ(dims[0], 5);
  EXPECT_EQ(dims[1], 2);
}

/// Tiles that ran.
std::vector<uint64_t> *ran;
void record(void *const *, uint64_t begin, uint64_t end, void *) {
  for (; begin < end; ++begin)
    ran->push_back(begin);
}

class Cuts : public testing::Test {
protected:
  MemoryStorage memory{blob(), Way::Asynchronous};
  swap_model m = model();
  swap_plan p = m.plans[0];
  swap_kernel kernels[1] = {{"record", record}};
  swap_step step = {SWAP_OP_CALL, 0, 2, 0, 0, 24, 64, 0};
  std::vector<swap_tensor> tensors{m.inputs, m.inputs + m.input_count};
  swap_size size = {"n", 2, 0, 2, 8};
  std::vector<swap_cut> cuts;
  swap_dynamic dynamic = {};
  Arena arena{p.arena_bytes};
  swap_config c = {};
  swap_session session;
  std::vector<uint64_t> tiles;

  void SetUp() override {
    tensors.push_back({"n", SWAP_I64, 0, nullptr, 8});
    m.inputs = tensors.data();
    m.input_count = 3;
    m.kernels = kernels;
    m.kernel_count = 1;
    m.dynamic = &dynamic;
    p.steps = &step;
    p.step_count = 1;
    c.arena = arena.data();
    c.arena_bytes = arena.bytes;
    c.storage = &memory.storage;
    ran = &tiles;
  }
  int run(int64_t n) {
    dynamic = {1,     0,       uint32_t(cuts.size()), 0,
               &size, nullptr, cuts.data(),           &swap_sizes};
    tiles.clear();
    Tensors t;
    alignas(SWAP_BUFFER_ALIGN) int64_t value = n;
    const void *inputs[] = {t.inputs[0], t.inputs[1], &value};
    int status = swap_open(&session, &m, &p, &c);
    if (!status)
      status = swap_run(&session, inputs, t.outputs);
    swap_close(&session);
    return status;
  }
  /// What a cut says, tile by tile.
  bool isNeeded(uint64_t tile, int64_t n) const {
    for (const swap_cut &cut : cuts) {
      const int64_t inside = cut.offset + cut.scale * n;
      if (int64_t(tile % cut.period) >=
          (inside + int64_t(cut.unit) - 1) / int64_t(cut.unit))
        return false;
    }
    return true;
  }
};

// Verifies that the tiles that run are those that the cuts say, for bands of
// panels too, on one thread and on several.
TEST_F(Cuts, LeaveTilesOut) {
  swap_executor many = {nullptr, 2,
                        [](void *, void (*task)(void *, uint64_t, uint32_t),
                           void *context, uint64_t count) {
                          for (uint64_t i = 0; i < count; ++i)
                            task(context, i, 1);
                        }};
  std::minstd_rand random(1);
  for (int round = 0; round < 500; ++round) {
    cuts.clear();
    for (uint32_t i = random() % 3; i > 0; --i)
      cuts.push_back({0, 0, uint32_t(random() % 24 + 1),
                      uint32_t(random() % 5 + 1), int64_t(random() % 6 + 1),
                      int64_t(random() % 4)});
    step.aux = random() % 2 ? 6 : 0;
    step.tile_begin = random() % 6;
    step.tile_end = step.aux ? 24 - random() % (6 - step.tile_begin)
                             : step.tile_begin + random() % 18;
    c.executor = random() % 2 ? &many : nullptr;
    const int64_t n = 2 + int64_t(random() % 7);
    ASSERT_EQ(run(n), SWAP_OK);
    std::vector<uint64_t> expected;
    const uint64_t last = step.aux ? (step.tile_end - 1) % 6 : 0;
    for (uint64_t tile = step.tile_begin; tile < step.tile_end; ++tile)
      if ((!step.aux ||
           (tile % 6 >= step.tile_begin % 6 && tile % 6 <= last)) &&
          isNeeded(tile, n))
        expected.push_back(tile);
    ASSERT_EQ(tiles, expected) << "round " << round;
  }
}

// Verifies that a size outside its range runs nothing.
TEST_F(Cuts, SizeOutside) {
  EXPECT_EQ(run(2), SWAP_OK);
  EXPECT_EQ(run(8), SWAP_OK);
  for (int64_t n : {int64_t(1), int64_t(9), int64_t(0), int64_t(-3), INT64_MAX,
                    INT64_MIN}) {
    EXPECT_EQ(run(n), SWAP_ERR_ARGUMENT) << n;
    EXPECT_TRUE(tiles.empty());
  }
}

// Verifies that tables which make no sense are refused.
TEST_F(Cuts, Tables) {
  const swap_size good = size;
  cuts = {{0, 0, 4, 1, 1, 0}};
  EXPECT_EQ(run(4), SWAP_OK);
  for (swap_size bad :
       {swap_size{"n", 3, 0, 2, 8}, swap_size{"n", 0, 0, 2, 8},
        swap_size{"n", 2, 0, 0, 8}, swap_size{"n", 2, 0, 5, 4}}) {
    size = bad;
    EXPECT_EQ(run(4), SWAP_ERR_ARGUMENT);
  }
  size = good;
  for (swap_cut bad :
       {swap_cut{99, 0, 4, 1, 1, 0}, swap_cut{0, 1, 4, 1, 1, 0},
        swap_cut{0, 0, 0, 1, 1, 0}, swap_cut{0, 0, 4, 0, 1, 0}}) {
    cuts = {bad};
    EXPECT_EQ(run(4), SWAP_ERR_ARGUMENT);
  }
}

} // namespace
