//===- Grouping.cpp - Which operations make a kernel ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grouping.h"

#include "Structure.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace swapc;

/// What a row kernel keeps for one outer iteration.
static constexpr int64_t kMaxRowBytes = 256 * 1024;
/// Generics in one row kernel.
static constexpr size_t kMaxRowOps = 24;

namespace {

class Grouper {
public:
  explicit Grouper(func::FuncOp func) : block(func.getBody().front()) {}

  SmallVector<Group> run() {
    for (Operation &op : block)
      position[&op] = position.size();
    for (Operation &op : block)
      if (auto generic = dyn_cast<linalg::GenericOp>(op))
        if (isContraction(generic) || getWindowRank(generic) > 0)
          addWindowed(generic);
    for (Operation &op : block)
      if (auto generic = dyn_cast<linalg::GenericOp>(op))
        if (!owner.count(generic) && isReduction(generic))
          addRows(generic);
    for (Operation &op : block)
      if (isComputation(&op) && !owner.count(&op))
        add({{&op}, ""});
    for (Group &group : groups) {
      llvm::sort(group.ops, [](Operation *a, Operation *b) {
        return a->isBeforeInBlock(b);
      });
      group.name = getName(group);
    }
    llvm::sort(groups, [](const Group &a, const Group &b) {
      return a.ops.back()->isBeforeInBlock(b.ops.back());
    });
    return std::move(groups);
  }

private:
  static bool isComputation(Operation *op) {
    if (auto fill = dyn_cast<linalg::FillOp>(op)) // one that is read as data
      return llvm::any_of(fill->getUses(), [](OpOperand &use) {
        auto user = dyn_cast<linalg::GenericOp>(use.getOwner());
        return !user || !user.isDpsInit(&use);
      });
    return isa<linalg::GenericOp, tensor::PadOp, tensor::ConcatOp,
               swap::RoutineOp>(op);
  }

  void add(Group group) {
    for (Operation *op : group.ops)
      owner[op] = groups.size();
    groups.push_back(std::move(group));
  }

  /// A contraction or a pool, its padding, and the elementwise chain after it.
  void addWindowed(linalg::GenericOp root) {
    Group group;
    takePad(root, group);
    group.ops.push_back(root);
    for (Value value = root.getResult(0); value.hasOneUse();) {
      OpOperand &use = *value.use_begin();
      auto user = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (!user || owner.count(user) || !isElementwise(user) ||
          user.isDpsInit(&use) ||
          !user.getMatchingIndexingMap(&use).isIdentity())
        break;
      group.ops.push_back(user);
      value = user.getResult(0);
    }
    add(std::move(group));
  }

  /// Padding is free inside the kernel. A pad that others read, too, is cloned.
  void takePad(linalg::GenericOp root, Group &group) {
    OpOperand *input = root.getDpsInputOperand(0);
    auto pad = input->get().getDefiningOp<tensor::PadOp>();
    if (!pad)
      return;
    Value padding = pad.getConstantPaddingValue();
    if (!padding ||
        (isContraction(root) && !matchPattern(padding, m_AnyZeroFloat()) &&
         !matchPattern(padding, m_Zero())))
      return;
    if (!pad->hasOneUse()) {
      OpBuilder b(pad);
      Operation *clone = b.clone(*pad);
      position[clone] = position[pad];
      input->set(clone->getResult(0));
      pad = cast<tensor::PadOp>(clone);
    }
    group.ops.push_back(pad);
  }

  //===--- Row kernels
  //------------------------------------------------------===//

  /// The first `outer` loops are parallel and index the result's first
  /// dimensions; what is left are inner loops.
  static bool iteratesRows(linalg::GenericOp op, ArrayRef<int64_t> outer) {
    if (op->getNumResults() != 1 || isContraction(op) || getWindowRank(op) > 0)
      return false;
    unsigned rows = outer.size();
    if (op.getNumLoops() < rows)
      return false;
    auto kinds = op.getIteratorTypesArray();
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    if (result.getNumResults() < rows)
      return false;
    for (unsigned i = 0; i < rows; ++i)
      if (kinds[i] != utils::IteratorType::parallel || sizes[i] != outer[i] ||
          result.getResult(i) != getAffineDimExpr(i, op.getContext()))
        return false;
    if (op.getNumReductionLoops() != 0)
      return op.getNumParallelLoops() == rows && result.getNumResults() == rows;
    return isElementwise(op);
  }

