//===- Header.cpp - The C header of a compiled library ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swap/runtime.h"
#include "swapc/Target/CodeSizes.h"
#include "swapc/Target/Link.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace swapc;

/// NAME.h would hide a header of C from `#include <NAME.h>`, libNAME.a a
/// library.
static bool isOfC(StringRef name) {
  return llvm::is_contained<StringRef>(
      {"assert",    "complex",  "ctype",  "errno",     "fenv",   "float",
       "inttypes",  "iso646",   "limits", "locale",    "math",   "setjmp",
       "signal",    "stdalign", "stdarg", "stdatomic", "stdbit", "stdbool",
       "stdckdint", "stddef",   "stdint", "stdio",     "stdlib", "stdnoreturn",
       "string",    "strings",  "tgmath", "threads",   "time",   "uchar",
       "unistd",    "wchar",    "wctype", "c",         "g",      "gcc",
       "m",         "nosys",    "rdimon", "pthread"},
      name);
}

/// Never a reserved name (a leading underscore, or two in a row), and never one
/// of the runtime's or of C's files.
std::string swapc::toIdentifier(StringRef text) {
  std::string result;
  for (char c : text)
    if (isAlnum(c))
      result += c;
    else if (!result.empty() && result.back() != '_')
      result += '_';
  StringRef name = result;
  std::string lower = name.lower();
  if (name.empty() || isDigit(name.front()) || lower == "swap" ||
      isOfC(lower) || StringRef(lower).starts_with("swap_"))
    result.insert(0, "model_");
  while (result.back() == '_')
    result.pop_back();
  return result;
}

/// Text inside a comment: nothing that begins or ends one.
static std::string inComment(StringRef text) {
  std::string result;
  for (char c : text) {
    char last = result.empty() ? ' ' : result.back();
    if ((c == '/' && last == '*') || (c == '*' && last == '/'))
      result += ' ';
    result += isPrint(c) ? c : '?';
  }
  return result;
}

namespace {
struct DType {
  const char *name, *constant, *type; ///< In words, of the runtime, in C.
};
} // namespace

static constexpr DType dtypes[] = {{},
                                   {"float32", "SWAP_F32", "float"},
                                   {"float16", "SWAP_F16", "uint16_t"},
                                   {"bfloat16", "SWAP_BF16", "uint16_t"},
                                   {"float64", "SWAP_F64", "double"},
                                   {"int8", "SWAP_I8", "int8_t"},
                                   {"uint8", "SWAP_U8", "uint8_t"},
                                   {"int16", "SWAP_I16", "int16_t"},
                                   {"uint16", "SWAP_U16", "uint16_t"},
                                   {"int32", "SWAP_I32", "int32_t"},
                                   {"uint32", "SWAP_U32", "uint32_t"},
                                   {"int64", "SWAP_I64", "int64_t"},
                                   {"uint64", "SWAP_U64", "uint64_t"},
                                   {"bool", "SWAP_BOOL", "uint8_t"},
    {"float8e4m3fn", "SWAP_F8E4M3FN", "uint8_t"},
    {"float8e4m3fnuz", "SWAP_F8E4M3FNUZ", "uint8_t"},
    {"float8e5m2", "SWAP_F8E5M2", "uint8_t"},
    {"float8e5m2fnuz", "SWAP_F8E5M2FNUZ", "uint8_t"},
    {"float8e8m0", "SWAP_F8E8M0", "uint8_t"},
    {"float4e2m1", "SWAP_F4E2M1", "uint8_t"},
    {"int4", "SWAP_I4", "int8_t"},
    {"uint4", "SWAP_U4", "uint8_t"},
    {"int2", "SWAP_I2", "int8_t"},
    {"uint2", "SWAP_U2", "uint8_t"}};

namespace {
/// Writes macros whose names begin with the model's. Their values are decimal
/// numbers without a suffix: the compiler gives each the type it needs, and
/// preprocessed assembly and linker scripts read them too.
class MacroWriter {
public:
  MacroWriter(raw_ostream &os, StringRef model) : os(os), model(model) {}
  raw_ostream &define(const Twine &name) {
    return os << "#define " << model << '_' << name << ' ';
  }
  void define(const Twine &name, uint64_t value, StringRef comment = "") {
    define(name) << value;
    if (!comment.empty())
      os << " /* " << comment << " */";
    os << '\n';
  }
  void defineTensors(StringRef kind, ArrayRef<TensorInfo> tensors);
  void defineSizes(const DynamicTables &dynamic);
  void definePlans(const ModelTables &tables);

private:
  raw_ostream &os;
  StringRef model;
};
} // namespace

