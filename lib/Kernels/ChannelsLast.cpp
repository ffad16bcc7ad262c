//===- ChannelsLast.cpp - Layout of images ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A layout is the order in which a value's logical dimensions are stored. Any
// linalg.generic reads and writes any layout once its maps are composed with
// it, so layouts spread freely from convolutions and pools through what is
// cheap to convert. Where they cannot spread, a copy stands.
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/PatternMatch.h"

namespace swapc {
#define GEN_PASS_DEF_CHANNELSLAST
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

namespace {

/// Stored dimension i is logical dimension layout[i]. Empty: as it is.
using Layout = SmallVector<int64_t>;

bool isIdentity(const Layout &layout) {
  return llvm::equal(layout, llvm::seq<int64_t>(0, layout.size()));
}

template <typename T>
SmallVector<T> permute(ArrayRef<T> values, const Layout &layout) {
  SmallVector<T> result;
  for (int64_t from : layout)
    result.push_back(values[from]);
  return result;
}

/// The layout of a collapsed tensor, given that of its source; none if a group
/// of dimensions is torn apart.
std::optional<Layout> collapseLayout(const Layout &layout,
                                     ArrayRef<int64_t> shape,
                                     ArrayRef<ReassociationIndices> groups) {
  SmallVector<int64_t> groupOf(shape.size());
  for (auto [index, group] : llvm::enumerate(groups))
    for (int64_t dim : group)
      groupOf[dim] = index;
  // Unit dimensions stand anywhere; the others of a group in a row, in order.
  Layout result;
  int64_t last = -1;
  for (int64_t dim : layout) {
    if (shape[dim] == 1)
      continue;
    int64_t group = groupOf[dim];
    if (last >= 0 && groupOf[last] == group && last < dim) {
      last = dim;
      continue;
    }
    if (llvm::is_contained(result, group))
      return std::nullopt;
    result.push_back(group);
    last = dim;
  }
  for (int64_t group = 0, e = groups.size(); group < e; ++group)
    if (!llvm::is_contained(result, group))
      result.insert(result.begin() + std::min<int64_t>(group, result.size()),
                    group);
  return result;
}

/// The layout of `type`, an expanded tensor, given that of its source.
Layout expandLayout(const Layout &layout, ArrayRef<ReassociationIndices> groups,
                    RankedTensorType type) {
  if (groups.empty()) // of a scalar
    return llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  Layout result;
  for (int64_t group : layout)
    llvm::append_range(result, groups[group]);
  return result;
}

class Converter {
public:
  explicit Converter(func::FuncOp func)
      : func(func), rewriter(func.getContext()) {}

  void run() {
    separateInits();
    for (auto generic : func.getOps<linalg::GenericOp>())
      seed(generic);
    while (!worklist.empty())
      spread(worklist.pop_back_val());
    convert();
  }

private:
  /// Each result has an init of its own, which takes its layout.
  void separateInits() {
    SmallVector<DestinationStyleOpInterface> ops;
    for (Operation &op : llvm::reverse(func.getBody().front()))
      if (isa<linalg::GenericOp, linalg::FillOp>(op))
        ops.push_back(cast<DestinationStyleOpInterface>(op));
    for (DestinationStyleOpInterface op : ops)
      for (OpOperand &init : op.getDpsInitsMutable()) {
        Operation *def = init.get().getDefiningOp();
        if (!isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(def) ||
            init.get().hasOneUse())
          continue;
        rewriter.setInsertionPoint(op);
        init.set(rewriter.clone(*def)->getResult(0));
      }
  }

  void seed(linalg::GenericOp op) {
    int64_t spatial = getSpatialRank(op);
    if (spatial == 0)
      return;
    for (Value value : {op.getDpsInputs()[0], op.getResult(0)}) {
      int64_t rank = getType(value).getRank();
      Layout layout{0};
      llvm::append_range(layout, llvm::seq(rank - spatial, rank));
      llvm::append_range(layout, llvm::seq<int64_t>(1, rank - spatial));
      assign(value, layout);
    }
  }

  void assign(Value value, const Layout &layout) {
    if (isIdentity(layout) || value.getDefiningOp<swap::ParamOp>() ||
        value.getDefiningOp<arith::ConstantOp>())
      return;
    if (layouts.try_emplace(value, layout).second)
      worklist.push_back(value);
  }

  void spread(Value value) {
    Layout layout = layouts[value];
    if (Operation *def = value.getDefiningOp())
      spreadToOperands(def, layout);
    for (OpOperand &use : value.getUses())
      spreadToResult(use, layout);
  }

