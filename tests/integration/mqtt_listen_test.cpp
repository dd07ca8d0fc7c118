// `mqtt` and `check --payload` as an installer uses them, at a real Mosquitto, and what `run` logs of it.
#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Json = nlohmann::ordered_json;
using support::Finished;

constexpr auto patience = 20s;

/// A configuration with two rules at one broker.
class Site {
 public:
  explicit Site(const std::string& url = "mqtt://127.0.0.1:1", const std::string& more = "",
                const std::string& rule = "")
      : file_(folder_.write("fieldpost.toml",
                            "[agent]\nid = \"gw-07\"\nsite = \"kiruna\"\n[buffer]\npath = \"" + (folder_ / "queue.db") +
                                "\"\n[kafka]\nbrokers = [\"127.0.0.1:1\"]\n[[mqtt]]\nname = \"yard\"\nurl = \"" + url +
                                "\"\n" + more +
                                "[[mqtt.subscribe]]\ntopic = \"$share/agents/yard/+/+\"\ndevice = \"{1}\"\npoint = "
                                "\"{2}\"\nvalue = \"/value\"\nunit = \"bar\"\ntime = \"/ts\"\n[[mqtt.subscribe]]\n"
                                "topic = \"plain/+\"\npayload = \"text\"\ndevice = \"{1}\"\npoint = \"level\"\n"
                                "retained = \"ignore\"\n" +
                                rule)) {}

  std::vector<std::string> words(std::vector<std::string> words) const {
    words.insert(words.begin(), {FIELDPOST_BINARY, "-c", file_});
    return words;
  }
  Finished check(const std::string& topic, const std::string& payload, std::vector<std::string> more = {}) const {
    const std::string sample = folder_.write("sample", payload);
    more.insert(more.begin(), {"check", "--payload", sample, "--topic", topic});
    return support::run({words(std::move(more)), {}, ""});
  }

 private:
  support::TempDir folder_;
  std::string file_;
};

TEST_CASE(
    "a message with a problem is kept whole where the rule says so, and a kill right behind its acknowledgement "
    "does not take it") {
  support::Mosquitto mosquitto;
  // The last rule's, to which it is added.
  const Site site(mosquitto.url(), "", "type = \"number\"\nkeep_bad = true\n");
  const std::string bytes("\xff\x00 no text", 10);
  {
    support::Process agent({site.words({"run"}), {}, {}});
    REQUIRE(support::eventually(patience, [&] { return mosquitto.log().find("Sending SUBACK") != std::string::npos; }));
    support::Publisher publisher(mosquitto.port());
    publisher.publish("plain/tank", "full");
    publisher.publish("plain/tank", bytes);
    publisher.publish("plain/tank", "7");
    const auto acknowledged = [&] {
      const std::string log = mosquitto.log();
      const std::string what = "Received PUBACK from fieldpost-gw-07-yard";
      const std::size_t first = log.find(what);
      const std::size_t second = first == std::string::npos ? first : log.find(what, first + 1);
      return second != std::string::npos && log.find(what, second + 1) != std::string::npos;
    };
    REQUIRE(support::eventually(patience, acknowledged));
    agent.kill(SIGKILL);
    REQUIRE(agent.wait(patience));
  }
  const Finished text = support::run({site.words({"queue", "rejected"}), {}, ""});
  CHECK(text.status.code == 0);
  CHECK_THAT(text.out, Contains("by topic plain/tank: "));
  const Finished json = support::run({site.words({"queue", "rejected", "--json"}), {}, ""});
  const auto first = Json::parse(json.out.substr(0, json.out.find('\n')));
  CHECK(first["device"] == "tank");
  CHECK(first["point"] == "payload");
  CHECK(first["value"] == "full");
  CHECK(first["rejected"]["topic"] == "plain/tank");
  const auto second = Json::parse(json.out.substr(json.out.find('\n') + 1));
  CHECK(second["value"] == "hex ff 00 20 6e 6f 20 74 65 78 74");
  const Finished waiting = support::run({site.words({"queue", "peek", "--json"}), {}, ""});
  CHECK_THAT(waiting.out, Contains("\"point\":\"level\"") && Contains("\"value\":7"));
  CHECK(waiting.out.find("\"bad\"") == std::string::npos);
}

