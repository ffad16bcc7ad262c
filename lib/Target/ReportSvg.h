//===- ReportSvg.h - Lines, areas and words of drawings -----------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_REPORTSVG_H
#define SWAPC_LIB_TARGET_REPORTSVG_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace swapc {

/// `text` as content or attribute value of HTML and XML: UTF-8 is repaired, and
/// what neither may hold is replaced.
std::string escapeMarkup(llvm::StringRef text);

/// At most `digits` behind the point, without zeros at the end.
std::string formatNumber(double value, int digits = 3);

/// Values [from, to] on the pixels from `begin` to `end`.
struct Axis {
  double from, to;
  double begin, end;
  double at(double value) const;
};

/// Some round values of [0, to], in numbers or in powers of two.
std::vector<double> getTicks(double to, bool powersOfTwo = false);

/// Writes one drawing: an element closed when this object's life ends. Classes
/// name what the style sheet of the page colours; titles are shown on hover.
class Svg {
public:
  Svg(llvm::raw_ostream &os, llvm::StringRef name, llvm::StringRef label,
      double height, llvm::StringRef attributes = "");
  ~Svg();

  static constexpr double kWidth = 960, kLeft = 78, kRight = 940;

  void rect(double left, double top, double right, double bottom,
            llvm::StringRef cls, llvm::StringRef title = "",
            double opacity = 1);
  void line(double x1, double y1, double x2, double y2, llvm::StringRef cls);
  void circle(double x, double y, llvm::StringRef cls, llvm::StringRef title);
  void text(double x, double y, llvm::StringRef words, llvm::StringRef cls);
  void path(llvm::StringRef data, llvm::StringRef cls);
  /// An axis below (of times) or on the left (of bytes) with lines at ticks.
  void timeAxis(const Axis &x, double top, double bottom,
                llvm::StringRef words);
  void byteAxis(const Axis &y, double left, double right);

private:
  llvm::raw_ostream &os;
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_REPORTSVG_H
