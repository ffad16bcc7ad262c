//===- RecipeBody.h - The body of a derived parameter, by arrays ----------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_RECIPEBODY_H
#define SWAPC_LIB_TARGET_RECIPEBODY_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Types.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <memory>

namespace swapc {

/// How elements of a storage type are held while they are computed with:
/// f16 and bf16 as f32 (rounded after each operation), integers as i64.
enum class ElementKind : uint8_t { F16, BF16, F32, F64, Int };

struct ElementType {
  ElementKind kind;
  uint8_t bits;    /// Of an integer.
  uint8_t bytes;   /// In storage.
  bool isUnsigned; /// bool and uN: storage is zero-extended.

  static llvm::FailureOr<ElementType> get(mlir::Type type);
};

constexpr int64_t kRun = 256;

/// kRun values of one kind.
union Register {
  float f[kRun];
  double d[kRun];
  int64_t i[kRun];
};

/// A body compiled to operations on registers.
class RecipeBody {
public:
  /// Fails with a diagnostic at the operation that is not supported.
  static llvm::FailureOr<RecipeBody> compile(mlir::Block &block,
                                             llvm::StringRef parameter);
  /// The body that yields its only argument.
  static RecipeBody getIdentity() {
    RecipeBody body;
    body.registers = 1;
    return body;
  }

  /// The body passes argument 0 through and does nothing else.
  bool isIdentity() const { return program.empty() && result == 0; }
  unsigned getRegisterCount() const { return registers; }
  unsigned getResult() const { return result; }

  /// Registers [0, sources) hold the arguments.
  void run(Register *file, int64_t count) const;

  enum class Op : uint8_t;

private:
  struct Instruction {
    Op op;
    ElementType type;    /// Of the result.
    ElementType operand; /// Of the first operand.
    unsigned result;
    unsigned operands[3];
    uint64_t constant; /// Bits of a constant, or a comparison's predicate.
  };

  llvm::SmallVector<Instruction> program;
  unsigned registers = 0, result = 0;
};

/// Loads `count` elements: element k is at `base` + index(k) elements.
void loadElements(ElementType type, const char *base, int64_t stride,
                  int64_t count, Register &out);
void gatherElements(ElementType type, const char *base, const int64_t *indices,
                    int64_t count, Register &out);
void storeElements(ElementType type, char *base, int64_t stride, int64_t count,
                   const Register &in);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_RECIPEBODY_H
