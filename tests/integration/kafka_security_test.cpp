// Each way to log in against a real Kafka, right and wrong.
#include <filesystem>

#include "agent/forwarder/forwarder.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/secure_kafka.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tls_front.h"
#include "tests/support/topic_reader.h"

using namespace fieldpost;
using namespace std::chrono_literals;
using support::eventually;

namespace {

const SystemClock kClock(true);
const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}});

/// A queue and a forwarder, with files of their own. They log in to one of Kafka's listeners.
class Site {
 public:
  explicit Site(const std::string& listener) {
    config_.agent.id = "gw-07";
    config_.kafka.brokers = {ground().kafka.brokers(listener)};
    config_.kafka.topic = "security";
    config_.kafka.tls.emplace();
    config_.kafka.tls->ca = write("ca.pem", ground().authority.certificate());
  }
  ~Site() {
    if (forwarder_) forwarder_->stop(2s);
  }
  static support::SecureKafka& ground() { return support::secure_kafka(); }

  config::Kafka& kafka() { return config_.kafka; }
  /// As a tool that renews it would: in one step, in the place of the old one.
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::rename(dir_.write(name + ".new", text), dir_ / name);
    return dir_ / name;
  }
  void log_in(const std::string& mechanism, const std::string& password) {
    config_.kafka.sasl = config::Sasl{mechanism, "gw-07", write("password", password + "\n"), "", ""};
  }
  void take_tokens(const std::string& secret) {
    log_in("OAUTHBEARER", secret);
    config_.kafka.sasl->token_url = ground().provider.token_url();
    config_.kafka.sasl->scope = "kafka";
  }
  void show(const support::Issued& issued) {
    config_.kafka.tls->certificate = write("agent.pem", issued.certificate);
    config_.kafka.tls->key = write("agent.key", issued.key);
  }

  void start() {
    queue_ = std::make_unique<Queue>(QueueOptions{dir_ / "queue.db", 1h, 16 << 20, "gw-07", ""}, kClock);
    forwarder_ = std::make_unique<Forwarder>(config_, *queue_, kClock);
    forwarder_->start();
    append();
  }
  void append() { queue_->append(kPump, kClock.now(), std::vector<Value>(1, Value{4.25})); }
  bool delivers() {
    if (!forwarder_) start();
    return eventually(30s, [this] { return queue_->health().account.waiting == 0; });
  }
  bool turns_down(const std::string& words) {
    return eventually(30s, [&] { return forwarder_->health().error.find(words) != std::string::npos; });
  }
  /// Whether the link is down with these words, while what is read waits.
  bool says(const std::string& words) {
    if (!forwarder_) start();
    const bool said = eventually(30s, [&] { return forwarder_->health().error.find(words) != std::string::npos; });
    UNSCOPED_INFO(forwarder_->health().error);
    return said && queue_->health().account.waiting == 1 && forwarder_->health().state != LinkState::up;
  }

 private:
  support::TempDir dir_;
  config::Config config_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Forwarder> forwarder_;
};

}  // namespace

TEST_CASE("TLS: the broker's certificate has its name and an authority that is known", "[security]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  SECTION("right") {
    Site site("TLS");
    CHECK(site.delivers());
  }
  SECTION("another host's name") {
    Site site("OTHERNAME");
    CHECK(site.says("its certificate has another name"));
  }
  SECTION("an unknown authority, until the file holds the right one") {
    Site site("TLS");
    site.write("ca.pem", Site::ground().stranger.certificate());
    CHECK(site.says("its certificate is not signed by an authority that the agent knows"));
    site.write("ca.pem", Site::ground().authority.certificate());
    CHECK(site.delivers());
  }
  SECTION("the system's authorities do not know it") {
    Site site("TLS");
    site.kafka().tls->ca = "";
    CHECK(site.says("its certificate is not signed by an authority that the agent knows"));
  }
  SECTION("no file, until there is one") {
    Site site("TLS");
    site.kafka().tls->ca += ".later";
    CHECK(site.says("kafka.tls.ca: cannot read " + site.kafka().tls->ca));
    site.write("ca.pem.later", Site::ground().authority.certificate());
    CHECK(site.delivers());
  }
}

TEST_CASE("TLS: where only one side wants it", "[security]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  SECTION("the broker") {
    Site site("TLS");
    site.kafka().tls.reset();
    CHECK(site.says("it may want TLS, which [kafka.tls] turns on"));
  }
  SECTION("the agent") {
    Site site("TLS");
    site.kafka().brokers = {Site::ground().kafka.brokers()};
    CHECK(site.says("does not answer in TLS"));
  }
}

