#include "drivers/mqtt/gate.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

#include "buffer/thread_name.h"
#include "config/secret.h"
#include "drivers/mqtt/login.h"
#include "drivers/mqtt/words.h"
#include "drivers/net/socket.h"

namespace fieldpost::drivers::mqtt {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{10};  // for the way to the broker
constexpr std::chrono::seconds kWelcome{20};   // for the answer to the login; Paho gives up later
constexpr std::chrono::milliseconds kLook{1000};
constexpr std::size_t kRead = 64U << 10;
constexpr std::size_t kAtOnce = 1000;  // messages, on a thread that has more to do

}  // namespace

Gate::Gate(const config::MqttBroker& broker, Queue* queue, Resolver& resolver, const Reading& reading)
    : broker_(broker),
      queue_(queue),
      resolver_(resolver),
      reading_(reading),
      keeps_(std::any_of(broker.rules.begin(), broker.rules.end(), [](const auto& rule) { return rule.keep_bad; })),
      relay_(broker.version),
      bytes_(kRead),
      thread_([this] { run(); }) {}

Gate::~Gate() {
  interrupt_.raise();
  thread_.join();
}

std::string Gate::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

Words Gate::words() const {
  const std::lock_guard lock(mutex_);
  return words_;
}

bool Gate::idle() {
  if (!idle_) signal(wake_);
  return idle_;
}

void Gate::fail(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  if (problem_.empty()) problem_ = problem;
}

void Gate::run() {
  name_thread(broker_.name);
  Meeting::Guest guest = meeting_.meet(Steady::now() + kPatience, interrupt_);
  if (!guest.socket.open()) return;
  paho_ = std::move(guest.socket);
  if (queue_ != nullptr) watch_.emplace(*queue_, [this] { acknowledge_meanwhile(); });
  if (reach_broker(guest.connect) && relay_.from_paho(guest.more, Steady::now())) relay();
  take_messages();  // what came right before the end
  watch_.reset();
  const auto reason = relay_.reason();
  if (reason) fail("the broker closed the connection: " + reason_text(*reason));
  if (channel_ && !relay_.welcomed() && !relay_.left() && !interrupt_.raised()) fail(unwelcome());
  // Paho is told by the end of the connection.
  channel_.reset();
  paho_ = {};
  idle_ = true;
}

// Why there is no TLS; empty where there is, or none is wanted.
std::string Gate::shake_hands(SteadyTime deadline) {
  for (;;) {
    const Channel::Moved moved = channel_->shake_hands();
    if (moved.bytes > 0) return "";
    if (!moved.closed && wait_for(channel_->fd(), moved.wait, deadline, interrupt_) == Wait::ready) continue;
    return channel_->problem().empty() ? "no TLS is spoken there" : channel_->problem();
  }
}

bool Gate::reach_broker(const std::string& connect) {
  const std::string name = address(broker_.url);
  const config::Secret password = config::read_secret(broker_.password_file);
  if (!password.problem.empty()) return fail(password.problem), false;
  const std::string table = "mqtt[" + broker_.name + "].";
  std::string expired;
  const auto problems = broker_.tls ? tls_problems(*broker_.tls, std::time(nullptr)) : std::vector<CredentialProblem>{};
  for (const CredentialProblem& problem : problems) {
    expired = table;
    expired.append(problem.key).append(": ").append(problem.text);
    if (!problem.by_clock) return fail(expired), false;
  }
  const SteadyTime deadline = Steady::now() + kPatience;
  const Resolved resolved = resolver_.resolve(deadline, interrupt_);
  if (!resolved.error.empty()) return fail("no connection to " + name + ": " + resolved.error), false;
  Connected connected = connect_tcp(resolved.addresses, deadline, interrupt_);
  if (!connected.error.empty()) return fail("no connection to " + name + ": " + connected.error), false;
  channel_ = std::make_unique<Channel>(std::move(connected.socket), broker_.tls, broker_.url.host,
                                       TlsKeys{table + "url", table + "ca"});
  if (const std::string why = shake_hands(deadline); !why.empty()) {
    return fail(expired.empty() ? "no connection to " + name + ": " + why : expired), false;
  }
  FrameCutter cutter(connect.size());
  cutter.add(connect);
  const auto rewritten = with_login(*cutter.next(), meeting_.token(), {broker_.username, password.text});
  relay_.to_broker().add(*rewritten);
  return true;
}

std::string Gate::unwelcome() const {
  const std::string closed = "the broker closed the connection before it answered the login";
  if (!broker_.tls) return closed + ": where its port wants TLS, write mqtts:// in url";
  const bool shows = !broker_.tls->certificate.empty();
  return closed + (shows ? ": it may not know the authority that signed the agent's certificate"
                         : ": it may want a certificate of the agent's, which certificate and key name");
}

// Those for which there is no room wait in the relay, where what follows them ends.
void Gate::take_messages() {
  while (const Message* message = relay_.next()) {
    if (watch_ && !watch_->room(message->held ? Hold::yes : Hold::no, keeps_)) return;
    Taken taken = reading_.take(*message);
    if (taken.refused) return;  // the queue is closing: the message will be delivered again
    relay_.taken(std::move(taken.readings));
    if (taken.request) relay_.publish(*taken.request);
  }
}

