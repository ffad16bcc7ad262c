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

/// Bytes that are computed at once. Panels of a matrix read a piece of each of
/// its rows: many panels at once read long pieces, which is what storage and
/// the kernel are fast at. Memory for them matters less the larger a model is.
constexpr uint64_t kLeastTileBytes = 8 << 20, kMostTileBytes = 64 << 20;
/// Tiles that are computed ahead take no more.
constexpr uint64_t kAheadBytes = 256 << 20;

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

/// Panels that are computed together, and where they are written. Neighbouring
/// units hold neighbouring panels.
struct Tile {
  const Recipe *recipe;
  StorageBox box;
  size_t lastUse = 0; ///< The last write that takes bytes of it.
  std::unique_ptr<char[]> data;
  std::string error;
  std::shared_future<void> done;
};

/// Bytes of a unit: from a tile, or zeros.
struct Write {
  size_t unit;
  uint64_t bytes;
  int64_t tile = -1;
  uint64_t offset = 0;
};

/// Pieces of one parameter that follow each other, to be cut into tiles.
struct Group {
  const Recipe *recipe;
  int64_t begin, end;
  uint64_t at;                          ///< Where in the blob it begins.
  llvm::SmallVector<size_t, 4> writes; ///< Of whole pieces, in order.
};

class BlobWriter {
public:
  BlobWriter(ModuleOp module, OutputFile &file, Progress &progress)
      : module(module), file(file), progress(progress), files(getDirectory()),
        info(layoutBlob(module)),
        tileBytes(std::clamp(info.bytes / 64, kLeastTileBytes, kMostTileBytes)) {
  }

  FailureOr<BlobInfo> write(unsigned threads);

private:
  std::string getDirectory() {
    auto directory =
        module->getAttrOfType<StringAttr>(swap::SwapDialect::kDirectoryAttr);
    return directory ? directory.str() : std::string(".");
  }
  FailureOr<const Recipe *> getRecipe(swap::UnitOp unit, StringAttr name);
  LogicalResult addUnit(swap::UnitOp unit, size_t index);
  void addPiece(const Recipe *recipe, int64_t begin, int64_t end, uint64_t at,
                size_t unit);
  void makeTiles();
  void startTiles(size_t need, llvm::ThreadPoolInterface &pool);
  LogicalResult runWrites(unsigned threads);
  Error append(const Write &write, const char *data);
  Error finishHeader();

