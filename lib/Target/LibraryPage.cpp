//===- LibraryPage.cpp - How a library is built in --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryPage.h"

#include "PublicHeaders.h"
#include "swap/runtime.h"
#include "swapc/Codegen/CPU/CpuTarget.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Target/Link.h"
#include "swapc/Target/ModelTables.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

#include <set>

using namespace llvm;
using namespace swapc;

std::vector<HeaderFile> swapc::getPublicHeaders() {
  std::vector<HeaderFile> headers;
  for (const PublicHeader &header : kPublicHeaders)
    headers.push_back({header.name, header.text});
  return headers;
}

Expected<std::vector<std::string>> swapc::listUndefined(ArrayRef<char> bytes) {
  Expected<std::unique_ptr<object::Archive>> archive = object::Archive::create(
      MemoryBufferRef(StringRef(bytes.data(), bytes.size()), "library"));
  if (!archive)
    return archive.takeError();
  std::set<std::string> defined, undefined;
  Error error = Error::success();
  for (const object::Archive::Child &child : (*archive)->children(error)) {
    Expected<std::unique_ptr<object::Binary>> binary = child.getAsBinary();
    if (!binary)
      return joinErrors(binary.takeError(), std::move(error));
    auto *file = dyn_cast<object::ObjectFile>(binary->get());
    if (!file)
      continue;
    for (const object::SymbolRef &symbol : file->symbols()) {
      Expected<StringRef> name = symbol.getName();
      Expected<uint32_t> flags = symbol.getFlags();
      if (!name || !flags) {
        consumeError(name.takeError());
        consumeError(flags.takeError());
        continue;
      }
      if (!name->empty() && *flags & object::BasicSymbolRef::SF_Global)
        (*flags & object::BasicSymbolRef::SF_Undefined ? undefined : defined)
            .insert(name->str());
    }
  }
  if (error)
    return std::move(error);
  std::vector<std::string> result;
  for (const std::string &name : undefined)
    if (!defined.count(name))
      result.push_back(name);
  return result;
}

namespace {
class PageWriter {
public:
  PageWriter(raw_ostream &os, const ModelTables &tables, const CodeSizes &sizes,
             const CodeOptions &code, StringRef name)
      : os(os), tables(tables), sizes(sizes), code(code), name(name),
        upper(name.upper()) {}
  void writeHead();
  void writePlans();
  void writeSizes();
  void writeBuild(ArrayRef<std::string> undefined);
  void writeProgram();
  void writeErrors();

private:
  void writeTensors(StringRef kind, ArrayRef<TensorInfo> tensors);
  void declareTensors(StringRef kind, ArrayRef<TensorInfo> tensors);
  std::string getTriple() const { return code.target.triple; }
  bool isMapped(const PlanTable &plan) const {
    return llvm::is_contained(plan.slots, SWAP_SLOT_IN_PLACE);
  }
  bool isMappedOnly() const {
    return llvm::all_of(tables.plans,
                        [&](auto &plan) { return isMapped(plan); });
  }

  raw_ostream &os;
  const ModelTables &tables;
  const CodeSizes &sizes;
  const CodeOptions &code;
  StringRef name;
  std::string upper;
};
} // namespace

/// Text of a model inside Markdown and comments of C: nothing but words.
static std::string inWords(StringRef text) {
  std::string result;
  for (char c : text)
    result += isAlnum(c) || StringRef(" ._-:,[]()+=@").contains(c) ? c
              : c == '/'                                           ? '.'
                                                                   : '?';
  return result;
}

static const char *const dtypeNames[] = {
    "",      "float32", "float16", "bfloat16", "float64", "int8",   "uint8",
    "int16", "uint16",  "int32",   "uint32",   "int64",   "uint64", "bool",
    "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
    "float8e8m0", "float4e2m1", "int4", "uint4", "int2", "uint2"};

static std::string describe(const TensorInfo &tensor) {
  std::string text;
  raw_string_ostream os(text);
  os << inWords(tensor.name) << ": " << dtypeNames[tensor.dtype] << " [";
  llvm::interleaveComma(tensor.dims, os);
  os << ']';
  return text;
}

