//===- RowSource.cpp - Row kernels as CUDA C++ ------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowWriter.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace swapc;

/// The pointers of operands. Where the result may not take an operand's memory,
/// no two of them that are written through overlap.
void RowWriter::emitPointers() {
  llvm::SetVector<RowTensor *> used;
  for (RowNest &nest : plan.rows.nests) {
    nest.forEachAccess([&](LoopAccess &access) {
      if (access.tensor->base)
        used.insert(plan.getStored(access.tensor));
    });
    if (nest.generic)
      for (Operation &op : *nest.generic.getBody())
        if (auto extract = dyn_cast<tensor::ExtractOp>(op))
          used.insert(plan.rows.tensorOf.lookup(extract.getTensor()));
  }
  int64_t arguments = kernel.getNumArguments();
  for (RowTensor *tensor : used) {
    if (tensor->operand < 0)
      continue;
    bool isResult = tensor->operand >= arguments;
    bool mayAlias = isResult
                        ? !plan.inPlace.empty()
                        : llvm::is_contained(plan.inPlace, tensor->operand);
    Text type = (isResult ? "" : "const ") +
                getStoredType(tensor->access.type.getElementType());
    os << type << " *" << (mayAlias ? "const " : "__restrict__ const ")
       << getName(tensor) << " = static_cast<" << type << " *>(args.operand["
       << tensor->operand << "]);\n";
  }
}

void RowWriter::sync() {
  pending.clear();
  if (plan.team == RowTeam::Warp)
    os << "swap_sync_warp();\n";
  else if (plan.team != RowTeam::Thread)
    os << "swap_sync();\n";
}

/// Whether a nest reads what another thread has written since the last sync.
bool RowWriter::readsPending(const CudaNest &entry) {
  RowNest &nest = *entry.nest;
  for (const auto *list : {&nest.inputs, &nest.inits})
    for (const LoopAccess &access : *list) {
      if (!access.tensor || !access.tensor->base)
        continue;
      RowStorage storage = plan.getPlace(access.tensor).storage;
      if (storage != RowStorage::Register && storage != RowStorage::Registers &&
          pending.contains(plan.getStored(access.tensor)) &&
          !isOwnElement(plan, *group, entry, access))
        return true;
    }
  if (nest.generic)
    for (Operation &op : *nest.generic.getBody())
      if (auto extract = dyn_cast<tensor::ExtractOp>(op))
        if (pending.contains(plan.rows.tensorOf.lookup(extract.getTensor())))
          return true;
  return false;
}

void RowWriter::declareTensors() {
  for (auto &tensor : plan.rows.tensors) {
    const RowPlace &place = plan.places[tensor.get()];
    Type element = tensor->access.type.getElementType();
    Text name = getName(tensor.get()), type = getStoredType(element);
    switch (place.storage) {
    case RowStorage::Memory:
    case RowStorage::Constant:
      break;
    case RowStorage::Register:
      os << getDeviceType(element) << " r" << name << ";\n";
      break;
    case RowStorage::Registers:
      os << getDeviceType(element) << " " << name << "[" << place.elements
         << "];\n";
      break;
    case RowStorage::Shared:
      os << "__shared__ " << type << " " << name << "_all["
         << place.elements * plan.teams << "];\n"
         << type << " *const " << name << " = " << name << "_all";
      if (plan.teams > 1)
        os << " + threadIdx.x "
           << (plan.team == RowTeam::Columns ? "% 32 * " : "/ 32 * ")
           << place.elements;
      os << ";\n";
      break;
    case RowStorage::Scratch:
      os << type << " *const " << name << " = reinterpret_cast<" << type
         << " *>(static_cast<unsigned char *>(args.scratch) + "
         << "static_cast<unsigned long long>(tile) * " << plan.tileScratch
         << " + " << place.offset << ");\n";
      break;
    }
  }
}

void RowWriter::emitNests(const RowGroup &group) {
  for (const CudaNest &entry : group.nests) {
    bool isFirst = &entry == &group.nests.front();
    bool writes =
        llvm::any_of(entry.nest->outputs, [&](const LoopAccess &output) {
          return plan.getStored(output.tensor)->operand >= 0;
        });
    if (readsPending(entry) || (!isFirst && writes && !plan.inPlace.empty()))
      sync();
    os << "{\n";
    switch (entry.run) {
    case NestRun::Each:
    case NestRun::Tiles:
      emitEach(entry);
      break;
    case NestRun::Team:
      emitTeam(entry);
      break;
    case NestRun::Warps:
      emitWarps(entry);
      break;
    }
    os << "}\n";
  }
}

/// One outer iteration of a team, whose number is `item`.
void RowWriter::emitItem(const RowGroup &group) {
  SmallVector<unsigned> loops;
  for (unsigned loop = 0; loop < group.outer; ++loop)
    loops.push_back(loop);
  emitDecode("item",
             ArrayRef(group.nests[0].nest->sizes).take_front(group.outer),
             loops, group.vector > 1 ? group.outer - 1 : ~0u);
  declareTensors();
  emitNests(group);
}

