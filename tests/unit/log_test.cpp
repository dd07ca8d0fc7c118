#include "agent/log.h"

#include <nlohmann/json.hpp>

#include "agent/service.h"
#include "tests/support/catch.h"

namespace fieldpost {
namespace {

constexpr std::int64_t now = 1'795'338'191'123'456;
constexpr std::int64_t second = 1'000'000;

}  // namespace

TEST_CASE("log: a line in each format") {
  using log::Format;
  using log::Level;
  CHECK(log::render(Format::text, Level::warning, now, "link down") ==
        "2026-11-22T09:03:11.123456Z warning: link down\n");
  CHECK(log::render(Format::journal, Level::info, now, "link up") == "<6>link up\n");
  CHECK(log::render(Format::journal, Level::error, now, "disk") == "<3>disk\n");
  CHECK(log::render(Format::json, Level::error, now, "a \"b\"") ==
        "{\"time\":\"2026-11-22T09:03:11.123456Z\",\"level\":\"error\",\"message\":\"a \\\"b\\\"\"}\n");
}

TEST_CASE("log: one message is one line, whatever is in it") {
  CHECK(log::render(log::Format::journal, log::Level::info, now, "a\n<0>forged") == "<6>a <0>forged\n");
  CHECK(nlohmann::json::accept(log::render(log::Format::json, log::Level::info, now, "bad \xff byte")));
}

TEST_CASE("log: a sampled key speaks once in ten seconds and says how often it was silent") {
  log::Sampler sampler;
  CHECK(sampler.allow("a", now) == 0U);
  CHECK_FALSE(sampler.allow("a", now + second));
  CHECK_FALSE(sampler.allow("a", now + 9 * second));
  CHECK(sampler.allow("b", now + 9 * second) == 0U);
  CHECK(sampler.allow("a", now + 10 * second) == 2U);
  CHECK_FALSE(sampler.allow("a", now + 11 * second));
}

TEST_CASE("log: a flood of keys costs bounded memory and is silent") {
  log::Sampler sampler;
  int spoken = 0;
  for (int key = 0; key < 5000; ++key) {
    if (sampler.allow(std::to_string(key), now)) ++spoken;
  }
  CHECK(spoken == 1000);
  CHECK(sampler.allow("later", now + 11 * second) == 0U);
}

TEST_CASE("watchdog: fed only while every thread moves") {
  service::Watchdog watchdog(std::chrono::seconds{10});
  CHECK(watchdog.stuck({{"writer", 1}, {"forwarder", 1}}, now).empty());
  CHECK(watchdog.stuck({{"writer", 2}, {"forwarder", 1}}, now + 9 * second).empty());
  CHECK(watchdog.stuck({{"writer", 3}, {"forwarder", 1}}, now + 11 * second) == std::vector<std::string>{"forwarder"});
  CHECK(watchdog.stuck({{"writer", 3}, {"forwarder", 2}}, now + 12 * second).empty());
  CHECK(watchdog.stuck({{"writer", 3}, {"forwarder", 3}}, now + 30 * second) == std::vector<std::string>{"writer"});
}

}  // namespace fieldpost
