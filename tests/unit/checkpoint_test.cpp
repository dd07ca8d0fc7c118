#include "agent/forwarder/checkpoint.h"

#include "tests/support/catch.h"

using namespace fieldpost;

TEST_CASE("a checkpoint reads back as it was written") {
  const Checkpoint checkpoint{1882603006543438, 4503599627370495, {{1882603006543438, 1, 700}, {7, 3, 3}}};
  const std::string record = write_checkpoint("gw-07", checkpoint);
  CHECK(record == R"({"agent":"gw-07","session":1882603006543438,"database":4503599627370495,)"
                  R"("delivered":[[1882603006543438,1,700],[7,3,3]]})");
  const auto read = read_checkpoint(record);
  REQUIRE(read);
  CHECK(read->session == checkpoint.session);
  CHECK(read->database == checkpoint.database);
  CHECK(read->delivered == checkpoint.delivered);
}

TEST_CASE("what is no checkpoint is none") {
  for (const char* record :
       {"", "{", "[]", "null", "7", R"({"session":1,"database":2})", R"({"session":-1,"database":2,"delivered":[]})",
        R"({"session":1,"database":2,"delivered":[[1,2]]})", R"({"session":1,"database":2,"delivered":[[1,3,2]]})",
        R"({"session":1,"database":2,"delivered":[[1,"2",3]]})", R"({"session":1.5,"database":2,"delivered":[]})"}) {
    CAPTURE(record);
    CHECK_FALSE(read_checkpoint(record));
  }
}
