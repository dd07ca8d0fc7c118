#include "agent/forwarder/outbox.h"

#include <array>

#include "tests/support/catch.h"

using namespace fieldpost;

TEST_CASE("an outbox gives back copies of what was pushed, in order") {
  Outbox outbox;
  {
    std::string value = "first";
    std::array<Header, 2> headers{{{"id", "gw/1/1"}, {"empty", ""}}};
    Message message;
    message.topic = "t";
    message.key = "";
    message.value = value;
    message.headers = headers;
    message.timestamp_ms = 7;
    message.tag = 11;
    outbox.push(message);
    value = "other";
    message.tag = 12;
    message.headers = {};
    outbox.push(message);
  }
  REQUIRE(outbox.size() == 2);
  CHECK(outbox.front().tag == 11);
  const Message& first = outbox.take();
  CHECK(first.topic == "t");
  CHECK(first.key.empty());
  CHECK(first.value == "first");
  REQUIRE(first.headers.size() == 2);
  CHECK(first.headers[0].name == "id");
  CHECK(first.headers[0].value == "gw/1/1");
  CHECK(first.headers[1].name == "empty");
  CHECK(first.headers[1].value.empty());
  CHECK(first.timestamp_ms == 7);
  CHECK(first.tag == 11);
  CHECK(outbox.front().value == "other");
  CHECK(outbox.front().headers.empty());
  std::vector<std::uintptr_t> tags;
  outbox.drain([&tags](std::uintptr_t tag) { tags.push_back(tag); });
  CHECK(tags == std::vector<std::uintptr_t>{12});
  CHECK(outbox.empty());
}
