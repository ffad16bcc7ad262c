//===- ProfileTest.cpp - Tests of device profiles ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Profile.h"
#include "gtest/gtest.h"

using namespace swapc;

constexpr const char *kFull = R"(swapc-profile: 1
machine: "A board, 2 processors"
storage:
  path: "/data"
  io: uring
  compute-seconds-per-gib: 0.02
  reads:
    - { bytes: 16384, bytes-per-second: 5e+08, latency-us: 80.5, start-us: 9 }
    - { bytes: 65536, bytes-per-second: 1.2e9, latency-us: 90 }
processors:
  - { threads: 1, flops-per-second: 1e11, bytes-per-second: 2e10 }
  - { threads: 2, flops-per-second: 2e11, bytes-per-second: 3e10, call-us: 1.5 }
kernels:
  - { model: vgg19, kernel: "conv_3x3", threads: 1, tiles: 3136, calls: 2.5, seconds: 0.0123 }
)";

/// The message that parsing `text` ends with; "" for success.
static std::string parseError(llvm::StringRef text) {
  DeviceProfile profile;
  return llvm::toString(profile.parse(text, "p.yaml"));
}

TEST(Profile, EverythingIsRead) {
  DeviceProfile profile;
  ASSERT_EQ(llvm::toString(profile.parse(kFull, "p.yaml")), "");
  EXPECT_EQ(profile.getMachine(), "A board, 2 processors");
  const ProfileStorage *storage = profile.getStorage();
  ASSERT_NE(storage, nullptr);
  EXPECT_EQ(storage->path, "/data");
  EXPECT_EQ(storage->io, "uring");
  EXPECT_DOUBLE_EQ(storage->computeSecondsPerGiB, 0.02);
  ASSERT_EQ(storage->reads.size(), 2u);
  EXPECT_EQ(storage->reads[0].bytes, 16384);
  EXPECT_DOUBLE_EQ(storage->reads[0].bytesPerSecond, 5e8);
  EXPECT_DOUBLE_EQ(storage->reads[0].latencyUs, 80.5);
  EXPECT_DOUBLE_EQ(storage->reads[0].startUs, 9);
  EXPECT_DOUBLE_EQ(storage->reads[1].startUs, 5); // the default
  const ProfileProcessor *two = profile.getProcessor(2);
  ASSERT_NE(two, nullptr);
  EXPECT_DOUBLE_EQ(two->flopsPerSecond, 2e11);
  EXPECT_DOUBLE_EQ(two->bytesPerSecond, 3e10);
  EXPECT_DOUBLE_EQ(two->callUs, 1.5);
  EXPECT_DOUBLE_EQ(profile.getProcessor(1)->callUs, 0);
  EXPECT_EQ(profile.getProcessor(3), nullptr);
  const ProfileKernel *kernel = profile.getKernel("vgg19", "conv_3x3", 1, 3136);
  ASSERT_NE(kernel, nullptr);
  EXPECT_DOUBLE_EQ(kernel->seconds, 0.0123);
  EXPECT_DOUBLE_EQ(kernel->calls, 2.5);
}

TEST(Profile, AKernelIsOfOneModelThreadCountAndGrid) {
  DeviceProfile profile;
  ASSERT_EQ(llvm::toString(profile.parse(kFull, "p.yaml")), "");
  EXPECT_EQ(profile.getKernel("vgg16", "conv_3x3", 1, 3136), nullptr);
  EXPECT_EQ(profile.getKernel("vgg19", "conv_1x1", 1, 3136), nullptr);
  EXPECT_EQ(profile.getKernel("vgg19", "conv_3x3", 2, 3136), nullptr);
  EXPECT_EQ(profile.getKernel("vgg19", "conv_3x3", 1, 3137), nullptr);
}

TEST(Profile, SaysWhatABusPromises) {
  DeviceProfile profile;
  ASSERT_EQ(llvm::toString(profile.parse(R"(swapc-profile: 1
storage:
  late-us: 30
  caution: 1.05
  in-place-bytes-per-second: 5e10
  reads:
    - { bytes: 1048576, bytes-per-second: 4e10, latency-us: 30, start-us: 0 }
processors:
  - { threads: 1, flops-per-second: 2e13, bytes-per-second: 3e12, blocks: 114 }
)",
                                         "p.yaml")),
            "");
  EXPECT_EQ(profile.getStorage()->lateUs, 30);
  EXPECT_EQ(profile.getStorage()->caution, 1.05);
  EXPECT_EQ(profile.getStorage()->inPlaceBytesPerSecond, 5e10);
  EXPECT_EQ(profile.getProcessor(1)->blocks, 114);
  // What is not said is left to the device.
  DeviceProfile other;
  ASSERT_EQ(llvm::toString(other.parse(kFull, "p.yaml")), "");
  EXPECT_EQ(other.getStorage()->lateUs, std::nullopt);
  EXPECT_EQ(other.getStorage()->caution, std::nullopt);
  EXPECT_EQ(other.getStorage()->inPlaceBytesPerSecond, std::nullopt);
  EXPECT_EQ(other.getProcessor(1)->blocks, 0);
}

TEST(Profile, PartsAreOptional) {
  DeviceProfile profile;
  ASSERT_EQ(llvm::toString(profile.parse("swapc-profile: 1\n", "p")), "");
  EXPECT_EQ(profile.getStorage(), nullptr);
  EXPECT_EQ(profile.getProcessor(1), nullptr);
}