TEST_CASE("check --payload says what the rules make of a sample") {
  const Site site;
  SECTION("a good one") {
    const Finished done = site.check("yard/pump-7/pressure", R"({"value":4.2,"ts":1700000000})");
    CHECK(done.status.code == 0);
    CHECK_THAT(done.out, Contains("-> pump-7/pressure = 4.2 bar  2023-11-14T22:13:20.000000Z"));
    CHECK(done.err.empty());
  }
  SECTION("a pointer that is wrong: what is there is shown") {
    const Finished done = site.check("yard/pump-7/pressure", R"({"vlaue":4.2,"ts":1700000000,"in":{"er":true}})");
    CHECK(done.status.code == 1);
    CHECK_THAT(done.out, Contains("-> pump-7/pressure  bad: no value at /value"));
    CHECK_THAT(done.out, Contains("the payload has /vlaue = 4.2, /ts = 1700000000, /in/er = true\n"));
  }
  SECTION("bytes") {
    const Finished done = site.check("yard/pump-7/pressure", std::string("\xff\x00\x01", 3));
    CHECK(done.status.code == 1);
    CHECK_THAT(done.out, Contains("hex ff 00 01\n"));
    CHECK_THAT(done.out, Contains("bad: not JSON"));
  }
  SECTION("a nesting bomb") {
    const std::size_t levels = 200'000;
    const Finished done = site.check("yard/pump-7/pressure", std::string(levels, '[') + std::string(levels, ']'));
    CHECK(done.status.code == 1);
    CHECK_THAT(done.out, Contains("-> pump-7/pressure  bad: "));
  }
  SECTION("nothing matches") {
    const Finished done = site.check("yrd/pump-7/pressure", "1");
    CHECK(done.status.code == 1);
    CHECK_THAT(done.err, Contains("no [[mqtt.subscribe]] has a topic that matches yrd/pump-7/pressure"));
  }
  SECTION("a rule that makes nothing of it") {
    const Site plant("mqtt://127.0.0.1:1", "", "[[mqtt.subscribe]]\ntopic = \"spBv1.0/#\"\npayload = \"sparkplug\"\n");
    const Finished done = plant.check("spBv1.0/STATE/host", "{}");
    CHECK(done.status.code == 1);
    CHECK_THAT(done.out, Contains("  the rule makes no reading of it\n"));
    CHECK(done.err.empty());
  }
  SECTION("as JSON") {
    const Finished done = site.check("plain/tank", "1.50", {"--json"});
    CHECK(done.status.code == 0);
    const Json read = Json::parse(done.out);
    CHECK(read["payload"] == "1.50");
    REQUIRE(read["readings"].size() == 1);
    CHECK(read["readings"][0]["device"] == "tank");
    CHECK(read["readings"][0]["point"] == "level");
    CHECK(read["readings"][0]["value"] == 1.5);
    CHECK(read["readings"][0]["quality"] == "good");
    CHECK(read["problems"].empty());
  }
  SECTION("and without a sample counts the rules") {
    CHECK_THAT(support::run({site.words({"check"}), {}, ""}).out, Contains("0 points; 1 broker, 2 rules\n"));
  }
  SECTION("used wrongly") {
    const auto run = [&site](const std::vector<std::string>& words) {
      return support::run({site.words(words), {}, ""});
    };
    CHECK(run({"check", "--topic", "a"}).status.code == 2);
    CHECK(run({"check", "--payload", "a"}).status.code == 2);
    const Finished wild = run({"check", "--payload", "a", "--topic", "yard/+"});
    CHECK(wild.status.code == 2);
    CHECK(wild.err == "fieldpost: --topic \"yard/+\" has a wildcard: name the topic of one message, without + and #\n");
    const Finished missing = run({"check", "--payload", "/nowhere", "--topic", "a"});
    CHECK(missing.status.code == 2);
    CHECK(missing.err == "fieldpost: /nowhere: No such file or directory\n");
    const Finished folder = run({"check", "--payload", "/usr", "--topic", "a"});
    CHECK(folder.status.code == 2);
    CHECK(folder.err == "fieldpost: /usr: Is a directory\n");
    const Finished unknown = run({"mqtt", "yrad"});
    CHECK(unknown.status.code == 2);
    CHECK(unknown.err == "fieldpost: no MQTT broker is called \"yrad\"; did you mean yard?\n");
    const Finished filter = run({"mqtt", "yard", "a#"});
    CHECK(filter.status.code == 2);
    CHECK_THAT(filter.err, Contains("\"a#\" "));
  }
}