void PageWriter::writeHead() {
  os << "# " << inWords(tables.signature.name) << "\n\n"
     << kPageOrigin << " for `" << getTriple() << "`, cpu `" << code.target.cpu
     << '`';
  if (!code.target.features.empty())
    os << ", features `" << code.target.features << '`';
  if (!code.abi.empty())
    os << ", ABI `" << code.abi << '`';
  os << ", " << (code.pic ? "position-independent" : "not relocatable")
     << ".\n\n"
     << "| file | what |\n| --- | --- |\n"
     << "| `lib" << name << ".a` | kernels, tables and the runtime |\n"
     << "| `" << name << ".h` | sizes and types as constants, `" << name
     << "_model` |\n"
     << "| `" << name << ".swap` | the blob: the weights |\n"
     << "| `swap/` | the runtime's public headers |\n\n";
  writeTensors("input", tables.signature.inputs);
  writeTensors("output", tables.signature.outputs);
}

void PageWriter::writeTensors(StringRef kind, ArrayRef<TensorInfo> tensors) {
  os << "| " << kind << " | tensor | bytes |\n| --- | --- | --- |\n";
  for (auto [index, tensor] : llvm::enumerate(tensors))
    os << "| " << index << " | " << describe(tensor) << " | " << tensor.bytes
       << " |\n";
  os << '\n';
}

void PageWriter::writePlans() {
  os << "## Plans\n\n| plan | budget | arena | weights that stay | weights "
        "read per run |\n| --- | --- | --- | --- | --- |\n";
  for (auto [index, plan] : llvm::enumerate(tables.plans)) {
    os << "| " << index << " | ";
    if (isMapped(plan))
      os << "`mapped` | " << plan.arena << " | none | read in place |\n";
    else
      os << plan.budget << " | " << plan.arena << " | " << plan.resident
         << " | " << plan.streamed << " |\n";
  }
  os << "\nThe arena is aligned to " << tables.pageBytes
     << " bytes. Inputs and outputs are the caller's, beside it. Without "
        "swapping it would take "
     << tables.modelBytes << " bytes; the smallest budget is "
     << tables.minBytes << ".\n\n";
}

void PageWriter::writeSizes() {
  os << "## Sizes\n\n| bytes | of |\n| --- | --- |\n"
     << "| " << sizes.model.code << " | code of the kernels |\n"
     << "| " << sizes.model.constants << " | tables and constants |\n"
     << "| " << sizes.runtime.code << " | code of the runtime |\n";
  if (sizes.runtime.constants)
    os << "| " << sizes.runtime.constants << " | constants of the runtime |\n";
  if (sizes.flash.code)
    os << "| " << sizes.flash.code + sizes.flash.constants
       << " | the flash port, where it is used |\n";
  if (uint64_t writable = sizes.model.writable + sizes.runtime.writable)
    os << "| " << writable << " | writable data |\n";
  os << "| " << sizes.arena << " | arena (`" << upper << "_ARENA_BYTES`) |\n";
  if (sizes.session)
    os << "| " << sizes.session << " | a session (`swap_session`) |\n";
  if (sizes.stack)
    os << "| " << *sizes.stack
       << " | stack of a call at most, without the "
          "program's callbacks |\n";
  os << "| " << sizes.blob << " | blob |\n\n";
}

void PageWriter::writeBuild(ArrayRef<std::string> undefined) {
  BuildCommand build = getBuildCommand(code);
  bool isBare = isBareMetal(getTriple());
  os << "## Build it in\n\nSave the program below as `main.c` beside this page"
     << (isBare ? ", with your board's startup code (`startup.c`) and linker "
                  "script (`board.ld`)"
                : "")
     << ":\n\n```sh\nswap-blob object " << name << ".swap --symbol " << name
     << "_blob --mtriple " << getTriple();
  if (!code.target.features.empty() &&
      StringRef(getTriple()).starts_with("riscv"))
    os << " --mattr " << code.target.features;
  if (!code.abi.empty())
    os << " --target-abi " << code.abi;
  os << " -o " << name << "_blob.o\n"
     << build.compiler << " -std=c11 " << build.flags
     << (build.flags.empty() ? "" : " ") << "-Os -I. main.c "
     << (isBare ? "startup.c " : "") << name << "_blob.o -L. -l" << name
     << (isBare ? " -nostartfiles -T board.ld" : "")
     << " -Wl,--gc-sections -o firmware.elf\n```\n\n"
     << "`swap-blob object` makes the blob a part of the image (section "
        "`.rodata."
     << name
     << "_blob`; `--section` names another). `swap-blob hex` places "
        "it at an address of its own, `swap-blob partition` in a partition "
        "that can be updated (`swap/flash.h`). Where another program put it, "
        "`"
     << name << "_blob` is that address.\n\n";
  if (undefined.empty()) {
    os << "The library refers to nothing outside it.\n\n";
    return;
  }
  os << "The library refers to these functions, of the C library or of the "
        "compiler's (libgcc, compiler-rt): ";
  llvm::interleaveComma(undefined, os, [&](const std::string &symbol) {
    os << '`' << symbol << '`';
  });
  os << ". It has no constructors and takes no memory of its own.\n\n";
}

