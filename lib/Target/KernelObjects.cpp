//===- KernelObjects.cpp - An object for each kernel ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels do not call each other, and what one becomes depends on nothing but
// its own operations, the target, and this compiler: that is the key under
// which its object is kept. The kernel's name is not in it, so that models
// share objects: an object has a name that all have, and gets the kernel's when
// it is used. With or without a cache the same bytes come out.
//
//===----------------------------------------------------------------------===//

#include "KernelObjects.h"

#include "CompilerIdentity.h"
#include "EmitObject.h"
#include "Machine.h"
#include "Swap/SwapDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "swapc/Support/Diagnostics.h"
#include "swapc/Support/Progress.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/ThreadPool.h"

#include <atomic>

using namespace mlir;
using namespace swapc;

/// Of the symbol in objects before they get their own.
static constexpr StringLiteral kAnyModel = "swap", kAnyKernel = "kernel";

namespace {
/// Kernels that differ in their names only.
struct Unit {
  std::string key;
  SmallVector<size_t, 1> kernels; ///< Of the model's.
  OwningOpRef<ModuleOp> lowered;
  uint64_t size = 0; ///< Operations, a measure of the time it takes.
  std::optional<CodeBuffer> code;
  std::string error;
};

class KernelObjects {
public:
  KernelObjects(Phases &phases, const ModelTables &tables,
                const CodeOptions &options, unsigned threads,
                ObjectCache &cache, Progress &progress)
      : phases(phases), tables(tables), options(options), cache(cache),
        progress(progress),
        pool(llvm::hardware_concurrency(std::max(threads, 1u))) {}
  FailureOr<std::vector<CodeBuffer>> run(KernelCounts &counts);

private:
  std::string getCommonKey() const;
  std::string getKey(StringRef kernel, StringRef common) const;
  void findUnits();
  LogicalResult lower(ArrayRef<Unit *> missing);
  LogicalResult compile(ArrayRef<Unit *> missing);
  FailureOr<std::vector<CodeBuffer>> nameObjects();

  Phases &phases;
  const ModelTables &tables;
  const CodeOptions &options;
  ObjectCache &cache;
  Progress &progress;
  llvm::DefaultThreadPool pool;
  std::vector<Unit> units;
};
} // namespace

/// What all kernels depend on.
std::string KernelObjects::getCommonKey() const {
  const CpuTarget &target = options.target;
  std::string text = getCompilerIdentity();
  for (StringRef part : {StringRef(target.triple), StringRef(target.cpu),
                         StringRef(target.features), StringRef(options.abi)})
    text += (part + "\n").str();
  text += options.pic ? "pic\n" : "static\n";
  text += options.frames ? "frames\n" : "\n";
  return text;
}

std::string KernelObjects::getKey(StringRef name, StringRef common) const {
  OwningOpRef<Operation *> kernel = phases.module->lookupSymbol(name)->clone();
  SymbolTable::setSymbolName(*kernel, kAnyKernel);
  (*kernel)->removeDiscardableAttr(swap::SwapDialect::kOriginAttr);
  std::string text = common.str();
  llvm::raw_string_ostream stream(text);
  (*kernel)->print(stream, OpPrintingFlags().useLocalScope());
  // Text has but the names of such constants.
  (*kernel)->walk([&](Operation *op) {
    for (NamedAttribute attribute : op->getAttrs())
      if (auto resource =
              dyn_cast<DenseResourceElementsAttr>(attribute.getValue()))
        if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
          stream << StringRef(blob->getData().data(), blob->getData().size());
  });
  return llvm::toHex(
      llvm::SHA256::hash(ArrayRef(
          reinterpret_cast<const uint8_t *>(text.data()), text.size())),
      /*LowerCase=*/true);
}