TEST_CASE("mutual TLS: the agent's certificate, and what comes in its place on the disk", "[security]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  const support::Authority& authority = Site::ground().authority;
  Site site("MUTUAL");
  SECTION("right, with a key in a password, and renewed while the link is up") {
    const support::Issued issued = authority.issue({});
    site.show({issued.certificate, support::encrypt_key(issued.key, "hunter2")});
    site.kafka().tls->key_password_file = site.write("key-password", "hunter2\n");
    CHECK(site.delivers());
    // One file after the other: in between they do not belong together, and the link stays as it is.
    const support::Issued renewed = authority.issue({});
    site.show({renewed.certificate, support::encrypt_key(renewed.key, "hunter3")});
    site.write("key-password", "hunter3\n");
    site.append();
    CHECK(site.delivers());
    // That the files of a link that is up are looked at shows in one that no broker's certificate fits.
    site.write("ca.pem", Site::ground().stranger.certificate());
    CHECK(site.turns_down("its certificate is not signed by an authority that the agent knows"));
    site.append();
    site.write("ca.pem", authority.certificate());
    CHECK(site.delivers());
  }
  SECTION("none") {
    CHECK(site.says("refuses the agent's certificate, or misses one"));
  }
  SECTION("a stranger's, until it is the right one") {
    site.show(Site::ground().stranger.issue({}));
    CHECK(site.says("does not know who signed the agent's certificate"));
    site.show(authority.issue({}));
    CHECK(site.delivers());
  }
  SECTION("one that has expired, until it is renewed") {
    site.show(authority.issue({"agent", "", -48h, -24h}));
    CHECK(site.says("the certificate expired on "));
    site.show(authority.issue({}));
    CHECK(site.delivers());
  }
}

TEST_CASE("SASL PLAIN: the password of the file", "[security]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  Site site("PLAIN");
  SECTION("right") {
    site.log_in("PLAIN", "right-secret");
    CHECK(site.delivers());
  }
  SECTION("wrong, until the file holds the right one") {
    site.log_in("PLAIN", "wrong-secret");
    CHECK(site.says("refuses the login: correct kafka.sasl.username"));
    site.write("password", "right-secret");
    CHECK(site.delivers());
  }
  SECTION("no login, where the broker wants one") {
    CHECK(site.says("it may want a login, which [kafka.sasl] has"));
  }
  SECTION("a login, where the broker wants none") {
    site.kafka().brokers = {Site::ground().kafka.brokers("TLS")};
    site.log_in("PLAIN", "right-secret");
    CHECK(site.says("takes no login on this listener"));
  }
  SECTION("another mechanism") {
    site.kafka().brokers = {Site::ground().kafka.brokers("SCRAM")};
    site.log_in("PLAIN", "right-secret");
    CHECK(site.says("kafka.sasl.mechanism may be SCRAM-SHA-"));
  }
}

TEST_CASE("SASL SCRAM: the password of the file is proven, not sent", "[security][threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  Site site("SCRAM");
  SECTION("SCRAM-SHA-512") {
    site.log_in("SCRAM-SHA-512", "right-secret");
    CHECK(site.delivers());
  }
  SECTION("with transactions, whose checkpoint is read by a login of its own") {
    site.log_in("SCRAM-SHA-512", "right-secret");
    site.kafka().delivery = config::Delivery::exactly_once;
    site.kafka().checkpoint_topic = "security.checkpoints";
    CHECK(site.delivers());
  }
  SECTION("SCRAM-SHA-256") {
    site.log_in("SCRAM-SHA-256", "right-secret");
    CHECK(site.delivers());
  }
  SECTION("wrong, until the file holds the right one") {
    site.log_in("SCRAM-SHA-512", "wrong-secret");
    CHECK(site.says("refuses the login: correct kafka.sasl.username"));
    site.write("password", "right-secret");
    CHECK(site.delivers());
  }
  SECTION("wrong, until the ground takes it") {
    site.log_in("SCRAM-SHA-512", "new-secret");
    CHECK(site.says("refuses the login: correct kafka.sasl.username"));
    support::set_scram_password(Site::ground(), "new-secret");
    CHECK(site.delivers());
    support::set_scram_password(Site::ground(), "right-secret");
  }
  SECTION("a broker without a right certificate is not shown anything") {
    site.log_in("SCRAM-SHA-512", "right-secret");
    site.write("ca.pem", Site::ground().stranger.certificate());
    CHECK(site.says("its certificate is not signed by an authority that the agent knows"));
    site.write("ca.pem", Site::ground().authority.certificate());
    CHECK(site.delivers());
  }
  SECTION("a broker with another host's certificate") {
    site.log_in("SCRAM-SHA-512", "right-secret");
    site.kafka().brokers = {Site::ground().kafka.brokers("OTHERNAME")};
    CHECK(site.says("its certificate has another name"));
  }
  SECTION("another mechanism, no login, no TLS, and nobody") {
    site.log_in("SCRAM-SHA-512", "right-secret");
    SECTION("another mechanism") {
      site.kafka().brokers = {Site::ground().kafka.brokers("PLAIN")};
      CHECK(site.says("kafka.sasl.mechanism may be PLAIN"));
    }
    SECTION("no login") {
      site.kafka().brokers = {Site::ground().kafka.brokers("TLS")};
      CHECK(site.says("takes no login on this listener"));
    }
    SECTION("no TLS") {
      site.kafka().brokers = {Site::ground().kafka.brokers()};
      CHECK(site.says("does not answer in TLS"));
    }
    SECTION("nobody") {
      site.kafka().brokers = {"127.0.0.1:1"};
      CHECK(site.says("Connect failed: Connection refused"));
    }
  }
}

