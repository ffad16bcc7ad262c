//===- Import.cpp - ONNX to the tensor phase --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Import/Import.h"
#include "GraphImporter.h"
#include "OnnxFile.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;

OwningOpRef<ModuleOp> swapc::importOnnx(StringRef path,
                                        const ImportOptions &options,
                                        MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect,
                      linalg::LinalgDialect, math::MathDialect,
                      swap::SwapDialect, tensor::TensorDialect>();
  Location loc = FileLineColLoc::get(&context, path, 0, 0);
  llvm::SmallString<256> absolute(path);
  if (std::error_code code = llvm::sys::fs::make_absolute(absolute)) {
    emitError(loc) << "cannot find the model's folder: " << code.message();
    return nullptr;
  }
  llvm::sys::path::remove_dots(absolute, /*remove_dot_dot=*/false);
  llvm::Expected<onnx::File> file = onnx::File::open(absolute);
  if (!file) {
    emitError(loc) << llvm::toString(file.takeError());
    return nullptr;
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  GraphImporter importer(*file, options, absolute, *module);
  if (failed(importer.run()) || failed(verify(*module)))
    return nullptr;
  return module;
}
