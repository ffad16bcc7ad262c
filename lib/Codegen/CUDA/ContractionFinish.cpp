//===- ContractionFinish.cpp - Epilogues as CUDA C++ ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionText.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace swapc;

/// Where the current row starts in a tensor that moves by `coefficients`.
std::string ContractionText::offset(ArrayRef<int64_t> coefficients) {
  return plus({linear("batch", info.batch, coefficients, decodeBatch),
               linear("row", info.m, coefficients, decodeRows)});
}

/// Four columns of an operand, or the one element of all columns.
void ContractionText::loadOperand(linalg::GenericOp op, unsigned input,
                                  StringRef name, raw_ostream &to) {
  Value operand = op.getInputs()[input];
  auto type = cast<RankedTensorType>(operand.getType());
  std::string element = getDeviceType(type.getElementType());
  std::string pointer =
      "static_cast<const " + element + " *>(args.operand[" +
      std::to_string(cast<BlockArgument>(operand).getArgNumber()) + "])";
  ContractionAccess access = getEpilogueAccess(info, op, input);
  std::string from = plus({offset(access.coefficients),
                           access.constant ? std::to_string(access.constant)
                                           : std::string()});
  bool packed = static_cast<bool>(swap::getPanels(type));
  if (!packed && access.coefficients[info.n] == 0) {
    to << "    const " << element << " " << name << " = " << pointer << "["
       << from << "];\n";
    return;
  }
  bool whole = packed || isVectorColumns(info, access.coefficients,
                                         access.constant);
  if (packed)
    from = "batch * (kColumnTiles * kWidth)";
  to << "    " << element << " " << name << "[4];\n    swap_load4<"
     << (whole ? "true" : "false") << ">(" << name << ", " << pointer << " + ("
     << from << " + column), count);\n";
}

LogicalResult ContractionText::emitFinish() {
  auto kernel = info.root->getParentOfType<func::FuncOp>();
  std::string loads, body;
  llvm::raw_string_ostream loadsOs(loads), bodyOs(body);
  llvm::DenseMap<Value, std::string> values;
  llvm::DenseMap<Value, std::string> loaded;
  values[info.root->getResult(0)] = "sums[j]";
  unsigned operands = 0;
  unsigned number = 0;
  for (linalg::GenericOp op : info.epilogue) {
    SmallVector<std::string> arguments;
    for (auto [input, value] : llvm::enumerate(op.getInputs())) {
      if (auto known = values.find(value); known != values.end()) {
        arguments.push_back(known->second);
        continue;
      }
      std::string name = "x" + std::to_string(operands++);
      loadOperand(op, input, name, loadsOs);
      bool packed = static_cast<bool>(swap::getPanels(value.getType()));
      bool across =
          packed ||
          getEpilogueAccess(info, op, input).coefficients[info.n] != 0;
      arguments.push_back(across ? name + "[j]" : name);
    }
    Type type =
        cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
    std::string result = "y" + std::to_string(number++);
    arguments.push_back(getDeviceType(type) + "()"); // Nothing reads it.
    bodyOs << "      " << getDeviceType(type) << " " << result << ";\n"
           << "      {\n";
    FailureOr<SmallVector<std::string>> yielded = emitScalarBody(
        op, arguments, /*indices=*/{}, /*extract=*/nullptr, bodyOs);
    if (failed(yielded))
      return failure();
    bodyOs << "        " << result << " = " << yielded->front()
           << ";\n      }\n";
    values[op->getResult(0)] = result;
  }
  std::string target = offset(info.accessOut.coefficients);
  std::string out = getDeviceType(info.elementOut);
  bool whole = isVectorColumns(info, info.accessOut.coefficients,
                               info.accessOut.constant);

  os << "  static __device__ __forceinline__ void finish(\n"
     << "      const Args &args, [[maybe_unused]] int batch, int row,\n"
     << "      int column, const Sum *sums) {\n"
     << "    if (row >= kRows || column >= kColumns)\n      return;\n"
     << "    const int count = kColumns - column;\n";
  if (decodeBatch)
    delinearize("batch", info.batch, os);
  if (decodeRows)
    delinearize("row", info.m, os);
  os << loads << "    " << out << " result[4];\n"
     << "#pragma unroll\n    for (int j = 0; j < 4; ++j) {\n"
     << body << "      result[j] = " << values[info.result] << ";\n    }\n"
     << "    swap_store4<" << (whole ? "true" : "false") << ">(static_cast<"
     << out << " *>(args.operand[" << kernel.getNumArguments() << "]) + ("
     << target << " + column), result, count);\n  }\n";
  return success();
}
