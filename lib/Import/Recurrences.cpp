//===- Recurrences.cpp - RNN, GRU, LSTM -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The products of all steps' inputs with W are one contraction; each step adds
// the product of the state with R, and elementwise operations. Steps are
// written out, so their kernels differ only in the step whose product they
// read.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"
#include "GateFunctions.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

namespace {

/// The sizes of a node, and its inputs with the batch behind the direction.
struct Recurrence {
  NodeImporter &n;
  int64_t gates;
  Type type = {};
  int64_t steps = 0, batch = 0, input = 0, hidden = 0, directions = 0;
  bool isBatchFirst = false, startsBackwards = false;
  TensorRef x = nullptr, lengths = nullptr;
  SmallVector<GateFunction> functions = {};
  std::optional<double> clip = std::nullopt;

  LogicalResult read(ArrayRef<StringRef> defaults);
  LogicalResult checkShape(unsigned index, StringRef name,
                           ArrayRef<int64_t> shape);
  TensorRef getInitial(unsigned index, int64_t direction);
  LogicalResult finish(ArrayRef<SmallVector<TensorRef>> outputs,
                       ArrayRef<TensorRef> lastHidden,
                       ArrayRef<TensorRef> lastCell);
};

/// One direction of a node.
struct Direction {
  Recurrence &r;
  NodeImporter &n;
  int64_t index;
  TensorRef products = nullptr, weights = nullptr;
  /// Null while the state is 0.
  TensorRef hidden = nullptr, cell = nullptr;

  Direction(Recurrence &r, int64_t index, TensorRef bias);

  Operand fromInput(int64_t step, int64_t gate) {
    return {products,
            n.getMap(2, {constant(step), n.dim(0), constant(gate), n.dim(1)})};
  }
  Operand fromState(TensorRef product, int64_t gate) {
    return {product, n.getMap(2, {n.dim(0), constant(gate), n.dim(1)})};
  }
  Operand whole(TensorRef tensor) { return {tensor, n.identity(2)}; }
  Operand row(TensorRef vector) { return {vector, n.getMap(2, n.dim(1))}; }
  AffineExpr constant(int64_t value) {
    return n.b.getAffineConstantExpr(value);
  }
  /// The product of `state` with those rows of R, as [batch, count, hidden].
  TensorRef multiply(TensorRef state, int64_t firstGate, int64_t count);
  TensorRef nest(ArrayRef<Operand> operands, Body body) {
    return n.parallel(operands, {r.batch, r.hidden}, r.type, body);
  }
  /// Function `position` of this direction, of the clipped value.
  Value apply(Scalar &s, unsigned position, Value x);
  /// `next` where the sample has this step; else `old`, or 0 without it.
  TensorRef keep(int64_t step, TensorRef next, TensorRef old);
  TensorRef orZero(TensorRef state) {
    return state ? state
                 : n.splat({r.batch, r.hidden}, n.b.getFloatAttr(r.type, 0));
  }
  /// The outputs of all steps, in the order of the steps.
  SmallVector<TensorRef> run(llvm::function_ref<TensorRef(int64_t)> advance);
};

} // namespace

LogicalResult Recurrence::checkShape(unsigned index, StringRef name,
                                     ArrayRef<int64_t> shape) {
  TensorRef tensor = n.in(index);
  if (!tensor || tensor->getShape() == shape)
    return success();
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(shape, stream, "x");
  return n.error("input " + Twine(index) + " (" + name + ") must be of " +
                 text + " elements");
}