TEST_CASE("OAUTHBEARER: a token of the identity provider, which Kafka checks", "[security][threads]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  Site site("OAUTH");
  support::IdentityProvider& provider = Site::ground().provider;
  SECTION("right") {
    site.take_tokens("right-secret");
    CHECK(site.delivers());
  }
  SECTION("a wrong secret, until the file holds the right one") {
    site.take_tokens("wrong-secret");
    CHECK(site.says("refuses the client \"gw-07\": correct kafka.sasl.username"));
    site.write("password", "right-secret");
    CHECK(site.delivers());
  }
  SECTION("a provider that is out of order, until it is not") {
    site.take_tokens("right-secret");
    provider.set_down(true);
    CHECK(site.says("answers HTTP 503, temporarily_unavailable"));
    provider.set_down(false);
    CHECK(site.delivers());
  }
  SECTION("a provider that nobody is at") {
    site.take_tokens("right-secret");
    site.kafka().sasl->token_url = "http://127.0.0.1:1/token";
    CHECK(site.says("token endpoint http://127.0.0.1:1/token cannot be reached"));
  }
  SECTION("a provider with another host's certificate") {
    site.take_tokens("right-secret");
    site.kafka().sasl->token_url = "https://" + Site::ground().kafka.brokers("OTHERNAME") + "/token";
    CHECK(site.says("its certificate is refused: SSL: no alternative certificate subject name matches"));
  }
  SECTION("a provider in TLS, whose certificate the same authority has signed") {
    const support::TlsFront front(Site::ground().authority.issue({"idp", "DNS:localhost"}), provider.port());
    site.take_tokens("right-secret");
    site.kafka().sasl->token_url = "https://" + front.address() + "/token";
    CHECK(site.delivers());
  }
  SECTION("a provider in TLS with a stranger's certificate, until the file holds its authority, too") {
    const support::TlsFront front(Site::ground().stranger.issue({"idp", "DNS:localhost"}), provider.port());
    site.take_tokens("right-secret");
    site.kafka().sasl->token_url = "https://" + front.address() + "/token";
    const int before = provider.issued();
    CHECK(site.says("its certificate is refused"));
    CHECK(provider.issued() == before);
    site.write("ca.pem", Site::ground().authority.certificate() + Site::ground().stranger.certificate());
    CHECK(site.delivers());
  }
  SECTION("a token that the broker refuses, until it is a good one") {
    site.take_tokens("right-secret");
    provider.set_forging(true);
    CHECK(site.says("refuses the token"));
    provider.set_forging(false);
    CHECK(site.delivers());
  }
}

TEST_CASE("OAUTHBEARER: the broker ends a connection with its token, and readings go on with the next one",
          "[security][long]") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  constexpr int kLifetime = 6;  // seconds
  Site site("OAUTH");
  support::IdentityProvider& provider = Site::ground().provider;
  provider.set_lifetime(kLifetime);
  site.take_tokens("right-secret");
  CHECK(site.delivers());
  const int before = provider.issued();
  // The third one comes when the first two have expired.
  CHECK(eventually(120s, [&] {
    site.append();
    REQUIRE(site.delivers());
    return provider.issued() >= before + 3;
  }));
  provider.set_lifetime(3600);
}
