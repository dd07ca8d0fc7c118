// The buffer's disk takes nothing for a while, or has no room: the agent says so, goes on in RAM or gives up what has
// waited longest, and writes again when it can.
#include <filesystem>

#include "tests/fault/disk_scene.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace fieldpost::fault {
namespace {

std::string buffer_folder(const Scene& scene) {
  return scene.folder / "buffer";
}

/// The link is down; the disk has no more room, until it is given some again.
template <typename TakeRoom, typename GiveRoom>
void lose_room(const std::string& topic, TakeRoom take_room, GiveRoom give_room) {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = SmallDisk::unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at(topic);
  SmallDisk disk(buffer_folder(at.scene), "16m");
  at.scene.start();
  at.link.cut();
  REQUIRE(at.wait_for_link("down"));
  CHECK(at.wait_for_more_waiting(200));
  take_room(disk);
  CHECK(at.wait_for_eviction());
  give_room(disk);
  CHECK(at.wait_for_trouble(false));
  CHECK(at.wait_for_more_waiting(200));
  at.link.resume();
  CHECK(at.drains());
  at.scene.stop_in_order();
  at.check_all_or_told();
  at.scene.check_order();
}

TEST_CASE("the disk is full, and freed again, while the link is down", "[long]") {
  lose_room(
      "disk-full", [](SmallDisk& disk) { disk.fill(); }, [](SmallDisk& disk) { disk.free(); });
}

TEST_CASE("a quota is reached, and raised", "[long]") {
  lose_room(
      "quota", [](SmallDisk& disk) { disk.resize(std::to_string(disk.used() + 8192)); },
      [](SmallDisk& disk) { disk.resize("16m"); });
}

TEST_CASE("the disk is full, and the link is up: nobody at the far end notices") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = SmallDisk::unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("disk-full-link-up");
  SmallDisk disk(buffer_folder(at.scene), "16m");
  disk.fill();
  at.scene.start();
  const std::uint64_t published = at.scene.meter->acknowledged();
  CHECK(at.scene.ground.read_until(
      [&] { return at.scene.ground.numbers("meter-1", "number").contains(published + 50); }, patience));
  disk.free();
  CHECK(at.wait_for_trouble(false));
  CHECK(at.scene.everything_arrives());
  at.scene.stop_in_order();
  at.check_all_or_told();
  at.scene.check_order();
}

TEST_CASE("the agent starts on a disk that is mounted read-only, with a backlog on it, and gets it back", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  if (const auto reason = SmallDisk::unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("read-only");
  SmallDisk disk(buffer_folder(at.scene), "16m");
  at.scene.start();
  at.link.cut();
  REQUIRE(at.wait_for_link("down"));
  CHECK(at.wait_for_more_waiting(300));
  at.scene.stop_in_order();

  disk.set_read_only(true);
  at.scene.start_agent();
  // It makes its socket on the disk that it cannot write: it is its log that says so.
  CHECK(support::eventually(patience, [&] {
    return at.scene.agent->log().find("read-only file system") != std::string::npos ||
           at.scene.agent->log().find("Read-only file system") != std::string::npos;
  }));
  disk.set_read_only(false);
  CHECK(at.wait_for_trouble(false));
  at.link.resume();
  CHECK(at.scene.everything_arrives());
  at.scene.stop_in_order();
  at.check_all_or_told();
}

TEST_CASE("the database belongs to somebody else for a while, as the agent runs", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("taken-away");
  if (const auto reason = Untouchable::unavailable(at.scene.folder.path())) FIELDPOST_SKIP(*reason);
  at.scene.start();
  at.link.cut();
  REQUIRE(at.wait_for_link("down"));
  CHECK(at.wait_for_more_waiting(300));
  {
    const Untouchable files({at.scene.database(), at.scene.database() + "-wal"});
    CHECK(at.wait_for_trouble(true));
    CHECK(at.wait_for_more_waiting(300));
  }
  CHECK(at.wait_for_trouble(false));
  at.link.resume();
  CHECK(at.scene.everything_arrives());
  at.scene.stop_in_order();
  at.check_all_or_told();
  at.scene.check_order();
}

TEST_CASE("the database belongs to somebody else for a while, as the agent starts", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  DiskScene at("not-ours");
  if (const auto reason = Untouchable::unavailable(at.scene.folder.path())) FIELDPOST_SKIP(*reason);
  at.scene.start();
  at.link.cut();
  REQUIRE(at.wait_for_link("down"));
  CHECK(at.wait_for_more_waiting(300));
  at.scene.stop_in_order();
  {
    const Untouchable file({at.scene.database()});
    at.scene.start_agent();
    CHECK(at.wait_for_trouble(true));
    CHECK(at.wait_for_more_waiting(300));
  }
  CHECK(at.wait_for_trouble(false));
  at.link.resume();
  CHECK(at.scene.everything_arrives());
  at.scene.stop_in_order();
  at.check_all_or_told();
}

}  // namespace
}  // namespace fieldpost::fault