  /// The map of an operand with the row loops in place of the constants 0 that
  /// index unit dimensions.
  static AffineMap nameUnitRows(linalg::GenericOp op, OpOperand &operand,
                                unsigned rows) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    SmallVector<AffineExpr> results(map.getResults());
    for (unsigned i = 0; i < std::min<unsigned>(rows, results.size()); ++i)
      if (isa<AffineConstantExpr>(results[i]) && sizes[i] == 1 &&
          getShape(operand.get())[i] == 1)
        results[i] = getAffineDimExpr(i, op.getContext());
    return AffineMap::get(map.getNumDims(), 0, results, op.getContext());
  }

  /// Row i of the operand is all that iteration i of the rows reads.
  static bool readsRow(linalg::GenericOp op, OpOperand &operand,
                       unsigned rows) {
    if (op.isDpsInit(&operand))
      return false;
    AffineMap map = nameUnitRows(op, operand, rows);
    if (map.getNumResults() < rows)
      return false;
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      for (unsigned loop = 0; loop < rows; ++loop)
        if (i < rows ? map.getResult(i) != getAffineDimExpr(i, op.getContext())
                     : map.getResult(i).isFunctionOfDim(loop))
          return false;
    return true;
  }

  static int64_t getRowBytes(linalg::GenericOp op, ArrayRef<int64_t> outer) {
    int64_t rows = 1;
    for (int64_t size : outer)
      rows *= size;
    return getBytes(op.getResult(0)) / std::max<int64_t>(rows, 1);
  }

  using Members = llvm::SmallSetVector<Operation *, 16>;

  void addRows(linalg::GenericOp root) {
    SmallVector<int64_t> outer;
    auto sizes = root.getStaticLoopRanges();
    outer.assign(sizes.begin(), sizes.begin() + root.getNumParallelLoops());
    Members members;
    members.insert(root);
    int64_t bytes = getRowBytes(root, outer);
    if (!outer.empty() && iteratesRows(root, outer)) {
      bool grown = true;
      while (grown) {
        grown = false;
        for (unsigned i = 0; i < members.size(); ++i)
          grown |=
              grow(cast<linalg::GenericOp>(members[i]), members, outer, bytes);
      }
    }
    for (Operation *op : members)
      for (OpOperand *input : cast<linalg::GenericOp>(op).getDpsInputOperands())
        if (members.contains(input->get().getDefiningOp())) {
          auto generic = cast<linalg::GenericOp>(op);
          SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
          maps[input->getOperandNumber()] =
              nameUnitRows(generic, *input, outer.size());
          generic.setIndexingMapsAttr(
              OpBuilder(op).getAffineMapArrayAttr(maps));
        }
    add({members.takeVector(), ""});
  }

  bool grow(linalg::GenericOp member, Members &members, ArrayRef<int64_t> outer,
            int64_t &bytes) {
    bool grown = false;
    auto join = [&](linalg::GenericOp op) {
      if (members.contains(op) || owner.count(op) ||
          members.size() >= kMaxRowOps || op->getBlock() != &block ||
          !iteratesRows(op, outer))
        return;
      int64_t more = getRowBytes(op, outer);
      if (bytes + more > kMaxRowBytes)
        return;
      members.insert(op);
      if (!agrees(members, outer.size()) || !isConvex(members)) {
        members.pop_back();
        return;
      }
      bytes += more;
      grown = true;
    };
    for (OpOperand &use : member->getUses())
      if (auto user = dyn_cast<linalg::GenericOp>(use.getOwner()))
        join(user);
    for (OpOperand *input : member.getDpsInputOperands())
      if (auto def = input->get().getDefiningOp<linalg::GenericOp>())
        join(def);
    return grown;
  }

