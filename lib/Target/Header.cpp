//===- Header.cpp - The C header of a compiled library ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Link.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace swapc;

std::string swapc::toIdentifier(StringRef text) {
  std::string result;
  for (char c : text)
    result += isAlnum(c) ? c : '_';
  if (result.empty() || isDigit(result.front()))
    result.insert(result.begin(), '_');
  return result;
}

/// Text inside a comment: nothing that ends it.
static std::string inComment(StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '/' && !result.empty() && result.back() == '*')
      result += ' ';
    result += isPrint(c) ? c : '?';
  }
  return result;
}

static const char *const dtypeNames[] = {
    "",      "float32", "float16", "bfloat16", "float64", "int8",   "uint8",
    "int16", "uint16",  "int32",   "uint32",   "int64",   "uint64", "bool"};

static void printTensors(raw_ostream &os, StringRef upper, StringRef kind,
                         ArrayRef<TensorInfo> tensors) {
  os << "#define " << upper << '_' << kind << "_COUNT " << tensors.size()
     << "\n";
  for (auto [index, tensor] : llvm::enumerate(tensors)) {
    os << "/* \"" << inComment(tensor.name)
       << "\": " << dtypeNames[tensor.dtype] << " [";
    llvm::interleaveComma(tensor.dims, os);
    os << "] */\n#define " << upper << '_' << kind << '_' << index
       << "_BYTES UINT64_C(" << tensor.bytes << ")\n";
  }
}

std::string swapc::makeHeader(const ModelTables &tables, StringRef name) {
  std::string upper = name.upper();
  std::string text;
  raw_string_ostream os(text);
  os << "/* " << inComment(tables.signature.name)
     << ", compiled by swapc. Link with lib" << name
     << (tables.cuda ? ".a, libswap_cuda.a" : ".a")
     << " and libswap_runtime.a. */\n"
     << "#ifndef SWAPC_" << upper << "_H\n#define SWAPC_" << upper << "_H\n\n"
     << (tables.cuda ? "#include \"swap/cuda.h\"\n\n"
                     : "#include \"swap/runtime.h\"\n\n")
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "extern const swap_model " << name << "_model;\n";
  if (tables.cuda)
    os << "extern const swap_cuda_model " << name << "_cuda;\n";
  os << "\n/* Plans: the arena that each needs, in ascending order of budget. "
        "*/\n"
     << "#define " << upper << "_PLAN_COUNT " << tables.plans.size() << "\n";
  for (auto [index, plan] : llvm::enumerate(tables.plans))
    os << "#define " << upper << "_PLAN_" << index << "_ARENA_BYTES UINT64_C("
       << plan.arena << ")\n";
  os << "#define " << upper << "_MODEL_BYTES UINT64_C(" << tables.modelBytes
     << ") /* without swapping */\n"
     << "#define " << upper << "_MIN_BYTES UINT64_C(" << tables.minBytes
     << ") /* the smallest budget that swapc can compile for */\n\n";
  printTensors(os, upper, "INPUT", tables.signature.inputs);
  printTensors(os, upper, "OUTPUT", tables.signature.outputs);
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}