  ModuleOp module;
  OutputFile &file;
  Progress &progress;
  SourceFiles files;
  BlobInfo info;
  llvm::DenseMap<StringAttr, std::unique_ptr<Recipe>> recipes;
  llvm::DenseMap<const Recipe *, size_t> openGroups;
  std::vector<Group> groups;
  std::vector<Write> writes;
  std::deque<Tile> tiles; ///< In the order of their first use.
  uint64_t tileBytes;
  size_t started = 0;      ///< Tiles.
  uint64_t inMemory = 0;   ///< Bytes of tiles.
  uint64_t written = 0;    ///< Bytes of the file so far.
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

void BlobWriter::addPiece(const Recipe *recipe, int64_t begin, int64_t end,
                          uint64_t at, size_t unit) {
  uint64_t bytes = recipe->getPanelBytes() * (end - begin);
  auto [open, isNew] = openGroups.try_emplace(recipe, 0);
  bool joins = false;
  if (!isNew) {
    const Group &group = groups[open->second];
    uint64_t size = recipe->getPanelBytes() * (end - group.begin);
    // A tile stays in memory until its last byte is written.
    joins = group.end == begin && size <= tileBytes &&
            at - group.at <= 2 * tileBytes;
  }
  if (!joins) {
    open->second = groups.size();
    groups.push_back({recipe, begin, begin, at, {}});
  }
  Group &group = groups[open->second];
  group.end = end;
  group.writes.push_back(writes.size());
  writes.push_back({unit, bytes});
}

LogicalResult BlobWriter::addUnit(swap::UnitOp unit, size_t index) {
  SmallVector<swap::PieceAttr> pieces;
  for (Attribute piece : unit.getPieces())
    pieces.push_back(cast<swap::PieceAttr>(piece));
  llvm::sort(pieces, [](swap::PieceAttr a, swap::PieceAttr b) {
    return a.getOffset() < b.getOffset();
  });
  uint64_t at = 0, length = unit.getLength();
  auto fill = [&](uint64_t end) {
    if (end > at)
      writes.push_back({index, end - at});
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
    if (bytes)
      addPiece(*recipe, piece.getBegin(), piece.getEnd(),
               info.units[index].offset + begin, index);
    at = begin + bytes;
  }
  fill(length);
  return success();
}

/// Cuts the groups into tiles, and writes where they cross the end of one.
void BlobWriter::makeTiles() {
  std::vector<SmallVector<Write, 2>> parts(writes.size());
  std::vector<Tile> cut;
  for (const Group &group : groups) {
    SmallVector<StorageBox> boxes;
    group.recipe->cut(group.begin, group.end, tileBytes, boxes);
    size_t box = 0;
    uint64_t offset = 0;
    for (size_t index : group.writes) {
      for (uint64_t left = writes[index].bytes; left;) {
        uint64_t bytes = std::min(left, boxes[box].bytes - offset);
        parts[index].push_back({writes[index].unit, bytes,
                                static_cast<int64_t>(cut.size() + box),
                                offset});
        offset += bytes;
        left -= bytes;
        if (offset == boxes[box].bytes) {
          ++box;
          offset = 0;
        }
      }
    }
    for (StorageBox &box : boxes) {
      cut.emplace_back();
      cut.back().recipe = group.recipe;
      cut.back().box = std::move(box);
    }
  }
  // Tiles are numbered as they are written.
  std::vector<Write> split;
  std::vector<int64_t> number(cut.size(), -1);
  for (size_t index = 0; index < writes.size(); ++index) {
    if (parts[index].empty())
      split.push_back(writes[index]);
    for (Write &part : parts[index]) {
      int64_t &tile = number[part.tile];
      if (tile < 0) {
        std::swap(tiles.emplace_back(), cut[part.tile]);
        tile = tiles.size() - 1;
      }
      part.tile = tile;
      tiles[tile].lastUse = split.size();
      split.push_back(part);
    }
  }
  writes = std::move(split);
}

/// Appends bytes of a unit; units start where the layout says.
Error BlobWriter::append(const Write &write, const char *data) {
  swap_blob_unit &unit = info.units[write.unit];
  if (unit.offset > written) {
    if (Error error = file.writeZeros(unit.offset - written))
      return error;
    written = unit.offset;
  }
  written += write.bytes;
  if (data) {
    unit.crc32c = swap_crc32c(unit.crc32c, data, write.bytes);
    return file.writeSparse(ArrayRef(data, write.bytes));
  }
  static const char zeros[SWAP_BLOB_ALIGN] = {};
  for (uint64_t left = write.bytes; left;) {
    uint64_t piece = std::min<uint64_t>(left, sizeof(zeros));
    unit.crc32c = swap_crc32c(unit.crc32c, zeros, piece);
    left -= piece;
  }
  return file.writeZeros(write.bytes);
}

/// Starts tiles up to number `need`, and those behind it that memory is for.
void BlobWriter::startTiles(size_t need, llvm::ThreadPoolInterface &pool) {
  for (; started < tiles.size(); ++started) {
    Tile &tile = tiles[started];
    if (started > need && inMemory + tile.box.bytes > kAheadBytes)
      return;
    inMemory += tile.box.bytes;
    tile.data.reset(new char[tile.box.bytes]);
    tile.done = pool.async([&tile] {
      if (Error error = tile.recipe->evaluate(
              tile.box,
              MutableArrayRef<char>(tile.data.get(), tile.box.bytes)))
        tile.error = llvm::toString(std::move(error));
    });
  }
}

LogicalResult BlobWriter::runWrites(unsigned threads) {
  uint64_t done = 0;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(threads));
  LogicalResult result = success();
  for (size_t index = 0; index < writes.size() && succeeded(result); ++index) {
    const Write &write = writes[index];
    Tile *tile = nullptr;
    if (write.tile >= 0) {
      startTiles(write.tile, pool);
      tile = &tiles[write.tile];
      tile->done.wait();
    }
    if (tile && !tile->error.empty())
      result = emitError(module.getLoc()) << tile->error;
    else if (Error error =
                 append(write, tile ? tile->data.get() + write.offset : nullptr))
      result =
          emitFailure(UnknownLoc::get(module.getContext()), std::move(error));
    done += write.bytes;
    progress.update(done, info.bytes);
    if (tile && tile->lastUse == index) {
      tile->data.reset();
      inMemory -= tile->box.bytes;
    }
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
    if (failed(addUnit(unit, index++)))
      return failure();
  makeTiles();
  if (failed(runWrites(std::max(threads, 1u))))
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
