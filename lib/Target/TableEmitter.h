//===- TableEmitter.h - Constant data of LLVM IR ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_TABLEEMITTER_H
#define SWAPC_LIB_TARGET_TABLEEMITTER_H

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Module.h"

namespace swapc {

/// Makes constants of a module: records with the natural alignment of C.
class TableEmitter {
public:
  explicit TableEmitter(llvm::Module &module)
      : module(module), context(module.getContext()),
        pointer(llvm::PointerType::getUnqual(context)) {}

  llvm::Constant *i32(uint32_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), value);
  }
  llvm::Constant *i64(uint64_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), value);
  }
  llvm::Constant *record(llvm::ArrayRef<llvm::Constant *> fields) {
    return llvm::ConstantStruct::getAnon(context, fields);
  }
  llvm::Constant *text(llvm::StringRef value) {
    return constant(llvm::ConstantDataArray::getString(context, value), "text");
  }
  template <typename T>
  llvm::Constant *data(llvm::ArrayRef<T> values, llvm::StringRef name) {
    if (values.empty())
      return llvm::ConstantPointerNull::get(pointer);
    return constant(llvm::ConstantDataArray::get(context, values), name);
  }
  llvm::Constant *records(llvm::ArrayRef<llvm::Constant *> values,
                          llvm::StringRef name) {
    if (values.empty())
      return llvm::ConstantPointerNull::get(pointer);
    auto *type = llvm::ArrayType::get(values.front()->getType(), values.size());
    return constant(llvm::ConstantArray::get(type, values), name);
  }
  llvm::GlobalVariable *exported(llvm::Constant *value,
                                 llvm::StringRef symbol) {
    return new llvm::GlobalVariable(
        module, value->getType(), /*isConstant=*/true,
        llvm::GlobalValue::ExternalLinkage, value, symbol);
  }

protected:
  llvm::GlobalVariable *constant(llvm::Constant *value, llvm::StringRef name) {
    auto *global = new llvm::GlobalVariable(
        module, value->getType(), /*isConstant=*/true,
        llvm::GlobalValue::PrivateLinkage, value, name);
    global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return global;
  }

  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::PointerType *pointer;
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_TABLEEMITTER_H