/// Tiles of 32 by 32: read along one loop, written along another.
void RowWriter::emitTiles(const RowGroup &group) {
  const CudaNest &entry = group.nests[0];
  const RowNest &nest = *entry.nest;
  Text type = getIndexType();
  os << getCountType() << " rest = tile - " << group.firstTile << "u;\n";
  for (unsigned loop = nest.parallel; loop-- > 0;) {
    bool isTiled = static_cast<int>(loop) == entry.along ||
                   static_cast<int>(loop) == entry.across;
    // At least one, where the tensor is empty and no tile runs.
    int64_t count = std::max<int64_t>(
        1, llvm::divideCeil(nest.sizes[loop], isTiled ? 32 : 1));
    if (nest.sizes[loop] == 1)
      continue;
    os << "const " << type << " " << (isTiled ? "first" : "x") << loop << " = ("
       << type << ")(rest % " << count << "u)" << (isTiled ? " * 32" : "")
       << ";\nrest /= " << count << "u;\n";
  }
  os << "const unsigned lane = threadIdx.x % 32, row = threadIdx.x / 32;\n";
  SmallVector<Text> loaded;
  auto place = [&](int lanes, int rows, Body body) {
    os << "#pragma unroll\nfor (int k = 0; k < 32; k += 8) {\n";
    os << "const " << type << " x" << lanes << " = first" << lanes
       << " + lane, x" << rows << " = first" << rows << " + row + k;\n"
       << "if (x" << lanes << " < " << nest.sizes[lanes] << " && x" << rows
       << " < " << nest.sizes[rows] << ") {\n";
    body();
    os << "}\n}\n";
  };
  auto isAcross = [&](const LoopAccess &input) {
    if (!input.tensor || !input.tensor->base)
      return false;
    int64_t step = input.offset.coefficients[entry.along];
    return step != 0 && step != 1;
  };
  for (auto [position, input] : llvm::enumerate(nest.inputs)) {
    loaded.push_back("");
    if (!isAcross(input))
      continue;
    Type element = input.tensor->type.getElementType();
    loaded.back() = "s" + std::to_string(position) + "[lane][row + k]";
    if (element.isInteger(1))
      loaded.back() = "(" + loaded.back() + " != 0)";
    os << "__shared__ " << getStoredType(element) << " s" << position
       << "[32][33];\n";
  }
  place(entry.across, entry.along, [&] {
    for (auto [position, input] : llvm::enumerate(nest.inputs))
      if (isAcross(input))
        os << "s" << position << "[row + k][lane] = " << load(nest, input, 0)
           << ";\n";
  });
  os << "swap_sync();\n";
  place(entry.along, entry.across, [&] {
    declareResults(nest, /*neutral=*/false);
    emitPoint(nest, /*accumulates=*/false, loaded);
    emitStores(entry, "");
  });
}

void RowWriter::emitGroup(const RowGroup &current) {
  group = &current;
  pending.clear();
  if (current.nests[0].run == NestRun::Tiles)
    return emitTiles(current);
  Text tile = current.firstTile
                  ? "(tile - " + std::to_string(current.firstTile) + "u)"
                  : "tile";
  Text count = "const " + getCountType();
  switch (plan.team) {
  case RowTeam::Thread:
    os << count << " item = " << tile << " * " << plan.threads
       << "u + threadIdx.x;\nif (item >= " << current.items << "u)\nreturn;\n";
    return emitItem(current);
  case RowTeam::Warp:
    os << count << " item = " << tile << " * " << plan.teams
       << "u + threadIdx.x / 32;\nif (item >= " << current.items
       << "u)\nreturn;\nconst unsigned thread = threadIdx.x % 32;\n";
    return emitItem(current);
  case RowTeam::Columns:
    os << count << " position = " << tile
       << " * 32u + threadIdx.x % 32;\nconst bool live = position < "
       << current.items << "u;\n"
       << count << " item = live ? position : "
       << std::max<int64_t>(0, current.items - 1)
       << "u;\nconst unsigned thread = threadIdx.x / 32;\n";
    return emitItem(current);
  case RowTeam::Block:
    os << "const unsigned thread = threadIdx.x;\n";
    if (plan.block == 1) {
      os << count << " item = " << tile << ";\nif (item >= " << current.items
         << "u)\nreturn;\n";
      return emitItem(current);
    }
    os << "for (" << getCountType() << " item = " << tile << " * " << plan.block
       << "u; item < (" << tile << " + 1) * " << plan.block << "u && item < "
       << current.items << "u; ++item) {\n";
    emitItem(current);
    // The next iteration writes where this one reads.
    os << "swap_sync();\n}\n";
    return;
  }
}

LogicalResult RowWriter::emit() {
  os << "\nextern \"C\" __global__ void __launch_bounds__(" << plan.threads
     << ")\n"
     << kernel.getName() << "(const __grid_constant__ swap_args<"
     << kernel.getNumArguments() + kernel.getNumResults() << "> args) {\n";
  emitPointers();
  os << "const " << getCountType() << " tile = swap_block_tile(args);\n";
  for (const RowGroup &current : plan.groups) {
    bool isLast = &current == &plan.groups.back();
    if (plan.groups.size() > 1 && !isLast)
      os << "if (tile < " << current.firstTile + current.tiles << "u) {\n";
    else if (plan.groups.size() > 1)
      os << "{\n";
    emitGroup(current);
    if (plan.groups.size() > 1)
      os << (isLast ? "}\n" : "return;\n}\n");
  }
  os << "}\n";
  return failure(failed);
}

/// Prints lines two columns further for each brace that is open.
static void printIndented(StringRef text, raw_ostream &os) {
  int depth = 0;
  for (StringRef line : llvm::split(text.rtrim('\n'), '\n')) {
    int closed = line.starts_with("}");
    if (!line.empty())
      os.indent(2 * std::max(0, depth - closed)) << line;
    os << '\n';
    depth +=
        static_cast<int>(line.count('{')) - static_cast<int>(line.count('}'));
  }
}

LogicalResult swapc::emitCudaRows(func::FuncOp kernel, const CudaTarget &target,
                                  raw_ostream &os) {
  FailureOr<CudaRowPlan> plan = makeCudaRowPlan(kernel, target);
  if (failed(plan))
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (failed(RowWriter(kernel, *plan, stream).emit()))
    return failure();
  printIndented(text, os);
  return success();
}