void Gate::remind(SteadyTime now) {
  if (!reading_.remind || !relay_.welcomed() || now - reminded_ < kLook) return;
  reminded_ = now;
  while (const auto request = reading_.remind())
    relay_.publish(*request);
}

// Of so many messages at most. False: others may be safe, too.
bool Gate::acknowledge(std::size_t most) {
  const bool all =
      relay_.release([this](const std::vector<SeqRange>& readings) { return !watch_ || watch_->safe(readings); }, most);
  idle_ = relay_.idle();
  unacknowledged_ = relay_.unacknowledged();
  return all;
}

// On the thread of whoever has made readings safe. It has more to do: of many messages the gate's thread takes the
// rest.
void Gate::acknowledge_meanwhile() {
  if (!borrow()) return signal(wake_);
  const bool done = acknowledge(kAtOnce) && write_broker() && relay_.to_broker().bytes().empty() && !relay_.next();
  lend();
  if (!done) signal(wake_);
}

void Gate::relay() {
  const SteadyTime began = Steady::now();
  while (!interrupt_.raised()) {
    take_messages();
    if (relay_.reason()) return;
    // What TLS has read ahead is nothing that poll() tells of.
    while (unread_ && relay_.reads_broker()) {
      if (!read_broker()) return;
      take_messages();
    }
    acknowledge(SIZE_MAX);
    if (!write_paho() || !write_broker()) return;
    if (relay_.left() && relay_.to_broker().bytes().empty()) return;
    const SteadyTime now = Steady::now();
    if (relay_.broker_is_silent(now)) return fail("the broker does not answer");
    if (!relay_.welcomed() && now - began > kWelcome) return fail("the broker does not answer the login");
    relay_.keep_alive(now);
    remind(now);

    const bool all_to_paho = relay_.to_paho().bytes().empty();
    std::array<pollfd, 4> entries{{{interrupt_.fd(), POLLIN, 0},
                                   {wake_.get(), POLLIN, 0},
                                   {paho_.get(), static_cast<short>(all_to_paho ? POLLIN : POLLIN | POLLOUT), 0},
                                   {channel_->fd(), broker_waits_, 0}}};
    if (relay_.reads_broker()) entries[3].events |= POLLIN;
    lend();
    poll(entries.data(), entries.size(), static_cast<int>(kLook.count()));
    take_back();
    eventfd_t rings = 0;
    if (entries[1].revents != 0) eventfd_read(wake_.get(), &rings);
    if (entries[2].revents != 0 && !read_paho()) return;
    // Nothing more can be read of it, and poll() would say so without end.
    const bool gone = (entries[3].revents & (POLLERR | POLLHUP)) != 0;
    if (gone && !relay_.reads_broker()) return;
    if (entries[3].revents != 0 && !read_broker()) return;
  }
  // Paho may have said goodbye just now.
  read_paho();
  write_broker();
}

// What TLS holds decoded is taken as well: poll() does not tell of it.
bool Gate::read_broker() {
  bool any = false;
  while (relay_.reads_broker()) {
    const Channel::Moved got = channel_->read(bytes_.data(), bytes_.size());
    if (got.bytes > 0 && !relay_.from_broker({bytes_.data(), got.bytes})) {
      fail("what the broker sends is no MQTT");
      return false;
    }
    note_words();
    if (got.closed) {
      if (!channel_->problem().empty()) fail("connection lost: " + channel_->problem());
      write_paho();
      return false;
    }
    any = any || got.bytes > 0;
    if (got.wait != 0) break;
  }
  unread_ = !relay_.reads_broker();
  if (any) confirm_at_once(channel_->fd());
  return true;
}

// Before Paho knows the code.
void Gate::note_words() {
  if (relay_.words() == Words{}) return;
  const std::lock_guard lock(mutex_);
  words_ = relay_.words();
}

bool Gate::read_paho() {
  const ssize_t got = recv(paho_.get(), bytes_.data(), bytes_.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  return got > 0 && relay_.from_paho({bytes_.data(), static_cast<std::size_t>(got)}, Steady::now());
}

bool Gate::write_broker() {
  broker_waits_ = 0;
  while (!relay_.to_broker().bytes().empty()) {
    const std::string_view bytes = relay_.to_broker().bytes();
    const Channel::Moved wrote = channel_->write(bytes.data(), bytes.size());
    relay_.to_broker().written(wrote.bytes);
    if (wrote.closed) return false;
    broker_waits_ = wrote.wait;
    if (wrote.bytes == 0) return true;
  }
  return true;
}

bool Gate::write_paho() {
  while (!relay_.to_paho().bytes().empty()) {
    const std::string_view bytes = relay_.to_paho().bytes();
    const ssize_t wrote = send(paho_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (wrote < 0) return errno == EAGAIN || errno == EINTR;
    relay_.to_paho().written(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace fieldpost::drivers::mqtt