TEST_CASE("check refuses an MQTT password_file that cannot be read, or is none") {
  const auto check = [](const std::string& file) {
    const Site site("mqtt://127.0.0.1:1", "username = \"u\"\npassword_file = \"" + file + "\"\n");
    return support::run({site.words({"check"}), {}, ""});
  };
  const Finished missing = check("/nowhere/secret");
  CHECK(missing.status.code == 2);
  CHECK(
      missing.err.find(":12:17: mqtt[yard].password_file: cannot read /nowhere/secret: No such file or directory\n") !=
      std::string::npos);
  CHECK(check("credential:mqtt").status.code == 0);  // which only the service has
  const support::TempDir folder;
  const std::string longest = folder.write("secret", std::string(65'535, 'x') + "\n");
  CHECK(check(longest).status.code == 0);
  folder.write("secret", std::string(65'536, 'x'));
  CHECK_THAT(check(longest).err, Contains("mqtt[yard].password_file: " + longest + " holds more than 65535 bytes"));
}

TEST_CASE("mqtt prints what a broker delivers beside its readings") {
  support::Mosquitto broker;
  const Site site(broker.url());
  support::Publisher publisher(broker.port());
  publisher.publish("plain/tank", "7", 1, true);
  publisher.publish("yard/pump-7/kept", R"({"value":1})", 1, true);

  SECTION("of the rules, without a part in a shared subscription") {
    support::Process listening({site.words({"mqtt", "yard"}), {}, ""});
    REQUIRE(listening.wait_for_output("connected; Ctrl-C ends this", patience));
    // Only a subscription of one's own gets what is retained.
    REQUIRE(listening.wait_for_output("-> pump-7/kept = 1 bar", patience));
    REQUIRE(listening.wait_for_output("no rule takes it, as a retained message", patience));
    publisher.publish("yard/pump-7/pressure", R"({"value":"open"})");
    REQUIRE(listening.wait_for_output("-> pump-7/pressure = \"open\" bar", patience));
    publisher.publish("plain/tank", "1\n2");
    REQUIRE(listening.wait_for_output("  1 2\n  -> tank/level = ", patience));
    listening.kill(SIGINT);
    const auto status = listening.wait(patience);
    REQUIRE(status);
    CHECK(status->code == 0);
    CHECK_THAT(broker.log(), !Contains("$share"));
    CHECK_THAT(broker.log(), Contains(", c1, "));  // a clean session, as the broker says it
    CHECK_THAT(broker.log(), !Contains(", c0, "));
  }
  SECTION("of another topic, to see what there is") {
    support::Process listening({site.words({"mqtt", "yard", "#", "--json"}), {}, ""});
    REQUIRE(listening.wait_for_output("\"topic\":\"plain/tank\"", patience));
    publisher.publish("elsewhere", "x");
    REQUIRE(listening.wait_for_output("\"topic\":\"elsewhere\"", patience));
    REQUIRE(listening.wait_for_output("}\n", patience));
    std::istringstream lines(listening.out());
    for (std::string line; std::getline(lines, line);)
      CHECK(Json::parse(line).contains("readings"));
  }
  SECTION("and says when the broker goes and comes back") {
    support::Process listening({site.words({"mqtt", "yard"}), {}, ""});
    REQUIRE(listening.wait_for_output("connected", patience));
    broker.stop();
    REQUIRE(listening.wait_for_output("yard (" + broker.url() + "): connection lost, and no reason given: look at",
                                      patience));
    broker.start();
    REQUIRE(
        listening.wait_for_output("connected; Ctrl-C ends this\nfieldpost: yard (" + broker.url() + "): ", patience));
  }
}

TEST_CASE("run logs why a broker is away, and each further reason once") {
  support::Mosquitto broker({"agent", "right", ""});
  const support::TempDir folder;
  const std::string secret = folder / "secret";
  const Site site(broker.url(), "username = \"agent\"\npassword_file = \"" + secret + "\"\n");
  support::Process agent({site.words({"run"}), {}, ""});
  REQUIRE(agent.wait_for_output("mqtt yard: down: cannot read " + secret, patience));
  folder.write("secret", "wrong\n");
  REQUIRE(
      agent.wait_for_output("mqtt yard: still down: the broker refused the login: not authorised (code 5): set "
                            "username and password_file",
                            patience));
  folder.write("secret", "right\n");
  REQUIRE(agent.wait_for_output("mqtt yard: up\n", patience));
  support::Publisher(broker.port(), "agent", "right").publish("plain/tank", "1");
  REQUIRE(agent.wait_for_output("device tank: up\n", patience));
  const auto again = [&agent](const std::string& words) {
    return support::eventually(patience, [&] { return agent.err().find(words) != agent.err().rfind(words); });
  };
  broker.stop();
  REQUIRE(again("mqtt yard: down: "));
  broker.start();
  REQUIRE(again("mqtt yard: up\n"));
  CHECK_THAT(agent.err(), !Contains("device tank: down"));
}

}  // namespace
}  // namespace fieldpost
