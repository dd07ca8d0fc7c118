// A real Mosquitto for tests, and a client that publishes to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

struct MosquittoOptions {
  std::string username = {};  // empty: everybody may come in
  std::string password = {};
  std::string more = {};  // lines for its configuration file
};

/// On a free port of 127.0.0.1, with persistence and a log of every packet, in a folder of its own.
class Mosquitto {
 public:
  /// Answers when the constructor returns. Throws std::runtime_error with its log where it does not.
  explicit Mosquitto(MosquittoOptions options = {});
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  static bool installed();

  std::uint16_t port() const { return port_; }
  std::string url() const;

  /// SIGTERM: it writes down what it holds for its persistent sessions.
  void stop();
  /// On the same port, with what it had written down.
  void start();

  /// What this run of it has logged so far.
  std::string log() const { return process_->err() + process_->out(); }
  /// True as soon as the log holds the text.
  bool wait_for_log(const std::string& text, std::chrono::milliseconds at_most);

 private:
  TempDir dir_;
  std::uint16_t port_;
  std::unique_ptr<Process> process_;
};

/// A clean session that publishes. Not thread-safe.
class Publisher {
 public:
  /// Throws std::runtime_error where the broker does not take it.
  explicit Publisher(std::uint16_t port, const std::string& username = "", const std::string& password = "");
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// QoS 1: returns when the broker has acknowledged it. Throws std::runtime_error where that takes longer than 10 s.
  void publish(const std::string& topic, std::string_view payload, int qos = 1, bool retained = false);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A clean session that listens, QoS 1. One thread.
class Subscriber {
 public:
  /// Subscribed when it returns. Throws std::runtime_error where the broker does not take it.
  Subscriber(std::uint16_t port, const std::string& filter);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  struct Received {
    std::string topic;
    std::string payload;
  };
  /// Nothing: none came in time.
  std::optional<Received> next(std::chrono::milliseconds at_most);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::support