LogicalResult Recurrence::read(ArrayRef<StringRef> defaults) {
  TensorRef w = n.in(1), state = n.in(2);
  x = n.in(0);
  Type given = x->getElementType();
  if (!isa<FloatType>(given) || x->getRank() != 3 || w->getRank() != 3 ||
      state->getRank() != 3)
    return n.error("X, W and R must be float tensors of rank 3");
  for (unsigned i = 0; i < n.getNumInputs(); ++i)
    if (i != 4 && n.in(i) && n.in(i)->getElementType() != given)
      return n.error("input " + Twine(i) + " has another element type than X");
  type = getComputeType(given);
  isBatchFirst = n.getInt("layout", 0) != 0;
  if (isBatchFirst)
    x = n.transpose(x, {1, 0, 2});
  steps = x->getDim(0);
  batch = x->getDim(1);
  input = x->getDim(2);
  directions = w->getDim(0);
  hidden = state->getDim(2);
  if (steps > kMaxIterations)
    return n.error("has " + Twine(steps) + " steps, which are written out; " +
                   Twine(kMaxIterations) + " are the most");
  if (llvm::is_contained({steps, batch, input, hidden}, 0))
    return n.error("its sizes must be above 0");
  StringRef direction = n.getString("direction", "forward");
  startsBackwards = direction == "reverse";
  bool isBoth = direction == "bidirectional";
  if (!isBoth && !startsBackwards && direction != "forward")
    return n.error("direction '" + direction + "' is not supported");
  if (directions != (isBoth ? 2 : 1))
    return n.error("W has " + Twine(directions) + " directions, where '" +
                   direction + "' has " + Twine(isBoth ? 2 : 1));
  if (n.getInt("hidden_size", hidden) != hidden)
    return n.error("hidden_size does not fit R");
  if (failed(checkShape(1, "W", {directions, gates * hidden, input})) ||
      failed(checkShape(2, "R", {directions, gates * hidden, hidden})) ||
      failed(checkShape(3, "B", {directions, 2 * gates * hidden})) ||
      failed(checkShape(4, "sequence_lens", {batch})))
    return failure();
  SmallVector<int64_t> first{directions, batch, hidden};
  if (isBatchFirst)
    std::swap(first[0], first[1]);
  if (failed(checkShape(5, "initial_h", first)) ||
      failed(checkShape(6, "initial_c", first)) ||
      failed(checkShape(7, "P", {directions, 3 * hidden})))
    return failure();
  lengths = n.in(4);
  if (lengths && !isa<IntegerType>(lengths->getElementType()))
    return n.error("sequence_lens must be integers");
  if (lengths)
    if (auto known = n.getInts(lengths);
        known && llvm::all_of(*known, [&](int64_t l) { return l == steps; }))
      lengths = nullptr;
  if (n.has("clip"))
    clip = n.getFloat("clip", 0);
  FailureOr<SmallVector<GateFunction>> named =
      getGateFunctions(n, directions, defaults);
  if (failed(named))
    return failure();
  functions = *named;
  return success();
}

TensorRef Recurrence::getInitial(unsigned index, int64_t direction) {
  TensorRef state = n.in(index);
  if (!state)
    return nullptr;
  return n.cast(takePiece(n, state, isBatchFirst ? 1 : 0, direction), type);
}

/// Writes Y, Y_h and Y_c from the steps of each direction.
LogicalResult Recurrence::finish(ArrayRef<SmallVector<TensorRef>> outputs,
                                 ArrayRef<TensorRef> lastHidden,
                                 ArrayRef<TensorRef> lastCell) {
  Type given = n.in(0)->getElementType();
  SmallVector<TensorRef> results(3, n.graph.makeAbsent());
  if (n.wantsOutput(0)) {
    SmallVector<TensorRef> parts;
    for (ArrayRef<TensorRef> pieces : outputs) {
      SmallVector<TensorRef> rows;
      for (TensorRef piece : pieces)
        rows.push_back(n.reshape(piece, {1, 1, batch, hidden}));
      parts.push_back(n.concat(rows, 0));
    }
    TensorRef y = n.cast(n.concat(parts, 1), given);
    results[0] = isBatchFirst ? n.transpose(y, {2, 0, 1, 3}) : y;
  }
  for (auto [output, states] :
       {std::pair(1, lastHidden), std::pair(2, lastCell)}) {
    if (!n.wantsOutput(output) || states.empty())
      continue;
    SmallVector<int64_t> shape{1, batch, hidden};
    if (isBatchFirst)
      shape = {batch, 1, hidden};
    SmallVector<TensorRef> parts;
    for (TensorRef state : states)
      parts.push_back(n.reshape(state, shape));
    results[output] = n.cast(n.concat(parts, isBatchFirst ? 1 : 0), given);
  }
  results.truncate(lastCell.empty() ? 2 : 3);
  return n.finish(results);
}