/// Inputs that say how long dimensions are.
void MacroWriter::defineSizes(const DynamicTables &dynamic) {
  if (dynamic.sizes.empty())
    return;
  os << '\n';
  define("SIZE_COUNT", dynamic.sizes.size());
  for (auto [index, size] : llvm::enumerate(dynamic.sizes)) {
    os << "/* inputs[" << size.input << "] is the size \""
       << inComment(size.name) << "\" of a run */\n";
    std::string name = ("SIZE_" + Twine(index)).str();
    define(name + "_INPUT", size.input);
    define(name + "_LEAST", size.least);
    define(name + "_MOST", size.most);
  }
}

void MacroWriter::defineTensors(StringRef kind, ArrayRef<TensorInfo> tensors) {
  os << '\n';
  define(kind + "_COUNT", tensors.size());
  for (auto [index, tensor] : llvm::enumerate(tensors)) {
    const DType &dtype = dtypes[tensor.dtype];
    std::string name = (kind + "_" + Twine(index)).str();
    os << "/* " << kind.lower() << "s[" << index << "] is \""
       << inComment(tensor.name) << "\": " << dtype.name << " [";
    llvm::interleaveComma(tensor.dims, os);
    os << "] */\n";
    uint64_t elements = 1;
    for (int64_t dim : tensor.dims)
      elements *= dim;
    define(name + "_BYTES", tensor.bytes);
    define(name + "_ELEMENTS", elements);
    define(name + "_DTYPE") << dtype.constant << '\n';
    define(name + "_TYPE") << dtype.type << '\n';
    define(name + "_RANK", tensor.dims.size());
    if (tensor.dims.empty())
      continue;
    define(name + "_DIMS") << '{';
    llvm::interleaveComma(tensor.dims, os);
    os << "}\n";
    for (auto [axis, dim] : llvm::enumerate(tensor.dims))
      define(name + "_DIM_" + Twine(axis), dim);
  }
}

void MacroWriter::definePlans(const ModelTables &tables) {
  os << "\n/* Plans, in ascending order of budget, and the arena that each "
        "needs. */\n";
  define("PLAN_COUNT", tables.plans.size());
  std::optional<size_t> mapped;
  for (auto [index, plan] : llvm::enumerate(tables.plans)) {
    std::string name = ("PLAN_" + Twine(index)).str();
    define(name + "_ARENA_BYTES", plan.arena);
    define(name + "_BUDGET_BYTES", plan.budget);
    if (!tables.cuda && llvm::is_contained(plan.slots, SWAP_SLOT_IN_PLACE))
      mapped = index;
  }
  if (mapped) {
    define("MAPPED_PLAN", *mapped,
           "kernels read the blob in place: storage needs map");
    define("MAPPED_ARENA_BYTES", tables.plans[*mapped].arena);
  }
  define("ARENA_BYTES", getArenaBytes(tables),
         "serves every plan that reads into slots");
  define("ARENA_ALIGN", tables.pageBytes);
}

static void declareModel(raw_ostream &os, const ModelTables &tables,
                         StringRef name) {
  os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "extern const swap_model " << name << "_model;\n";
  if (tables.cuda)
    os << "extern const swap_cuda_model " << name << "_cuda;\n";
  else
    os << "\n/* The blob, in a program that has it in memory: nothing here "
          "refers to it. */\nextern const unsigned char "
       << name << "_blob[" << name.upper() << "_BLOB_BYTES];\n";
  os << "\n#ifdef __cplusplus\n}\n#endif\n";
}

std::string swapc::makeHeader(const ModelTables &tables, const CodeSizes &sizes,
                              StringRef name) {
  std::string upper = name.upper();
  std::string text;
  raw_string_ostream os(text);
  os << "/* " << inComment(tables.signature.name)
     << ", compiled by swapc. Link with lib" << name
     << (tables.cuda ? ".a, libswap_cuda.a and libswap_runtime.a"
                     : ".a; README.md says how")
     << ". */\n"
     << "#ifndef SWAPC_" << upper << "_H\n#define SWAPC_" << upper << "_H\n\n"
     << (tables.cuda ? "#include \"swap/cuda.h\"\n\n"
                     : "#include \"swap/runtime.h\"\n\n")
     << "#if SWAP_ABI_VERSION != " << SWAP_ABI_VERSION
     << "\n#error \"this model is for another version of swap/runtime.h\"\n"
        "#endif\n";
  MacroWriter macros(os, upper);
  macros.definePlans(tables);
  os << '\n';
  macros.define("BLOB_BYTES", sizes.blob);
  macros.define("MODEL_BYTES", tables.modelBytes, "without swapping");
  macros.define("MIN_BYTES", tables.minBytes,
                "the smallest budget that swapc can compile for");
  if (sizes.stack)
    macros.define("STACK_BYTES", *sizes.stack,
                  "most that a call takes, without the program's callbacks");
  macros.defineTensors("INPUT", tables.signature.inputs);
  macros.defineTensors("OUTPUT", tables.signature.outputs);
  macros.defineSizes(tables.signature.dynamic);
  declareModel(os, tables, name);
  os << "\n#endif\n";
  return text;
}