/// Groups the kernels, and takes from the cache what is there.
void KernelObjects::findUnits() {
  std::string common = getCommonKey();
  std::vector<std::string> keys(tables.kernels.size());
  for (size_t index = 0; index < keys.size(); ++index)
    pool.async(
        [&, index] { keys[index] = getKey(tables.kernels[index], common); });
  pool.wait();
  llvm::StringMap<size_t> places;
  for (auto [index, key] : llvm::enumerate(keys)) {
    auto [place, isNew] = places.try_emplace(key, units.size());
    if (isNew)
      units.emplace_back().key = key;
    units[place->second].kernels.push_back(index);
  }
  for (Unit &unit : units)
    pool.async([&] { unit.code = cache.find(unit.key); });
  pool.wait();
}

/// Gives each unit a module with its kernel as llvm.func.
LogicalResult KernelObjects::lower(ArrayRef<Unit *> missing) {
  std::vector<std::string> names;
  for (Unit *unit : missing)
    names.push_back(tables.kernels[unit->kernels.front()]);
  OwningOpRef<ModuleOp> lowered = lowerKernels(phases, names);
  if (!lowered)
    return failure();
  for (auto [unit, name] : llvm::zip_equal(missing, names)) {
    unit->lowered = ModuleOp::create(lowered->getLoc());
    Operation *kernel = lowered->lookupSymbol(name);
    uint64_t size = 0;
    kernel->walk([&](Operation *) { ++size; });
    unit->size = size;
    kernel->remove();
    SymbolTable::setSymbolName(kernel, kAnyKernel);
    unit->lowered->push_back(kernel);
  }
  // Globals and declarations are few: each gets them.
  for (Operation &op : *lowered->getBody())
    for (Unit *unit : missing)
      unit->lowered->push_back(op.clone());
  return success();
}

LogicalResult KernelObjects::compile(ArrayRef<Unit *> missing) {
  registerTranslations(*phases.module->getContext());
  CodeOptions common = options;
  common.symbol = kAnyModel;
  // The longest first, so that no thread is left with one at the end.
  std::vector<Unit *> order = missing.vec();
  llvm::sort(order, [](Unit *a, Unit *b) {
    return a->size != b->size ? a->size > b->size : a < b;
  });
  std::atomic<size_t> done = 0;
  for (Unit *unit : order)
    pool.async([&, unit] {
      CodeBuffer code;
      if (!emitObject(
              std::move(unit->lowered), common, [](llvm::Module &) {}, code,
              unit->error))
        return;
      cache.add(unit->key, code);
      unit->code = std::move(code);
      progress.update(++done, order.size());
    });
  pool.wait();
  for (Unit *unit : missing)
    if (!unit->error.empty())
      return emitError(phases.module->getLoc()) << unit->error;
  return success();
}

FailureOr<std::vector<CodeBuffer>> KernelObjects::nameObjects() {
  std::vector<CodeBuffer> objects(tables.kernels.size());
  std::string from = getKernelSymbol(kAnyModel, kAnyKernel);
  for (Unit &unit : units)
    pool.async([&] {
      for (size_t kernel : unit.kernels) {
        objects[kernel] = *unit.code;
        if (llvm::Error error =
                rename(objects[kernel], from,
                       getKernelSymbol(options.symbol, tables.kernels[kernel])))
          unit.error = toString(std::move(error));
      }
      unit.code.reset();
    });
  pool.wait();
  for (Unit &unit : units)
    if (!unit.error.empty())
      return emitError(phases.module->getLoc()) << unit.error;
  return objects;
}

FailureOr<std::vector<CodeBuffer>> KernelObjects::run(KernelCounts &counts) {
  findUnits();
  SmallVector<Unit *> missing;
  for (Unit &unit : units) {
    (unit.code ? counts.cached : counts.compiled) += unit.kernels.size();
    if (!unit.code)
      missing.push_back(&unit);
  }
  if (!missing.empty() && (failed(lower(missing)) || failed(compile(missing))))
    return failure();
  cache.prune();
  return nameObjects();
}

FailureOr<std::vector<CodeBuffer>>
swapc::makeKernelObjects(Phases &phases, const ModelTables &tables,
                         const CodeOptions &options, unsigned threads,
                         ObjectCache &cache, Progress &progress,
                         KernelCounts &counts) {
  return KernelObjects(phases, tables, options, threads, cache, progress)
      .run(counts);
}