/// `rows` times the transposed `weights`.
static TensorRef multiplyRows(NodeImporter &n, TensorRef rows,
                              TensorRef weights) {
  IteratorType iterators[] = {IteratorType::parallel, IteratorType::parallel,
                              IteratorType::reduction};
  return n.contract({rows, n.getMap(3, {n.dim(0), n.dim(2)})},
                    {weights, n.getMap(3, {n.dim(1), n.dim(2)})},
                    n.getMap(3, {n.dim(0), n.dim(1)}), iterators,
                    {rows->getDim(0), weights->getDim(0)});
}

Direction::Direction(Recurrence &r, int64_t index, TensorRef bias)
    : r(r), n(r.n), index(index) {
  weights = takePiece(n, n.in(2), 0, index);
  TensorRef rows = n.reshape(r.x, {r.steps * r.batch, r.input});
  products = multiplyRows(n, rows, takePiece(n, n.in(1), 0, index));
  if (bias)
    products = n.elementwise({products, bias}, [](Scalar &s, ValueRange args) {
      return s.add(args[0], args[1]);
    });
  products = n.reshape(products, {r.steps, r.batch, r.gates, r.hidden});
  hidden = r.getInitial(5, index);
}

TensorRef Direction::multiply(TensorRef state, int64_t firstGate,
                              int64_t count) {
  TensorRef rows = n.slice(weights, {firstGate * r.hidden, 0},
                           {count * r.hidden, r.hidden}, {1, 1});
  return n.reshape(multiplyRows(n, state, rows), {r.batch, count, r.hidden});
}

Value Direction::apply(Scalar &s, unsigned position, Value x) {
  if (r.clip)
    x = s.min(s.max(x, s.constant(x, -*r.clip)), s.constant(x, *r.clip));
  size_t count = r.functions.size() / r.directions;
  return r.functions[index * count + position].apply(s, x);
}

TensorRef Direction::keep(int64_t step, TensorRef next, TensorRef old) {
  if (!r.lengths)
    return next;
  SmallVector<Operand> operands{
      {r.lengths, n.getMap(2, n.dim(0))}, whole(next), whole(orZero(old))};
  return nest(operands, [&](Scalar &s, ValueRange args) {
    Value has = s.compare(Scalar::Greater, args[0], s.constant(args[0], step));
    return s.select(has, args[1], args[2]);
  });
}

SmallVector<TensorRef>
Direction::run(llvm::function_ref<TensorRef(int64_t)> advance) {
  SmallVector<TensorRef> outputs;
  bool backwards = r.startsBackwards || index == 1;
  for (int64_t i = 0; i < r.steps; ++i) {
    int64_t step = backwards ? r.steps - 1 - i : i;
    TensorRef next = advance(step);
    outputs.push_back(keep(step, next, nullptr));
    hidden = keep(step, next, hidden);
  }
  if (backwards)
    std::reverse(outputs.begin(), outputs.end());
  return outputs;
}

/// Row `index` of B, in pieces of `hidden`: those of W and then those of R.
static TensorRef getBias(Recurrence &r, int64_t index, int64_t piece,
                         int64_t count) {
  NodeImporter &n = r.n;
  if (!n.in(3))
    return nullptr;
  return n.cast(n.slice(takePiece(n, n.in(3), 0, index), piece * r.hidden,
                        count * r.hidden, 1),
                r.type);
}

