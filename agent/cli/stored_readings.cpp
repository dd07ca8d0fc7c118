#include "agent/cli/stored_readings.h"

#include <limits>

namespace fieldpost::cli {

StoredReadings::StoredReadings(Peek& peek, const Selection& selection) : peek_(peek), selection_(selection) {
  if (selection.last) {
    seek_last();
    return;
  }
  const StoredAccount account = peek.state().account;
  if (selection.lane != Lane::telemetry) total_ += account.waiting_alarm;
  if (selection.lane != Lane::alarm) total_ += account.waiting_telemetry;
}

void StoredReadings::seek_last() {
  std::uint64_t found = 0;
  for (auto before = std::numeric_limits<std::int64_t>::max(); found < *selection_.last;) {
    const auto row = peek_.previous(selection_.lane, before);
    if (!row) return;
    found += matching(*row);
    total_ += row->readings;
    before = row->id;
    after_ = row->id - 1;
  }
  skip_ = found - *selection_.last;
}

bool StoredReadings::next_row(const Show& show) {
  const auto row = peek_.next(selection_.lane, after_);
  if (!row) return false;
  after_ = row->id;
  walked_ += row->readings;
  if (row->batch == nullptr) {
    damaged_ += row->readings;
  } else {
    show_row(*row, show);
  }
  return true;
}

std::uint64_t StoredReadings::matching(const StoredRow& row) const {
  if (row.batch == nullptr) return 0;
  std::uint64_t count = 0;
  for (BatchReader reader(*row.batch); reader.next();) {
    if (selection_.wants(reader.layout().device(), reader.stamp().wall)) count += reader.values().size();
  }
  return count;
}

void StoredReadings::show_row(const StoredRow& row, const Show& show) {
  if (session_.id != row.session) session_ = peek_.session(row.session).value_or(SessionInfo{row.session, "", ""});
  for (BatchReader reader(*row.batch); reader.next();) {
    if (!selection_.wants(reader.layout().device(), reader.stamp().wall)) continue;
    const auto values = reader.values();
    for (std::size_t point = 0; point < values.size(); ++point) {
      if (skip_ > 0) {
        --skip_;
        continue;
      }
      ++shown_;
      show({session_, reader.first_seq() + point, row.lane, reader.layout(), point, reader.stamp(), values[point]});
    }
  }
}

}  // namespace fieldpost::cli
