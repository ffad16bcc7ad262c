//===- Einsum.cpp - Sums of products by letters -----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include <string>

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// The letters of one term, with '...' spelled out as the digits that stand
/// for the broadcast dimensions, aligned at the end.
static FailureOr<std::string> spellOut(NodeImporter &n, StringRef term,
                                       int64_t rank) {
  std::string letters;
  size_t dots = term.find("...");
  if (dots != StringRef::npos) {
    int64_t count = rank - (static_cast<int64_t>(term.size()) - 3);
    if (count < 0 || count > 9)
      return n.error("a term of the equation does not fit its input");
    letters = term.take_front(dots).str();
    for (int64_t i = count; i > 0; --i)
      letters += static_cast<char>('0' + i);
    letters += term.drop_front(dots + 3).str();
  } else {
    letters = term.str();
  }
  if (static_cast<int64_t>(letters.size()) != rank)
    return n.error("a term of the equation does not fit its input");
  for (char c : letters)
    if (!llvm::isAlnum(c))
      return n.error("the equation has the character '" + Twine(c) + "'");
  return letters;
}

namespace {
struct Term {
  TensorRef tensor;
  std::string letters;
};
} // namespace

/// The sum of products of `terms`, with one dimension for each letter of
/// `result`.
static TensorRef sumProducts(NodeImporter &n, ArrayRef<Term> terms,
                             StringRef result,
                             const llvm::StringMap<int64_t> &sizes) {
  std::string loops = result.str();
  for (const Term &term : terms)
    for (char c : term.letters)
      if (!llvm::is_contained(loops, c))
        loops += c;
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> to;
  for (auto [i, c] : llvm::enumerate(result)) {
    shape.push_back(sizes.lookup(StringRef(&c, 1)));
    to.push_back(n.dim(i));
  }
  SmallVector<Operand> operands;
  for (const Term &term : terms) {
    SmallVector<AffineExpr> from;
    for (auto [c, size] :
         llvm::zip_equal(term.letters, term.tensor->getShape()))
      from.push_back(size == 1 && sizes.lookup(StringRef(&c, 1)) != 1
                         ? n.b.getAffineConstantExpr(0)
                         : n.dim(loops.find(c)));
    operands.push_back({term.tensor, n.getMap(loops.size(), from)});
  }
  SmallVector<IteratorType> iterators(loops.size(), IteratorType::reduction);
  std::fill_n(iterators.begin(), result.size(), IteratorType::parallel);
  Type wide = getComputeType(terms[0].tensor->getElementType());
  return n.reduce(operands, n.getMap(loops.size(), to), iterators, shape,
                  n.zero(wide), [&](Scalar &s, ValueRange args) {
                    Value product = s.cast(args[0], wide, false, false);
                    for (Value arg : args.drop_front().drop_back())
                      product = s.mul(product, s.cast(arg, wide, false, false));
                    return s.add(args.back(), product);
                  });
}

/// Two terms at a time, so that the work is not the product of all sizes: what
/// neither a later term nor the result names is summed up as soon as it can be.
static TensorRef sumInPairs(NodeImporter &n, SmallVector<Term> terms,
                            StringRef result,
                            const llvm::StringMap<int64_t> &sizes) {
  while (terms.size() > 2) {
    std::string later = result.str(), kept;
    for (const Term &term : ArrayRef(terms).drop_front(2))
      later += term.letters;
    for (char c : terms[0].letters + terms[1].letters)
      if (llvm::is_contained(later, c) && !llvm::is_contained(kept, c))
        kept += c;
    TensorRef pair = sumProducts(n, ArrayRef(terms).take_front(2), kept, sizes);
    terms.erase(terms.begin());
    terms[0] = {pair, kept};
  }
  return sumProducts(n, terms, result, sizes);
}

static LogicalResult importEinsum(NodeImporter &n) {
  unsigned count = n.getNumInputs();
  if (failed(n.checkInputs(std::max(1u, count), count)))
    return failure();
  std::string equation = n.getString("equation", "").str();
  llvm::erase(equation, ' ');
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != count)
    return n.error("the equation has " + Twine(terms.size()) + " terms for " +
                   Twine(count) + " inputs");
  Type type = n.in(0)->getElementType();
  std::string all;
  llvm::StringMap<int64_t> sizes;
  SmallVector<std::string> letters;
  unsigned broadcast = 0;
  for (auto [term, input] : llvm::zip_equal(terms, n.getInputs())) {
    FailureOr<std::string> one = spellOut(n, term, input->getRank());
    if (failed(one))
      return failure();
    if (input->getElementType() != type)
      return n.error("inputs must have one element type");
    letters.push_back(*one);
    for (auto [c, size] : llvm::zip_equal(*one, input->getShape())) {
      int64_t &known = sizes.try_emplace(StringRef(&c, 1), 1).first->second;
      if (known != size && known != 1 && size != 1)
        return n.error("dimension '" + Twine(c) + "' has two sizes");
      known = known == 1 ? size : known;
      all += c;
      if (llvm::isDigit(c))
        broadcast = std::max<unsigned>(broadcast, c - '0');
    }
  }
  std::string result;
  if (equation.find("->") != std::string::npos) {
    size_t dots = right.find("...");
    result = right.take_front(dots).str();
    if (dots != StringRef::npos) {
      for (unsigned i = broadcast; i > 0; --i)
        result += static_cast<char>('0' + i);
      result += right.drop_front(dots + 3).str();
    }
  } else { // broadcast dimensions, then what stands there once, by alphabet
    for (unsigned i = broadcast; i > 0; --i)
      result += static_cast<char>('0' + i);
    std::string sorted = all;
    llvm::sort(sorted);
    for (char c : sorted)
      if (llvm::isAlpha(c) && llvm::count(all, c) == 1)
        result += c;
  }
  for (char c : result)
    if (!sizes.count(StringRef(&c, 1)) || llvm::count(result, c) != 1)
      return n.error("the result of the equation has the letter '" + Twine(c) +
                     "', which no input has, or twice");
  SmallVector<Term> operands;
  for (auto [term, input] : llvm::zip_equal(letters, n.getInputs()))
    operands.push_back({input, term});
  TensorRef sum = sumInPairs(n, operands, result, sizes);
  return n.finish(n.cast(sum, type, n.in(0)->isUnsigned));
}

void swapc::addEinsums(HandlerMap &handlers) {
  handlers["Einsum"] = importEinsum;
}