TEST(Profile, LaterFilesReplaceParts) {
  DeviceProfile profile;
  ASSERT_EQ(llvm::toString(profile.parse(kFull, "p.yaml")), "");
  ASSERT_EQ(llvm::toString(profile.parse(R"(swapc-profile: 1
processors:
  - { threads: 1, flops-per-second: 7e11, bytes-per-second: 2e10 }
kernels:
  - { model: vgg19, kernel: "conv_3x3", threads: 1, tiles: 3136, seconds: 2 }
  - { model: vgg19, kernel: "conv_3x3", threads: 2, tiles: 3136, seconds: 1 }
)",
                                         "q.yaml")),
            "");
  EXPECT_EQ(profile.getMachine(), "A board, 2 processors");
  EXPECT_EQ(profile.getStorage()->reads.size(), 2u);
  EXPECT_DOUBLE_EQ(profile.getProcessor(1)->flopsPerSecond, 7e11);
  EXPECT_DOUBLE_EQ(profile.getProcessor(2)->flopsPerSecond, 2e11);
  EXPECT_DOUBLE_EQ(profile.getKernel("vgg19", "conv_3x3", 1, 3136)->seconds, 2);
  EXPECT_DOUBLE_EQ(profile.getKernel("vgg19", "conv_3x3", 2, 3136)->seconds, 1);
}

TEST(Profile, MistakesAreNamedWithTheirLine) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "p.yaml: not a device profile: the key 'swapc-profile' is missing"},
      {"# swapc-profile: 1\n---\n",
       "p.yaml: not a device profile: the key 'swapc-profile' is missing"},
      {"machine: x\nstorage: swapc-profile\n",
       "p.yaml:1: missing required key 'swapc-profile'"},
      {"swapc-profile: 2\n", "p.yaml:1: version 2 of the format is not known; "
                             "this compiler reads 1"},
      {"swapc-profile: 1\nmachines: x\n", "p.yaml:2: unknown key 'machines'"},
      {"swapc-profile: 1\nstorage:\n  reads: []\n",
       "p.yaml:3: reads must have an entry"},
      {"swapc-profile: 1\nstorage:\n  caution: 0.5\n  reads:\n"
       "    - { bytes: 2, bytes-per-second: 1, latency-us: 1 }\n",
       "p.yaml:3: caution must be from 1 to 100"},
      {"swapc-profile: 1\nstorage:\n  late-us: -1\n  reads:\n"
       "    - { bytes: 2, bytes-per-second: 1, latency-us: 1 }\n",
       "p.yaml:3: late-us must be from 0 to 1e12"},
      {"swapc-profile: 1\nstorage:\n  in-place-bytes-per-second: -5\n"
       "  reads:\n    - { bytes: 2, bytes-per-second: 1, latency-us: 1 }\n",
       "p.yaml:3: in-place-bytes-per-second must be 0, or from 1 to 1e21"},
      {"swapc-profile: 1\nprocessors:\n  - { threads: 1, "
       "flops-per-second: 1, bytes-per-second: 1, blocks: -1 }\n",
       "p.yaml:3: blocks must be from 0 to 65536"},
      {"swapc-profile: 1\nkernels:\n  - { model: m }\n",
       "p.yaml:3: missing required key 'kernel'"},
      {"swapc-profile: 1\nprocessors:\n"
       "  - { threads: two, flops-per-second: 1, bytes-per-second: 1 }\n",
       "p.yaml:3: invalid number"},
      {"swapc-profile: 1\nprocessors:\n"
       "  - { threads: 0, flops-per-second: 1, bytes-per-second: 1 }\n",
       "p.yaml:3: threads must be from 1 to 4096"},
      {"swapc-profile: 1\nprocessors:\n"
       "  - { threads: 1, flops-per-second: 0, bytes-per-second: 1 }\n",
       "p.yaml:3: flops-per-second and bytes-per-second must be from 1 to "
       "1e21"},
      {"swapc-profile: 1\nprocessors:\n"
       "  - { threads: 1, flops-per-second: nan, bytes-per-second: 1 }\n",
       "p.yaml:3: flops-per-second and bytes-per-second must be from 1 to "
       "1e21"},
      {"swapc-profile: 1\nstorage:\n  reads:\n"
       "    - { bytes: 2, bytes-per-second: 1, latency-us: 1 }\n"
       "    - { bytes: 2, bytes-per-second: 1, latency-us: 1 }\n",
       "p.yaml:3: reads must be in ascending order of bytes"},
      {"swapc-profile: 1\nstorage:\n  reads:\n"
       "    - { bytes: 2, bytes-per-second: 1, latency-us: -1 }\n",
       "p.yaml:4: latency-us and start-us must be from 0 to 1e12"},
      {"swapc-profile: 1\nkernels:\n  - { model: m, kernel: k, threads: 1, "
       "tiles: 0, seconds: 1 }\n",
       "p.yaml:3: tiles must be 1 or more"},
      {"swapc-profile: 1\nkernels:\n  - { model: m, kernel: k, threads: 1, "
       "tiles: 1, seconds: inf }\n",
       "p.yaml:3: calls must be above 0, seconds 0 or more"},
  };
  for (auto [text, message] : cases)
    EXPECT_EQ(parseError(text), message) << text;
  EXPECT_NE(parseError(llvm::StringRef("swapc-profile: 1\n\0\1", 19)), "");
  EXPECT_NE(parseError("{ swapc-profile: 1"), "");
  EXPECT_NE(parseError("- swapc-profile: 1\n- b\n"), "");
  EXPECT_NE(parseError("---\n---\nswapc-profile: 1\n--\n"), "");
  EXPECT_NE(parseError("swapc-profile: 1\nkernels: 3\n"), "");
}

TEST(Profile, AFileThatIsMissing) {
  auto profile = DeviceProfile::load({"/no/such/file.yaml"});
  ASSERT_FALSE(static_cast<bool>(profile));
  EXPECT_EQ(llvm::toString(profile.takeError()),
            "/no/such/file.yaml: No such file or directory");
}
