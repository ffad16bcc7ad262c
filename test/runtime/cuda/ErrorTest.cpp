//===- ErrorTest.cpp - What goes wrong on a GPU is told ---------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "CudaTest.h"

#include "driver.h"

#include <fstream>
#include <unistd.h>

using namespace gpu;

namespace {

const std::vector<uint64_t> kChain = {5000, 8192, 40000, 4100};
const Layout kAhead = {2, {}, {}, false, true};
const Layout kResident = {1, {0, 1, 2, 3}, {}, true, false};
const Layout kPlace = {1, {0}, {2}, false, false};

class CudaError : public CudaFixture {
protected:
  bool tells(const std::string &part) const {
    const bool found = error().find(part) != std::string::npos;
    EXPECT_TRUE(found) << error();
    return found;
  }

  void alter(uint64_t offset, uint8_t bits) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(model->blob[offset] ^ bits);
    file.write(&byte, 1);
  }

  int runOnce() {
    Tensors tensors(1);
    return swap_cuda_run(handle, tensors.inputs, tensors.outputs);
  }
};

// Every call of the driver fails once: an error, no leak, and the next run or
// the next handle works.
TEST_F(CudaError, AnyDriverCallMayFail) {
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE})
    for (const Layout &layout : {kAhead, kResident, kPlace})
      for (int number = 0, last = 1; number < last; ++number) {
        swap_fake_reset();
        registerKernels();
        make(kChain, {layout});
        options.source = source;
        swap_fake_configure()->fail_at = number;
        int status = open();
        for (uint32_t i = 0; !status && i < 3; ++i)
          status = runOnce();
        last = std::max(last, swap_fake_look()->calls);
        if (status) {
          EXPECT_EQ(status, SWAP_ERR_DEVICE);
          EXPECT_EQ(swap_cuda_session(handle)->status, status);
          tells("unknown error");
        }
        swap_fake_configure()->fail_at = -1;
        if (!status || swap_cuda_load(handle) == SWAP_OK)
          runAndCompare(2);
        close();
        ASSERT_FALSE(HasFailure()) << "call " << number;
      }
}

TEST_F(CudaError, AlteredBytesAreFoundByTheFirstRun) {
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE})
    for (const Layout &layout : {kAhead, kResident, kPlace}) {
      make(kChain, {layout});
      options.source = source;
      alter(model->model.units[2].offset + 39999, 4);
      ASSERT_EQ(open(), SWAP_OK) << error();
      EXPECT_EQ(runOnce(), SWAP_ERR_CHECKSUM);
      tells("in unit 2");
      alter(model->model.units[2].offset + 39999, 0);
      runAndCompare(1);
      close();
    }
}

TEST_F(CudaError, AlteredBytesAreFoundByLoading) {
  make(kChain, {kResident});
  alter(model->model.units[1].offset, 1);
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE}) {
    options.source = source;
    ASSERT_EQ(open(), SWAP_OK) << error();
    EXPECT_EQ(swap_cuda_load(handle), SWAP_ERR_CHECKSUM);
    tells(path + ": weights differ from those that were compiled, in unit 1");
    close();
  }
}

TEST_F(CudaError, ChecksumsCanBeLeftOut) {
  make(kChain, {kAhead});
  alter(model->model.units[3].offset + 4096, 1);
  options.flags = SWAP_FLAG_NO_VERIFY;
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE}) {
    options.source = source;
    ASSERT_EQ(open(), SWAP_OK) << error();
    EXPECT_EQ(runOnce(), SWAP_OK);
    close();
  }
}

TEST_F(CudaError, BlobsThatAreCutForeignOrNone) {
  make(kChain, {kAhead});
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE}) {
    options.source = source;
    alter(40, 1); // of the hash
    EXPECT_EQ(open(), SWAP_ERR_HASH);
    tells("belongs to another model");
    EXPECT_EQ(runOnce(), SWAP_ERR_STATE);
    EXPECT_EQ(swap_cuda_load(handle), SWAP_ERR_STATE);
    close();
    alter(40, 0);
    alter(0, 1);
    EXPECT_EQ(open(), SWAP_ERR_BLOB);
    close();
    alter(0, 0);
    ASSERT_EQ(
        truncate(path.c_str(), static_cast<off_t>(model->blob.size() - 4096)),
        0);
    EXPECT_EQ(open(), SWAP_ERR_SHORT);
    tells("truncated");
    close();
    std::remove(path.c_str());
    EXPECT_EQ(open(), SWAP_ERR_IO);
    tells("No such file");
    close();
    model->writeBlob(path);
  }
  std::remove(path.c_str());
  path = ".";
  EXPECT_EQ(open(), SWAP_ERR_IO);
  close();
  path = "none";
}

