//===- RowNestSource.cpp - The nests of row kernels as CUDA C++ -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The order in which elements are combined depends on the sizes of the kernel
// alone: a thread's own first, then a tree over the lanes of a warp, then the
// warps one after the other.
//
//===----------------------------------------------------------------------===//

#include "RowWriter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

static Type getResultType(const RowNest &nest, unsigned result) {
  return nest.outputs[result].tensor->type.getElementType();
}

void RowWriter::emitShared(StringRef first, int64_t step, int64_t count,
                           Body body) {
  int64_t trips = llvm::divideCeil(count, step);
  Text type = getCountType();
  if (trips > kUnrolledRows) {
    os << "#pragma unroll 4\nfor (" << type << " e = " << first << "; e < "
       << count << "u; e += " << step << ") {\n";
    body();
    os << "}\n";
    return;
  }
  if (trips > 1)
    os << "#pragma unroll\nfor (int k = 0; k < " << trips << "; ++k) {\n";
  else
    os << "{\nconstexpr int k = 0;\n";
  os << "const " << type << " e = " << first << " + k * " << step << "u;\n";
  bool isEven = count % step == 0;
  if (!isEven)
    os << "if (e < " << count << "u) {\n";
  body();
  os << (isEven ? "}\n" : "}\n}\n");
}

/// Loops over the reductions, one element after the other.
void RowWriter::emitReductions(const RowNest &nest, Body body) {
  unsigned loops = 0;
  for (unsigned loop = nest.parallel; loop < nest.sizes.size(); ++loop) {
    int64_t size = nest.sizes[loop];
    if (size == 1)
      continue;
    os << (size <= kUnrolledRows ? "#pragma unroll\n" : "#pragma unroll 4\n")
       << "for (" << getIndexType() << " x" << loop << " = 0; x" << loop
       << " < " << size << "; ++x" << loop << ") {\n";
    ++loops;
  }
  body();
  while (loops-- > 0)
    os << "}\n";
}

/// y<n>: at first what the reduction starts from, or nothing yet.
void RowWriter::declareResults(const RowNest &nest, bool neutral) {
  bool reduces = nest.sizes.size() > nest.parallel;
  for (unsigned result = 0; result < nest.outputs.size(); ++result) {
    Type type = getResultType(nest, result);
    const LoopAccess &init = nest.inits[result];
    Text name = "y" + std::to_string(result);
    SmallVector<Text> start;
    if (neutral)
      start.assign(group->vector,
                   formatDeviceConstant(getNeutral(nest.combiners[result])));
    else if (reduces && init.tensor)
      start = emitLoad(nest, init, "i" + Twine(result));
    else if (reduces)
      start.assign(group->vector, getDeviceType(type) + "{}");
    if (!isVector()) {
      os << getDeviceType(type) << " " << name;
      if (!start.empty())
        os << " = " << start[0];
      os << ";\n";
      continue;
    }
    os << "swap_pack<" << getStoredType(type) << ", " << group->vector << "> "
       << name << ";\n";
    for (auto [lane, value] : llvm::enumerate(start))
      os << name << ".at[" << lane << "] = " << value << ";\n";
  }
}

