#include "agent/control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

using std::chrono::seconds;
using support::eventually;

/// A client that does what it likes.
class Client {
 public:
  explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& text) const { ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  /// Until the server closes.
  std::string read_all() const {
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(fd_, buffer, sizeof buffer, 0)) > 0;) {
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  int fd_;
};

void leave_stale_socket(const std::string& path) {
  const int stale = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  REQUIRE(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(stale);
}

Answer status(const std::string& path) {
  return ask(path, {"status", {}, {}}, seconds{5});
}

std::string echo(const Request& request) {
  return R"({"verb":")" + request.verb + R"("})";
}

}  // namespace

TEST_CASE("control: a request goes there and back as JSON") {
  const auto request = parse_request(to_json(Request{"read", {"pump \"7\"", {"a", "b"}}}));
  REQUIRE(request);
  CHECK(request->read.device == "pump \"7\"");
  CHECK(request->read.points == std::vector<std::string>{"a", "b"});
  const PurgeOrder order{Lane::telemetry, 1'795'338'191'123'456, true};
  const auto purge = parse_request(to_json(Request{"purge", {}, order}));
  REQUIRE(purge);
  CHECK(purge->verb == "purge");
  CHECK(purge->order.lane == order.lane);
  CHECK(purge->order.before == order.before);
  CHECK(purge->order.rejected);
  CHECK_FALSE(parse_request(to_json(Request{"purge"}))->order.lane.has_value());
  CHECK(parse_request(to_json(Request{"retry"}))->verb == "retry");
  for (const char* wrong :
       {"", "{", "[]", "7", R"({"verb":"drop"})", R"({"verb":7})", R"({"verb":"purge","lane":"fast"})",
        R"({"verb":"purge","before":"now"})", R"({"verb":"read","points":[1]})", R"({"verb":"status","more":1})"}) {
    CHECK_FALSE(parse_request(wrong));
  }
}

TEST_CASE("control: what was purged goes back as JSON") {
  const Purged purged = parse_purged(to_json(Purged{20, 1}));
  CHECK(purged.readings == 20);
  CHECK(purged.batches == 1);
  CHECK_THROWS_WITH(parse_purged(error_json("the disk is gone")), "the disk is gone");
  for (const char* wrong : {"", "[]", R"({"readings":"1","batches":1})", R"({"readings":1})"})
    CHECK_THROWS(parse_purged(wrong));
}

TEST_CASE("control: asks and answers", "[threads]") {
  const support::TempDir folder;
  const std::string path = control_path(folder / "queue.db");
  const ControlServer server(path, [](const Request& request) { return to_json(request); });
  CHECK(server.error().empty());
  struct stat file {};
  REQUIRE(::stat(path.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0660);
  const Answer answer = ask(path, {"read", {"pump-7", {"flow"}}}, seconds{5});
  CHECK(answer.kind == Answer::Kind::answered);
  CHECK(answer.text == R"({"verb":"read","device":"pump-7","points":["flow"]})");
}

TEST_CASE("control: where no agent answers, the reason is told apart") {
  const support::TempDir folder;
  CHECK(status(folder / "absent.sock").kind == Answer::Kind::not_running);
  CHECK(status("/" + std::string(200, 'a')).kind == Answer::Kind::failed);
  SECTION("a socket whose owner was killed") {
    leave_stale_socket(folder / "a.sock");
    CHECK(status(folder / "a.sock").kind == Answer::Kind::not_running);
  }
  SECTION("an agent that hangs") {
    std::promise<void> end;
    auto ended = end.get_future().share();
    const ControlServer server(folder / "b.sock", [ended](const Request&) {
      ended.wait();
      return std::string("{}");
    });
    CHECK(ask(folder / "b.sock", {"status", {}, {}}, std::chrono::milliseconds{50}).kind == Answer::Kind::timed_out);
    end.set_value();
  }
}

TEST_CASE("control: a stale socket is replaced, anything else in the way is left alone", "[threads]") {
  const support::TempDir folder;
  const std::string path = folder / "queue.db.sock";
  SECTION("stale") {
    leave_stale_socket(path);
    const ControlServer server(path, echo);
    CHECK(status(path).text == R"({"verb":"status"})");
  }
  SECTION("a file") {
    folder.write("queue.db.sock", "mine");
    const ControlServer server(path, echo);
    CHECK_THAT(server.error(), Catch::Matchers::Contains("no socket is in the way"));
    CHECK(support::read_file(path) == "mine");
  }
}

TEST_CASE("control: a read in hand holds up nobody, and a third one is refused", "[threads]") {
  const support::TempDir folder;
  const std::string path = folder / "queue.db.sock";
  std::promise<void> end;
  auto ended = end.get_future().share();
  std::atomic<int> reads{0};
  const ControlServer server(path, [&](const Request& request) {
    if (request.verb == "status") return std::string("{}");
    ++reads;
    ended.wait();
    return std::string(R"({"read":true})");
  });
  const auto read = [&] { return ask(path, {"read", {"pump-7"}}, seconds{30}).text; };
  auto first = std::async(std::launch::async, read);
  auto second = std::async(std::launch::async, read);
  const bool both = eventually(seconds{10}, [&] { return reads == 2; });
  const std::string status_meanwhile = status(path).text;
  const std::string third = read();
  end.set_value();
  CHECK(both);
  CHECK(status_meanwhile == "{}");
  CHECK_THAT(third, Catch::Matchers::Contains("two requests are in hand"));
  CHECK(first.get() == R"({"read":true})");
  CHECK(second.get() == R"({"read":true})");
}

TEST_CASE("control: hostile clients", "[threads]") {
  const support::TempDir folder;
  const std::string path = folder / "queue.db.sock";
  std::atomic<int> handled{0};
  std::atomic<std::size_t> answer_size{8U << 20};
  const ControlServer server(path, [&](const Request&) {
    ++handled;
    return std::string(answer_size, 'x');
  });
  SECTION("nonsense and too much get an answer and are closed") {
    const Client nonsense(path);
    nonsense.send("GET / HTTP/1.1\r\n");
    CHECK_THAT(nonsense.read_all(), Catch::Matchers::Contains("error"));
    const Client flood(path);
    flood.send(std::string(70'000, 'a'));
    CHECK_THAT(flood.read_all(), Catch::Matchers::Contains("64 KiB"));
    CHECK(handled == 0);
  }
  SECTION("one that never reads its answer does not hold up the next") {
    const Client deaf(path);
    deaf.send("{\"verb\":\"status\"}\n");
    REQUIRE(eventually(seconds{10}, [&] { return handled == 1; }));
    CHECK(status(path).text.size() == 8U << 20);
  }
  SECTION("eight that say nothing are let go, and the ninth is served") {
    std::array<std::unique_ptr<Client>, 8> silent;
    for (auto& client : silent)
      client = std::make_unique<Client>(path);
    CHECK(ask(path, {"status", {}, {}}, seconds{30}).kind == Answer::Kind::answered);
  }
  SECTION("more than 20 a second are told to wait") {
    answer_size = 10;
    bool told = false;
    for (int i = 0; i < 60 && !told; ++i) {
      const Client hurried(path);
      hurried.send("{\"verb\":\"status\"}\n");
      told = hurried.read_all().find("ask again in a second") != std::string::npos;
    }
    CHECK(told);
    CHECK(eventually(seconds{10}, [&] { return status(path).text.size() == 10; }));
  }
}

}  // namespace fieldpost
