#include "agent/forwarder/shape.h"

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

const LayoutShape& Shapes::of(const SessionInfo& session, const Layout& layout) {
  const Key key{session.id, layout.identity()};
  if (const auto known = known_.find(key); known != known_.end()) return known->second.shape;
  LayoutShape shape;
  config::Placeholders names{{"agent", session.agent},
                             {"site", session.site},
                             {"device", layout.device()},
                             {"source", layout.source()},
                             {"point", ""}};
  shape.reserve(layout.points().size());
  for (const PointName& point : layout.points()) {
    names["point"] = point.name;
    shape.push_back({kafka_topic(config::expand(topic_, names)), config::expand(key_, names),
                     record_frame(session, layout.device(), point)});
  }
  return known_.emplace(key, Known{layout, std::move(shape)}).first->second.shape;
}

void Shapes::forget() {
  if (known_.size() > kRemembered) known_.clear();
}

}  // namespace fieldpost
