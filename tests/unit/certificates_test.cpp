#include "drivers/net/certificates.h"

#include <ctime>
#include <filesystem>

#include "agent/forwarder/kafka_secrets.h"
#include "tests/support/catch.h"
#include "tests/support/pki.h"
#include "tests/support/temp_dir.h"

using namespace std::chrono_literals;

namespace fieldpost {
namespace {

const support::Authority& authority() {
  static const support::Authority one("ground");
  return one;
}

struct Files {
  support::TempDir dir;
  config::Kafka kafka;

  Files() {
    const support::Issued issued = authority().issue({});
    kafka.tls = config::Tls{dir.write("ca.pem", authority().certificate()), dir.write("agent.pem", issued.certificate),
                            dir.write("agent.key", issued.key), ""};
  }
  std::string problems() const {
    std::string text;
    for (const drivers::CredentialProblem& each : credential_problems(kafka, std::time(nullptr)))
      text += each.key + ": " + each.text + "\n";
    return text;
  }
  /// Whether that and nothing else is wrong.
  bool only(const std::string& key, const std::string& words) const {
    const auto found = credential_problems(kafka, std::time(nullptr));
    INFO(problems());
    REQUIRE(found.size() == 1);
    CHECK(found[0].key == key);
    CHECK(found[0].text.find(words) != std::string::npos);
    return found[0].key == key && found[0].text.find(words) != std::string::npos;
  }
};

}  // namespace

TEST_CASE("certificates: a pair and its authority have no problem") {
  Files files;
  CHECK(files.problems().empty());
  files.kafka.tls = config::Tls{};
  CHECK(files.problems().empty());
}

TEST_CASE("certificates: all the authorities that a system knows are no problem") {
  Files files;
  std::string many;
  while (many.size() < 300'000)
    many += authority().certificate();
  files.kafka.tls->ca = files.dir.write("many.pem", many);
  CHECK(files.problems().empty());
}

TEST_CASE("certificates: what is not there or no PEM") {
  Files files;
  SECTION("no file") {
    files.kafka.tls->ca = files.dir / "none.pem";
    CHECK(files.only("tls.ca", "cannot read " + files.kafka.tls->ca + ": No such file or directory"));
  }
  SECTION("no certificate in it") {
    files.dir.write("ca.pem", "hello");
    CHECK(files.only("tls.ca", "holds no certificate: it must be PEM"));
  }
  SECTION("a key in the certificate's place") {
    files.kafka.tls->certificate = files.kafka.tls->key;
    CHECK(files.only("tls.certificate", "holds no certificate: it must be PEM"));
  }
  SECTION("a certificate in the key's place") {
    files.kafka.tls->key = files.kafka.tls->certificate;
    CHECK(files.only("tls.key", "holds no private key: it must be PEM"));
  }
  SECTION("another certificate's key") {
    files.dir.write("agent.key", authority().issue({}).key);
    CHECK(files.only("tls.key", "is not the key of " + files.kafka.tls->certificate));
  }
  SECTION("a password's file") {
    files.kafka.sasl = config::Sasl{"PLAIN", "gw-07", files.dir / "none", "", ""};
    CHECK(files.only("sasl.password_file", "cannot read"));
  }
}

TEST_CASE("certificates: what has expired is a matter of the clock") {
  Files files;
  const support::Issued old = authority().issue({"agent", "", -48h, -24h});
  files.dir.write("agent.pem", old.certificate);
  files.dir.write("agent.key", old.key);
  CHECK(files.only("tls.certificate", "the certificate expired on "));
  CHECK(credential_problems(files.kafka, std::time(nullptr))[0].by_clock);
  CHECK(credential_problems(files.kafka, std::time(nullptr) - 36L * 3600).empty());
  files.dir.write("agent.pem", authority().issue({"agent", "", 24h, 48h}).certificate);
  CHECK(files.problems().find("holds only from ") != std::string::npos);
}

TEST_CASE("certificates: an encrypted key wants its password") {
  Files files;
  files.dir.write("agent.key", support::encrypt_key(support::read_file(files.kafka.tls->key), "hunter2"));
  CHECK(files.only("tls.key", "is encrypted: name the file of its password in key_password_file"));
  files.kafka.tls->key_password_file = files.dir.write("password", "hunter2\n");
  CHECK(files.problems().empty());
  files.dir.write("password", "hunter3\n");
  CHECK(files.only("tls.key_password_file", "does not hold the password of"));
  CHECK(files.problems().find("hunter") == std::string::npos);
}

TEST_CASE("secrets: a file that changed is seen, also behind a link, and one that is not there yet") {
  Files files;
  files.kafka.sasl = config::Sasl{"PLAIN", "gw-07", files.dir / "link", "", ""};
  KafkaSecrets secrets(files.kafka);
  CHECK_FALSE(secrets.read().problem.empty());
  CHECK_FALSE(secrets.changed());
  files.dir.write("one", "hunter2\n");
  files.dir.write("two", "hunter3\n");
  std::filesystem::create_symlink("one", files.dir / "link");
  CHECK(secrets.changed());
  const KafkaSecrets::Read read = secrets.read();
  CHECK(read.problem.empty());
  REQUIRE(read.settings.size() == 1);
  CHECK(read.settings[0].name == "sasl.password");
  CHECK(read.settings[0].value == "hunter2");
  CHECK_FALSE(secrets.changed());
  // As Kubernetes and certbot do it: the link is turned to another file.
  std::filesystem::create_symlink("two", files.dir / "new");
  std::filesystem::rename(files.dir / "new", files.dir / "link");
  CHECK(secrets.changed());
  CHECK(secrets.read().settings[0].value == "hunter3");
}

}  // namespace fieldpost
