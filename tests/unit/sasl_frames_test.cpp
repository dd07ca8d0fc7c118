#include "agent/forwarder/sasl_frames.h"

#include "tests/support/catch.h"

namespace fieldpost {
namespace {

/// The bytes of a literal, zeros included.
template <std::size_t N>
std::string bytes(const char (&literal)[N]) {
  return {literal, N - 1};
}

}  // namespace

TEST_CASE("sasl_frames: the requests of the protocol") {
  CHECK(sasl_handshake("gw", "PLAIN") == bytes("\0\0\0\x13\0\x11\0\x01\0\0\0\0\0\x02gw\0\x05PLAIN"));
  CHECK(sasl_authenticate("gw", "abc") == bytes("\0\0\0\x13\0\x24\0\0\0\0\0\0\0\x02gw\0\0\0\x03"
                                                "abc"));
}

TEST_CASE("sasl_frames: the broker's answers") {
  const SaslAnswer offered =
      handshake_answer(bytes("\0\0\0\0\0\x21\0\0\0\x02\0\x01"
                             "A"
                             "\0\x02"
                             "BC"));
  CHECK(offered.error == 33);
  CHECK(offered.text == "A, BC");
  const SaslAnswer token = authenticate_answer(bytes("\0\0\0\0\0\0\xff\xff\0\0\0\x02xy"));
  CHECK(token.error == 0);
  CHECK(token.text.empty());
  CHECK(token.token == "xy");
  const SaslAnswer refused = authenticate_answer(bytes("\0\0\0\0\0\x3a\0\x02no\xff\xff\xff\xff"));
  CHECK(refused.error == 58);
  CHECK(refused.text == "no");
}

TEST_CASE("sasl_frames: what is cut short is no answer") {
  const std::string whole = bytes("\0\0\0\0\0\0\0\x02no\0\0\0\x02xy");
  REQUIRE(authenticate_answer(whole).error == 0);
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(authenticate_answer(std::string_view(whole).substr(0, size)).error == -1);
  CHECK(handshake_answer(bytes("\0\0\0\0\0\0\x7f\xff\xff\xff\0\x01"
                               "A"))
            .error == -1);
  CHECK(authenticate_answer(bytes("\0\0\0\0\0\0\0\0\x7f\xff\xff\xff")).error == -1);
}

}  // namespace fieldpost
