// The properties that librdkafka gets for a configuration. Pure: what stands in files of secrets is not among them.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace fieldpost {

/// The name and value of one property, as rd_kafka_conf_set takes them.
struct Setting {
  std::string name;
  std::string value;
};

/// In the order to be set: kafka.properties comes last and wins. `id`: which of the agent's transactional ids.
std::vector<Setting> kafka_settings(const config::Kafka& kafka, const std::string& agent, std::size_t id = 0);

}  // namespace fieldpost
