//===- TfIdf.cpp - How often sequences of tokens occur ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

using namespace mlir;
using namespace swapc;

namespace {
/// The sequences to look for, sorted by length and content.
struct Pool {
  SmallVector<int64_t> tokens, places, counts;
  int64_t outputs = 0;
};
} // namespace

static FailureOr<Pool> getPool(NodeImporter &n, int64_t shortest,
                               int64_t longest) {
  SmallVector<int64_t> tokens = n.getInts("pool_int64s"),
                       starts = n.getInts("ngram_counts"),
                       places = n.getInts("ngram_indexes");
  if (tokens.empty())
    return n.error("counts int64 tokens; strings are not supported");
  if (shortest < 1 || longest < shortest ||
      longest > static_cast<int64_t>(starts.size()))
    return n.error("min_gram_length, max_gram_length and ngram_counts do not "
                   "fit each other");
  Pool pool;
  int64_t next = 0, end = tokens.size();
  for (int64_t length = 1; length <= static_cast<int64_t>(starts.size());
       ++length) {
    int64_t begin = starts[length - 1];
    int64_t stop =
        length < static_cast<int64_t>(starts.size()) ? starts[length] : end;
    if (begin < 0 || stop < begin || stop > end || (stop - begin) % length)
      return n.error("ngram_counts do not cut the pool into sequences");
    // Later ones replace equal ones.
    std::map<std::vector<int64_t>, int64_t> sequences;
    for (int64_t at = begin; at < stop; at += length) {
      if (next >= static_cast<int64_t>(places.size()) || places[next] < 0 ||
          places[next] >= std::numeric_limits<int32_t>::max())
        return n.error("ngram_indexes must have an index for each sequence");
      sequences[std::vector<int64_t>(
          tokens.begin() + at, tokens.begin() + at + length)] = places[next++];
    }
    if (length < shortest || length > longest)
      continue;
    pool.counts.push_back(sequences.size());
    for (auto &[sequence, place] : sequences) {
      llvm::append_range(pool.tokens, sequence);
      pool.places.push_back(place);
    }
  }
  pool.outputs = 1 + *llvm::max_element(places);
  return pool;
}

static LogicalResult importTfIdfVectorizer(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  Type i64 = n.b.getI64Type(), f32 = n.b.getF32Type();
  int64_t shortest = n.getInt("min_gram_length", 0);
  int64_t longest = n.getInt("max_gram_length", 0);
  int64_t skips = n.getInt("max_skip_count", 0);
  StringRef mode = n.getString("mode", "");
  if (input->getRank() < 1 || input->getRank() > 2 ||
      !isa<IntegerType>(input->getElementType()))
    return n.error("takes a vector or a matrix of int32 or int64");
  if (skips < 0 || (mode != "TF" && mode != "IDF" && mode != "TFIDF"))
    return n.error("needs a mode of TF, IDF or TFIDF and no negative "
                   "max_skip_count");
  FailureOr<Pool> pool = getPool(n, shortest, longest);
  if (failed(pool))
    return failure();
  const onnx::Attribute *given = n.find("weights");
  ArrayRef<float> weights;
  if (given && mode != "TF")
    weights = given->floats;
  if (!weights.empty() && static_cast<int64_t>(weights.size()) < pool->outputs)
    return n.error("has fewer weights than outputs");

  int64_t rank = input->getRank();
  SmallVector<int64_t> shape(input->getShape());
  shape.back() = pool->outputs;
  int64_t size = input->getDim(rank - 1), sequences = pool->places.size();
  TensorRef tokens = n.constantInts({static_cast<int64_t>(pool->tokens.size())},
                                    pool->tokens, i64);
  TensorRef places = n.constantInts({sequences}, pool->places, i64);
  RoutineUse use{"tfidf", {n.cast(input, i64), tokens, places}};
  use.constants = {size, pool->outputs, shortest, longest, skips};
  llvm::append_range(use.constants, pool->counts);
  use.results = {{shape, f32}};
  use.items = rank == 2 ? std::max<int64_t>(1, input->getDim(0)) : 1;
  use.flops = input->getNumElements() * (longest - shortest + 1) * (skips + 1) *
              (llvm::Log2_64(sequences + 1) + 1);
  TensorRef counts = addRoutine(n, use).front();
  if (!counts || mode == "TF")
    return n.finish(counts);

  SmallVector<Operand> operands{{counts, n.identity(rank)}};
  if (!weights.empty())
    operands.push_back(
        {n.constantFloats({pool->outputs}, weights.take_front(pool->outputs)),
         n.getMap(rank, n.dim(rank - 1))});
  return n.finish(n.parallel(
      operands, shape, f32, [&](Scalar &s, ValueRange args) -> Value {
        Value one = s.constant(args[0], 1), zero = s.constant(args[0], 0);
        Value weight = weights.empty() ? one : args[1];
        if (mode == "TFIDF")
          return s.mul(args[0], weight);
        return s.select(s.compare(Scalar::Greater, args[0], zero), weight,
                        zero);
      }));
}

void swapc::addTfIdf(HandlerMap &handlers) {
  handlers["TfIdfVectorizer"] = importTfIdfVectorizer;
}