  /// Members read from each other by rows, and not inside of their bodies.
  static bool agrees(const Members &members, unsigned rows) {
    for (Operation *op : members)
      for (OpOperand &use : op->getUses()) {
        auto user =
            use.getOwner()->getBlock() == op->getBlock()
                ? use.getOwner()
                : op->getBlock()->findAncestorOpInBlock(*use.getOwner());
        if (!members.contains(user))
          continue;
        if (user != use.getOwner() ||
            !readsRow(cast<linalg::GenericOp>(user), use, rows))
          return false;
      }
    return true;
  }

  /// Nothing outside depends on a member and feeds another one.
  bool isConvex(const Members &members) {
    unsigned last = 0;
    for (Operation *op : members)
      last = std::max(last, position[op]);
    DenseSet<Operation *> seen;
    SmallVector<Operation *> todo(members.begin(), members.end());
    while (!todo.empty()) {
      Operation *op = todo.pop_back_val();
      for (Operation *inner : op->getUsers()) {
        Operation *user = block.findAncestorOpInBlock(*inner);
        bool outside = !members.contains(op);
        if (members.contains(user)) {
          if (outside)
            return false;
          continue;
        }
        if (position[user] < last && seen.insert(user).second)
          addWithGroup(user, todo, seen);
      }
    }
    return true;
  }

  /// What is in a kernel already depends on all that this kernel reads.
  void addWithGroup(Operation *op, SmallVectorImpl<Operation *> &todo,
                    DenseSet<Operation *> &seen) {
    todo.push_back(op);
    auto it = owner.find(op);
    if (it == owner.end())
      return;
    for (Operation *other : groups[it->second].ops)
      if (seen.insert(other).second)
        todo.push_back(other);
  }

  //===--- Names
  //------------------------------------------------------------===//

  static std::string getName(const Group &group) {
    std::string kind;
    ArrayRef<int64_t> shape = getShape(group.ops.back()->getResult(0));
    SmallVector<int64_t> sizes(shape);
    for (Operation *op : group.ops) {
      auto generic = dyn_cast<linalg::GenericOp>(op);
      if (!generic || generic.getNumReductionLoops() == 0)
        continue;
      if (isContraction(generic))
        return nameContraction(generic);
      kind = getWindowRank(generic) > 0 ? "pool" : "rows";
    }
    Operation *op = group.ops.front();
    if (auto routine = dyn_cast<swap::RoutineOp>(op)) {
      kind = routine.getRoutine().str();
    } else if (kind.empty()) {
      auto generic = dyn_cast<linalg::GenericOp>(op);
      kind = isa<tensor::PadOp>(op)      ? "pad"
             : isa<tensor::ConcatOp>(op) ? "concat"
             : isa<linalg::FillOp>(op)   ? "fill"
             : isCopy(generic)           ? "copy"
                                         : "map";
      bool gathers = false;
      op->walk([&](tensor::ExtractOp) { gathers = true; });
      if (gathers)
        kind = "gather";
    }
    return join(kind, sizes);
  }

  static std::string nameContraction(linalg::GenericOp op) {
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    int64_t spatial = getWindowRank(op);
    if (spatial == 0)
      return join("matmul", sizes);
    ArrayRef<int64_t> weights = getShape(getRhs(op)->get());
    bool depthwise =
        op.getNumReductionLoops() == static_cast<unsigned>(spatial);
    std::string name = depthwise ? "depthwise" : "conv";
    SmallVector<int64_t> kernel(weights.take_back(spatial));
    return join(join(name, kernel), ArrayRef(weights.drop_back(spatial)));
  }

  static std::string join(StringRef name, ArrayRef<int64_t> sizes) {
    std::string result = name.str();
    for (auto [i, size] : llvm::enumerate(sizes))
      result += (i == 0 ? "_" : "x") + std::to_string(size);
    return result;
  }

  Block &block;
  SmallVector<Group> groups;
  DenseMap<Operation *, unsigned> owner;
  DenseMap<Operation *, unsigned> position;
};

} // namespace

SmallVector<Group> swapc::formGroups(func::FuncOp func) {
  return Grouper(func).run();
}
