//===- Object.cpp - A blob as an object file --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A code generator would hold the blob in memory several times. An object with
// one section of data is little more than headers, and these are written here:
//   ELF header | symbols | names | section headers | blob
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace swapc;

namespace {
struct Machine {
  uint16_t number;
  bool is64;
  uint32_t flags;
  bool marksStack; ///< linkers look for a section .note.GNU-stack
};

struct Section {
  uint32_t name = 0, type = 0;
  uint64_t flags = 0, offset = 0, size = 0;
  uint32_t link = 0, info = 0;
  uint64_t align = 0, entryBytes = 0;
};

/// Writes fields in the sizes of a class of ELF.
class Writer {
public:
  Writer(raw_ostream &os, bool is64)
      : writer(os, endianness::little), is64(is64) {}
  void half(uint16_t value) { writer.write(value); }
  void word(uint32_t value) { writer.write(value); }
  void natural(uint64_t value) {
    is64 ? writer.write(value) : writer.write(uint32_t(value));
  }
  void symbol(uint32_t name, uint64_t value, uint64_t size, uint8_t info,
              uint16_t section);
  void section(const Section &section);
  void header(const Machine &machine, uint64_t sections, uint16_t count);

private:
  support::endian::Writer writer;
  bool is64;
};
} // namespace

constexpr uint16_t kBlobSection = 1, kStringSection = 3;

void Writer::symbol(uint32_t name, uint64_t value, uint64_t size, uint8_t info,
                    uint16_t section) {
  word(name);
  if (!is64) {
    natural(value);
    natural(size);
  }
  writer.write(info);
  writer.write(uint8_t(ELF::STV_DEFAULT));
  half(section);
  if (is64) {
    natural(value);
    natural(size);
  }
}

void Writer::section(const Section &section) {
  word(section.name);
  word(section.type);
  natural(section.flags);
  natural(/*address=*/0);
  natural(section.offset);
  natural(section.size);
  word(section.link);
  word(section.info);
  natural(section.align);
  natural(section.entryBytes);
}

void Writer::header(const Machine &machine, uint64_t sections, uint16_t count) {
  const uint8_t identification[ELF::EI_NIDENT] = {
      0x7f,
      'E',
      'L',
      'F',
      uint8_t(is64 ? ELF::ELFCLASS64 : ELF::ELFCLASS32),
      ELF::ELFDATA2LSB,
      ELF::EV_CURRENT};
  for (uint8_t byte : identification)
    writer.write(byte);
  half(ELF::ET_REL);
  half(machine.number);
  word(ELF::EV_CURRENT);
  natural(/*entry=*/0);
  natural(/*segments=*/0);
  natural(sections);
  word(machine.flags);
  half(is64 ? 64 : 52);
  half(/*segment size=*/0);
  half(/*segments=*/0);
  half(is64 ? 64 : 40);
  half(count);
  half(kStringSection);
}

/// What linkers compare of a RISC-V object that has no code.
static Expected<uint32_t> getRiscvFlags(const ObjectOptions &options) {
  StringRef abi = options.abi;
  if (abi.empty()) {
    // As compilers choose: the widest registers that there are.
    SmallVector<StringRef> features;
    StringRef(options.attributes).split(features, ',');
    abi = is_contained(features, "+d")   ? "lp64d"
          : is_contained(features, "+f") ? "lp64f"
                                         : "lp64";
  }
  if (!abi.consume_front("ilp32") && !abi.consume_front("lp64"))
    return createStringError("--target-abi: '" + options.abi +
                             "' is no ABI of RISC-V");
  if (abi == "d")
    return ELF::EF_RISCV_FLOAT_ABI_DOUBLE;
  if (abi == "f")
    return ELF::EF_RISCV_FLOAT_ABI_SINGLE;
  if (abi == "e")
    return ELF::EF_RISCV_RVE;
  if (!abi.empty())
    return createStringError("--target-abi: '" + options.abi +
                             "' is no ABI of RISC-V");
  return ELF::EF_RISCV_FLOAT_ABI_SOFT;
}