/// Loads a point's inputs and gives its values to y<n>. `loaded` are inputs
/// that are there already.
void RowWriter::emitPoint(const RowNest &nest, bool accumulates,
                          ArrayRef<Text> loaded) {
  SmallVector<SmallVector<Text>> inputs;
  for (auto [position, input] : llvm::enumerate(nest.inputs)) {
    if (position < loaded.size() && !loaded[position].empty())
      inputs.push_back({loaded[position]});
    else
      inputs.push_back(emitLoad(nest, input, "a" + Twine(position)));
  }
  for (auto [result, init] : llvm::enumerate(nest.inits)) {
    SmallVector<Text> values(group->vector);
    if (!accumulates)
      values = emitLoad(nest, init, "i" + Twine(result));
    for (int64_t lane = 0; accumulates && lane < group->vector; ++lane) {
      values[lane] = "y" + std::to_string(result);
      if (isVector())
        values[lane] += ".at[" + std::to_string(lane) + "]";
      if (isVector() && getResultType(nest, result).isInteger(1))
        values[lane] = "(" + values[lane] + " != 0)";
    }
    inputs.push_back(values);
  }
  for (int64_t lane = 0; lane < group->vector; ++lane) {
    SmallVector<Text> arguments, indices;
    for (ArrayRef<Text> input : inputs)
      arguments.push_back(input[lane]);
    os << "{\n";
    SmallVector<Text> values;
    if (nest.generic) {
      for (int loop : nest.loopOf)
        indices.push_back(
            loop >= 0 && nest.pinned[loop] ? getIndex(nest, loop, lane) : "0");
      FailureOr<SmallVector<Text>> yielded = emitScalarBody(
          nest.generic, arguments, indices,
          [&](Value tensor, ArrayRef<Text> at) { return extract(tensor, at); },
          os);
      if (llvm::failed(yielded)) {
        failed = true;
        return;
      }
      values = *yielded;
    } else {
      values.push_back(arguments[0]);
    }
    // What is yielded may be another result's old value.
    for (unsigned result = 0; values.size() > 1 && result < values.size();
         ++result) {
      os << "const " << getDeviceType(getResultType(nest, result)) << " n"
         << result << " = " << values[result] << ";\n";
      values[result] = "n" + std::to_string(result);
    }
    for (auto [result, value] : llvm::enumerate(values)) {
      os << "y" << result;
      if (isVector())
        os << ".at[" << lane << "]";
      os << " = " << value << ";\n";
    }
    os << "}\n";
  }
}

void RowWriter::emitStores(const CudaNest &entry, StringRef condition) {
  const RowNest &nest = *entry.nest;
  for (auto [result, output] : llvm::enumerate(nest.outputs)) {
    RowTensor *tensor = plan.getStored(output.tensor);
    RowStorage storage = plan.getPlace(output.tensor).storage;
    Text name = getName(tensor), value = "y" + std::to_string(result);
    if (storage == RowStorage::Register)
      os << "r" << name << " = " << value << ";\n";
    if (storage == RowStorage::Registers) {
      os << name << "[" << getRegister(nest, output) << "] = " << value
         << ";\n";
      continue;
    }
    if (storage == RowStorage::Register && tensor->operand < 0)
      continue;
    pending.insert(tensor);
    // A register is the result's only element of this outer iteration.
    Text offset = getForm(nest, output.offset,
                          tensor->operand >= 0 ? 0 : group->outer, 0);
    if (!condition.empty())
      os << "if (" << condition << ")\n";
    if (isVector())
      os << "swap_store_pack<" << group->vector << ">(" << name << " + "
         << offset << ", " << value << ");\n";
    else
      os << name << "[" << offset << "] = " << value << ";\n";
  }
}

void RowWriter::emitEach(const CudaNest &entry) {
  const RowNest &nest = *entry.nest;
  bool reduces = nest.sizes.size() > nest.parallel;
  bool isAlone = entry.inner == 1 && plan.teamSize > 1;
  auto results = [&] {
    SmallVector<unsigned> loops;
    for (unsigned loop = group->outer; loop < nest.parallel; ++loop)
      loops.push_back(loop);
    emitDecode("e", ArrayRef(nest.sizes).slice(group->outer, loops.size()),
               loops);
    declareResults(nest, /*neutral=*/false);
    if (reduces)
      emitReductions(nest, [&] { emitPoint(nest, /*accumulates=*/true); });
    else
      emitPoint(nest, /*accumulates=*/false);
    bool writes = llvm::any_of(nest.outputs, [&](const LoopAccess &output) {
      return plan.getStored(output.tensor)->operand >= 0;
    });
    // The others may still read what this thread overwrites.
    if (isAlone && writes && !plan.inPlace.empty())
      sync();
    Text condition = isAlone ? "thread == 0" : "";
    if (plan.team == RowTeam::Columns)
      condition = isAlone ? "live && thread == 0" : "live";
    emitStores(entry, condition);
  };
  if (entry.inner == 1)
    return results();
  emitShared(plan.teamSize > 1 ? "thread" : "0u", plan.teamSize, entry.inner,
             results);
}

/// y<result> = y<result> combined with `other`.
void RowWriter::combine(const RowNest &nest, unsigned result, Twine other) {
  Text value = "y" + std::to_string(result);
  os << value << " = "
     << formatDeviceOperation(nest.combiners[result], {value, other.str()})
     << ";\n";
}

