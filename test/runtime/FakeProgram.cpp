//===- FakeProgram.cpp - The fake model as a generated executable ---------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"

extern "C" {
extern const swap_model swap_model_instance;
const swap_model swap_model_instance = fake::model();
}
