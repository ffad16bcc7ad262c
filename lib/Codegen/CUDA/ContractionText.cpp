//===- ContractionText.cpp - Loops and accesses as CUDA C++ -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionText.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace swapc;

static constexpr llvm::StringLiteral kFunction =
    "  static __device__ __forceinline__ ";

static SmallVector<unsigned> getReductions(const ContractionInfo &info) {
  SmallVector<unsigned> loops(info.taps);
  if (info.k >= 0)
    loops.push_back(info.k);
  return loops;
}

/// All loops but `but` move by a multiple of `count` elements.
static bool isMultiple(const ContractionInfo &info,
                       ArrayRef<int64_t> coefficients, int64_t constant,
                       unsigned but, int64_t count) {
  if (constant % count != 0)
    return false;
  for (auto [loop, size] : llvm::enumerate(info.sizes))
    if (loop != but && size > 1 && coefficients[loop] % count != 0)
      return false;
  return true;
}

bool swapc::isVectorDepth(const ContractionInfo &info,
                          ArrayRef<int64_t> coefficients, int64_t constant,
                          int64_t count) {
  return info.k >= 0 && coefficients[info.k] == 1 &&
         info.innerK() % count == 0 &&
         isMultiple(info, coefficients, constant, info.k, count);
}

bool swapc::isVectorColumns(const ContractionInfo &info,
                            ArrayRef<int64_t> coefficients, int64_t constant,
                            int64_t count) {
  return coefficients[info.n] == 1 && info.columns() % count == 0 &&
         isMultiple(info, coefficients, constant, info.n, count);
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

std::string ContractionText::plus(ArrayRef<std::string> terms) {
  std::string sum;
  for (const std::string &term : terms)
    if (!term.empty())
      sum += (sum.empty() ? "" : " + ") + term;
  return sum.empty() ? "0" : sum;
}

void ContractionText::delinearize(StringRef index, Loops loops,
                                  raw_ostream &to) {
  int64_t inner = 1, total = info.sizeOf(loops);
  for (unsigned loop : llvm::reverse(loops)) {
    int64_t size = info.sizes[loop];
    if (size == 1)
      continue;
    to << "    [[maybe_unused]] const int l" << loop << " = " << index;
    if (inner > 1)
      to << " / " << inner;
    inner *= size;
    if (inner != total)
      to << " % " << size;
    to << ";\n";
  }
}

std::string ContractionText::linear(StringRef index, Loops loops,
                                    ArrayRef<int64_t> coefficients,
                                    bool &decode) {
  int64_t distance = 0, size = 1;
  bool even = true;
  for (unsigned loop : llvm::reverse(loops)) {
    if (info.sizes[loop] == 1)
      continue;
    if (size == 1)
      distance = coefficients[loop];
    even &= coefficients[loop] == distance * size;
    size *= info.sizes[loop];
  }
  auto scaled = [](const Twine &name, int64_t factor) {
    return ("Index(" + name + ") * " + Twine(factor)).str();
  };
  if (even)
    return distance == 0 ? "" : scaled(index, distance);
  decode = true;
  SmallVector<std::string> terms;
  for (unsigned loop : loops)
    if (info.sizes[loop] > 1 && coefficients[loop] != 0)
      terms.push_back(scaled("l" + Twine(loop), coefficients[loop]));
  return plus(terms);
}

//===----------------------------------------------------------------------===//
// The struct
//===----------------------------------------------------------------------===//

static bool isLarge(Type type) {
  return cast<RankedTensorType>(type).getNumElements() > INT32_MAX / 2;
}

void ContractionText::emitConstants() {
  auto kernel = info.root->getParentOfType<func::FuncOp>();
  bool packed = static_cast<bool>(swap::getPanels(info.b.getType()));
  bool large = isLarge(kernel.getResultTypes()[0]);
  for (Type type : kernel.getArgumentTypes())
    large |= isLarge(type);
  int64_t columnTiles = llvm::divideCeil(info.columns(), sizes.width);
  auto fast = [&](ArrayRef<int64_t> coefficients, Loops outer) {
    // Neighbouring threads take neighbouring elements.
    for (unsigned loop : llvm::reverse(outer))
      if (info.sizes[loop] > 1)
        return std::abs(coefficients[loop]) <
               std::abs(info.k < 0 ? 0 : coefficients[info.k]);
    return false;
  };
  bool rowsFast = fast(info.accessA.coefficients, info.m);
  bool columnsFast =
      packed || !(info.k >= 0 && std::abs(info.accessB.coefficients[info.k]) <
                                     info.accessB.coefficients[info.n]);
  bool vectorA = info.vectorA ? isVectorColumns(info, info.accessA.coefficients,
                                                info.accessA.constant)
                              : isVectorDepth(info, info.accessA.coefficients,
                                              info.accessA.constant);
  bool vectorB = packed || isVectorColumns(info, info.accessB.coefficients,
                                           info.accessB.constant);
  os << "  using Args = swap_args<" << kernel.getNumArguments() + 1 << ">;\n"
     << "  using Index = " << (large ? "long long" : "int") << ";\n"
     << "  using A = " << getDeviceType(info.elementA) << ";\n"
     << "  using B = " << getDeviceType(info.elementB) << ";\n"
     << "  using Sum = " << getDeviceType(info.accumulator) << ";\n";
  auto constant = [&](StringRef name, int64_t value) {
    os << "  static constexpr int " << name << " = " << value << ";\n";
  };
  auto flag = [&](StringRef name, bool value) {
    os << "  static constexpr bool " << name << " = "
       << (value ? "true" : "false") << ";\n";
  };
  constant("kOperandA", info.a.getArgNumber());
  constant("kOperandB", info.b.getArgNumber());
  constant("kRows", info.rows());
  constant("kColumns", info.columns());
  constant("kDepth", info.depth());
  constant("kWidth", sizes.width);
  constant("kRowTiles", llvm::divideCeil(info.rows(), sizes.block));
  constant("kColumnTiles", columnTiles);
  constant("kSplits", sizes.splits);
  constant("kPart", sizes.part);
  constant("kStrideN", packed ? 1 : info.accessB.coefficients[info.n]);
  flag("kPacked", packed);
  flag("kVectorA", vectorA);
  flag("kVectorB", vectorB);
  flag("kDepthB", !vectorB && isVectorDepth(info, info.accessB.coefficients,
                                            info.accessB.constant));
  if (swap::getElementBytes(info.elementA) == 2) {
    flag("kEightA",
         !info.vectorA && isVectorDepth(info, info.accessA.coefficients,
                                        info.accessA.constant, 8));
    flag("kEightB", packed || isVectorColumns(info, info.accessB.coefficients,
                                              info.accessB.constant, 8));
  }
  flag("kRowsFast", rowsFast);
  flag("kColumnsFast", columnsFast || vectorB);
}

void ContractionText::emitAccesses() {
  SmallVector<unsigned> reductions = getReductions(info);
  size_t windows = info.windows.size();
  os << "  struct Row {\n    Index offset;\n";
  for (size_t i = 0; i < windows; ++i)
    os << "    int at" << i << ";\n";
  os << "  };\n  using Step = Row;\n";

  auto emitPlace = [&](StringRef signature, ArrayRef<StringRef> indices,
                       ArrayRef<Loops> groups, bool isStart) {
    SmallVector<bool> decode(groups.size(), false);
    auto sum = [&](ArrayRef<int64_t> coefficients, int64_t constant) {
      SmallVector<std::string> terms;
      for (auto [i, loops] : llvm::enumerate(groups))
        terms.push_back(linear(indices[i], loops, coefficients, decode[i]));
      if (constant != 0)
        terms.push_back("(" + std::to_string(constant) + ")");
      return plus(terms);
    };
    std::string body =
        "    Row at;\n    at.offset = " +
        sum(info.accessA.coefficients, isStart ? info.accessA.constant : 0) +
        ";\n";
    for (auto [i, window] : llvm::enumerate(info.windows))
      body += "    at.at" + std::to_string(i) + " = static_cast<int>(" +
              sum(window.coefficients, isStart ? -window.low : 0) + ");\n";
    os << kFunction << signature << " {\n";
    for (auto [i, loops] : llvm::enumerate(groups))
      if (decode[i])
        delinearize(indices[i], loops, os);
    os << body << "    return at;\n  }\n";
  };
  emitPlace("Row row([[maybe_unused]] int batch, [[maybe_unused]] int r)",
            {"batch", "r"}, {info.batch, info.m}, true);
  emitPlace("Step step([[maybe_unused]] int d)", {"d"}, {Loops(reductions)},
            false);

  os << kFunction << "bool inside([[maybe_unused]] const Row &row,\n"
     << "                     [[maybe_unused]] const Step &step) {\n"
     << "    return true";
  for (auto [i, window] : llvm::enumerate(info.windows))
    os << " &&\n           static_cast<unsigned>(row.at" << i << " + step.at"
       << i << ") < " << window.size << "u";
  os << ";\n  }\n";

  if (swap::getPanels(info.b.getType())) {
    os << kFunction << "Index stepB(int d) { return Index(d) * " << sizes.width
       << "; }\n"
       << kFunction << "long long baseB(int panel, int) { return panel * "
       << info.depth() * sizes.width << "ll; }\n";
    return;
  }
  bool decode = false;
  std::string offset =
      linear("d", reductions, info.accessB.coefficients, decode);
  os << kFunction << "Index stepB([[maybe_unused]] int d) {\n";
  if (decode)
    delinearize("d", reductions, os);
  os << "    return " << plus({offset}) << ";\n  }\n";
  decode = false;
  offset = linear("batch", info.batch, info.accessB.coefficients, decode);
  os << kFunction << "long long baseB(int, [[maybe_unused]] int batch) {\n";
  if (decode)
    delinearize("batch", info.batch, os);
  os << "    return " << plus({offset, std::to_string(info.accessB.constant)})
     << ";\n  }\n";
}

/// `x` of type `from`, through the operation that widens it.
static std::string widen(Operation *cast, Type from, StringRef to) {
  std::string value = "x";
  if (cast && isa<FloatType>(from) && from.getIntOrFloatBitWidth() == 16)
    value = "swap_float(x)";
  if (isa_and_present<arith::ExtUIOp, arith::UIToFPOp>(cast) &&
      !from.isInteger(1))
    value = "static_cast<unsigned " + getDeviceType(from) + ">(x)";
  if (isa_and_present<arith::ExtSIOp, arith::SIToFPOp>(cast) &&
      from.isInteger(1))
    value = "-static_cast<int>(x)";
  size_t sign = value.find("unsigned signed ");
  if (sign != std::string::npos)
    value.replace(sign, 16, "unsigned ");
  return "static_cast<" + to.str() + ">(" + value + ")";
}

void ContractionText::emitCasts() {
  os << kFunction << "Sum castA(A x) { return "
     << widen(info.castA, info.elementA, "Sum") << "; }\n"
     << kFunction << "Sum castB(B x) { return "
     << widen(info.castB, info.elementB, "Sum") << "; }\n";
}

LogicalResult ContractionText::emit(StringRef name) {
  int64_t tiles = info.sizeOf(info.batch) *
                  llvm::divideCeil(info.columns(), sizes.width) *
                  llvm::divideCeil(info.rows(), sizes.block);
  if (sizes.splits > 1)
    os << "static __device__ unsigned " << name << "_counters[" << tiles
       << "];\n";
  os << "struct " << name << "_shape {\n";
  emitConstants();
  emitAccesses();
  emitCasts();
  os << kFunction << "unsigned *counters() { return "
     << (sizes.splits > 1 ? name.str() + "_counters" : "nullptr") << "; }\n";
  if (failed(emitFinish()))
    return failure();
  os << "};\n";
  return success();
}
