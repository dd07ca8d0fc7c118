#include "tests/support/secure_kafka.h"

#include <stdexcept>

namespace fieldpost::support {
namespace {

constexpr const char* kUser = "gw-07";
constexpr const char* kPassword = "right-secret";
const std::string kModules = "org.apache.kafka.common.security.";

void add_sasl(KafkaProperties& properties, const std::string& listener, const std::string& mechanisms,
              const std::string& mechanism, const std::string& jaas) {
  const std::string prefix = "listener.name." + listener + ".";
  properties[prefix + "sasl.enabled.mechanisms"] = mechanisms;
  properties[prefix + mechanism + ".sasl.jaas.config"] = kModules + jaas;
}

KafkaOptions options(const SecureKafka& ground) {
  KafkaOptions options;
  options.listeners = {{"TLS", "SSL"},        {"MUTUAL", "SSL"},     {"OTHERNAME", "SSL"},
                       {"PLAIN", "SASL_SSL"}, {"SCRAM", "SASL_SSL"}, {"OAUTH", "SASL_SSL"}};
  KafkaProperties& set = options.properties;
  for (const char* listener : {"tls", "mutual", "plain", "scram", "oauth"})
    add_tls(set, ground.dir, ground.authority, listener);
  add_tls(set, ground.dir, ground.authority, "othername", "DNS:broker.example");
  set["listener.name.mutual.ssl.client.auth"] = "required";
  add_sasl(set, "plain", "PLAIN", "plain",
           std::string("plain.PlainLoginModule required user_") + kUser + "=\"" + kPassword + "\";");
  add_sasl(set, "scram", "SCRAM-SHA-256,SCRAM-SHA-512", "scram-sha-256", "scram.ScramLoginModule required;");
  add_sasl(set, "scram", "SCRAM-SHA-256,SCRAM-SHA-512", "scram-sha-512", "scram.ScramLoginModule required;");
  add_sasl(set, "oauth", "OAUTHBEARER", "oauthbearer", "oauthbearer.OAuthBearerLoginModule required;");
  set["listener.name.oauth.oauthbearer.sasl.server.callback.handler.class"] =
      kModules + "oauthbearer.OAuthBearerValidatorCallbackHandler";
  // The default validator of 4.1 looks at a token's shape only.
  set["listener.name.oauth.sasl.oauthbearer.jwt.validator.class"] = kModules + "oauthbearer.BrokerJwtValidator";
  set["listener.name.oauth.sasl.oauthbearer.expected.audience"] = "kafka";
  set["listener.name.oauth.sasl.oauthbearer.jwks.endpoint.url"] = ground.provider.jwks_url();
  // A connection ends with its token, at the latest after an hour.
  set["listener.name.oauth.oauthbearer.connections.max.reauth.ms"] = "3600000";
  options.java_options = {"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + ground.provider.jwks_url()};
  for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"})
    options.scram_users.push_back(std::string(mechanism) + "=[name=" + kUser + ",password=" + kPassword + "]");
  return options;
}

}  // namespace

void add_tls(KafkaProperties& properties, const TempDir& dir, const Authority& authority, const std::string& listener,
             const std::string& hosts) {
  const Issued issued = authority.issue({"broker", hosts});
  const std::string prefix = "listener.name." + listener + ".ssl.";
  properties[prefix + "keystore.type"] = "PEM";
  properties[prefix + "keystore.location"] = dir.write(listener + ".pem", issued.key + issued.certificate);
  properties[prefix + "truststore.type"] = "PEM";
  properties[prefix + "truststore.location"] = dir.write(listener + "-ca.pem", authority.certificate());
}

SecureKafka::SecureKafka() : kafka(options(*this)) {}

SecureKafka& secure_kafka() {
  static SecureKafka ground;
  return ground;
}

void set_scram_password(SecureKafka& ground, const std::string& password) {
  const Finished done =
      run_kafka({"kafka.admin.ConfigCommand", "--bootstrap-server", ground.kafka.brokers(), "--alter", "--add-config",
                 "SCRAM-SHA-512=[password=" + password + "]", "--entity-type", "users", "--entity-name", kUser});
  if (done.status.code != 0) throw std::runtime_error("Kafka does not take the password: " + done.out + done.err);
}

}  // namespace fieldpost::support
