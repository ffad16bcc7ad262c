//===- Blob.cpp - Writing the weight blob -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Blob.h"

#include "Swap/SwapDialect.h"
#include "swap/crc32c.h"
#include "swapc/Support/Diagnostics.h"
#include "swapc/Support/OutputFile.h"
#include "swapc/Support/Progress.h"
#include "swapc/Target/Recipe.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/ThreadPool.h"

#include <algorithm>
#include <cstring>
#include <deque>

using namespace mlir;
using namespace swapc;
using llvm::Error;

/// Bytes that one task computes: enough that long columns are read in long
/// pieces, and little beside any budget.
constexpr uint64_t kTileBytes = 8 << 20;

BlobInfo swapc::layoutBlob(ModuleOp module) {
  BlobInfo info;
  uint64_t count = llvm::range_size(module.getOps<swap::UnitOp>());
  uint64_t at = SWAP_BLOB_ALIGN +
                llvm::alignTo(count * sizeof(swap_blob_unit), SWAP_BLOB_ALIGN);
  for (swap::UnitOp unit : module.getOps<swap::UnitOp>()) {
    swap_blob_unit entry = {};
    entry.offset = at;
    entry.length = unit.getLength();
    entry.row_bytes = unit.getRowBytes();
    info.units.push_back(entry);
    at += llvm::alignTo(entry.length, SWAP_BLOB_ALIGN);
  }
  info.bytes = at;
  return info;
}

namespace {

/// A tile that is computed, or zeros where `recipe` is null.
struct Task {
  const Recipe *recipe = nullptr;
  StorageBox box;
  uint64_t bytes = 0;
  size_t unit = 0;
};

struct Running {
  std::unique_ptr<char[]> data;
  std::string error;
  std::shared_future<void> done;
};

class BlobWriter {
public:
  BlobWriter(ModuleOp module, OutputFile &file, Progress &progress)
      : module(module), file(file), progress(progress), files(getDirectory()),
        info(layoutBlob(module)) {}

  FailureOr<BlobInfo> write(unsigned threads);

private:
  std::string getDirectory() {
    auto directory =
        module->getAttrOfType<StringAttr>(swap::SwapDialect::kDirectoryAttr);
    return directory ? directory.str() : std::string(".");
  }
  FailureOr<const Recipe *> getRecipe(swap::UnitOp unit, StringAttr name);
  LogicalResult addTasks(swap::UnitOp unit, size_t index);
  LogicalResult runTasks(unsigned threads);
  Error append(const Task &task, const char *data);
  Error finishHeader();

  ModuleOp module;
  OutputFile &file;
  Progress &progress;
  SourceFiles files;
  BlobInfo info;
  llvm::DenseMap<StringAttr, std::unique_ptr<Recipe>> recipes;
  std::vector<Task> tasks;
  uint64_t written = 0; ///< Bytes of the file so far.
};

} // namespace

FailureOr<const Recipe *> BlobWriter::getRecipe(swap::UnitOp unit,
                                                StringAttr name) {
  std::unique_ptr<Recipe> &recipe = recipes[name];
  if (!recipe) {
    Operation *op = module.lookupSymbol(name);
    if (!op)
      return unit.emitError()
             << "unit names " << name << ", which is not a parameter";
    FailureOr<std::unique_ptr<Recipe>> created = Recipe::create(op, files);
    if (failed(created))
      return failure();
    recipe = std::move(*created);
  }
  return recipe.get();
}

LogicalResult BlobWriter::addTasks(swap::UnitOp unit, size_t index) {
  SmallVector<swap::PieceAttr> pieces;
  for (Attribute piece : unit.getPieces())
    pieces.push_back(cast<swap::PieceAttr>(piece));
  llvm::sort(pieces, [](swap::PieceAttr a, swap::PieceAttr b) {
    return a.getOffset() < b.getOffset();
  });
  uint64_t at = 0, length = unit.getLength();
  auto fill = [&](uint64_t end) {
    if (end > at)
      tasks.push_back({nullptr, {}, end - at, index});
    at = end;
  };
  for (swap::PieceAttr piece : pieces) {
    FailureOr<const Recipe *> recipe =
        getRecipe(unit, piece.getParameter().getAttr());
    if (failed(recipe))
      return failure();
    uint64_t bytes =
        (*recipe)->getPanelBytes() * (piece.getEnd() - piece.getBegin());
    uint64_t begin = piece.getOffset();
    if (begin < at || begin + bytes > length)
      return unit.emitError()
             << "piece of " << piece.getParameter() << " does not fit its unit";
    fill(begin);
    SmallVector<StorageBox> boxes;
    (*recipe)->cut(piece.getBegin(), piece.getEnd(), kTileBytes, boxes);
    for (StorageBox &box : boxes) {
      uint64_t size = box.bytes;
      tasks.push_back({*recipe, std::move(box), size, index});
    }
    at = begin + bytes;
  }
  fill(length);
  return success();
}

