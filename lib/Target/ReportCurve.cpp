//===- ReportCurve.cpp - Time against budget ----------------------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportDrawings.h"
#include "ReportSvg.h"

#include "swapc/Partition/Budget.h"

#include <algorithm>

using namespace swapc;

static std::string describe(const CurvePoint &point) {
  return "budget " + formatSize(point.budget) + "\npredicted " +
         formatNumber(point.time) + " ms\nbound " + formatNumber(point.bound) +
         " ms" +
         (point.least > 0 ? ", least " + formatNumber(point.least) + " ms"
                          : "") +
         "\nresident " + formatSize(point.resident) + ", streamed " +
         formatSize(point.streamed);
}

static void drawLine(Svg &svg, llvm::ArrayRef<CurvePoint> curve, const Axis &x,
                     const Axis &y, double CurvePoint::*value,
                     llvm::StringRef cls) {
  std::string data;
  for (const CurvePoint &point : curve)
    data += (data.empty() ? "M" : "L") + formatNumber(x.at(point.budget), 1) +
            " " + formatNumber(y.at(point.*value), 1);
  bool isKnown = llvm::any_of(
      curve, [&](const CurvePoint &point) { return point.*value > 0; });
  if (curve.size() > 1 && isKnown)
    svg.path(data, cls);
}

void swapc::drawCurve(llvm::raw_ostream &os, llvm::ArrayRef<CurvePoint> curve,
                      llvm::ArrayRef<CurvePoint> asked, int64_t minBytes,
                      int64_t modelBytes) {
  constexpr double kTop = 36, kBottom = 270;
  double most = 0;
  for (llvm::ArrayRef<CurvePoint> points : {curve, asked})
    for (const CurvePoint &point : points)
      most = std::max({most, point.time, point.bound, point.least});
  Svg svg(os, "curve", "time against budget", kBottom + 34,
          "data-points=\"" + std::to_string(curve.size()) + "\"");
  // A budget above what the model needs changes nothing.
  Axis x{0, modelBytes * 1.06 + 1, Svg::kLeft, Svg::kRight};
  Axis y{0, most > 0 ? most * 1.08 : 1, kBottom, kTop};
  for (double tick : getTicks(x.to, /*powersOfTwo=*/true)) {
    svg.line(x.at(tick), kTop, x.at(tick), kBottom, "grid");
    svg.text(x.at(tick), kBottom + 14, formatSize(tick), "tick middle");
  }
  for (double tick : getTicks(y.to)) {
    svg.line(x.begin, y.at(tick), x.end, y.at(tick), "grid");
    svg.text(x.begin - 6, y.at(tick) + 4, formatNumber(tick, 6), "tick end");
  }
  svg.text(x.begin - 6, kTop - 10, "ms", "tick end");
  svg.text(x.end, kBottom + 28, "budget", "tick end");
  // On a line each, since they may be close.
  auto limit = [&](int64_t bytes, const char *name, double above) {
    svg.line(x.at(bytes), kTop - above + 2, x.at(bytes), kBottom, "limit");
    svg.text(x.at(bytes), kTop - above, name + formatSize(bytes),
             x.at(bytes) > Svg::kWidth / 2 ? "tick end" : "tick");
  };
  limit(minBytes, "min ", 20);
  limit(modelBytes, "max ", 8);
  drawLine(svg, curve, x, y, &CurvePoint::least, "line least");
  drawLine(svg, curve, x, y, &CurvePoint::bound, "line bound");
  drawLine(svg, curve, x, y, &CurvePoint::time, "line predicted");
  for (size_t i = 0; i < curve.size(); ++i) {
    double left = i ? (x.at(curve[i - 1].budget) + x.at(curve[i].budget)) / 2
                    : x.at(curve[i].budget);
    double right = i + 1 < curve.size()
                       ? (x.at(curve[i].budget) + x.at(curve[i + 1].budget)) / 2
                       : x.at(curve[i].budget);
    svg.rect(left, kTop, right, kBottom, "hover", describe(curve[i]));
  }
  for (const CurvePoint &point : asked)
    svg.circle(x.at(point.budget), y.at(point.time), "asked", describe(point));
}
