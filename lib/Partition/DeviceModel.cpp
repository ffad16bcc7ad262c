//===- DeviceModel.cpp - What is assumed of a kind of device ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceModel.h"

#include <algorithm>

using namespace swapc;

/// About as many units as a large model is cut into: planning takes time for
/// each unit, and a program's tables room.
static constexpr int64_t kMostUnits = 16384;

/// An x86 server of 2022 with AVX2, on virtual disks. Memory feeds more threads
/// with little more than it feeds one; docs/profile.md says how the shares were
/// found. Reads that took that much longer than their share of the rate were
/// seen once or twice in an inference (docs/performance.md), and those of 1 MiB
/// take the processor no more per byte than larger ones.
static DeviceModel makeCpu() {
  DeviceModel device = {};
  device.name = "cpu";
  device.flopsPerSecond = 117e9;
  device.bytesPerSecond = 28e9;
  device.callUs = 0.2;
  device.parallelCallUs = 1;
  device.tileFlops = 200'000; // a microsecond or two
  device.flopsScaling = 0.9;
  device.bytesScaling = 0.1;
  device.contractionShare = 0.88;
  device.thinShare = 0.14;
  device.rowsShare = 0.06;
  device.cacheFactor = 3;
  device.lateUs = 1500;
  device.caution = 1.25;
  device.burstBytes = 1024 * 1024;
  device.units = 64;
  device.leastUnit = 16 * 1024;
  device.mostUnit = 256 * 1024;
  return device;
}

/// A Cortex-M4 with FPU at 168 MHz, and flash on four wires that a DMA unit
/// reads or that is mapped. Weights in RAM come as fast as activations; a read
/// is a command of some microseconds, and flash keeps its promises. Memory is
/// small, so units are too: a few per cent of the link for the commands.
static DeviceModel makeMcu() {
  DeviceModel device = {};
  device.name = "mcu";
  device.flopsPerSecond = 0.1e9;
  device.bytesPerSecond = 0.3e9;
  device.callUs = device.parallelCallUs = 2;
  device.tileFlops = 2'000;
  device.flopsScaling = 0.9;
  device.bytesScaling = 0.1;
  device.contractionShare = 1;
  device.thinShare = 0.5;
  device.rowsShare = 0.25;
  device.cacheFactor = 1;
  device.reads = {{4 * 1024, 28.9e6, 142, 3}, {64 * 1024, 29.9e6, 2190, 3}};
  device.lateUs = 10;
  device.caution = 1.02;
  device.inPlaceBytesPerSecond = 30e6;
  device.units = 64;
  device.leastUnit = 4 * 1024;
  device.mostUnit = 64 * 1024;
  return device;
}

/// A data center GPU of 2024 on PCIe 5. The rates are what kernels of models
/// reach at batch 1, and a call is a node of a graph. Copies that queue take 2
/// us each and their bytes; starting one is the copy engine's work. A bus keeps
/// its promises, and smaller units would spend much of it on starts.
static DeviceModel makeCuda() {
  DeviceModel device = {};
  device.name = "cuda";
  device.flopsPerSecond = 25e12;
  device.bytesPerSecond = 3e12;
  device.callUs = device.parallelCallUs = 2.5;
  device.callBytes = 10 * 1024; // getCudaOverhead: 2 MiB for 200 in a graph
  device.blocks = 132;
  device.contractionShare = 1;
  device.thinShare = 0.2;
  device.rowsShare = 0.2;
  device.cacheFactor = 1;
  device.reads = {{64 * 1024, 20.6e9, 4.4, 0},
                  {1024 * 1024, 50.19e9, 22.3, 0},
                  {16 * 1024 * 1024, 55.135e9, 305.7, 0}};
  device.lateUs = 20;
  device.caution = 1.02;
  device.inPlaceBytesPerSecond = 51e9;
  device.units = 24; // a launch for some panels takes as long as for more
  device.leastUnit = 512 * 1024;
  device.mostUnit = 8 * 1024 * 1024;
  return device;
}

const DeviceModel *DeviceModel::get(llvm::StringRef name, mlir::Operation *op) {
  static const DeviceModel devices[] = {makeCpu(), makeMcu(), makeCuda()};
  for (const DeviceModel &device : devices)
    if (device.name == name)
      return &device;
  op->emitError() << "device '" << name << "' is not cpu, mcu or cuda";
  return nullptr;
}

int64_t DeviceModel::getUnitBytes(int64_t weightBytes) const {
  int64_t most =
      std::max(mostUnit, roundUp(weightBytes / kMostUnits, kPageBytes));
  return std::clamp(roundUp(weightBytes / units, kPageBytes), leastUnit, most);
}