/// Appends one tile; units start where the layout says.
Error BlobWriter::append(const Task &task, const char *data) {
  swap_blob_unit &unit = info.units[task.unit];
  if (unit.offset > written) {
    if (Error error = file.writeZeros(unit.offset - written))
      return error;
    written = unit.offset;
  }
  if (data) {
    unit.crc32c = swap_crc32c(unit.crc32c, data, task.bytes);
    written += task.bytes;
    return file.writeSparse(ArrayRef(data, task.bytes));
  }
  static const char zeros[SWAP_BLOB_ALIGN] = {};
  for (uint64_t left = task.bytes; left;) {
    uint64_t piece = std::min<uint64_t>(left, sizeof(zeros));
    unit.crc32c = swap_crc32c(unit.crc32c, zeros, piece);
    left -= piece;
  }
  written += task.bytes;
  return file.writeZeros(task.bytes);
}

LogicalResult BlobWriter::runTasks(unsigned threads) {
  uint64_t total = info.bytes, done = 0;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(threads));
  std::deque<Running> window;
  size_t next = 0;
  LogicalResult result = success();
  for (size_t index = 0; index < tasks.size() && succeeded(result); ++index) {
    // A few tiles ahead keep the threads busy while this one writes.
    while (next < tasks.size() && window.size() < threads + 2) {
      const Task &task = tasks[next++];
      window.emplace_back();
      Running &running = window.back();
      if (!task.recipe)
        continue;
      running.data.reset(new char[task.bytes]);
      running.done = pool.async([&running, &task] {
        if (Error error = task.recipe->evaluate(
                task.box,
                MutableArrayRef<char>(running.data.get(), task.bytes)))
          running.error = llvm::toString(std::move(error));
      });
    }
    Running &front = window.front();
    if (front.done.valid())
      front.done.wait();
    if (!front.error.empty())
      result = emitError(module.getLoc()) << front.error;
    else if (Error error = append(tasks[index], front.data.get()))
      result =
          emitFailure(UnknownLoc::get(module.getContext()), std::move(error));
    done += tasks[index].bytes;
    progress.update(done, total);
    window.pop_front();
  }
  pool.wait();
  return result;
}

Error BlobWriter::finishHeader() {
  if (Error error = file.writeZeros(info.bytes - written))
    return error;
  ArrayRef<char> table(reinterpret_cast<const char *>(info.units.data()),
                       info.units.size() * sizeof(swap_blob_unit));
  info.hash = llvm::SHA256::hash(
      ArrayRef(reinterpret_cast<const uint8_t *>(table.data()), table.size()));
  swap_blob_header header = {};
  header.magic = SWAP_BLOB_MAGIC;
  header.version = SWAP_BLOB_VERSION;
  header.header_bytes = sizeof(header);
  header.blob_bytes = info.bytes;
  header.table_offset = SWAP_BLOB_ALIGN;
  header.unit_count = info.units.size();
  header.unit_stride = sizeof(swap_blob_unit);
  std::copy(info.hash.begin(), info.hash.end(), header.hash);
  if (Error error = file.writeAt(
          0, ArrayRef(reinterpret_cast<const char *>(&header), sizeof(header))))
    return error;
  return file.writeAt(SWAP_BLOB_ALIGN, table);
}

FailureOr<BlobInfo> BlobWriter::write(unsigned threads) {
  static_assert(llvm::endianness::native == llvm::endianness::little,
                "blobs are written as structs lie in memory");
  size_t index = 0;
  for (swap::UnitOp unit : module.getOps<swap::UnitOp>())
    if (failed(addTasks(unit, index++)))
      return failure();
  if (failed(runTasks(std::max(threads, 1u))))
    return failure();
  if (Error error = finishHeader()) {
    (void)emitFailure(UnknownLoc::get(module.getContext()), std::move(error));
    return failure();
  }
  return info;
}

FailureOr<BlobInfo> swapc::writeBlob(ModuleOp module, OutputFile &file,
                                     unsigned threads, Progress &progress) {
  return BlobWriter(module, file, progress).write(threads);
}