  void spreadToOperands(Operation *def, const Layout &layout) {
    if (auto generic = dyn_cast<linalg::GenericOp>(def)) {
      assign(generic.getDpsInits()[0], layout);
      if (!isElementwise(generic))
        return;
      for (OpOperand *input : generic.getDpsInputOperands())
        if (generic.getMatchingIndexingMap(input).isIdentity())
          assign(input->get(), layout);
      generic.walk([&](tensor::ExtractOp extract) {
        if (extract.getIndices().size() == layout.size())
          assign(extract.getTensor(), layout);
      });
    } else if (isa<linalg::FillOp, tensor::PadOp>(def)) {
      assign(def->getOperand(isa<linalg::FillOp>(def) ? 1 : 0), layout);
    } else if (isa<tensor::ConcatOp>(def)) {
      for (Value operand : def->getOperands())
        assign(operand, layout);
    } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(def)) {
      if (auto source =
              collapseLayout(layout, expand.getResultType().getShape(),
                             expand.getReassociationIndices()))
        assign(expand.getSrc(), *source);
    } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(def)) {
      assign(collapse.getSrc(),
             expandLayout(layout, collapse.getReassociationIndices(),
                          collapse.getSrcType()));
    }
  }

  void spreadToResult(OpOperand &use, const Layout &layout) {
    Operation *user = use.getOwner();
    if (auto generic = dyn_cast<linalg::GenericOp>(user)) {
      if (generic.isDpsInit(&use) ||
          (isElementwise(generic) &&
           generic.getMatchingIndexingMap(&use).isIdentity()))
        assign(generic.getResult(0), layout);
    } else if (isa<linalg::FillOp, tensor::PadOp, tensor::ConcatOp>(user)) {
      assign(user->getResult(0), layout);
    } else if (auto extract = dyn_cast<tensor::ExtractOp>(user)) {
      auto generic = extract->getParentOfType<linalg::GenericOp>();
      if (generic && isElementwise(generic) &&
          generic.getNumLoops() == layout.size())
        assign(generic.getResult(0), layout);
    } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(user)) {
      assign(expand.getResult(),
             expandLayout(layout, expand.getReassociationIndices(),
                          expand.getResultType()));
    } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(user)) {
      if (auto result = collapseLayout(layout, collapse.getSrcType().getShape(),
                                       collapse.getReassociationIndices()))
        assign(collapse.getResult(), *result);
    }
  }

  Layout getLayout(Value value) {
    auto it = layouts.find(value);
    if (it != layouts.end())
      return it->second;
    return getNatural(value);
  }

  Layout getNatural(Value value) {
    return llvm::to_vector(llvm::seq<int64_t>(0, getType(value).getRank()));
  }

  /// `value`, which is stored as `from`, stored as `to`.
  Value relayout(Location loc, Value value, const Layout &from,
                 const Layout &to) {
    if (from == to)
      return value;
    SmallVector<int64_t> shape(to.size()), logical(to.size());
    for (auto [i, dim] : llvm::enumerate(from))
      logical[dim] = getShape(value)[i];
    shape = permute<int64_t>(logical, to);
    auto moves = [&](int64_t dim) { return logical[dim] != 1; };
    if (llvm::equal(llvm::make_filter_range(from, moves),
                    llvm::make_filter_range(to, moves)))
      return reshape(rewriter, loc, value, shape);
    SmallVector<AffineExpr> exprs;
    for (int64_t dim : from)
      exprs.push_back(
          rewriter.getAffineDimExpr(llvm::find(to, dim) - to.begin()));
    Value result =
        copy(rewriter, loc, value, shape,
             AffineMap::get(to.size(), 0, exprs, rewriter.getContext()));
    if (Operation *def = value.getDefiningOp())
      setOrigin(result.getDefiningOp(), def);
    return result;
  }

  void setUse(OpOperand &use, const Layout &layout) {
    Layout from = getLayout(use.get());
    if (from == layout)
      return;
    rewriter.setInsertionPoint(use.getOwner());
    Value value = relayout(use.getOwner()->getLoc(), use.get(), from, layout);
    if (!isIdentity(layout))
      layouts[value] = layout;
    use.set(value);
  }

  void convert() {
    // Values made by what cannot be converted are copied once.
    SmallVector<Value> foreign;
    for (auto &[value, layout] : layouts) {
      if (isa_and_nonnull<linalg::GenericOp, linalg::FillOp, tensor::EmptyOp,
                          tensor::PadOp, tensor::ConcatOp>(
              value.getDefiningOp())) {
        auto shape = permute<int64_t>(getShape(value), layout);
        value.setType(getType(value).clone(shape));
      } else if (!isa_and_nonnull<tensor::ExpandShapeOp,
                                  tensor::CollapseShapeOp>(
                     value.getDefiningOp())) {
        foreign.push_back(value);
      }
    }
    SmallVector<Operation *> ops;
    for (Operation &op : func.getBody().front())
      ops.push_back(&op);
    llvm::sort(foreign, [](Value a, Value b) {
      auto x = dyn_cast<BlockArgument>(a), y = dyn_cast<BlockArgument>(b);
      if (x && y)
        return x.getArgNumber() > y.getArgNumber();
      if (x || y)
        return bool(y);
      return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
    });
    for (Value value : foreign) {
      Layout layout = layouts[value];
      layouts.erase(value);
      rewriter.setInsertionPointAfterValue(value);
      SmallVector<OpOperand *> uses;
      for (OpOperand &use : value.getUses())
        uses.push_back(&use);
      Value copied = relayout(func.getLoc(), value, getNatural(value), layout);
      layouts[copied] = layout;
      for (OpOperand *use : uses)
        use->set(copied);
    }
    for (Operation *op : ops)
      convert(op);
  }

  void convert(Operation *op) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      return convert(generic);
    if (auto pad = dyn_cast<tensor::PadOp>(op)) {
      Layout layout = getLayout(pad.getResult());
      setUse(pad.getSourceMutable(), layout);
      pad.setStaticLow(permute<int64_t>(pad.getStaticLow(), layout));
      pad.setStaticHigh(permute<int64_t>(pad.getStaticHigh(), layout));
    } else if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
      Layout layout = getLayout(concat.getResult());
      for (OpOperand &operand : concat->getOpOperands())
        setUse(operand, layout);
      concat.setDim(llvm::find(layout, concat.getDim()) - layout.begin());
    } else if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      setUse(fill.getOutputsMutable()[0], getLayout(fill.getResult(0)));
    } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
      convertReshape(op, expandLayout(getLayout(expand.getSrc()),
                                      expand.getReassociationIndices(),
                                      expand.getResultType()));
    } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
      SmallVector<int64_t> logical(collapse.getSrcType().getRank());
      Layout layout = getLayout(collapse.getSrc());
      for (auto [i, dim] : llvm::enumerate(layout))
        logical[dim] = getShape(collapse.getSrc())[i];
      convertReshape(op, collapseLayout(layout, logical,
                                        collapse.getReassociationIndices()));
    } else if (!isa<tensor::EmptyOp>(op)) {
      for (OpOperand &operand : op->getOpOperands())
        if (isa<RankedTensorType>(operand.get().getType()))
          setUse(operand, getNatural(operand.get()));
    }
  }

  void convertReshape(Operation *op, std::optional<Layout> carried) {
    Value result = op->getResult(0);
    Layout wanted = getLayout(result);
    bool sourceMoved = layouts.count(op->getOperand(0));
    if (!sourceMoved && !layouts.count(result))
      return;
    if (!carried) {
      setUse(op->getOpOperand(0), getNatural(op->getOperand(0)));
      carried = getNatural(result);
    }
    rewriter.setInsertionPoint(op);
    Value value = reshape(rewriter, op->getLoc(), op->getOperand(0),
                          permute<int64_t>(getShape(result), *carried));
    value = relayout(op->getLoc(), value, *carried, wanted);
    layouts.erase(result);
    rewriter.replaceAllUsesWith(result, value);
    if (!isIdentity(wanted))
      layouts[value] = wanted;
    rewriter.eraseOp(op);
  }

  void convert(linalg::GenericOp op) {
    if (op->getNumResults() != 1)
      return;
    setUse(*op.getDpsInitOperand(0), getLayout(op.getResult(0)));
    SmallVector<AffineMap> maps;
    bool changed = false;
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (layouts.count(operand.get())) {
        map = AffineMap::get(
            map.getNumDims(), 0,
            permute<AffineExpr>(map.getResults(), layouts[operand.get()]),
            op.getContext());
        changed = true;
      }
      maps.push_back(map);
    }
    op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    op.walk([&](tensor::ExtractOp extract) {
      auto it = layouts.find(extract.getTensor());
      if (it == layouts.end())
        return;
      SmallVector<Value> indices(extract.getIndices());
      extract.getIndicesMutable().assign(permute<Value>(indices, it->second));
    });
    if (changed)
      orderLoops(op);
  }

  /// Parallel loops in the order of the result, then the reductions in the
  /// order of input 0: the last is the contiguous one.
  void orderLoops(linalg::GenericOp op) {
    SmallVector<unsigned> order;
    auto add = [&](AffineMap map, utils::IteratorType kind) {
      for (AffineExpr result : map.getResults())
        for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
          if (result.isFunctionOfDim(dim) &&
              op.getIteratorTypesArray()[dim] == kind &&
              !llvm::is_contained(order, dim))
            order.push_back(dim);
    };
    add(op.getMatchingIndexingMap(op.getDpsInitOperand(0)),
        utils::IteratorType::parallel);
    for (OpOperand &operand : op->getOpOperands())
      add(op.getMatchingIndexingMap(&operand), utils::IteratorType::parallel);
    for (OpOperand &operand : op->getOpOperands())
      add(op.getMatchingIndexingMap(&operand), utils::IteratorType::reduction);
    if (order.size() != op.getNumLoops() ||
        llvm::equal(order, llvm::seq<unsigned>(0, order.size())))
      return;
    rewriter.setInsertionPoint(op);
    (void)linalg::interchangeGenericOp(rewriter, op, order);
  }

  func::FuncOp func;
  IRRewriter rewriter;
  llvm::MapVector<Value, Layout> layouts;
  SmallVector<Value> worklist;
};

struct ChannelsLastPass : swapc::impl::ChannelsLastBase<ChannelsLastPass> {
  using ChannelsLastBase::ChannelsLastBase;
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isDeclaration())
        Converter(func).run();
  }
};

} // namespace
