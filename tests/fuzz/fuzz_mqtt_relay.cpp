// Any bytes from a broker and from Paho, in any order: never a crash, never an acknowledgement of a message whose
// readings are not safe, and bounded memory. The first byte of each piece says whose it is, the second its length.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "drivers/mqtt/login.h"
#include "drivers/mqtt/message.h"
#include "drivers/mqtt/relay.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fieldpost;
  using namespace fieldpost::drivers::mqtt;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const Relay::Time now{};
  Relay relay(size % 2 == 0 ? 4 : 5);
  std::size_t given = 0;
  std::uint64_t seq = 0;
  std::uint64_t safe = 0;
  for (std::size_t place = 0; place + 2 <= size;) {
    const unsigned what = data[place] % 4U;
    const std::string_view piece = all.substr(place + 2, data[place + 1]);
    place += 2 + piece.size();
    if (what == 0 && !relay.from_broker(piece)) return 0;
    if (what == 1 && !relay.from_paho(piece, now)) return 0;
    const Message* message = what == 2 ? relay.next() : nullptr;
    if (message != nullptr) {
      given += message->topic.size() + message->payload.size();
      relay.taken({{++seq, seq}});
    }
    if (what == 3) safe = seq;
    const auto all_safe = [safe](const std::vector<SeqRange>& ranges) {
      for (const SeqRange& range : ranges) {
        if (range.last > safe) return false;
      }
      return true;
    };
    relay.release(all_safe, 1 + size % 3);
    if (given > size) std::abort();
    if (relay.to_paho().bytes().size() > 2 * size + 64 || relay.to_broker().bytes().size() > 2 * size + 64)
      std::abort();
  }
  FrameCutter cutter(4096);
  cutter.add(all);
  while (const auto frame = cutter.next()) {
    if (frame->bytes.size() > 4096) std::abort();
    with_login(*frame, "token", {"user", "password"});
  }
  return 0;
}
