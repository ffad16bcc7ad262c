//===- ReportSvg.cpp - Lines, areas and words of drawings ---------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportSvg.h"

#include "swapc/Partition/Budget.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace swapc;

std::string swapc::escapeMarkup(StringRef text) {
  std::string repaired;
  if (!json::isUTF8(text))
    text = repaired = json::fixUTF8(text);
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    unsigned char byte = c;
    // U+FFFE and U+FFFF are UTF-8 and yet no characters of XML.
    bool isNone = text.substr(i).starts_with("\xEF\xBF\xBE") ||
                  text.substr(i).starts_with("\xEF\xBF\xBF");
    if (isNone || byte < 0x20 || byte == 0x7f) {
      escaped += "\xEF\xBF\xBD";
      i += isNone ? 2 : 0;
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else if (c == '\'') {
      escaped += "&#39;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string swapc::formatNumber(double value, int digits) {
  std::string text;
  raw_string_ostream(text) << format("%.*f", digits, value);
  if (StringRef(text).contains('.')) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.')
      text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

double Axis::at(double value) const {
  if (to <= from)
    return begin;
  double share = (value - from) / (to - from);
  return begin + std::clamp(share, 0.0, 1.0) * (end - begin);
}

std::vector<double> swapc::getTicks(double to, bool powersOfTwo) {
  constexpr int kMost = 8;
  std::vector<double> ticks = {0};
  if (!(to > 0) || !std::isfinite(to))
    return ticks;
  double step;
  if (powersOfTwo) {
    step = std::exp2(std::ceil(std::log2(to / kMost)));
  } else {
    double power = std::pow(10, std::floor(std::log10(to / kMost)));
    step = power;
    for (double factor : {2, 5, 10})
      if (to / step > kMost)
        step = power * factor;
  }
  for (int i = 1; i * step <= to; ++i)
    ticks.push_back(i * step);
  return ticks;
}

// Tenths of a pixel are finer than what can be seen.
static std::string px(double value) { return formatNumber(value, 1); }

Svg::Svg(raw_ostream &os, StringRef name, StringRef label, double height,
         StringRef attributes)
    : os(os) {
  os << "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"" << name
     << "\" role=\"img\" aria-label=\"" << escapeMarkup(label)
     << "\" viewBox=\"0 0 " << px(kWidth) << " " << px(height) << "\""
     << (attributes.empty() ? "" : " ") << attributes << ">\n";
}

Svg::~Svg() { os << "</svg>\n"; }

void Svg::rect(double left, double top, double right, double bottom,
               StringRef cls, StringRef title, double opacity) {
  // What is there is to be seen.
  double width = std::max(right - left, 0.3);
  double height = std::max(bottom - top, 0.3);
  os << "<rect class=\"" << cls << "\" x=\"" << px(left) << "\" y=\"" << px(top)
     << "\" width=\"" << px(width) << "\" height=\"" << px(height) << "\"";
  if (opacity < 1)
    os << " fill-opacity=\"" << formatNumber(opacity, 2) << "\"";
  if (title.empty())
    os << "/>\n";
  else
    os << "><title>" << escapeMarkup(title) << "</title></rect>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, StringRef cls) {
  os << "<line class=\"" << cls << "\" x1=\"" << px(x1) << "\" y1=\"" << px(y1)
     << "\" x2=\"" << px(x2) << "\" y2=\"" << px(y2) << "\"/>\n";
}

void Svg::circle(double x, double y, StringRef cls, StringRef title) {
  os << "<circle class=\"" << cls << "\" cx=\"" << px(x) << "\" cy=\"" << px(y)
     << "\" r=\"5\"><title>" << escapeMarkup(title) << "</title></circle>\n";
}

void Svg::text(double x, double y, StringRef words, StringRef cls) {
  os << "<text class=\"" << cls << "\" x=\"" << px(x) << "\" y=\"" << px(y)
     << "\">" << escapeMarkup(words) << "</text>\n";
}

void Svg::path(StringRef data, StringRef cls) {
  os << "<path class=\"" << cls << "\" d=\"" << data << "\"/>\n";
}

void Svg::timeAxis(const Axis &x, double top, double bottom, StringRef words) {
  for (double tick : getTicks(x.to)) {
    line(x.at(tick), top, x.at(tick), bottom, "grid");
    text(x.at(tick), bottom + 14, formatNumber(tick, 6), "tick middle");
  }
  text(x.end, bottom + 28, words, "tick end");
}

void Svg::byteAxis(const Axis &y, double left, double right) {
  for (double tick : getTicks(y.to, /*powersOfTwo=*/true)) {
    line(left, y.at(tick), right, y.at(tick), "grid");
    text(left - 6, y.at(tick) + 4, formatSize(tick), "tick end");
  }
}
