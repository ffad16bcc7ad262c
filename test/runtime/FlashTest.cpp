//===- FlashTest.cpp - Two slots, a switch, and power cuts ----------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FlashBlob.h"
#include "NorFlash.h"

#include "swap/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace fake;

namespace {

using Bytes = std::vector<uint8_t>;

const Geometry kGeometries[] = {
    {64 << 10, 4096, 1, 256, 0},      // SPI NOR that programs any byte
    {64 << 10, 4096, 256, 4096, 32},  // by whole pages, read by DMA
    {64 << 10, 512, 8, 128, 64},      // small pages, the smallest buffer
    {128 << 10, 16384, 32, 8192, 16}, // flash words with ECC, a large buffer
    {64 << 10, 8192, 4096, 8192, 4096},
};

/// Everything between begin and switch; the first error.
int update(swap_flash &flash, const Bytes &blob, size_t piece,
           const uint8_t *hash = nullptr) {
  int status = swap_flash_begin(&flash, hash);
  for (size_t at = 0; !status && at < blob.size(); at += piece)
    status = swap_flash_write(&flash, blob.data() + at,
                              std::min(piece, blob.size() - at));
  if (!status)
    status = swap_flash_finish(&flash);
  return status ? status : swap_flash_switch(&flash);
}

/// The active blob as a session would read it, after all its checks.
Bytes readActive(swap_flash &flash) {
  swap_flash_blob blob;
  swap_storage storage;
  for (uint32_t unit = 0; unit < flash.unit_count; ++unit)
    EXPECT_EQ(swap_flash_verify(&flash, unit), SWAP_OK);
  if (swap_flash_storage(&flash, &blob, &storage) != SWAP_OK)
    return {};
  alignas(4096) static uint8_t page[4096];
  Bytes all;
  for (uint64_t at = 0; at < flash.blob_bytes; at += sizeof page) {
    EXPECT_EQ(storage.read(storage.context, at, page, sizeof page), SWAP_OK);
    all.insert(all.end(), page, page + sizeof page);
  }
  return all;
}

class FlashTest : public testing::TestWithParam<Geometry> {
protected:
  NorFlash nor{GetParam()};
  swap_flash flash;
  const Bytes a = makeBlob(1, {5000, 1, 4096}), b = makeBlob(2, {300, 9000}),
              c = makeBlob(3, {12000});