TEST_F(CudaError, DevicesThatAreNotThere) {
  make(kChain, {kAhead});
  options.device = 1;
  EXPECT_EQ(open(), SWAP_ERR_DEVICE);
  tells("no GPU number 1: this machine has 1");
  close();
  swap_fake_configure()->devices = 0;
  EXPECT_EQ(open(), SWAP_ERR_DEVICE);
  tells("no NVIDIA GPU");
}

TEST_F(CudaError, CodeForOtherGpus) {
  make(kChain, {kAhead});
  model->images = {{80, 0, 0, 1, 4, "sm80"},
                   {80, 0, 1, 1, 4, "sm80"},
                   {100, 1, 0, 2, 6, "ptx"}};
  model->cuda.images = model->images.data();
  model->cuda.image_count = 3;
  EXPECT_EQ(open(), SWAP_ERR_DEVICE);
  tells("is an sm_90, and the program has code for sm_80, compute_100 only; "
        "compile it with --cuda-arch sm_90");
  close();
  swap_fake_configure()->arch = 89; // a cubin runs on later minor versions
  EXPECT_EQ(open(), SWAP_OK) << error();
  close();
  swap_fake_configure()->arch = 120; // PTX on all later ones
  EXPECT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(swap_cuda_arch(handle), 120u);
  close();
  swap_fake_configure()->arch = 75; // but on none before
  EXPECT_EQ(open(), SWAP_ERR_DEVICE);
}

// Verifies that the images of an architecture hold each kernel once.
TEST_F(CudaError, ImagesThatLeaveKernelsOut) {
  make(kChain, {kAhead});
  model->cuda.images = model->images.data();
  model->cuda.image_count = 1;
  for (const swap_cuda_image &image :
       {swap_cuda_image{90, 0, 0, 1, 4, "sm90"},
        swap_cuda_image{90, 0, 0, 3, 4, "sm90"}}) {
    model->images[0] = image;
    EXPECT_EQ(open(), SWAP_ERR_ABI) << image.kernel_count;
    close();
  }
}

TEST_F(CudaError, AKernelThatIsNotInTheImage) {
  swap_fake_reset();
  make(kChain, {kAhead});
  EXPECT_EQ(open(), SWAP_ERR_DEVICE);
  tells("preparing kernel blocks.mix (mix");
}

TEST_F(CudaError, ProgramsOfAnotherVersion) {
  make(kChain, {kAhead});
  model->cuda.abi_version += 1;
  EXPECT_EQ(open(), SWAP_ERR_ABI);
  close();
  model->cuda.abi_version -= 1;
  model->model.abi_version += 1;
  EXPECT_EQ(open(), SWAP_ERR_ABI);
}

TEST_F(CudaError, PlansThatReachOutsideTheArena) {
  make(kChain, {kAhead});
  const_cast<swap_plan &>(model->model.plans[0]).arena_bytes -= 4096;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  tells("not one that this runtime can follow");
}

TEST_F(CudaError, BudgetsThatAreTooSmall) {
  make(kChain, {kAhead});
  model->cuda.overhead_bytes = 1000;
  const uint64_t arena = model->model.plans[0].arena_bytes;
  options.budget_bytes = arena + 999;
  EXPECT_EQ(open(), SWAP_ERR_BUDGET);
  tells("needs " + std::to_string(arena + 1000));
  close();
  options.budget_bytes = arena + 1000;
  EXPECT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(swap_cuda_device_bytes(handle), arena);
  close();
  swap_fake_configure()->code_bytes = 300;  // of two images
  swap_fake_configure()->graph_bytes = 200; // there are two
  EXPECT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(swap_cuda_device_bytes(handle), arena + 1000);
  close();
  swap_fake_configure()->code_bytes = 301;
  EXPECT_EQ(open(), SWAP_ERR_BUDGET);
  tells(std::to_string(arena + 1002) + " bytes of device memory are in use");
  close();
  swap_fake_configure()->memory_bytes = arena;
  options.budget_bytes = 0;
  EXPECT_EQ(open(), SWAP_ERR_DEVICE);
  tells("taking " + std::to_string(arena) + " bytes of device memory");
}

extern "C" cu_result cuMemAlloc_v2(cu_address *, size_t);
extern "C" cu_result cuMemFree_v2(cu_address);
cu_address taken;
void greedy(const void *, unsigned, unsigned, unsigned, unsigned) {
  if (!taken)
    cuMemAlloc_v2(&taken, 5000);
}

