//===- EmitTables.cpp - Tables as constant data of LLVM IR ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Struct types here mirror the structs of swap/runtime.h and swap/cuda.h field
// by field. Natural alignment gives both the same layout; the assertions below
// hold the headers to what is written here.
//
//===----------------------------------------------------------------------===//

#include "TableEmitter.h"
#include "swap/cuda.h"
#include "swap/kernel_costs.h"
#include "swapc/Target/ModelTables.h"

#include <cstddef>

using namespace llvm;
using namespace swapc;

static_assert(sizeof(void *) != 8 || sizeof(swap_tensor) == 32, "tensor");
static_assert(sizeof(swap_operand) == 16, "operand");
static_assert(sizeof(swap_step) == 40, "step");
static_assert(offsetof(swap_step, tile_begin) == 16, "step");
static_assert(offsetof(swap_step, scratch_bytes) == 32, "step");
static_assert(offsetof(swap_plan, threads) == 80, "plan");
static_assert(sizeof(void *) != 8 || offsetof(swap_plan, resident) == 112,
              "plan");
static_assert(sizeof(void *) != 8 || sizeof(swap_plan) == 128, "plan");
static_assert(offsetof(swap_model, name) == 32, "model");
static_assert(sizeof(void *) != 8 || offsetof(swap_model, blob_bytes) == 80,
              "model");
static_assert(sizeof(void *) != 8 || offsetof(swap_model, blob_hash) == 112,
              "model");
static_assert(sizeof(void *) != 8 || sizeof(swap_size) == 32, "size");
static_assert(sizeof(void *) != 8 || sizeof(swap_kernel_costs) == 32, "costs");
static_assert(sizeof(swap_extent) == 24, "extent");
static_assert(sizeof(swap_cut) == 32, "cut");
static_assert(sizeof(void *) != 8 || sizeof(swap_dynamic) == 48, "dynamic");
static_assert(sizeof(void *) != 8 || sizeof(swap_cuda_kernel) == 24, "kernel");
static_assert(offsetof(swap_cuda_image, bytes) == 16, "image");
static_assert(sizeof(void *) != 8 || sizeof(swap_cuda_image) == 32, "image");
static_assert(offsetof(swap_cuda_model, model) == 8, "CUDA model");
static_assert(sizeof(void *) != 8 || sizeof(swap_cuda_model) == 40,
              "CUDA model");

/// Of code for a GPU, which the driver reads where it is.
static constexpr uint64_t kImageAlign = 64;

namespace {
class Emitter : public TableEmitter {
public:
  using TableEmitter::TableEmitter;

  Constant *tensors(ArrayRef<TensorInfo> infos, StringRef name) {
    SmallVector<Constant *> values;
    for (const TensorInfo &info : infos) {
      std::vector<uint64_t> dims(info.dims.begin(), info.dims.end());
      values.push_back(
          record({text(info.name), i32(info.dtype), i32(info.dims.size()),
                  data(ArrayRef<uint64_t>(dims), "dims"), i64(info.bytes)}));
    }
    return records(values, name);
  }
  Constant *plan(const PlanTable &plan);
  Constant *dynamic(const DynamicTables &tables);
  Constant *kernels(ArrayRef<std::string> names, StringRef symbol,
                    bool onDevice);
  Constant *cudaModel(const CudaTables &cuda, ArrayRef<std::string> names,
                      Constant *model);
};
} // namespace

Constant *Emitter::plan(const PlanTable &plan) {
  SmallVector<Constant *> steps, operands;
  for (const PlanTable::Step &step : plan.steps)
    steps.push_back(
        record({i32(step.op), i32(step.index), i32(step.firstOperand),
                i32(step.operandCount), i64(step.tileBegin), i64(step.tileEnd),
                i32(step.scratch), i32(step.aux)}));
  for (const PlanTable::Operand &operand : plan.operands)
    operands.push_back(
        record({i32(operand.space), i32(operand.index), i64(operand.offset)}));
  return record(
      {i64(plan.budget), i64(plan.arena), i64(plan.peak), i64(plan.resident),
       i64(plan.streamed), i64(plan.region), i64(plan.predictedNs),
       i64(plan.computeNs), i64(plan.scratchOffset), i64(plan.scratchStride),
       i32(plan.threads), i32(plan.steps.size()), records(steps, "steps"),
       records(operands, "operands"), data(ArrayRef(plan.slots), "slots"),
       data(ArrayRef(plan.isResident), "resident"),
       data(ArrayRef(plan.live), "live")});
}