  /// A partition with `a` active after `b`.
  void prepare() {
    ASSERT_EQ(swap_flash_open(&flash, &nor.config), SWAP_ERR_BLOB);
    ASSERT_EQ(update(flash, b, 1000), SWAP_OK);
    ASSERT_EQ(update(flash, a, 4096), SWAP_OK);
    nor.powerOn();
  }
  void reopen() {
    nor.powerOn();
    memset(&flash, 0xCC, sizeof flash);
    ASSERT_EQ(swap_flash_open(&flash, &nor.config), SWAP_OK);
  }
};

TEST_P(FlashTest, KeepsWhatWasWritten) {
  EXPECT_EQ(swap_flash_open(&flash, &nor.config), SWAP_ERR_BLOB);
  EXPECT_EQ(flash.active, SWAP_FLASH_NONE);
  EXPECT_EQ(swap_flash_switch(&flash), SWAP_ERR_BLOB);
  for (size_t piece : {1, 71, 72, 73, 100000}) {
    const Bytes &blob = piece % 2 ? a : b;
    ASSERT_EQ(update(flash, blob, piece, getHash(blob)), SWAP_OK);
    EXPECT_EQ(readActive(flash), blob);
    reopen();
    EXPECT_EQ(readActive(flash), blob);
  }
  EXPECT_TRUE(nor.intact());
}

TEST_P(FlashTest, GoesBackAndForth) {
  prepare();
  EXPECT_EQ(readActive(flash), a);
  // Often enough for several erases of the switch.
  const uint32_t place = swap_flash_record_bytes(GetParam().prog);
  const int turns = std::min(5 * int(GetParam().erase / place), 1500);
  for (int i = 0; i < turns; ++i) {
    ASSERT_EQ(swap_flash_switch(&flash), SWAP_OK);
    if (i % 16 == 0)
      reopen();
    ASSERT_EQ(readActive(flash), i % 2 ? a : b) << i;
  }
  EXPECT_TRUE(nor.intact());
}

TEST_P(FlashTest, ErasesTheSwitchOnceABlock) {
  prepare();
  const uint32_t places =
      GetParam().erase / swap_flash_record_bytes(GetParam().prog);
  for (uint32_t i = 0; i < 2 * places; ++i)
    ASSERT_EQ(swap_flash_switch(&flash), SWAP_OK);
  EXPECT_EQ(nor.erases, 2);
}

TEST_P(FlashTest, RefusesOtherBlobs) {
  prepare();
  Bytes wrong = c;
  // Of another model; no block was erased for it.
  EXPECT_EQ(update(flash, c, 500, getHash(a)), SWAP_ERR_HASH);
  wrong[8] = 2;
  EXPECT_EQ(update(flash, wrong, 500), SWAP_ERR_BLOB);
  wrong = makeBlob(4, {GetParam().partition / 2});
  EXPECT_EQ(update(flash, wrong, 500), SWAP_ERR_SHORT);
  EXPECT_EQ(nor.erases, 0);
  ASSERT_EQ(swap_flash_switch(&flash), SWAP_OK); // b is still there
  EXPECT_EQ(readActive(flash), b);
  EXPECT_TRUE(nor.intact());
}

TEST_P(FlashTest, RefusesDamagedBlobs) {
  prepare();
  // Every byte of the table, the first and last of the units.
  Bytes wrong = c;
  for (size_t at : {4096, 4100, 4104, 4111, 4112, 4119, 8192, 20191}) {
    wrong[at] ^= 0x10;
    const int status = update(flash, wrong, 5000);
    EXPECT_TRUE(status == SWAP_ERR_BLOB || status == SWAP_ERR_CHECKSUM) << at;
    wrong[at] ^= 0x10;
    EXPECT_EQ(swap_flash_switch(&flash), SWAP_ERR_BLOB);
    EXPECT_EQ(readActive(flash), a);
    reopen();
    EXPECT_EQ(readActive(flash), a);
  }
  EXPECT_TRUE(nor.intact());
}

TEST_P(FlashTest, RefusesTooFewAndTooManyBytes) {
  prepare();
  ASSERT_EQ(swap_flash_begin(&flash, nullptr), SWAP_OK);
  EXPECT_EQ(swap_flash_finish(&flash), SWAP_ERR_SHORT);
  ASSERT_EQ(swap_flash_write(&flash, c.data(), 71), SWAP_OK);
  EXPECT_EQ(swap_flash_finish(&flash), SWAP_ERR_SHORT);
  ASSERT_EQ(swap_flash_write(&flash, &c[71], c.size() - 72), SWAP_OK);
  EXPECT_EQ(swap_flash_finish(&flash), SWAP_ERR_SHORT);
  EXPECT_EQ(swap_flash_switch(&flash), SWAP_ERR_STATE);
  EXPECT_EQ(swap_flash_verify(&flash, 0), SWAP_ERR_STATE);
  ASSERT_EQ(swap_flash_write(&flash, &c.back(), 1), SWAP_OK); // the rest
  EXPECT_EQ(swap_flash_write(&flash, c.data(), 1), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_flash_write(&flash, c.data(), 1), SWAP_ERR_STATE);
  EXPECT_EQ(swap_flash_finish(&flash), SWAP_ERR_STATE);
  EXPECT_EQ(readActive(flash), a);
  EXPECT_EQ(update(flash, c, 72), SWAP_OK);
  EXPECT_EQ(readActive(flash), c);
}

/// Power fails once during an update from `a` to `c`, wherever `cut` says.
/// False: the update was over before.
#define CHECK_CUT()                                                            \
  do {                                                                         \
    ASSERT_TRUE(nor.intact());                                                 \
    reopen();                                                                  \
    const Bytes found = readActive(flash);                                     \
    ASSERT_TRUE(found == a || found == c);                                     \
    /* Once more, now without a cut. */                                        \
    ASSERT_EQ(update(flash, c, 3000, getHash(c)), SWAP_OK);                    \
    reopen();                                                                  \
    ASSERT_EQ(readActive(flash), c);                                           \
    ASSERT_TRUE(nor.intact());                                                 \
  } while (false)

TEST_P(FlashTest, SurvivesPowerCutsWhileProgramming) {
  prepare();
  const Bytes before(nor.data(), nor.data() + GetParam().partition);
  const int64_t length = int64_t(c.size());
  for (int64_t n = 0;; ++n) {
    // Every byte around the ends, where header and record are; else primes.
    if (n > 140 && n + 140 < length)
      n += 160;
    memcpy(nor.data(), before.data(), before.size());
    reopen();
    nor.failProgAfter = n;
    const int status = update(flash, c, 3000);
    if (!status) {
      EXPECT_GE(n, length);
      break;
    }
    ASSERT_EQ(status, SWAP_ERR_IO) << n;
    CHECK_CUT();
  }
}

TEST_P(FlashTest, SurvivesPowerCutsWhileErasing) {
  prepare();
  // The last place of a block of the switch is taken: the next is erased.
  const uint32_t places =
      GetParam().erase / swap_flash_record_bytes(GetParam().prog);
  for (uint32_t i = 2; i < 2 * places; ++i)
    ASSERT_EQ(swap_flash_switch(&flash), SWAP_OK);
  ASSERT_EQ(flash.next, GetParam().erase);
  const Bytes before(nor.data(), nor.data() + GetParam().partition);
  for (HalfErased half : {HalfErased::FirstHalf, HalfErased::SecondHalf,
                          HalfErased::Nothing, HalfErased::OddBytes})
    for (int64_t n = 0;; ++n) {
      memcpy(nor.data(), before.data(), before.size());
      reopen();
      ASSERT_EQ(readActive(flash), a);
      nor.half = half;
      nor.failEraseAt = n;
      const int status = update(flash, c, 3000);
      if (!status) {
        EXPECT_GE(n, int64_t(c.size() / GetParam().erase + 1));
        break;
      }
      ASSERT_EQ(status, SWAP_ERR_IO) << n;
      CHECK_CUT();
    }
}

TEST_P(FlashTest, SurvivesCutsOfTheSwitchAlone) {
  prepare();
  const uint32_t place = swap_flash_record_bytes(GetParam().prog);
  // Many in a row: each leaves a spent place, and blocks are erased on the way.
  Bytes expected = a;
  for (uint32_t i = 0; i < 400; ++i) {
    nor.failProgAfter = 1 + i % (place - 1);
    const int status = swap_flash_switch(&flash);
    ASSERT_TRUE(nor.intact());
    reopen();
    const Bytes found = readActive(flash);
    if (found != expected) // all that counts of the record was programmed
      ASSERT_GE(1 + i % (place - 1), sizeof(swap_flash_record)) << status;
    ASSERT_TRUE(found == a || found == b);
    expected = found;
  }
}

TEST_P(FlashTest, ReportsReadErrors) {
  prepare();
  const Bytes before(nor.data(), nor.data() + GetParam().partition);
  for (int64_t n = 0;; ++n) {
    nor.powerOn();
    memcpy(nor.data(), before.data(), before.size());
    // Opening takes thousands of reads of the switch.
    nor.failReadAt = n < 40 ? n : 40 + (n - 40) * 37;
    int status = swap_flash_open(&flash, &nor.config);
    if (!status)
      status = update(flash, c, 3000);
    const bool failed = nor.reads > nor.failReadAt;
    ASSERT_EQ(status, failed ? SWAP_ERR_IO : SWAP_OK) << n;
    ASSERT_TRUE(nor.intact());
    if (!failed)
      break;
    reopen();
    const Bytes found = readActive(flash);
    ASSERT_TRUE(found == a || found == c);
    ASSERT_EQ(update(flash, b, 3000), SWAP_OK);
    ASSERT_EQ(readActive(flash), b);
  }
}

TEST_P(FlashTest, TakesDamagedRecordsAsSpent) {
  prepare();
  // Flash with ECC refuses what a cut left: here the third place.
  const uint32_t place = swap_flash_record_bytes(GetParam().prog);
  nor.failReadAt = 2;
  nor.failReadWith = SWAP_ERR_CHECKSUM;
  ASSERT_EQ(swap_flash_open(&flash, &nor.config), SWAP_OK);
  EXPECT_EQ(flash.next, std::min(3 * place, GetParam().erase));
}

TEST_P(FlashTest, GoesOnBehindAWornCell) {
  prepare();
  nor.worn = (flash.block ? GetParam().erase : 0) + flash.next;
  if (flash.next == GetParam().erase)
    nor.worn = flash.block ? 0 : GetParam().erase;
  EXPECT_EQ(swap_flash_switch(&flash), SWAP_ERR_IO);
  EXPECT_EQ(readActive(flash), a);
  nor.worn = flash.next == GetParam().erase ? -1 : nor.worn;
  EXPECT_EQ(swap_flash_switch(&flash), SWAP_OK);
  EXPECT_EQ(readActive(flash), b);
  // And in the header of a slot.
  nor.worn = int64_t(swap_flash_slot_offset(
      GetParam().partition, GetParam().erase, 1 - flash.active));
  EXPECT_EQ(update(flash, c, 3000), SWAP_ERR_IO);
  EXPECT_EQ(swap_flash_switch(&flash), SWAP_ERR_BLOB);
  reopen();
  EXPECT_EQ(readActive(flash), b);
}

TEST_P(FlashTest, CountsBeyondThirtyTwoBits) {
  prepare();
  // The last two numbers before they begin anew.
  const uint32_t step = swap_flash_record_bytes(GetParam().prog);
  uint8_t *end = nor.data() + flash.block * GetParam().erase + flash.next;
  for (uint32_t i = 1; i <= 2; ++i) {
    swap_flash_record record;
    memcpy(&record, end - i * step, sizeof record);
    ASSERT_EQ(record.sequence, 3 - i);
    record.sequence = 0 - i;
    record.crc32c =
        swap_crc32c(0, &record, offsetof(swap_flash_record, crc32c));
    memcpy(end - i * step, &record, sizeof record);
  }
  reopen();
  ASSERT_EQ(readActive(flash), a);
  ASSERT_EQ(swap_flash_switch(&flash), SWAP_OK);
  reopen();
  EXPECT_EQ(flash.sequence, 0u);
  EXPECT_EQ(readActive(flash), b);
}

TEST_P(FlashTest, IgnoresRecordsOfOtherVersions) {
  prepare();
  uint8_t *place = nor.data() + (flash.block ? GetParam().erase : 0) +
                   flash.next - swap_flash_record_bytes(GetParam().prog);
  swap_flash_record good, record;
  memcpy(&good, place, sizeof good);
  const auto change = [&](auto set) {
    record = good;
    set(record);
    record.crc32c =
        swap_crc32c(0, &record, offsetof(swap_flash_record, crc32c));
    memcpy(place, &record, sizeof record);
    reopen();
    EXPECT_EQ(readActive(flash), b); // what the record before says
  };
  change([](swap_flash_record &r) { r.version = 2; });
  change([](swap_flash_record &r) { r.slot = 2; });
  change([](swap_flash_record &r) { r.erase_log2 += 1; });
  change([](swap_flash_record &r) { r.erase_log2 = 255; });
  change([](swap_flash_record &r) { r.magic += 1; });
  record = good;
  record.sequence += 1; // without its checksum
  memcpy(place, &record, sizeof record);
  reopen();
  EXPECT_EQ(readActive(flash), b);
}

TEST_P(FlashTest, FallsBackToAWholeBlobOnly) {
  prepare();
  const size_t slots[] = {
      swap_flash_slot_offset(GetParam().partition, GetParam().erase, 0),
      swap_flash_slot_offset(GetParam().partition, GetParam().erase, 1)};
  const size_t active = slots[flash.active], other = slots[1 - flash.active];
  nor.data()[active + 40] ^= 1; // the hash of a's header
  reopen();
  EXPECT_EQ(readActive(flash), b);
  nor.data()[other + 8192] ^= 1; // the first unit of b
  EXPECT_EQ(swap_flash_open(&flash, &nor.config), SWAP_ERR_BLOB);
  EXPECT_EQ(flash.active, SWAP_FLASH_NONE);
  swap_flash_blob blob;
  swap_storage storage;
  EXPECT_EQ(swap_flash_storage(&flash, &blob, &storage), SWAP_ERR_STATE);
  EXPECT_EQ(swap_flash_verify(&flash, 0), SWAP_ERR_STATE);
  EXPECT_EQ(update(flash, c, 3000), SWAP_OK);
  reopen();
  EXPECT_EQ(readActive(flash), c);
}

TEST_P(FlashTest, VerifiesOnDemand) {
  prepare();
  const size_t slot = swap_flash_slot_offset(GetParam().partition,
                                             GetParam().erase, flash.active);
  EXPECT_EQ(swap_flash_verify(&flash, 3), SWAP_ERR_INDEX);
  nor.data()[slot + 16384] ^= 1; // a's second unit, of one byte
  EXPECT_EQ(swap_flash_verify(&flash, 0), SWAP_OK);
  EXPECT_EQ(swap_flash_verify(&flash, 1), SWAP_ERR_CHECKSUM);
  nor.data()[slot + 4096 + 7] = 0xFF; // offset of the first unit
  EXPECT_EQ(swap_flash_verify(&flash, 0), SWAP_ERR_BLOB);
}

TEST_P(FlashTest, StorageStaysInsideTheBlob) {
  prepare();
  swap_flash_blob blob;
  swap_storage storage;
  ASSERT_EQ(swap_flash_storage(&flash, &blob, &storage), SWAP_OK);
  alignas(4096) uint8_t page[8192];
  EXPECT_EQ(storage.read(storage.context, a.size() - 4096, page, 8192),
            SWAP_ERR_SHORT);
  EXPECT_EQ(storage.read(storage.context, UINT64_MAX, page, 4096),
            SWAP_ERR_SHORT);
  EXPECT_EQ(storage.read_bytes, GetParam().read);
  EXPECT_FALSE(storage.begin || storage.wait || storage.map || storage.done ||
               storage.cancel);
}

/// The partition's own functions, which note where they were asked.
struct Asked {
  uint64_t offset = 0;
  int64_t ticket = 0;
};

TEST(FlashStorageTest, MovesAllRequestsToTheSlot) {
  const Geometry geometry = {64 << 10, 4096, 8, 256, 0};
  NorFlash nor(geometry);
  swap_flash flash;
  const Bytes a = makeBlob(1, {5000}), b = makeBlob(2, {300});
  ASSERT_EQ(swap_flash_open(&flash, &nor.config), SWAP_ERR_BLOB);
  ASSERT_EQ(update(flash, a, 4096), SWAP_OK);
  ASSERT_EQ(update(flash, b, 4096), SWAP_OK);

  static Asked asked;
  static uint8_t place;
  nor.storage.depth = 3;
  nor.storage.begin_any = 77;
  nor.storage.buffer_align = 8;
  nor.storage.begin = [](void *, uint64_t offset, void *, uint64_t) {
    asked.offset = offset;
    return int64_t(5);
  };
  nor.storage.wait = [](void *, int64_t ticket) {
    asked.ticket = ticket;
    return int(SWAP_ERR_SHORT);
  };
  nor.storage.done = [](void *, int64_t ticket) { return int(ticket + 1); };
  nor.storage.cancel = [](void *, int64_t ticket) { asked.ticket = -ticket; };
  nor.storage.map = [](void *, uint64_t offset, uint64_t) {
    asked.offset = offset;
    return static_cast<const void *>(&place);
  };
  swap_flash_blob blob;
  swap_storage storage;
  ASSERT_EQ(swap_flash_storage(&flash, &blob, &storage), SWAP_OK);
  const size_t slot = swap_flash_slot_offset(64 << 10, 4096, 1);
  EXPECT_EQ(storage.depth, 3u);
  EXPECT_EQ(storage.begin_any, 77u);
  EXPECT_EQ(storage.buffer_align, 8u);
  EXPECT_EQ(storage.begin(storage.context, 8192, &place, 300), 5);
  EXPECT_EQ(asked.offset, slot + 8192);
  EXPECT_EQ(storage.begin(storage.context, b.size(), &place, 1),
            SWAP_ERR_SHORT);
  EXPECT_EQ(storage.wait(storage.context, 9), SWAP_ERR_SHORT);
  EXPECT_EQ(asked.ticket, 9);
  EXPECT_EQ(storage.done(storage.context, 9), 10);
  storage.cancel(storage.context, 9);
  EXPECT_EQ(asked.ticket, -9);
  EXPECT_EQ(storage.map(storage.context, 4096, 24), &place);
  EXPECT_EQ(asked.offset, slot + 4096);
  EXPECT_EQ(storage.map(storage.context, b.size() - 1, 2), nullptr);
  // It goes on with the blob that it was made for.
  ASSERT_EQ(swap_flash_switch(&flash), SWAP_OK);
  storage.map(storage.context, 0, 72);
  EXPECT_EQ(asked.offset, slot);
}

INSTANTIATE_TEST_SUITE_P(Geometries, FlashTest, testing::ValuesIn(kGeometries));

TEST(FlashConfigTest, RefusesWhatDoesNotFit) {
  const Geometry good = {64 << 10, 4096, 8, 256, 0};
  swap_flash flash;
  const auto open = [&](auto change) {
    NorFlash nor(good);
    change(nor);
    return swap_flash_open(&flash, &nor.config);
  };
  EXPECT_EQ(open([](NorFlash &) {}), SWAP_ERR_BLOB);
  EXPECT_EQ(swap_flash_open(&flash, nullptr), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_flash_begin(&flash, nullptr), SWAP_ERR_STATE);
  EXPECT_EQ(open([](NorFlash &n) { n.config.prog = nullptr; }),
            SWAP_ERR_ARGUMENT);
  EXPECT_EQ(open([](NorFlash &n) { n.storage.read = nullptr; }),
            SWAP_ERR_ARGUMENT);
  EXPECT_EQ(open([](NorFlash &n) { n.config.buffer = nullptr; }),
            SWAP_ERR_ARGUMENT);
  const auto geometry = [&](auto change) {
    EXPECT_EQ(open(change), SWAP_ERR_GEOMETRY);
  };
  geometry([](NorFlash &n) { n.config.erase_bytes = 4095; });
  geometry([](NorFlash &n) { n.config.erase_bytes = 64; });
  geometry([](NorFlash &n) { n.config.erase_bytes = 0; });
  geometry([](NorFlash &n) { n.config.prog_bytes = 0; });
  geometry([](NorFlash &n) { n.config.prog_bytes = 512; });
  geometry([](NorFlash &n) { n.config.buffer_bytes = 64; });
  geometry([](NorFlash &n) { n.config.buffer_bytes = 0; });
  geometry([](NorFlash &n) { n.config.partition_bytes = 3 * 4096; });
  geometry([](NorFlash &n) { n.config.partition_bytes = 0; });
  geometry([](NorFlash &n) { n.config.partition_bytes += 1; });
  geometry([](NorFlash &n) { n.storage.read_bytes = 256; });
  geometry([](NorFlash &n) { n.storage.read_bytes = 3; });
  geometry([](NorFlash &n) {
    n.storage.buffer_align = 16;
    n.config.buffer = n.work() + 8;
  });
}

} // namespace
