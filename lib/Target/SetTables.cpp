//===- SetTables.cpp - The constant tables of a set -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Struct types here mirror the structs of swap/set.h field by field, as those
// of EmitTables.cpp do.
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/SetTables.h"

#include "Machine.h"
#include "TableEmitter.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Target/TargetMachine.h"

#include <cstddef>

using namespace llvm;
using namespace swapc;

static_assert(sizeof(void *) != 8 || sizeof(swap_set_input) == 16, "input");
static_assert(sizeof(void *) != 8 || offsetof(swap_set_task, period_ns) == 24,
              "task");
static_assert(sizeof(void *) != 8 || offsetof(swap_set_task, arrivals) == 56,
              "task");
static_assert(sizeof(void *) != 8 || offsetof(swap_set_task, inputs) == 80,
              "task");
static_assert(sizeof(void *) != 8 || sizeof(swap_set_task) == 96, "task");
static_assert(offsetof(swap_set_event, value) == 16, "event");
static_assert(sizeof(void *) != 8 || sizeof(swap_set_event) == 32, "event");
static_assert(offsetof(swap_set, duration_ns) == 24, "set");
static_assert(sizeof(void *) != 8 || sizeof(swap_set) == 64, "set");

void swapc::emitSetTables(const SetFile &set, ArrayRef<SetModelCode> models,
                          llvm::Module &module) {
  TableEmitter emit(module);
  auto *pointer = PointerType::getUnqual(module.getContext());
  SmallVector<Constant *> symbols, cudaSymbols, tasks, events;
  auto *byte = Type::getInt8Ty(module.getContext());
  for (const SetModelCode &model : models) {
    symbols.push_back(module.getOrInsertGlobal(model.symbol, byte));
    cudaSymbols.push_back(
        model.cuda.empty()
            ? static_cast<Constant *>(ConstantPointerNull::get(pointer))
            : module.getOrInsertGlobal(model.cuda, byte));
  }
  for (const SetTask &task : set.tasks) {
    SmallVector<Constant *> inputs;
    for (const auto &[name, path] : task.inputs)
      inputs.push_back(emit.record({emit.text(name), emit.text(path)}));
    tasks.push_back(emit.record(
        {emit.text(task.name), symbols[task.model],
         emit.text(models[task.model].weights), emit.i64(task.period),
         emit.i64(task.deadline), emit.i64(task.phase), emit.i64(task.jitter),
         emit.i32(task.arrivals), emit.i32(task.priority), emit.i32(task.depth),
         emit.i32(task.starts), emit.i32(task.inputs.size()), emit.i32(0),
         emit.records(inputs, "inputs"), cudaSymbols[task.model]}));
  }
  for (const SetEvent &event : set.events)
    events.push_back(
        emit.record({emit.i64(event.at), emit.i32(event.kind),
                     emit.i32(event.task), emit.i64(event.value),
                     event.kind == SWAP_SET_BUDGET
                         ? static_cast<Constant *>(emit.text(event.text))
                         : ConstantPointerNull::get(pointer)}));
  emit.exported(
      emit.record({emit.i32(SWAP_SET_ABI_VERSION), emit.i32(tasks.size()),
                   emit.i32(events.size()), emit.i32(set.threads),
                   emit.i32(set.lanes), emit.i32(set.io),
                   emit.i64(set.duration), emit.text(set.name),
                   emit.text(set.budget), emit.records(tasks, "tasks"),
                   emit.records(events, "events")}),
      "swap_set_instance");
}

Expected<CodeBuffer> swapc::compileSetTables(const SetFile &set,
                                             ArrayRef<SetModelCode> models,
                                             const CodeOptions &options) {
  std::string error;
  std::unique_ptr<TargetMachine> machine = createTargetMachine(options, error);
  LLVMContext context;
  llvm::Module module("set", context);
  CodeBuffer code;
  if (machine) {
    setTarget(module, *machine);
    emitSetTables(set, models, module);
    if (emitModule(module, *machine, options.format, code, error))
      return code;
  }
  return createStringError(error);
}
