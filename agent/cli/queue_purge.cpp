#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <stdexcept>

#include "agent/cli/selection.h"
#include "agent/cli/time_argument.h"
#include "agent/cli/verbs.h"
#include "agent/control.h"
#include "agent/queue_options.h"
#include "agent/text.h"
#include "buffer/clock.h"
#include "buffer/maintenance.h"
#include "buffer/peek.h"

namespace fieldpost::cli {
namespace {

constexpr std::chrono::seconds patience{60};

/// What an order is about, as far as it stands on the disk.
class Preview {
 public:
  Preview(Peek& peek, const PurgeOrder& order) : order_(order) {
    if (order.rejected) {
      look_at_rejected(peek);
      return;
    }
    for (const Lane lane : {Lane::alarm, Lane::telemetry}) {
      if (!order.lane || *order.lane == lane) look_at_waiting(peek, lane);
    }
  }

  std::uint64_t readings() const { return lanes_[0] + lanes_[1]; }

  /// One line without its end.
  std::string text() const {
    const char* what = order_.rejected ? "rejected" : "waiting";
    if (readings() == 0) return std::string("no ") + what + " readings to throw away";
    std::string text = std::string(what) + " readings to throw away: " + grouped(readings()) + ", batches " +
                       grouped(batches_) + "; lane alarm " + grouped(lanes_[0]) + ", lane telemetry " +
                       grouped(lanes_[1]);
    if (oldest_ <= newest_) text += "; from " + rfc3339(oldest_) + " to " + rfc3339(newest_);
    return text;
  }

 private:
  // As the queue goes about it: from the oldest on, up to the first batch of which something is younger.
  void look_at_waiting(Peek& peek, Lane lane) {
    std::int64_t after = 0;
    while (const auto row = peek.next(lane, after)) {
      after = row->id;
      if (row->batch && order_.before && row->batch->last().wall >= *order_.before) return;
      add(row->batch.get(), lane, row->readings);
    }
  }

  void look_at_rejected(Peek& peek) {
    std::int64_t after = 0;
    while (const auto row = peek.next_rejected(after)) {
      after = row->id;
      if (order_.before && row->time >= *order_.before) continue;
      if (order_.lane && (!row->batch || row->batch->lane() != *order_.lane)) continue;
      add(row->batch.get(), row->batch ? row->batch->lane() : Lane::telemetry, 1);
    }
  }

  void add(const Batch* batch, Lane lane, std::uint64_t readings) {
    lanes_[static_cast<std::size_t>(lane)] += readings;
    ++batches_;
    if (batch == nullptr) return;
    oldest_ = std::min({oldest_, batch->first().wall, batch->last().wall});
    newest_ = std::max({newest_, batch->first().wall, batch->last().wall});
  }

  const PurgeOrder& order_;
  std::array<std::uint64_t, 2> lanes_{};
  std::uint64_t batches_ = 0;
  std::int64_t oldest_ = INT64_MAX;
  std::int64_t newest_ = INT64_MIN;
};

bool agreed() {
  std::cerr << "Throw them away for good? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Purged carry_out(const config::Config& config, const PurgeOrder& order, const Clock& clock) {
  const Answer answer = ask(control_path(config.buffer.path), Request{"purge", {}, order}, patience);
  switch (answer.kind) {
    case Answer::Kind::answered:
      return parse_purged(answer.text);
    case Answer::Kind::not_running:
      return purge(queue_options(config), order, clock);
    default:
      throw std::runtime_error(answer.text);
  }
}

}  // namespace

int queue_purge(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  const SystemClock clock;
  const PurgeOrder order{lane_of(args), time_argument(args.value("--before"), clock.now().wall),
                         args.has("--rejected")};
  Peek peek(config->buffer.path);
  const Preview preview(peek, order);
  std::cerr << preview.text() << "\n";
  if (preview.readings() == 0) return fine;
  if (!args.has("--yes")) {
    if (::isatty(STDIN_FILENO) != 1) {
      std::cerr << "fieldpost: nobody is there to be asked: add --yes to throw them away\n";
      return misused;
    }
    if (!agreed()) {
      std::cerr << "nothing was thrown away\n";
      return failed;
    }
  }
  const Purged purged = carry_out(*config, order, clock);
  std::cout << "purged " << grouped(purged.readings) << " readings; they are accounted as evicted\n";
  return fine;
}

}  // namespace fieldpost::cli
