// A reading as columns of a table, for Kafka Connect: what its JsonConverter reads with schemas.enable = true.
#include <cmath>
#include <limits>
#include <type_traits>

#include "agent/forwarder/json.h"
#include "agent/forwarder/record.h"

namespace fieldpost {
namespace {

// A double holds every integer up to here.
constexpr std::uint64_t kExact = 1ULL << 53;

constexpr std::string_view kEnvelope =
    R"({"schema":{"type":"struct","name":"fieldpost.columns","version":1,"optional":false,"fields":[)"
    R"({"field":"agent","type":"string","optional":false},)"
    R"({"field":"session","type":"int64","optional":false},)"
    R"({"field":"seq","type":"int64","optional":false},)"
    R"({"field":"device","type":"string","optional":false},)"
    R"({"field":"point","type":"string","optional":false},)"
    R"({"field":"time","type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1},)"
    R"({"field":"time_us","type":"int64","optional":false},)"
    R"({"field":"clock","type":"string","optional":true},)"
    R"({"field":"value","type":"double","optional":true},)"
    R"({"field":"text","type":"string","optional":true},)"
    R"({"field":"code","type":"int64","optional":true},)"
    R"({"field":"unit","type":"string","optional":true},)"
    R"({"field":"quality","type":"string","optional":false},)"
    R"({"field":"reason","type":"string","optional":true}]},"payload":)";

void append_columns(std::string& out, std::string_view value, std::string_view text) {
  out.append("\"value\":").append(value).append(",\"text\":").append(text);
}

struct Columns {
  std::string& out;

  void operator()(const BadView&) const { append_columns(out, "null", "null"); }
  void operator()(bool value) const { append_columns(out, value ? "1" : "0", value ? "\"true\"" : "\"false\""); }
  void operator()(std::string_view value) const {
    append_columns(out, "null", "");
    json::append_string(out, value);
  }
  void operator()(const NamedView& named) const { (*this)(named.name); }
  // What it says beside its value has no columns of its own.
  void operator()(const EventView& event) const {
    append_columns(out, "null", "");
    std::string object;
    append_value(object, event);
    json::append_string(out, object);
  }
  template <typename Number>
  void operator()(Number value) const {
    out += "\"value\":";
    json::append_number(out, value);
    out += ",\"text\":";
    if constexpr (std::is_integral_v<Number>) {
      const std::uint64_t size = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
      if (size > kExact) {
        out += '"';
        json::append_number(out, value);
        out += '"';
        return;
      }
    }
    out += "null";
  }
};

class ConnectWriter final : public RecordWriter {
 public:
  ConnectWriter(const Layout& layout, const PointName& point) {
    name_ = ",\"device\":";
    json::append_string(name_, layout.device());
    name_ += ",\"point\":";
    json::append_string(name_, point.name);
    name_ += ",\"time\":";
    unit_ = ",\"unit\":";
    if (point.unit.empty()) {
      unit_ += "null";
    } else {
      json::append_string(unit_, point.unit);
    }
    append_remark(good_, layout);
    if (good_.empty()) good_ = ",\"reason\":null";
  }

  void append(std::string& out, const RecordContent& content) const override {
    const ValueView& value = content.values.front();
    out += kEnvelope;
    out += content.head;
    json::append_number(out, content.seq);
    out += name_;
    json::append_number(out, milliseconds(content.time.wall));
    out += ",\"time_us\":";
    json::append_number(out, content.time.wall);
    out += ',';
    if (content.time.mark == ClockMark::none) out += "\"clock\":null,";
    append_clock(out, content.time.mark);
    std::visit(Columns{out}, value);
    out += ",\"code\":";
    if (const auto* named = std::get_if<NamedView>(&value)) {
      json::append_number(out, named->code);
    } else {
      out += "null";
    }
    out += unit_;
    if (const auto* bad = std::get_if<BadView>(&value)) {
      out += ",\"quality\":\"bad\",\"reason\":";
      json::append_string(out, bad->reason);
      out += "}}";
    } else {
      out += ",\"quality\":\"good\"";
      out += good_;
      out += "}}";
    }
  }

 private:
  // Downwards, also before 1970.
  static std::int64_t milliseconds(std::int64_t wall) { return wall / 1000 - (wall % 1000 < 0 ? 1 : 0); }

  std::string name_;  // from behind the seq up to the time
  std::string unit_;
  std::string good_;  // the reason of a good value
};

}  // namespace

RecordWriterPtr connect_writer(const Layout& layout, const PointName& point) {
  return std::make_unique<ConnectWriter>(layout, point);
}

}  // namespace fieldpost
