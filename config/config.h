// What the operator wrote, as plain values. Every default stands here, beside its field, and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/device_map.h"
#include "config/problem.h"

namespace fieldpost::config {

class TimeZone;  // config/time_zone.h

using Duration = std::chrono::microseconds;
using Places = std::map<std::string, Place>;  // where keys stand in the file

/// ntp: the wall clock counts once the kernel calls it synchronised. trusted: always, for a site with a clock of its
/// own.
enum class Clock { ntp, trusted };

struct Agent {
  std::string id;    // default: the host name; holds no '/'
  std::string site;  // for templates; may be empty where no template names it
  Clock clock = Clock::ntp;
};

enum class WhenFull { drop_oldest, drop_newest, block };

struct Buffer {
  std::string path = "/var/lib/fieldpost/queue.db";
  Duration commit_interval = std::chrono::milliseconds{200};
  std::uint64_t max_size = 1ULL << 30;     // bytes on the disk
  std::uint64_t max_memory = 16ULL << 20;  // bytes of readings held in RAM
  Duration max_age = std::chrono::days{30};
  WhenFull when_full = WhenFull::drop_oldest;
};

/// [kafka.tls]: there, and every connection is TLS. Paths are resolved against the configuration file's folder, those
/// of systemd credentials ("credential:NAME") against theirs; where this process has none they stay as written.
struct Tls {
  std::string ca;                 // PEM; empty: the system's
  std::string certificate;        // PEM, with key: mutual TLS
  std::string key;                // PEM
  std::string key_password_file;  // empty: the key has none
};

/// [kafka.sasl].
struct Sasl {
  std::string mechanism;      // PLAIN | SCRAM-SHA-256 | SCRAM-SHA-512 | OAUTHBEARER
  std::string username;       // OAUTHBEARER: the client id
  std::string password_file;  // OAUTHBEARER: the client secret
  std::string token_url;      // OAUTHBEARER: the token endpoint (OIDC, grant client_credentials)
  std::string scope;          // OAUTHBEARER: may be empty
};

enum class Record { reading, device };
enum class Format { json, cloudevents, cloudevents_binary, json_schema };
enum class Delivery { at_least_once, exactly_once };
enum class Order { oldest_first, live_first };

struct Kafka {
  std::vector<std::string> brokers;  // HOST:PORT
  std::string topic = "telemetry.{site}";
  std::string key = "{device}";
  Record record = Record::reading;
  Format format = Format::json;
  Delivery delivery = Delivery::at_least_once;
  Order order = Order::oldest_first;
  Duration linger = std::chrono::milliseconds{1};
  std::string compression = "lz4";  // lz4 | zstd | gzip | snappy | none
  std::string partitioner = "murmur2_random";
  std::string checkpoint_topic = "fieldpost.checkpoints";
  std::optional<double> backfill_rate;  // readings a second of what has waited through an outage; nothing: no limit
  std::optional<Tls> tls;
  std::optional<Sasl> sasl;
  std::map<std::string, std::string> properties;  // of librdkafka: the last word
  // Of what only the files and libraries themselves can judge: "tls.ca", "properties.socket.timeout.ms".
  Places places;
};

struct ModbusUrl {
  enum class Kind { tcp, rtu, rtu_tcp };  // rtu_tcp: the serial line's frames over a connection
  Kind kind = Kind::tcp;
  std::string host;  // not rtu: a name, an IPv4 or an IPv6 address without brackets
  std::uint16_t port = 502;
  std::string path;  // rtu: the serial device
  int baud = 19200;  // the serial line standard's defaults (Modbus over Serial Line 1.02, 2.5.1 and 3.3.2)
  char parity = 'E';
  int stop = 1;
  std::string text;  // as written, for status and messages
};

struct ModbusDevice {
  std::string name;
  int unit = 1;          // 0 to 255 over TCP, 1 to 247 on a serial line
  std::string map;       // path, resolved against the configuration file's folder; empty with sunspec
  bool sunspec = false;  // map = "sunspec": the device says its points when it answers, and `points` is empty
  Duration every = std::chrono::seconds{1};
  std::shared_ptr<const DeviceMap> points = std::make_shared<const DeviceMap>();  // one for all devices of a map
  Limits limits{};   // its own, else its map's, else its link's
  Duration pause{};  // between an answer and the next request to it
  int retries = 0;   // of a request that got no answer, or a wrong one
};

/// Who turns a serial line round to send: the kernel, by RTS (TIOCSRS485).
struct Rs485 {
  bool high_on_send = true;  // RTS while sending; low after it
  Duration before{};         // from RTS to the first bit, whole milliseconds
  Duration after{};          // from the last bit to RTS
};

struct ModbusLink {
  std::string name;
  ModbusUrl url;
  Duration timeout = std::chrono::milliseconds{500};
  std::optional<Rs485> rs485;  // rtu
  bool echo = false;           // rtu: the line hands back what is sent
  std::vector<ModbusDevice> devices;
};

/// One value of a payload, and what is made of it.
struct MqttValue {
  std::string pointer;  // json: JSON pointer; "" is the whole document; one level may be *: each element or member
  std::size_t at = 0;   // raw: its first byte
  bool number = false;  // json, text: what is no number is bad, a string that is one is taken
  Point point{};  // of it: name (behind the rule's; empty: the rule's alone), unit (a template), scale, offset, names;
                  // raw: type, size, order, invalid, too; text: a type of string, too
};

/// Templates hold {1} for the first wildcard (# is all the levels that it stands for), {/a/b} for what stands in the
/// payload, {*} for the name or number of the element that a * in `values` stands for.
struct MqttRule {
  enum class Payload { json, text, raw, sparkplug };
  enum class Retained { take, mark, ignore };
  std::string place;                   // where it stands: FILE:LINE: mqtt[NAME].subscribe[N]
  std::string topic;                   // a filter with + and #
  int qos = 1;                         // 0 to 2
  Retained retained = Retained::take;  // what becomes of messages that the broker had kept from before
  bool keep_bad = false;  // a message with a problem is kept whole, as a rejected reading; not of Sparkplug
  Payload payload = Payload::json;
  // Templates. sparkplug: may be empty, for the names that births give; {metric} in `point` is the metric's.
  std::string device;
  std::string point;  // with several values, or all: what their names begin with; may be empty
  std::vector<MqttValue> values{MqttValue{}};
  std::optional<std::string> all;        // every number and boolean below this JSON pointer, instead of `values`
  std::string time;                      // JSON pointer, or {n} of the topic; empty: the time of arrival
  std::shared_ptr<const TimeZone> zone;  // of times that come without one; null: UTC
};

struct MqttUrl {
  std::string host;
  std::uint16_t port = 1883;  // mqtts: 8883
  std::string text;
  bool tls = false;  // mqtts://
};

struct MqttBroker {
  std::string name;
  MqttUrl url;
  std::string client_id;  // default: fieldpost-AGENT-NAME, stable, as a persistent session needs
  std::string username;
  std::string password_file;  // a path as in Tls; re-read at each connect, as are the files of TLS
  std::optional<Tls> tls;     // with mqtts://
  int version = 4;            // of the protocol as CONNECT has it: 4 is 3.1.1, 5 is 5
  Duration session_expiry =
      std::chrono::hours{24 * 7};      // 5: how long the broker keeps messages for an agent that is away
  std::optional<int> receive_maximum;  // 5: messages on the way; nothing: 65,535, or the broker's own limit
  std::string will;                    // topic of the last will; empty: none
  bool rebirth = false;                // Sparkplug: edge nodes are asked for births that are missing
  // Devices whose readings do not come from here, and whose they are: a topic or a payload may say any name.
  std::map<std::string, std::string, std::less<>> others{};
  // Of what only the files can judge: "ca", "password_file".
  Places places;
  std::vector<MqttRule> rules;
};

struct Config {
  std::string file;
  Agent agent;
  Buffer buffer;
  Kafka kafka;
  std::vector<ModbusLink> modbus;
  std::vector<MqttBroker> mqtt;
};

struct Loaded {
  std::optional<Config> config;   // set only where there is no problem at all
  std::vector<Problem> problems;  // every one, in the order of file, line, column
};

/// Reads the file and every device map it names. Never throws for what the files hold: a file that cannot be read is a
/// problem like the others.
Loaded load(const std::string& file);

/// Placeholders that kafka.topic and kafka.key may hold: {agent} {site} {device} {point} {source}.
using Placeholders = std::map<std::string, std::string, std::less<>>;

/// Replaces {name} by its value; a name that is not among the values stays as it is (load() has refused it).
std::string expand(const std::string& text, const Placeholders& values);

}  // namespace fieldpost::config
