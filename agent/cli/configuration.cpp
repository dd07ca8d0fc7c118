#include <algorithm>
#include <ctime>
#include <iostream>
#include <tuple>

#include "agent/cli/verbs.h"
#include "agent/forwarder/kafka_properties_check.h"
#include "agent/forwarder/kafka_secrets.h"
#include "config/secret.h"

namespace fieldpost::cli {
namespace {

void forget_absent(std::string& path) {
  if (path.starts_with(config::credential_prefix)) path.clear();
}

/// Only the service has the folder of its credentials: outside it nothing is said of them.
config::Tls without_absent_credentials(config::Tls tls) {
  for (std::string* path : {&tls.ca, &tls.certificate, &tls.key, &tls.key_password_file})
    forget_absent(*path);
  return tls;
}

config::Kafka without_absent_credentials(config::Kafka kafka) {
  if (kafka.tls) kafka.tls = without_absent_credentials(*kafka.tls);
  if (kafka.sasl) forget_absent(kafka.sasl->password_file);
  return kafka;
}

std::vector<drivers::CredentialProblem> broker_problems(const config::MqttBroker& broker) {
  std::vector<drivers::CredentialProblem> problems;
  if (broker.tls) problems = drivers::tls_problems(without_absent_credentials(*broker.tls), std::time(nullptr));
  std::string file = broker.password_file;
  forget_absent(file);
  const config::Secret password = config::read_secret(file);
  if (!password.problem.empty()) problems.push_back({"password_file", password.problem});
  return problems;
}

void add_credential_problems(const config::Config& config, std::vector<config::Problem>& problems) {
  const config::Kafka kafka = without_absent_credentials(config.kafka);
  for (const drivers::CredentialProblem& problem : credential_problems(kafka, std::time(nullptr))) {
    const config::Place place = config.kafka.places.at(problem.key);
    problems.push_back({config.file, place.line, place.column, "kafka." + problem.key, problem.text});
  }
  for (const config::MqttBroker& broker : config.mqtt) {
    for (const drivers::CredentialProblem& problem : broker_problems(broker)) {
      const config::Place place = broker.places.at(problem.key);
      problems.push_back(
          {config.file, place.line, place.column, "mqtt[" + broker.name + "]." + problem.key, problem.text});
    }
  }
}

}  // namespace

config::Loaded examine(const std::string& file, Depth depth) {
  config::Loaded loaded = config::load(file);
  if (!loaded.config || depth == Depth::text) return loaded;
  loaded.problems = property_problems(*loaded.config);
  if (depth == Depth::files) add_credential_problems(*loaded.config, loaded.problems);
  std::stable_sort(loaded.problems.begin(), loaded.problems.end(), [](const auto& a, const auto& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  if (!loaded.problems.empty()) loaded.config.reset();
  return loaded;
}

std::optional<config::Config> load(const Args& args, Depth depth) {
  config::Loaded loaded = examine(args.file, depth);
  for (const auto& problem : loaded.problems)
    std::cerr << config::to_string(problem) << "\n";
  return std::move(loaded.config);
}

}  // namespace fieldpost::cli
