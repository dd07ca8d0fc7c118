// A poll of a device as one record: schema fieldpost.device/1.
#include <type_traits>
#include <vector>

#include "agent/forwarder/json.h"
#include "agent/forwarder/record.h"

namespace fieldpost {
namespace {

class DeviceWriter final : public RecordWriter {
 public:
  explicit DeviceWriter(const Layout& layout) {
    device_ = ",\"count\":";
    json::append_number(device_, std::uint64_t{layout.points().size()});
    device_ += ",\"device\":";
    json::append_string(device_, layout.device());
    device_ += ",\"time\":\"";
    for (const PointName& point : layout.points()) {
      json::append_string(points_.emplace_back(), point.name);
      points_.back() += ':';
    }
    append_remark(remark_, layout);
  }

  void append(std::string& out, const RecordContent& content) const override {
    out += content.head;
    json::append_number(out, content.seq);
    out += device_;
    out += content.time_text;
    out += "\",";
    append_clock(out, content.time.mark);
    out += "\"values\":{";
    std::size_t bad = 0;
    std::size_t named = 0;
    for (std::size_t point = 0; point < points_.size(); ++point) {
      const ValueView& value = content.values[point];
      if (std::holds_alternative<BadView>(value)) {
        ++bad;
        continue;
      }
      if (std::holds_alternative<NamedView>(value)) ++named;
      out += points_[point];
      append_value(out, value);
      out += ',';
    }
    close(out);
    out += ",\"codes\":{";
    for (std::size_t point = 0; named > 0; ++point) {
      const auto* value = std::get_if<NamedView>(&content.values[point]);
      if (value == nullptr) continue;
      --named;
      out += points_[point];
      json::append_number(out, value->code);
      out += ',';
    }
    close(out);
    out += ",\"bad\":{";
    for (std::size_t point = 0; bad > 0; ++point) {
      const auto* value = std::get_if<BadView>(&content.values[point]);
      if (value == nullptr) continue;
      --bad;
      out += points_[point];
      json::append_string(out, value->reason);
      out += ',';
    }
    close(out);
    out += remark_;
    out += '}';
  }

 private:
  // Of an object that has got a comma behind each member.
  static void close(std::string& out) {
    if (out.back() == ',') out.pop_back();
    out += '}';
  }

  std::string device_;               // from behind the seq up to the time
  std::vector<std::string> points_;  // `"pressure":`
  std::string remark_;
};

}  // namespace

RecordWriterPtr device_writer(const Layout& layout) {
  return std::make_unique<DeviceWriter>(layout);
}

}  // namespace fieldpost
