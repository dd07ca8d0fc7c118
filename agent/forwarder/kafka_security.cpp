#include "agent/forwarder/kafka_security.h"

#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "agent/forwarder/broker_error.h"
#include "drivers/net/certificates.h"

namespace fieldpost {

KafkaSecurity::KafkaSecurity(const config::Kafka& kafka, std::string agent, Attempts& attempts, Role role,
                             std::size_t id)
    : kafka_(kafka), agent_(std::move(agent)), role_(role), id_(id), attempts_(attempts), secrets_(kafka) {
  if (kafka.sasl && kafka.sasl->mechanism.starts_with("SCRAM-")) {
    gate_ = std::make_unique<LoginGate>(kafka, "fieldpost-" + agent_, attempts);
  }
}

KafkaSecurity::~KafkaSecurity() {
  keeper_.reset();
  ending_ = true;
  attempts_.wake();
  if (handle_ != nullptr) rd_kafka_destroy(handle_);
}

rd_kafka_t* KafkaSecurity::open(const std::vector<Setting>& settings,
                                const std::function<void(rd_kafka_conf_t*)>& prepare, std::string& error) {
  std::array<char, 512> text{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  prepare(conf);
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_socket_cb(conf, open_socket);
  rd_kafka_conf_set_closesocket_cb(conf, close_socket);
  if (gate_) {
    rd_kafka_conf_set_connect_cb(conf, connect_socket);
  } else if (kafka_.tls) {
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, judge_certificate);
  }
  rd_kafka_t* handle = nullptr;
  bool taken = true;
  for (const Setting& setting : settings) {
    taken = taken && rd_kafka_conf_set(conf, setting.name.c_str(), setting.value.c_str(), text.data(), text.size()) ==
                         RD_KAFKA_CONF_OK;
  }
  if (taken)
    handle =
        rd_kafka_new(role_ == Role::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, text.data(), text.size());
  if (handle == nullptr) {
    rd_kafka_conf_destroy(conf);
    error = text.data();
  }
  return handle;
}

rd_kafka_t* KafkaSecurity::open(const std::function<void(rd_kafka_conf_t*)>& prepare) {
  const KafkaSecrets::Read secrets = secrets_.read();
  std::string error;
  unusable_ = secrets.problem;
  config::Kafka alone = kafka_;  // without TLS and login
  alone.tls.reset();
  alone.sasl.reset();
  if (unusable_.empty()) {
    std::vector<Setting> settings = kafka_settings(gate_ ? alone : kafka_, agent_, id_);
    if (!gate_) settings.insert(settings.end(), secrets.settings.begin(), secrets.settings.end());
    handle_ = open(settings, prepare, error);
    if (handle_ == nullptr && !kafka_.tls && !kafka_.sasl) throw std::runtime_error("kafka: " + error);
    unusable_ = error;
  }
  if (handle_ == nullptr) {
    alone.brokers.clear();
    handle_ = open(kafka_settings(alone, agent_, id_), prepare, error);
    if (handle_ == nullptr) throw std::runtime_error("kafka: " + error);
  } else if (kafka_.sasl && kafka_.sasl->mechanism == "OAUTHBEARER") {
    keeper_ = std::make_unique<TokenKeeper>(*kafka_.sasl, kafka_.tls ? kafka_.tls->ca : "",
                                            [this](const OauthToken& token) { return give_token(token); });
  }
  return handle_;
}

// librdkafka holds no lock here, unlike in connect_socket(), and counts no time yet.
int KafkaSecurity::open_socket(int family, int type, int protocol, void* security) {
  auto* self = static_cast<KafkaSecurity*>(security);
  if (!self->attempts_.wait(self->ending_)) {
    errno = ECANCELED;
    return -1;
  }
  const int fd = self->gate_ ? self->gate_->open() : socket(family, type | SOCK_CLOEXEC, protocol);
  if (fd >= 0) self->attempts_.begin(fd);
  return fd;
}

int KafkaSecurity::close_socket(int fd, void* security) {
  static_cast<KafkaSecurity*>(security)->attempts_.end(fd);
  return close(fd);
}

int KafkaSecurity::connect_socket(int fd, const sockaddr* address, int size, const char* broker, void* security) {
  return static_cast<KafkaSecurity*>(security)->gate_->connect(fd, address, static_cast<socklen_t>(size), broker);
}

// librdkafka tells nobody which part of the verification failed. On a thread of a broker's; the verdict stays
// OpenSSL's.
int KafkaSecurity::judge_certificate(rd_kafka_t* /*handle*/, const char* /*broker*/, std::int32_t /*id*/, int* error,
                                     int /*depth*/, const char* /*certificate*/, std::size_t /*size*/, char* /*text*/,
                                     std::size_t /*text_size*/, void* security) {
  if (*error == 0) return 1;
  static_cast<KafkaSecurity*>(security)->refused_ = *error;
  return 0;
}

std::string KafkaSecurity::give_token(const OauthToken& token) {
  std::array<char, 512> error{};
  if (rd_kafka_oauthbearer_set_token(handle_, token.value.c_str(), token.expires, kafka_.sasl->username.c_str(),
                                     nullptr, 0, error.data(), error.size()) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    has_token_ = true;
    return "";
  }
  return "the token of " + kafka_.sasl->token_url + " cannot be used: " + error.data();
}

void KafkaSecurity::token_wanted() {
  if (keeper_) keeper_->wanted();
}

std::string KafkaSecurity::problem() const {
  if (!unusable_.empty()) return unusable_;
  if (gate_) return gate_->problem();
  return keeper_ ? keeper_->problem() : "";
}

bool KafkaSecurity::cut_off() const {
  return !unusable_.empty() || (keeper_ && !has_token_ && !keeper_->problem().empty());
}

std::string KafkaSecurity::explain(const std::string& error, bool worked) const {
  const bool handshake = kafka_.tls && error.find("SSL") != std::string::npos;
  if (handshake && error.find("certificate verify failed") != std::string::npos && refused_ != 0) {
    std::string broker = broker_error(error);
    return broker.substr(0, broker.find(": ") + 2) + drivers::refused_certificate(refused_, kafka_tls_keys());
  }
  const std::string expired = handshake ? secrets_.expired() : "";
  return expired.empty() ? broker_error(error, worked) : expired;
}

bool KafkaSecurity::renew() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < std::chrono::seconds{1}) return false;
  looked_ = now;
  // What can no longer be used does not take the place of what still works: the files may be replaced one by one.
  return secrets_.changed() && KafkaSecrets(kafka_).read().problem.empty();
}

}  // namespace fieldpost
