#include "config/kafka_properties.h"

#include <algorithm>
#include <array>

namespace fieldpost::config {
namespace {

constexpr std::string_view acknowledged = "would call a reading delivered that not every in-sync replica has";
constexpr std::string_view gives_up = "would give readings up, and each waits until it is acknowledged";
constexpr std::string_view reorders = "would break the order of readings";
constexpr std::string_view paced = "is chosen by the forwarder, which bounds what is on its way";
constexpr std::string_view other_key = "has a key of its own";
constexpr std::string_view secret = "has its place in a file, so that this one holds no secret";
constexpr std::string_view unverified = "would talk to whoever answers in the broker's place";
constexpr std::string_view code = "would load code into the agent";
constexpr std::string_view pointer = "is for programs, which set it to one of their functions or pointers";
constexpr std::string_view log = "is about librdkafka's log, which goes nowhere: the agent speaks";
constexpr std::string_view told = "is how the agent learns of its brokers and of what became of each reading";
constexpr std::string_view consumer = "is for consumers, and fieldpost produces";
constexpr std::string_view nothing = "does nothing any more";
constexpr std::string_view kerberos = "is for Kerberos, which is not supported";
constexpr std::string_view old = "is for brokers before 0.11, which have neither headers nor idempotence";

constexpr std::string_view use_brokers = "use kafka.brokers";
constexpr std::string_view use_linger = "use kafka.linger";
constexpr std::string_view use_compression = "use kafka.compression";
constexpr std::string_view use_partitioner = "use kafka.partitioner";
constexpr std::string_view use_delivery = "use kafka.delivery";
constexpr std::string_view use_ca = "use kafka.tls.ca";
constexpr std::string_view use_certificate = "use kafka.tls.certificate";
constexpr std::string_view use_key = "use kafka.tls.key";
constexpr std::string_view use_sasl = "use kafka.sasl";
constexpr std::string_view use_pem = "use kafka.tls.certificate and kafka.tls.key, in PEM";
constexpr std::string_view use_password = "use kafka.sasl.password_file";

constexpr auto table = std::to_array<RefusedProperty>({
    {"acks", acknowledged, {}},
    {"request.required.acks", acknowledged, {}},
    {"message.timeout.ms", gives_up, {}},
    {"delivery.timeout.ms", gives_up, {}},
    {"message.send.max.retries", gives_up, {}},
    {"retries", gives_up, {}},
    {"topic.blacklist", "would hide topics, whose readings could never be delivered", {}},
    {"enable.gapless.guarantee", "would stop the producer at the first error", {}},

    {"enable.idempotence", reorders, {}},
    {"queuing.strategy", reorders, {}},
    {"max.in.flight", paced, {}},
    {"max.in.flight.requests.per.connection", paced, {}},
    {"batch.num.messages", paced, {}},
    {"batch.size", paced, {}},
    {"queue.buffering.max.messages", paced, {}},
    {"queue.buffering.max.kbytes", paced, {}},
    {"queue.buffering.backpressure.threshold", paced, {}},
    {"reconnect.backoff.ms", "would break the limit of attempts to connect", {}},
    {"reconnect.backoff.max.ms", "would break the limit of attempts to connect", {}},
    {"enable.random.seed", "would let all agents try to connect at the same moments", {}},
    {"socket.max.fails", "would keep a connection on which answers are missing", {}},

    {"bootstrap.servers", other_key, use_brokers},
    {"metadata.broker.list", other_key, use_brokers},
    {"linger.ms", other_key, use_linger},
    {"queue.buffering.max.ms", other_key, use_linger},
    {"compression.codec", other_key, use_compression},
    {"compression.type", other_key, use_compression},
    {"partitioner", other_key, use_partitioner},
    {"transactional.id", other_key, use_delivery},
    {"transaction.timeout.ms", "is set by kafka.delivery = \"exactly-once\"", {}},

    {"security.protocol", "follows from [kafka.tls] and [kafka.sasl]", "write these tables"},
    {"enable.ssl.certificate.verification", unverified, use_ca},
    {"ssl.endpoint.identification.algorithm", unverified, "write the name of the certificate into kafka.brokers"},
    {"ssl.ca.location", other_key, use_ca},
    {"ssl.ca.pem", other_key, use_ca},
    {"ssl.certificate.location", other_key, use_certificate},
    {"ssl.certificate.pem", other_key, use_certificate},
    {"ssl.key.location", other_key, use_key},
    {"ssl.key.pem", secret, use_key},
    {"ssl.key.password", secret, "use kafka.tls.key_password_file"},
    {"ssl.keystore.location", other_key, use_pem},
    {"ssl.keystore.password", secret, use_pem},
    {"sasl.mechanism", other_key, use_sasl},
    {"sasl.mechanisms", other_key, use_sasl},
    {"sasl.username", other_key, use_sasl},
    {"sasl.password", secret, use_password},
    {"sasl.oauthbearer.method", other_key, use_sasl},
    {"sasl.oauthbearer.config", secret, use_sasl},
    {"sasl.oauthbearer.client.id", other_key, use_sasl},
    {"sasl.oauthbearer.client.secret", secret, use_password},
    {"sasl.oauthbearer.scope", other_key, use_sasl},
    {"sasl.oauthbearer.token.endpoint.url", other_key, use_sasl},
    {"sasl.oauthbearer.extensions", "is not supported", {}},
    {"enable.sasl.oauthbearer.unsecure.jwt", "would let anybody in", use_sasl},
    {"sasl.kerberos.service.name", kerberos, use_sasl},
    {"sasl.kerberos.principal", kerberos, use_sasl},
    {"sasl.kerberos.kinit.cmd", kerberos, use_sasl},
    {"sasl.kerberos.keytab", kerberos, use_sasl},
    {"sasl.kerberos.min.time.before.relogin", kerberos, use_sasl},

    {"plugin.library.paths", code, {}},
    {"interceptors", pointer, {}},
    {"ssl.engine.location", code, use_key},
    {"ssl.engine.id", code, use_key},
    {"ssl_engine_callback_data", pointer, {}},
    {"ssl_ca", pointer, use_ca},
    {"ssl_certificate", pointer, use_certificate},
    {"ssl_key", pointer, use_key},
    {"opaque", pointer, {}},
    {"default_topic_conf", pointer, {}},
    {"msg_order_cmp", pointer, {}},
    {"internal.termination.signal", "would take a signal from the agent", {}},

    {"statistics.interval.ms", told, {}},
    {"enabled_events", told, {}},
    {"delivery.report.only.error", told, {}},
    {"debug", log, {}},
    {"log_level", log, {}},
    {"log.queue", log, {}},
    {"log.thread.name", log, {}},
    {"log.connection.close", log, {}},

    {"api.version.request", old, {}},
    {"api.version.fallback.ms", old, {}},
    {"broker.version.fallback", old, {}},
    {"topic.metadata.refresh.fast.cnt", nothing, {}},
    {"socket.blocking.max.ms", nothing, {}},
    {"reconnect.backoff.jitter.ms", nothing, {}},
    {"produce.offset.report", nothing, {}},

    {"group.id", consumer, {}},
    {"group.instance.id", consumer, {}},
    {"group.protocol.type", consumer, {}},
    {"partition.assignment.strategy", consumer, {}},
    {"session.timeout.ms", consumer, {}},
    {"heartbeat.interval.ms", consumer, {}},
    {"coordinator.query.interval.ms", consumer, {}},
    {"max.poll.interval.ms", consumer, {}},
    {"auto.commit.enable", consumer, {}},
    {"enable.auto.commit", consumer, {}},
    {"auto.commit.interval.ms", consumer, {}},
    {"auto.offset.reset", consumer, {}},
    {"enable.auto.offset.store", consumer, {}},
    {"offset.store.path", consumer, {}},
    {"offset.store.sync.interval.ms", consumer, {}},
    {"offset.store.method", consumer, {}},
    {"queued.min.messages", consumer, {}},
    {"queued.max.messages.kbytes", consumer, {}},
    {"fetch.wait.max.ms", consumer, {}},
    {"fetch.message.max.bytes", consumer, {}},
    {"max.partition.fetch.bytes", consumer, {}},
    {"fetch.max.bytes", consumer, {}},
    {"fetch.min.bytes", consumer, {}},
    {"fetch.error.backoff.ms", consumer, {}},
    {"isolation.level", consumer, {}},
    {"enable.partition.eof", consumer, {}},
    {"check.crcs", consumer, {}},
    {"consume.callback.max.messages", consumer, {}},
});

constexpr RefusedProperty callback{"*_cb", pointer, {}};

}  // namespace

std::span<const RefusedProperty> refused_properties() {
  return table;
}

const RefusedProperty* find_refused(std::string_view name) {
  if (name.ends_with("_cb")) return &callback;
  const auto has_name = [&name](const RefusedProperty& each) { return each.name == name; };
  if (const auto* found = std::find_if(table.begin(), table.end(), has_name); found != table.end()) return found;
  // librdkafka takes "topic.acks" for "acks".
  constexpr std::string_view prefix = "topic.";
  if (!name.starts_with(prefix)) return nullptr;
  name.remove_prefix(prefix.size());
  const auto* found = std::find_if(table.begin(), table.end(), has_name);
  return found != table.end() ? found : nullptr;
}

}  // namespace fieldpost::config
