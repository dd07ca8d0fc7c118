// For the tests in which the buffer's disk is full, read-only or damaged under the real agent.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/fault/scene.h"
#include "tests/support/tcp_proxy.h"

namespace fieldpost::fault {

/// To compare with, so that a failure prints what is there.
const std::vector<support::Identity> no_readings;

/// A tmpfs over a folder, which it makes. It is mounted for this thread and its children alone, and is gone with them.
class SmallDisk {
 public:
  /// Why nothing can be mounted here; nothing where it can.
  static std::optional<std::string> unavailable();

  SmallDisk(std::string folder, const std::string& size);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Not below what is used.
  void resize(const std::string& size);
  /// As long as nothing is open for writing.
  void set_read_only(bool read_only);
  /// Somebody else's file takes all that is left.
  void fill();
  void free();
  std::uint64_t used() const;

 private:
  std::string ballast() const { return folder_ + "/ballast"; }
  void remount(unsigned long flags);

  std::string folder_;
  std::string size_;
};

/// A file that nobody may change, not even root: chattr +i, until destroyed.
class Untouchable {
 public:
  /// Why the file system of the folder has no such files; nothing where it has.
  static std::optional<std::string> unavailable(const std::string& folder);

  explicit Untouchable(std::vector<std::string> files);
  ~Untouchable();
  Untouchable(const Untouchable&) = delete;
  Untouchable& operator=(const Untouchable&) = delete;

 private:
  std::vector<std::string> files_;
};

/// A scene behind a link that can be cut.
struct DiskScene {
  explicit DiskScene(const std::string& topic)
      : scene(support::shared_kafka(), {.topic = topic, .proxied = true}),
        link(support::shared_kafka().proxy_port(), support::shared_kafka().proxied_port()) {}

  /// Whether status comes to say that the disk is in trouble, or is in none.
  bool wait_for_trouble(bool trouble);
  /// Whether it comes to say that readings give way, as there is no room.
  bool wait_for_eviction();
  /// The equipment falls silent, and nothing waits any more.
  bool drains();
  bool wait_for_link(const std::string& state);
  /// So many more than wait now.
  bool wait_for_more_waiting(std::uint64_t more);

  /// After the agent has drained and was stopped in order: each reading of each session that ended in order is
  /// on the ground, waits, or was reported as evicted, and the account says the same.
  void check_all_or_told();
  /// Which readings the ground was told are evicted.
  std::set<support::Identity> evicted() const;
  /// Of a session, those that are neither on the ground nor told. `last`: of the session.
  std::vector<std::uint64_t> untold(std::uint64_t session, std::uint64_t last) const;

  Scene scene;
  support::TcpProxy link;
};

}  // namespace fieldpost::fault
