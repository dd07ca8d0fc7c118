#include "buffer/names.h"

namespace fieldpost {
namespace {

// A gateway has hundreds of layouts; a broker that invents topics must not take all memory.
constexpr std::size_t kRemembered = 20'000;

}  // namespace

NamesWriter::NamesWriter(sqlite::Connection& connection)
    : connection_(connection),
      find_(connection.prepare("SELECT id FROM layout WHERE names = ?")),
      insert_(connection.prepare("INSERT INTO layout(names) VALUES(?)")) {}

std::uint64_t NamesWriter::number_of(const Layout& layout) {
  if (const auto known = known_.find(layout.identity()); known != known_.end()) return known->second.number;
  const std::string names = layout.encoded();
  std::uint64_t number = 0;
  find_.bind_blob(1, names);
  if (find_.step()) {
    number = find_.count(0);
    find_.reset();
  } else {
    insert_.bind_blob(1, names).run();
    number = static_cast<std::uint64_t>(connection_.last_id());
  }
  if (known_.size() >= kRemembered) known_.clear();
  known_.emplace(layout.identity(), Known{layout, number});
  return number;
}

std::string NamesWriter::stored(const Batch& batch) {
  numbers_.clear();
  for (const Layout& layout : batch.layouts())
    numbers_.push_back(number_of(layout));
  return batch.stored(numbers_);
}

std::uint64_t NamesWriter::missing(const Batch& batch) const {
  std::uint64_t bytes = 0;
  for (const Layout& layout : batch.layouts()) {
    if (!known_.contains(layout.identity())) bytes += layout.encoded().size();
  }
  return bytes;
}

void NamesWriter::clear() {
  known_.clear();
  connection_.run("DELETE FROM layout");
}

NamesReader::NamesReader(sqlite::Connection& connection)
    : by_number_(connection.prepare("SELECT names FROM layout WHERE id = ?")),
      // The index of the column's uniqueness holds every name a second time, on other pages.
      spare_(connection.prepare("SELECT names FROM layout INDEXED BY sqlite_autoindex_layout_1 WHERE +id = ?")) {}

std::optional<Layout> NamesReader::of(std::uint64_t number) {
  if (const auto known = known_.find(number); known != known_.end()) return known->second;
  std::optional<Layout> layout;
  for (sqlite::Statement* statement : {&by_number_, &spare_}) {
    try {
      statement->bind(1, number);
      if (!statement->step()) continue;
      layout = Layout::decode(statement->blob(0), Lane::telemetry);
      statement->reset();
      if (layout) break;
    } catch (const sqlite::Error& error) {
      if (!error.damage()) throw;
    }
  }
  if (!layout) return std::nullopt;
  if (known_.size() >= kRemembered) known_.clear();
  known_.emplace(number, *layout);
  return layout;
}

}  // namespace fieldpost