/// The biases of W and R where they are added at once.
static TensorRef addBiases(Recurrence &r, int64_t index) {
  TensorRef ofInput = getBias(r, index, 0, r.gates);
  if (!ofInput)
    return nullptr;
  return r.n.elementwise(
      {ofInput, getBias(r, index, r.gates, r.gates)},
      [](Scalar &s, ValueRange args) { return s.add(args[0], args[1]); });
}

static LogicalResult importRnn(NodeImporter &n) {
  Recurrence r{n, 1};
  if (failed(n.checkInputs(3, 6)) || failed(r.read({"Tanh"})))
    return failure();
  SmallVector<SmallVector<TensorRef>> outputs;
  SmallVector<TensorRef> last;
  for (int64_t index = 0; index < r.directions; ++index) {
    Direction d(r, index, addBiases(r, index));
    outputs.push_back(d.run([&](int64_t step) {
      SmallVector<Operand> operands{d.fromInput(step, 0)};
      if (d.hidden)
        operands.push_back(d.fromState(d.multiply(d.hidden, 0, 1), 0));
      return d.nest(operands, [&](Scalar &s, ValueRange args) {
        Value sum = args.size() == 2 ? s.add(args[0], args[1]) : args[0];
        return d.apply(s, 0, sum);
      });
    }));
    last.push_back(d.hidden);
  }
  return r.finish(outputs, last, {});
}

/// One step of a GRU, whose gates are z, r, h.
static TensorRef stepGru(Direction &d, int64_t step, TensorRef resetBias,
                         bool resetsLast) {
  auto sumOf = [](Scalar &s, ValueRange args, unsigned at) {
    return s.add(args[at], args[at + 1]);
  };
  TensorRef state = d.orZero(d.hidden);
  TensorRef products = d.multiply(state, 0, resetsLast ? 3 : 2);
  SmallVector<Operand> operands{d.fromInput(step, 0), d.fromState(products, 0),
                                d.whole(state), d.fromInput(step, 2)};
  auto mix = [&](Scalar &s, ValueRange args, Value candidate) {
    Value update = d.apply(s, 0, sumOf(s, args, 0));
    Value kept = s.mul(update, args[2]);
    Value rest = s.sub(s.constant(update, 1), update);
    return s.add(s.mul(rest, d.apply(s, 1, candidate)), kept);
  };
  if (!resetsLast) {
    TensorRef reset =
        d.nest({d.fromInput(step, 1), d.fromState(products, 1), d.whole(state)},
               [&](Scalar &s, ValueRange args) {
                 return s.mul(d.apply(s, 0, sumOf(s, args, 0)), args[2]);
               });
    operands.push_back(d.fromState(d.multiply(reset, 2, 1), 0));
    return d.nest(operands, [&](Scalar &s, ValueRange args) {
      return mix(s, args, sumOf(s, args, 3));
    });
  }
  operands.append({d.fromState(products, 2), d.fromInput(step, 1),
                   d.fromState(products, 1)});
  if (resetBias)
    operands.push_back(d.row(resetBias));
  return d.nest(operands, [&](Scalar &s, ValueRange args) {
    Value inner = resetBias ? s.add(args[4], args[7]) : args[4];
    Value reset = d.apply(s, 0, sumOf(s, args, 5));
    return mix(s, args, s.add(args[3], s.mul(reset, inner)));
  });
}

static LogicalResult importGru(NodeImporter &n) {
  Recurrence r{n, 3};
  if (failed(n.checkInputs(3, 6)) || failed(r.read({"Sigmoid", "Tanh"})))
    return failure();
  bool resetsLast = n.getInt("linear_before_reset", 0) != 0;
  SmallVector<SmallVector<TensorRef>> outputs;
  SmallVector<TensorRef> last;
  for (int64_t index = 0; index < r.directions; ++index) {
    TensorRef bias = addBiases(r, index), resetBias = nullptr;
    if (resetsLast && bias) {
      // R's bias of the last gate goes through the reset gate.
      TensorRef first = n.slice(bias, 0, 2 * r.hidden, 1);
      bias = n.concat({first, getBias(r, index, 2, 1)}, 0);
      resetBias = getBias(r, index, 5, 1);
    }
    Direction d(r, index, bias);
    outputs.push_back(d.run(
        [&](int64_t step) { return stepGru(d, step, resetBias, resetsLast); }));
    last.push_back(d.hidden);
  }
  return r.finish(outputs, last, {});
}