void PageWriter::declareTensors(StringRef kind, ArrayRef<TensorInfo> tensors) {
  for (auto [index, tensor] : llvm::enumerate(tensors)) {
    std::string macro = (upper + "_" + kind.upper() + "_" + Twine(index)).str();
    os << "static _Alignas(SWAP_BUFFER_ALIGN) " << macro << "_TYPE " << kind
       << index << '[' << macro << "_ELEMENTS]; /* " << describe(tensor)
       << " */\n";
  }
}

void PageWriter::writeProgram() {
  const ModelSignature &signature = tables.signature;
  auto list = [&](StringRef kind, size_t count) {
    for (size_t i = 0; i < count; ++i)
      os << (i ? ", " : "") << kind << i;
    os << (count ? "" : "0");
  };
  os << "## A program\n\n```c\n#include \"" << name << ".h\"\n\n"
     << "static _Alignas(" << upper << "_ARENA_ALIGN) unsigned char arena["
     << upper << "_ARENA_BYTES];\n";
  declareTensors("input", signature.inputs);
  declareTensors("output", signature.outputs);
  os << "static swap_session session;\n\nint main(void) {\n"
     << "  const swap_memory memory = {" << name << "_blob, " << upper
     << "_BLOB_BYTES};\n  const swap_storage storage = swap_memory_"
     << (isMappedOnly() ? "mapped(&memory); /* kernels read it in place */\n"
                        : "copied(&memory); /* or your own `read` */\n")
     << "  const swap_config config = {.arena = arena, .arena_bytes = sizeof "
        "arena, .storage = &storage};\n"
     << "  const void *const inputs[] = {";
  list("input", signature.inputs.size());
  os << "};\n  void *const outputs[] = {";
  list("output", signature.outputs.size());
  os << "};\n"
     << "  int status = swap_open(&session, &" << name << "_model, &" << name
     << "_model.plans[";
  size_t index = 0;
  for (auto [i, plan] : llvm::enumerate(tables.plans))
    if (plan.arena == sizes.arena && (isMappedOnly() || !isMapped(plan)))
      index = i;
  os << index << "], &config);\n"
     << "  if (status != SWAP_OK)\n"
     << "    return status; /* swap_status_string(status) says what */\n"
     << "  /* Fill the inputs, run, use the outputs; as often as needed. */\n"
     << "  status = swap_run(&session, inputs, outputs);\n"
     << "  swap_close(&session);\n  return status;\n}\n```\n\n";
}

void PageWriter::writeErrors() {
  os << "## Errors\n\n| status | | |\n| --- | --- | --- |\n";
  static constexpr std::pair<int, const char *> statuses[] = {
      {SWAP_ERR_ARGUMENT, "ARGUMENT"}, {SWAP_ERR_ABI, "ABI"},
      {SWAP_ERR_BUDGET, "BUDGET"},     {SWAP_ERR_IO, "IO"},
      {SWAP_ERR_SHORT, "SHORT"},       {SWAP_ERR_BLOB, "BLOB"},
      {SWAP_ERR_HASH, "HASH"},         {SWAP_ERR_CHECKSUM, "CHECKSUM"},
      {SWAP_ERR_INDEX, "INDEX"},       {SWAP_ERR_GEOMETRY, "GEOMETRY"},
      {SWAP_ERR_STATE, "STATE"},       {SWAP_ERR_DEVICE, "DEVICE"},
      {SWAP_ERR_TIMEOUT, "TIMEOUT"}};
  for (auto [status, word] : statuses)
    os << "| " << status << " | `SWAP_ERR_" << word << "` | "
       << swap_status_string(status) << " |\n";
  os << "\nAfter an error of `swap_run`, `session.failed_unit` and "
        "`session.failed_offset` say where; the next run starts afresh.\n";
}

Expected<std::string> swapc::makeLibraryPage(const ModelTables &tables,
                                             const CodeSizes &sizes,
                                             const CodeOptions &code,
                                             ArrayRef<char> archive,
                                             StringRef name) {
  Expected<std::vector<std::string>> undefined = listUndefined(archive);
  if (!undefined)
    return undefined.takeError();
  std::string text;
  raw_string_ostream os(text);
  PageWriter page(os, tables, sizes, code, name);
  page.writeHead();
  page.writePlans();
  page.writeSizes();
  page.writeBuild(*undefined);
  page.writeProgram();
  page.writeErrors();
  return text;
}