void RowWriter::emitWarpTree(const RowNest &nest) {
  os << "#pragma unroll\nfor (int mask = 16; mask > 0; mask >>= 1) {\n";
  for (unsigned result = 0; result < nest.outputs.size(); ++result) {
    os << "const " << getDeviceType(getResultType(nest, result)) << " o"
       << result << " = swap_exchange(y" << result << ", mask);\n";
    combine(nest, result, "o" + Twine(result));
  }
  os << "}\n";
}

void RowWriter::emitBlockTree(const CudaNest &entry) {
  const RowNest &nest = *entry.nest;
  bool isColumns = plan.team == RowTeam::Columns;
  int64_t parts = isColumns ? plan.teamSize : plan.teamSize / 32;
  if (parts == 1)
    return;
  Text at = isColumns ? "threadIdx.x" : "thread / 32";
  for (unsigned result = 0; result < nest.outputs.size(); ++result) {
    Type type = getResultType(nest, result);
    os << "__shared__ " << getStoredType(type) << " s" << result << "["
       << parts * (isColumns ? 32 : 1) << "];\n";
    if (!isColumns)
      os << "if (thread % 32 == 0)\n";
    os << "s" << result << "[" << at << "] = y" << result << ";\n";
  }
  sync();
  for (unsigned result = 0; result < nest.outputs.size(); ++result) {
    Type type = getResultType(nest, result);
    Text scale = isColumns ? " * 32 + threadIdx.x % 32" : "";
    auto part = [&](StringRef number) {
      Text text = ("s" + Twine(result) + "[" + number + scale + "]").str();
      return type.isInteger(1) ? "(" + text + " != 0)" : text;
    };
    os << "y" << result << " = " << part("0") << ";\n#pragma unroll\n"
       << "for (int part = 1; part < " << parts << "; ++part) {\nconst "
       << getDeviceType(type) << " o = " << part("part") << ";\n";
    combine(nest, result, "o");
    os << "}\n";
  }
}

void RowWriter::emitTeam(const CudaNest &entry) {
  const RowNest &nest = *entry.nest;
  SmallVector<SmallVector<Text>> starts;
  for (auto [result, init] : llvm::enumerate(nest.inits))
    starts.push_back(emitLoad(nest, init, "i" + Twine(result)));
  declareResults(nest, /*neutral=*/true);
  SmallVector<unsigned> loops;
  for (unsigned loop = nest.parallel; loop < nest.sizes.size(); ++loop)
    loops.push_back(loop);
  emitShared("thread", plan.teamSize, entry.reduced, [&] {
    emitDecode("e", ArrayRef(nest.sizes).drop_front(nest.parallel), loops);
    emitPoint(nest, /*accumulates=*/true);
  });
  if (plan.team != RowTeam::Columns)
    emitWarpTree(nest);
  emitBlockTree(entry);
  for (auto [result, start] : llvm::enumerate(starts))
    if (nest.inits[result].tensor)
      combine(nest, result, start[0]);
  emitStores(entry, plan.team == RowTeam::Columns ? "live && thread == 0"
                                                  : "thread == 0");
}

void RowWriter::emitWarps(const CudaNest &entry) {
  const RowNest &nest = *entry.nest;
  int64_t warps = plan.teamSize / 32;
  SmallVector<unsigned> results, loops;
  for (unsigned loop = group->outer; loop < nest.parallel; ++loop)
    results.push_back(loop);
  for (unsigned loop = nest.parallel; loop < nest.sizes.size(); ++loop)
    loops.push_back(loop);
  os << "for (" << getCountType() << " w = thread / 32; w < " << entry.inner
     << "u; w += " << warps << ") {\n";
  emitDecode("w", ArrayRef(nest.sizes).slice(group->outer, results.size()),
             results);
  SmallVector<SmallVector<Text>> starts;
  for (auto [result, init] : llvm::enumerate(nest.inits))
    starts.push_back(emitLoad(nest, init, "i" + Twine(result)));
  declareResults(nest, /*neutral=*/true);
  emitShared("thread % 32", 32, entry.reduced, [&] {
    emitDecode("e", ArrayRef(nest.sizes).drop_front(nest.parallel), loops);
    emitPoint(nest, /*accumulates=*/true);
  });
  emitWarpTree(nest);
  for (auto [result, start] : llvm::enumerate(starts))
    if (nest.inits[result].tensor)
      combine(nest, result, start[0]);
  emitStores(entry, "thread % 32 == 0");
  os << "}\n";
}