static Expected<Machine> getMachine(const ObjectOptions &options) {
  Triple triple(Triple::normalize(options.triple));
  bool marks = triple.isOSLinux();
  if (triple.isOSBinFormatELF())
    switch (triple.getArch()) {
    case Triple::arm:
    case Triple::thumb:
      // The ABI of floats is an attribute of code; data goes with both.
      return Machine{ELF::EM_ARM, false, ELF::EF_ARM_EABI_VER5, marks};
    case Triple::aarch64:
      return Machine{ELF::EM_AARCH64, true, 0, marks};
    case Triple::x86_64:
      return Machine{ELF::EM_X86_64, true, 0, marks};
    case Triple::riscv32:
    case Triple::riscv64: {
      Expected<uint32_t> flags = getRiscvFlags(options);
      if (!flags)
        return flags.takeError();
      return Machine{ELF::EM_RISCV, triple.isArch64Bit(), *flags, marks};
    }
    default:
      break;
    }
  return createStringError("--mtriple: '" + options.triple +
                           "' is not arm, thumb, aarch64, riscv32, riscv64 or "
                           "x86_64, with objects in ELF");
}

static uint32_t addName(std::string &names, StringRef name) {
  uint32_t at = names.size();
  names += name;
  names += '\0';
  return at;
}

Error swapc::checkObjectOptions(const ObjectOptions &options) {
  return getMachine(options).takeError();
}

Error swapc::writeObject(const BlobFile &blob, const ObjectOptions &options) {
  Expected<Machine> machine = getMachine(options);
  if (!machine)
    return machine.takeError();
  uint64_t size = blob.getBytes().size();
  bool is64 = machine->is64;
  if (!is64 && size > (uint64_t(1) << 31))
    return createStringError(blob.getPath() + ": " + Twine(size) +
                             " bytes do not fit a program of 32 bits");

  // One table of names, for symbols and sections.
  std::string names(1, '\0');
  SmallString<256> text;
  raw_svector_ostream os(text);
  Writer writer(os, is64);
  uint32_t symbolBytes = is64 ? 24 : 16, headerBytes = is64 ? 64 : 52;
  Section sections[5];
  Section &data = sections[kBlobSection], &symbols = sections[2],
          &strings = sections[kStringSection], &stack = sections[4];
  uint32_t begin = addName(names, options.symbol);
  uint32_t end = addName(names, options.symbol + "_end");
  data = {addName(names, options.section), ELF::SHT_PROGBITS, ELF::SHF_ALLOC};
  data.size = size;
  data.align = options.align;
  symbols = {addName(names, ".symtab"), ELF::SHT_SYMTAB};
  symbols.size = uint64_t(3) * symbolBytes;
  symbols.link = kStringSection;
  symbols.info = 1; // the first global symbol
  symbols.align = 8;
  symbols.entryBytes = symbolBytes;
  symbols.offset = alignTo(headerBytes, 8);
  strings = {addName(names, ".strtab"), ELF::SHT_STRTAB};
  strings.align = 1;
  // It says that no code here wants an executable stack.
  stack = {addName(names, ".note.GNU-stack"), ELF::SHT_PROGBITS};
  stack.align = 1;
  strings.offset = symbols.offset + symbols.size;
  strings.size = names.size();
  uint64_t sectionsAt = alignTo(strings.offset + strings.size, 8);
  uint16_t count = machine->marksStack ? 5 : 4; // the mark is the last
  uint64_t headersEnd = sectionsAt + count * (is64 ? 64 : 40);
  data.offset = alignTo(headersEnd, options.align);
  stack.offset = data.offset;

  auto padTo = [&](uint64_t offset) { os.write_zeros(offset - text.size()); };
  writer.header(*machine, sectionsAt, count);
  padTo(symbols.offset);
  writer.symbol(0, 0, 0, 0, ELF::SHN_UNDEF);
  uint8_t global = ELF::STB_GLOBAL << 4;
  writer.symbol(begin, 0, size, global | ELF::STT_OBJECT, kBlobSection);
  writer.symbol(end, size, 0, global | ELF::STT_NOTYPE, kBlobSection);
  os << names;
  padTo(sectionsAt);
  for (const Section &section : ArrayRef(sections, count))
    writer.section(section);

  Expected<OutputFile> file = OutputFile::create(options.output);
  if (!file)
    return file.takeError();
  if (Error error = file->write(ArrayRef(text.data(), text.size())))
    return error;
  if (Error error = file->writeZeros(data.offset - text.size()))
    return error;
  if (Error error = file->write(arrayRefFromStringRef<char>(blob.getBytes())))
    return error;
  return file->commit();
}
