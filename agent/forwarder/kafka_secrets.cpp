#include "agent/forwarder/kafka_secrets.h"

#include <sys/stat.h>

#include <ctime>

#include "config/secret.h"

namespace fieldpost {

const drivers::TlsKeys& kafka_tls_keys() {
  static const drivers::TlsKeys keys{"kafka.brokers, and into the broker's advertised.listeners", "kafka.tls.ca"};
  return keys;
}

std::vector<drivers::CredentialProblem> credential_problems(const config::Kafka& kafka, std::int64_t now) {
  std::vector<drivers::CredentialProblem> problems;
  if (kafka.tls) problems = drivers::tls_problems(*kafka.tls, now);
  for (drivers::CredentialProblem& problem : problems)
    problem.key.insert(0, "tls.");
  if (kafka.sasl && !kafka.sasl->password_file.empty()) {
    const config::Secret password = config::read_secret(kafka.sasl->password_file);
    if (!password.problem.empty()) problems.push_back({"sasl.password_file", password.problem});
  }
  return problems;
}

KafkaSecrets::KafkaSecrets(const config::Kafka& kafka) : kafka_(kafka) {
  if (kafka.tls) files_ = {kafka.tls->ca, kafka.tls->certificate, kafka.tls->key, kafka.tls->key_password_file};
  if (kafka.sasl) files_.push_back(kafka.sasl->password_file);
  std::erase(files_, "");
}

KafkaSecrets::Read KafkaSecrets::read() {
  seen_ = states();  // first: what changes while it is read is found changed
  for (const drivers::CredentialProblem& problem : credential_problems(kafka_, std::time(nullptr))) {
    if (!problem.by_clock) return {{}, "kafka." + problem.key + ": " + problem.text};
  }
  Read result;
  const auto add = [&result](const char* name, const std::string& file) {
    if (!file.empty()) result.settings.push_back({name, config::read_secret(file).text});
  };
  if (kafka_.tls) add("ssl.key.password", kafka_.tls->key_password_file);
  if (kafka_.sasl && kafka_.sasl->mechanism != "OAUTHBEARER") add("sasl.password", kafka_.sasl->password_file);
  return result;
}

bool KafkaSecrets::changed() const {
  return states() != seen_;
}

std::string KafkaSecrets::expired() const {
  for (const drivers::CredentialProblem& problem : credential_problems(kafka_, std::time(nullptr))) {
    if (problem.by_clock) return "kafka." + problem.key + ": " + problem.text;
  }
  return "";
}

std::vector<KafkaSecrets::State> KafkaSecrets::states() const {
  std::vector<State> states;
  for (const std::string& file : files_) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) status = {};
    states.emplace_back(status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  }
  return states;
}

}  // namespace fieldpost
