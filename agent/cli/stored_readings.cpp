#include "agent/cli/stored_readings.h"

#include <limits>

namespace fieldpost::cli {
namespace {

using Show = std::function<void(const StoredReading&)>;

class Walk {
 public:
  Walk(Peek& peek, const Selection& selection) : peek_(peek), selection_(selection) {}

  /// The row before the first one to show, and how many of the matching readings behind it are to be left out.
  void seek() {
    if (!selection_.last) return;
    std::uint64_t found = 0;
    for (auto before = std::numeric_limits<std::int64_t>::max(); found < *selection_.last;) {
      const auto row = peek_.previous(selection_.lane, before);
      if (!row) return;
      found += matching(*row);
      before = row->id;
      after_ = row->id - 1;
    }
    skip_ = found - *selection_.last;
  }

  Walked show(const Show& show) {
    while (const auto row = peek_.next(selection_.lane, after_)) {
      after_ = row->id;
      if (row->batch == nullptr) {
        walked_.damaged += row->readings;
      } else {
        show_row(*row, show);
      }
    }
    return walked_;
  }

 private:
  bool wanted(const LayoutView& layout) const {
    return selection_.device.empty() || layout.device == selection_.device;
  }

  std::uint64_t matching(const StoredRow& row) const {
    if (row.batch == nullptr) return 0;
    std::uint64_t count = 0;
    for (BatchReader reader(*row.batch); reader.next();) {
      if (wanted(reader.layout())) count += reader.values().size();
    }
    return count;
  }

  void show_row(const StoredRow& row, const Show& show) {
    if (session_.id != row.session) session_ = peek_.session(row.session).value_or(SessionInfo{row.session, "", ""});
    for (BatchReader reader(*row.batch); reader.next();) {
      if (!wanted(reader.layout())) continue;
      const auto values = reader.values();
      for (std::size_t point = 0; point < values.size(); ++point) {
        if (skip_ > 0) {
          --skip_;
          continue;
        }
        ++walked_.shown;
        show({session_, reader.first_seq() + point, row.lane, reader.layout(), point, reader.stamp(), values[point]});
      }
    }
  }

  Peek& peek_;
  const Selection& selection_;
  std::int64_t after_ = 0;
  std::uint64_t skip_ = 0;
  SessionInfo session_;
  Walked walked_;
};

}  // namespace

Walked walk(Peek& peek, const Selection& selection, const Show& show) {
  Walk walk(peek, selection);
  walk.seek();
  return walk.show(show);
}

}  // namespace fieldpost::cli
