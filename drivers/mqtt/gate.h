// The acknowledgement gate: a relay inside the process between Paho and one broker, for one connection.
//
// Paho acknowledges a message as soon as its callback returns. So no message reaches Paho, which does all else: the
// gate has readings made of them and acknowledges them, in their order, when their readings are safe. Nobody waits, and
// thousands of messages share one commit or one acknowledgement of Kafka's. What is not acknowledged is the
// back-pressure: the broker sends no more than its window. Where the queue has no room for a message, no more are taken
// or read, while the keep-alive goes on. TLS to the broker ends here, and only here the password is known.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/mqtt/meeting.h"
#include "drivers/mqtt/relay.h"
#include "drivers/net/channel.h"
#include "drivers/net/port.h"
#include "drivers/net/resolve.h"

namespace fieldpost::drivers::mqtt {

class Gate {
 public:
  /// What becomes of messages, on the gate's thread and without waiting.
  struct Reading {
    std::function<Taken(const Message& message)> take;  // makes readings of it
    /// Once a second: what is to be asked for by now, until there is nothing. May be empty.
    std::function<std::optional<Request>()> remind{};
  };

  /// Starts its thread. All outlive it. Throws std::system_error where there are no more files.
  /// `queue`: where the readings are that `take` names; nullptr where it never names any.
  Gate(const config::MqttBroker& broker, Queue* queue, Resolver& resolver, const Reading& reading);
  /// Closes both sides. What is held back then will be delivered again.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Where Paho connects to, and what it shows as its user name.
  const std::string& url() const { return meeting_.url(); }
  const std::string& token() const { return meeting_.token(); }

  /// Any thread: why there is no way to the broker, or no more; empty where nothing is known.
  std::string problem() const;

  /// Any thread: what the broker has added to the code with which it refused the login or left. May be empty.
  Words words() const;

  /// Any thread: every message was taken, and none is held back. To be asked again, as it may be late to tell.
  bool idle();

  /// Any thread: messages that the broker has not been told of. It may be a second late.
  std::size_t unacknowledged() const { return unacknowledged_; }

 private:
  void run();
  std::string shake_hands(SteadyTime deadline);
  bool reach_broker(const std::string& connect);
  void relay();
  bool acknowledge(std::size_t most);
  void acknowledge_meanwhile();
  std::string unwelcome() const;
  void take_messages();
  void remind(SteadyTime now);
  bool read_broker();
  void note_words();
  bool read_paho();
  bool write_broker();
  bool write_paho();
  void fail(const std::string& problem);

  const config::MqttBroker& broker_;
  Queue* queue_;
  Resolver& resolver_;
  const Reading& reading_;
  const bool keeps_;  // messages whole, where a rule of the broker's says so
  Meeting meeting_;
  Interrupt interrupt_;
  Descriptor wake_ = make_event();
  std::atomic<bool> idle_{true};
  std::atomic<std::size_t> unacknowledged_{0};

  mutable std::mutex mutex_;
  std::string problem_;
  Words words_;

  // Whoever makes readings safe acknowledges them while the gate's thread sleeps, which need not wake for it then. No
  // mutex: the gate's thread itself may be told, and then finds it taken.
  bool borrow() { return lent_.exchange(false, std::memory_order_acquire); }
  void lend() {
    lent_.store(true, std::memory_order_release);
    lent_.notify_one();
  }
  void take_back() {
    while (!borrow())
      lent_.wait(false);
  }
  std::atomic<bool> lent_{false};

  // The gate's thread only, or who has borrowed it.
  std::optional<QueueWatch> watch_;
  Relay relay_;
  Descriptor paho_;
  std::unique_ptr<Channel> channel_;
  std::vector<char> bytes_;  // read last
  SteadyTime reminded_;
  bool unread_ = false;     // there may be more than was read
  short broker_waits_ = 0;  // what poll() has to say before the channel can write more

  std::thread thread_;  // the last: it uses all of the above
};

}  // namespace fieldpost::drivers::mqtt
