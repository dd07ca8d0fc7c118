// The acknowledgement gate: a relay inside the process between Paho and one broker, for one connection.
//
// Paho acknowledges a message as soon as its callback returns. So no message reaches Paho, which does all else: the
// gate gives them out and acknowledges each when its readings are safe. Nobody waits, and thousands of messages share
// one commit or one acknowledgement of Kafka's. What is not acknowledged is the back-pressure: the broker sends no more
// than its window. Where messages come faster than readings are made of them, no more are given out or read, while the
// keep-alive goes on. TLS to the broker ends here, and only here the password is known.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
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
  /// On the gate's thread: it returns at once. taken() is to be called once for each, in their order.
  using Messages = std::function<void(std::vector<Message> messages)>;

  /// Starts its thread. All outlive it. Throws std::system_error where there are no more files.
  /// `queue`: where the readings are that taken() names; nullptr where it never names any.
  Gate(const config::MqttBroker& broker, Queue* queue, Resolver& resolver, Messages messages);
  /// Closes both sides. What is held back then will be delivered again.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Where Paho connects to, and what it shows as its user name.
  const std::string& url() const { return meeting_.url(); }
  const std::string& token() const { return meeting_.token(); }

  /// Any thread: why there is no way to the broker, or no more; empty where nothing is known.
  std::string problem() const;

  /// Any thread; see Relay::taken().
  void taken(std::vector<SeqRange> readings);

  /// Any thread: every message was taken, and none is held back. To be asked again, as it may be late to tell.
  bool idle();

  /// Any thread: messages that the broker has not been told of. It may be a second late.
  std::size_t unacknowledged() const { return unacknowledged_; }

 private:
  void run();
  std::string shake_hands(SteadyTime deadline);
  bool reach_broker(const std::string& connect);
  void relay();
  void tell_relay();
  void give_out();
  bool sleeps_until_taken();
  bool read_broker();
  bool read_paho();
  bool write_broker();
  bool write_paho();
  void fail(const std::string& problem);

  const config::MqttBroker& broker_;
  Queue* queue_;
  Resolver& resolver_;
  Messages messages_;
  Meeting meeting_;
  Interrupt interrupt_;
  Descriptor wake_ = make_event();
  std::atomic<bool> idle_{true};
  std::atomic<std::size_t> unacknowledged_{0};

  mutable std::mutex mutex_;
  std::string problem_;
  std::vector<std::vector<SeqRange>> taken_;  // that the relay does not know of yet
  bool wanted_ = false;                       // the relay waits for more of them

  // The gate's thread only.
  Relay relay_;
  Descriptor paho_;
  std::unique_ptr<Channel> channel_;
  std::vector<char> bytes_;  // read last
  short broker_waits_ = 0;   // what poll() has to say before the channel can write more

  std::thread thread_;  // the last: it uses all of the above
};

}  // namespace fieldpost::drivers::mqtt