/// A pointer to a swap_dynamic, null where a run says no sizes.
Constant *Emitter::dynamic(const DynamicTables &tables) {
  if (tables.sizes.empty())
    return ConstantPointerNull::get(pointer);
  SmallVector<Constant *> sizes, extents, cuts;
  for (const DynamicTables::Size &size : tables.sizes)
    sizes.push_back(record({text(size.name), i32(size.input), i32(0),
                            i64(size.least), i64(size.most)}));
  for (const DynamicTables::Extent &extent : tables.extents)
    extents.push_back(record({i32(extent.tensor), i32(extent.dim),
                              i32(extent.size), i32(0), i64(extent.scale)}));
  for (const DynamicTables::Cut &cut : tables.cuts)
    cuts.push_back(record({i32(cut.kernel), i32(cut.size), i32(cut.period),
                           i32(cut.unit), i64(cut.scale), i64(cut.offset)}));
  Constant *one =
      record({i32(sizes.size()), i32(extents.size()), i32(cuts.size()), i32(0),
              records(sizes, "sizes"), records(extents, "extents"),
              records(cuts, "cuts"),
              module.getOrInsertGlobal("swap_sizes", Type::getInt8Ty(
                                                         module.getContext()))});
  return records({one}, "dynamic");
}

std::string swapc::getKernelSymbol(StringRef model, StringRef kernel) {
  return (model + "." + kernel).str();
}

Constant *Emitter::kernels(ArrayRef<std::string> names, StringRef symbol,
                           bool onDevice) {
  auto *type = FunctionType::get(
      Type::getVoidTy(context),
      {pointer, Type::getInt64Ty(context), Type::getInt64Ty(context), pointer},
      /*isVarArg=*/false);
  SmallVector<Constant *> values;
  for (const std::string &name : names) {
    if (onDevice) {
      values.push_back(record({text(name), ConstantPointerNull::get(pointer)}));
      continue;
    }
    auto *function = cast<Function>(
        module.getOrInsertFunction(getKernelSymbol(symbol, name), type)
            .getCallee());
    function->setVisibility(GlobalValue::HiddenVisibility);
    values.push_back(record({text(name), function}));
  }
  return records(values, "kernels");
}

Constant *Emitter::cudaModel(const CudaTables &cuda,
                             ArrayRef<std::string> names, Constant *model) {
  SmallVector<Constant *> launches, images;
  for (auto [name, kernel] : llvm::zip_equal(names, cuda.kernels))
    launches.push_back(record({text(name), i32(kernel.threads),
                               i32(kernel.splits), i32(kernel.sharedBytes)}));
  for (const CudaTables::Image &image : cuda.images) {
    StringRef bytes(image.data.data(), image.data.size());
    // PTX ends in a zero byte.
    GlobalVariable *data = constant(
        ConstantDataArray::getString(context, bytes, /*AddNull=*/image.ptx),
        "image");
    data->setAlignment(Align(kImageAlign));
    images.push_back(
        record({i32(image.arch), i32(image.ptx), i32(image.firstKernel),
                i32(image.kernelCount), i64(bytes.size() + image.ptx), data}));
  }
  return record({i32(SWAP_CUDA_ABI_VERSION), i32(images.size()), model,
                 records(launches, "launches"), records(images, "images"),
                 i64(cuda.overhead)});
}

void swapc::emitKernelCosts(const ModelTables &tables, StringRef symbol,
                            llvm::Module &module) {
  Emitter emit(module);
  SmallVector<Constant *> values;
  for (const KernelCosts &costs : tables.costs)
    values.push_back(
        emit.record({emit.text(costs.node), emit.i64(costs.tiles),
                     emit.i64(costs.operations), emit.i64(costs.bytes)}));
  if (values.empty())
    return;
  auto *type = ArrayType::get(values.front()->getType(), values.size());
  emit.exported(ConstantArray::get(type, values), symbol);
}

void swapc::emitModelTables(const ModelTables &tables, const BlobInfo &blob,
                            StringRef symbol, llvm::Module &module) {
  Emitter emit(module);
  SmallVector<Constant *> units, plans;
  for (const swap_blob_unit &unit : blob.units)
    units.push_back(
        emit.record({emit.i64(unit.offset), emit.i64(unit.length),
                     emit.i32(unit.crc32c), emit.i32(unit.row_bytes)}));
  for (const PlanTable &plan : tables.plans)
    plans.push_back(emit.plan(plan));
  const ModelSignature &signature = tables.signature;
  Constant *model = emit.record(
      {emit.i32(SWAP_ABI_VERSION), emit.i32(signature.inputs.size()),
       emit.i32(signature.outputs.size()), emit.i32(tables.kernels.size()),
       emit.i32(blob.units.size()), emit.i32(plans.size()),
       emit.i32(tables.pageBytes), emit.i32(0),
       emit.text(signature.name), emit.tensors(signature.inputs, "inputs"),
       emit.tensors(signature.outputs, "outputs"),
       emit.kernels(tables.kernels, symbol, tables.cuda.has_value()),
       emit.records(units, "units"), emit.records(plans, "plans"),
       emit.i64(blob.bytes), emit.i64(tables.weightBytes),
       emit.i64(tables.modelBytes), emit.i64(tables.minBytes),
       ConstantDataArray::get(module.getContext(),
                              ArrayRef<uint8_t>(blob.hash)),
       emit.dynamic(signature.dynamic)});
  GlobalVariable *global = emit.exported(model, symbol);
  if (tables.cuda)
    emit.exported(emit.cudaModel(*tables.cuda, tables.kernels, global),
                  tables.cuda->symbol);
}
