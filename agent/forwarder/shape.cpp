#include "agent/forwarder/shape.h"

#include "buffer/wire.h"

namespace fieldpost {
namespace {

constexpr std::size_t kRemembered = 2000;
constexpr std::size_t kLongestTopic = 249;

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string kafka_topic(std::string name) {
  for (char& c : name) {
    if (!allowed(c)) c = '_';
  }
  if (name.size() > kLongestTopic) name.resize(kLongestTopic);
  if (name.empty() || name == "." || name == "..") name += '_';
  return name;
}

const LayoutShape& Shapes::of(const SessionInfo& session, const LayoutView& layout) {
  std::string id;
  wire::put_varint(id, session.id);
  id += layout.encoded;
  const auto [known, added] = known_.try_emplace(std::move(id));
  if (!added) return known->second;
  config::Placeholders names{{"agent", session.agent},
                             {"site", session.site},
                             {"device", std::string(layout.device)},
                             {"source", std::string(layout.source)},
                             {"point", ""}};
  known->second.reserve(layout.points.size());
  for (const PointView& point : layout.points) {
    names["point"] = point.name;
    known->second.push_back({kafka_topic(config::expand(topic_, names)), config::expand(key_, names),
                             record_frame(session, layout.device, point)});
  }
  return known->second;
}

void Shapes::forget() {
  if (known_.size() > kRemembered) known_.clear();
}

}  // namespace fieldpost