/// One step of an LSTM, whose gates are i, o, f, c, and peepholes i, o, f.
static TensorRef stepLstm(Direction &d, int64_t step, TensorRef peepholes,
                          bool couples) {
  NodeImporter &n = d.n;
  TensorRef products = d.hidden ? d.multiply(d.hidden, 0, d.r.gates) : nullptr;
  TensorRef oldCell = d.orZero(d.cell);
  // Gates in front, then the cell, then peepholes.
  auto gather = [&](ArrayRef<int64_t> gates, TensorRef cell) {
    SmallVector<Operand> operands;
    for (int64_t gate : gates)
      operands.push_back(d.fromInput(step, gate));
    if (products)
      for (int64_t gate : gates)
        operands.push_back(d.fromState(products, gate));
    operands.push_back(d.whole(cell));
    if (peepholes)
      for (int64_t gate : gates)
        if (gate < 3)
          operands.push_back(
              {peepholes, n.getMap(2, {d.constant(gate), n.dim(1)})});
    return operands;
  };
  auto sumOf = [&](Scalar &s, ValueRange args, unsigned gate, unsigned count,
                   bool peeps) {
    Value sum = args[gate];
    unsigned at = products ? 2 * count : count;
    if (products)
      sum = s.add(sum, args[count + gate]);
    if (peepholes && peeps)
      sum = s.add(sum, s.mul(args[at + 1 + gate], args[at]));
    return sum;
  };
  TensorRef cell =
      d.nest(gather({0, 2, 3}, oldCell), [&](Scalar &s, ValueRange args) {
        Value old = args[products ? 6 : 3];
        Value in = d.apply(s, 0, sumOf(s, args, 0, 3, true));
        Value forget = couples ? s.sub(s.constant(in, 1), in)
                               : d.apply(s, 0, sumOf(s, args, 1, 3, true));
        Value next = d.apply(s, 1, sumOf(s, args, 2, 3, false));
        return s.add(s.mul(forget, old), s.mul(in, next));
      });
  TensorRef hidden = d.nest(gather({1}, cell), [&](Scalar &s, ValueRange args) {
    Value out = d.apply(s, 0, sumOf(s, args, 0, 1, true));
    Value now = args[products ? 2 : 1];
    size_t count = d.r.functions.size() / d.r.directions;
    return s.mul(out, d.r.functions[d.index * count + 2].apply(s, now));
  });
  d.cell = d.keep(step, cell, d.cell);
  return hidden;
}

static LogicalResult importLstm(NodeImporter &n) {
  Recurrence r{n, 4};
  if (failed(n.checkInputs(3, 8)) ||
      failed(r.read({"Sigmoid", "Tanh", "Tanh"})))
    return failure();
  bool couples = n.getInt("input_forget", 0) != 0;
  SmallVector<SmallVector<TensorRef>> outputs;
  SmallVector<TensorRef> last, lastCell;
  for (int64_t index = 0; index < r.directions; ++index) {
    Direction d(r, index, addBiases(r, index));
    d.cell = r.getInitial(6, index);
    TensorRef peepholes = nullptr;
    if (n.in(7))
      peepholes = n.cast(
          n.reshape(takePiece(n, n.in(7), 0, index), {3, r.hidden}), r.type);
    outputs.push_back(d.run(
        [&](int64_t step) { return stepLstm(d, step, peepholes, couples); }));
    last.push_back(d.hidden);
    lastCell.push_back(d.cell);
  }
  return r.finish(outputs, last, lastCell);
}

void swapc::addRecurrences(HandlerMap &handlers) {
  handlers["GRU"] = importGru;
  handlers["LSTM"] = importLstm;
  handlers["RNN"] = importRnn;
}