TEST_F(CudaError, AKernelThatTakesMemoryIsNamed) {
  make(kChain, {kAhead});
  swap_fake_register_kernel("pick", greedy);
  options.check_memory = 1;
  options.budget_bytes = model->model.plans[0].arena_bytes + 4000;
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(runOnce(), SWAP_ERR_BUDGET);
  tells("after kernel ids.pick");
  cuMemFree_v2(taken);
  taken = 0;
}

TEST_F(CudaError, MappingsThatTheDriverDoesNotRegister) {
  make(kChain, {kAhead});
  swap_fake_configure()->registering = SWAP_FAKE_REGISTER_PRIVATE;
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_STREQ(swap_cuda_source_name(handle), "host");
  runAndCompare(1);
  close();
  swap_fake_configure()->registering = SWAP_FAKE_REGISTER_NONE;
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_STREQ(swap_cuda_source_name(handle), "storage");
  runAndCompare(1);
  close();
  options.source = SWAP_CUDA_HOST;
  EXPECT_EQ(open(), SWAP_ERR_DEVICE);
  tells("ulimit -l");
}

TEST_F(CudaError, HostBudgets) {
  make({5000, 8192, 400000, 4100}, {kPlace, kAhead});
  const swap_plan *place = &model->model.plans[0], *ahead = place + 1;
  const_cast<swap_plan *>(place)->streamed_bytes = 0; // it is preferred
  options.host_budget_bytes = model->blob.size();
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_STREQ(swap_cuda_source_name(handle), "host");
  EXPECT_EQ(swap_cuda_session(handle)->plan, place);
  EXPECT_EQ(swap_cuda_host_bytes(handle), model->blob.size());
  close();
  options.host_budget_bytes -= 1;
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_STREQ(swap_cuda_source_name(handle), "storage");
  EXPECT_LE(swap_cuda_host_bytes(handle), options.host_budget_bytes);
  runAndCompare(1);
  close();
  options.host_budget_bytes = 100000; // less than the unit that is in place
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(swap_cuda_session(handle)->plan, ahead);
  EXPECT_LE(swap_cuda_host_bytes(handle), options.host_budget_bytes);
  runAndCompare(1);
  close();
  options.host_budget_bytes = 16384;
  EXPECT_EQ(open(), SWAP_ERR_BUDGET);
  tells("give a larger host budget");
  close();
  options.source = SWAP_CUDA_HOST;
  EXPECT_EQ(open(), SWAP_ERR_BUDGET);
  tells("take storage as their source");
  options.source = SWAP_CUDA_AUTO;
}

TEST_F(CudaError, NullTensors) {
  make(kChain, {kAhead});
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(swap_cuda_run(handle, nullptr, nullptr), SWAP_ERR_ARGUMENT);
  tells("input x is null");
  runAndCompare(1);
  EXPECT_EQ(swap_cuda_open(nullptr, &model->cuda, nullptr), SWAP_ERR_ARGUMENT);
}

void openWithoutDriver(const char *library, const swap_cuda_model &model) {
  setenv("SWAP_CUDA_DRIVER", library, 1);
  swap_cuda *handle;
  const int status = swap_cuda_open(&handle, &model, nullptr);
  fprintf(stderr, "%s\n", swap_cuda_error(handle));
  swap_cuda_close(handle);
  _exit(status == SWAP_ERR_DEVICE ? 0 : 1);
}

// In processes of their own, since the driver is loaded once.
TEST_F(CudaError, DriversThatAreNotThereOrTooOld) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  make(kChain, {kAhead});
  EXPECT_EXIT(openWithoutDriver("/none/libcuda.so.1", model->cuda),
              testing::ExitedWithCode(0), "could not be loaded");
  EXPECT_EXIT(openWithoutDriver("libm.so.6", model->cuda),
              testing::ExitedWithCode(0), "too old: it has no cuInit");
}

// The plans of a GPU are nothing for a processor.
TEST_F(CudaError, TheCpuRuntimeRefusesSuchModels) {
  make(kChain, {kPlace});
  swap_session session;
  swap_config config = {};
  std::vector<uint8_t> arena(model->model.plans[0].arena_bytes + 4096);
  config.arena = reinterpret_cast<void *>(
      (reinterpret_cast<uintptr_t>(arena.data()) + 4095) / 4096 * 4096);
  config.arena_bytes = model->model.plans[0].arena_bytes;
  swap_storage storage = {};
  storage.read = [](void *, uint64_t, void *, uint64_t) { return 0; };
  config.storage = &storage;
  EXPECT_EQ(swap_open(&session, &model->model, model->model.plans, &config),
            SWAP_ERR_ABI);
}

} // namespace
