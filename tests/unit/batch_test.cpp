#include "buffer/batch.h"

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "buffer/seq_set.h"
#include "buffer/split.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

using namespace fieldpost;

namespace {

const Layout kPump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}});
const Layout kMeter("plc-a", "meter-1", {{"energy", "kWh"}});

constexpr std::uint64_t kBoot = 0x0123456789abcdef;

/// What a database does: the names stand apart, under numbers.
struct Names {
  std::map<std::uint64_t, std::string> kept;

  std::string store(const Batch& batch) {
    std::vector<std::uint64_t> numbers;
    for (const Layout& layout : batch.layouts()) {
      numbers.push_back(100 + kept.size());
      kept[numbers.back()] = layout.encoded();
    }
    return batch.stored(numbers);
  }
  std::optional<Batch> parse(std::string_view stored) const {
    return Batch::parse(stored, [this](std::uint64_t number) -> std::optional<Layout> {
      const auto names = kept.find(number);
      return names == kept.end() ? std::nullopt : Layout::decode(names->second, Lane::telemetry);
    });
  }
};

Batch sample() {
  BatchBuilder builder(77, Lane::telemetry, kBoot);
  builder.add(kPump, {1'000'000, 10}, 5, std::vector<Value>{4.21F, true});
  builder.add(kMeter, {999'000, 20}, 7, std::vector<Value>{std::uint64_t{18446744073709551615ULL}});
  builder.add(kPump, {1'002'000, 30}, 10, std::vector<Value>{Bad{"timeout"}, std::string("kär")});
  return builder.close();
}

void check_sample(const Batch& batch) {
  CHECK(batch.session() == 77);
  CHECK(batch.readings() == 5);
  CHECK(batch.ranges() == std::vector<SeqRange>{{5, 7}, {10, 11}});
  BatchReader reader(batch);
  REQUIRE(reader.next());
  CHECK(reader.layout().device() == "pump-7");
  CHECK(reader.layout().points()[0].unit == "bar");
  CHECK(reader.first_seq() == 5);
  CHECK(reader.stamp().wall == 1'000'000);
  CHECK(std::get<float>(reader.values()[0]) == 4.21F);
  CHECK(std::get<bool>(reader.values()[1]));
  REQUIRE(reader.next());
  CHECK(reader.layout_number() == 1);
  CHECK(reader.stamp().wall == 999'000);
  CHECK(reader.stamp().boot == 20);
  CHECK(std::get<std::uint64_t>(reader.values()[0]) == 18446744073709551615ULL);
  REQUIRE(reader.next());
  CHECK(reader.layout_number() == 0);
  CHECK(reader.first_seq() == 10);
  CHECK(std::get<BadView>(reader.values()[0]).reason == "timeout");
  CHECK(std::get<std::string_view>(reader.values()[1]) == "kär");
  CHECK_FALSE(reader.next());
}

}  // namespace

TEST_CASE("names keep their remark, in whole and in part") {
  const Layout layout = kPump.remarked("retained");
  CHECK(layout.identity() != kPump.identity());
  CHECK(layout.part(1, 1).remark() == "retained");
  const std::string names = layout.encoded();
  const auto read = Layout::decode(names, Lane::alarm);
  REQUIRE(read);
  CHECK(read->remark() == "retained");
  CHECK(read->points()[1].name == "running");
  CHECK(read->lane() == Lane::alarm);
  for (std::size_t end = kPump.encoded().size() + 1; end < names.size(); ++end)
    CHECK_FALSE(Layout::decode(names.substr(0, end), Lane::alarm));
  CHECK_FALSE(Layout::decode(names + "x", Lane::alarm));
  CHECK_FALSE(Layout::decode(kPump.encoded() + '\0', Lane::alarm));  // an empty one
  CHECK(Layout::decode(kPump.encoded(), Lane::alarm)->remark().empty());
}

TEST_CASE("a batch reads back as it was built, in RAM and from its stored bytes") {
  const Batch batch = sample();
  check_sample(batch);
  Names names;
  const auto stored = names.parse(names.store(batch));
  REQUIRE(stored);
  check_sample(*stored);
  CHECK(stored->boot() == kBoot);
  CHECK(stored->first().wall == 1'000'000);
  CHECK(stored->last().wall == 1'002'000);
}

TEST_CASE("every kind of value and its limits survive the encoding") {
  const std::vector<Value> values{Bad{""},
                                  false,
                                  std::int64_t{0},
                                  std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max(),
                                  std::uint64_t{0},
                                  std::numeric_limits<float>::denorm_min(),
                                  -0.0,
                                  std::numeric_limits<double>::max(),
                                  std::string(70'000, 'x'),
                                  Event{"\"value\":1"},
                                  Named{std::numeric_limits<std::int64_t>::min(), "running"}};
  std::vector<PointName> points(values.size(), PointName{"p", ""});
  const Layout layout("s", "d", points);
  BatchBuilder builder(1, Lane::alarm, kBoot);
  // Times far apart: a payload's own clock may say anything.
  builder.add(layout, {std::numeric_limits<std::int64_t>::max(), 1}, 1, values);
  builder.add(layout, {std::numeric_limits<std::int64_t>::min(), 2}, 100, values);
  Names names;
  const auto batch = names.parse(names.store(builder.close()));
  REQUIRE(batch);
  CHECK(batch->lane() == Lane::alarm);
  BatchReader reader(*batch);
  for (const std::int64_t wall : {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    REQUIRE(reader.next());
    CHECK(reader.stamp().wall == wall);
    const auto read = reader.values();
    CHECK(std::get<std::int64_t>(read[3]) == std::numeric_limits<std::int64_t>::min());
    CHECK(std::get<std::int64_t>(read[4]) == std::numeric_limits<std::int64_t>::max());
    CHECK(std::get<float>(read[6]) == std::numeric_limits<float>::denorm_min());
    CHECK(std::signbit(std::get<double>(read[7])));
    CHECK(std::get<double>(read[8]) == std::numeric_limits<double>::max());
    CHECK(std::get<std::string_view>(read[9]).size() == 70'000);
    CHECK(std::get<EventView>(read[10]).members == "\"value\":1");
    CHECK(std::get<NamedView>(read[11]).code == std::numeric_limits<std::int64_t>::min());
    CHECK(std::get<NamedView>(read[11]).name == "running");
  }
}

TEST_CASE("damage to any byte of a stored batch is found") {
  Names names;
  const std::string stored = names.store(sample());
  CHECK_FALSE(Names().parse(stored));
  for (std::size_t at = 0; at < stored.size(); ++at) {
    std::string damaged = stored;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    CHECK_FALSE(names.parse(damaged));
    CHECK_FALSE(names.parse(stored.substr(0, at)));
  }
}

TEST_CASE("a value that repeats takes one byte, and reads back as it was") {
  const Layout layout("s", "d", {{"a", ""}, {"b", ""}, {"c", ""}});
  const std::vector<Value> values{1.25, std::string("running"), Bad{"timeout"}};
  BatchBuilder once(1, Lane::telemetry, kBoot);
  once.add(layout, {1, 1}, 1, values);
  BatchBuilder builder(1, Lane::telemetry, kBoot);
  constexpr int kPolls = 100;
  for (int poll = 0; poll < kPolls; ++poll)
    builder.add(layout, {1, 1}, static_cast<std::uint64_t>(3 * poll + 1), values);
  CHECK(builder.bytes() == once.bytes() + (kPolls - 1) * (4 + 3));
  builder.add(layout, {1, 1}, 1000, std::vector<Value>{1.5, std::string("runnin"), false});
  builder.add(layout, {1, 1}, 1003, std::vector<Value>{1.5, std::string("running"), false});
  Names names;
  const auto batch = names.parse(names.store(builder.close()));
  REQUIRE(batch);
  BatchReader reader(*batch);
  for (int poll = 0; poll < kPolls; ++poll) {
    REQUIRE(reader.next());
    CHECK(std::get<double>(reader.values()[0]) == 1.25);
    CHECK(std::get<std::string_view>(reader.values()[1]) == "running");
    CHECK(std::get<BadView>(reader.values()[2]).reason == "timeout");
  }
  for (const std::string text : {"runnin", "running"}) {
    REQUIRE(reader.next());
    CHECK(std::get<double>(reader.values()[0]) == 1.5);
    CHECK(std::get<std::string_view>(reader.values()[1]) == text);
    CHECK_FALSE(std::get<bool>(reader.values()[2]));
  }
  CHECK_FALSE(reader.next());
}

TEST_CASE("whether the clock was synchronised is kept for each group, and merging keeps all") {
  BatchBuilder first(1, Lane::telemetry, kBoot);
  first.add(kMeter, {1, 1, false}, 1, std::vector<Value>{1.0});
  first.add(kMeter, {2, 2, true}, 5, std::vector<Value>{1.0});
  BatchBuilder second(1, Lane::telemetry, kBoot);
  second.add(kPump, {3, 3, false}, 6, std::vector<Value>{2.0, true});
  BatchBuilder both(1, Lane::telemetry, kBoot);
  both.add(first.close());
  both.add(second.close());
  const Batch batch = both.close();
  CHECK(batch.ranges() == std::vector<SeqRange>{{1, 1}, {5, 7}});
  BatchReader reader(batch);
  for (const bool synchronised : {false, true, false}) {
    REQUIRE(reader.next());
    CHECK(reader.stamp().synchronised == synchronised);
  }
  CHECK(reader.layout().device() == "pump-7");
}

TEST_CASE("NaN and infinity make no number") {
  CHECK(number(std::nan("")) == Value{Bad{"not a number"}});
  CHECK(number(std::numeric_limits<float>::infinity()) == Value{Bad{"not a number"}});
  CHECK(number(1.5) == Value{1.5});
}

TEST_CASE("a part of a batch keeps seqs, times, names and values") {
  const std::vector<std::size_t> kept{1, 2, 4};
  const Batch part = part_of(sample(), kept);
  CHECK(part.ranges() == std::vector<SeqRange>{{6, 7}, {11, 11}});
  BatchReader reader(part);
  REQUIRE(reader.next());
  CHECK(reader.layout().points().size() == 1);
  CHECK(reader.layout().points()[0].name == "running");
  CHECK(reader.first_seq() == 6);
  REQUIRE(reader.next());
  CHECK(reader.layout().device() == "meter-1");
  REQUIRE(reader.next());
  CHECK(reader.first_seq() == 11);
  CHECK(reader.stamp().wall == 1'002'000);
  CHECK(std::get<std::string_view>(reader.values()[0]) == "kär");
  CHECK_FALSE(reader.next());
}

TEST_CASE("a set of seqs joins, splits and finds ranges") {
  SeqSet set;
  set.add({1, 10});
  set.add({11, 20});
  set.add({30, 40});
  CHECK(set.ranges() == std::vector<SeqRange>{{1, 20}, {30, 40}});
  set.remove({5, 6});
  CHECK(set.ranges() == std::vector<SeqRange>{{1, 4}, {7, 20}, {30, 40}});
  CHECK_FALSE(set.overlaps({5, 6}));
  CHECK(set.overlaps({6, 7}));
  CHECK_FALSE(set.overlaps({21, 29}));
  set.remove({4, 35});
  CHECK(set.ranges() == std::vector<SeqRange>{{1, 3}, {36, 40}});
  set.add({2, 37});
  CHECK(set.ranges() == std::vector<SeqRange>{{1, 40}});
  CHECK(set.count() == 40);
  set.remove({1, 40});
  CHECK(set.empty());
}

namespace {

/// The bytes of an example are read out of the document, so that document and code cannot part.
std::string bytes_of_example(const std::string& heading) {
  const std::string text = fieldpost::support::read_file(std::string(FIELDPOST_SOURCE) + "/buffer/FORMAT.md");
  const std::size_t begin = text.find(heading);
  REQUIRE(begin != std::string::npos);
  std::istringstream lines(text.substr(begin + heading.size()));
  std::string bytes;
  for (std::string line; std::getline(lines, line) && line.rfind("##", 0) != 0;) {
    if (line.rfind("    ", 0) != 0) continue;
    std::istringstream words(line.substr(0, line.find("  ", 4)));
    for (std::string word; words >> word;)
      bytes.push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
  }
  return bytes;
}

}  // namespace

TEST_CASE("the examples of FORMAT.md decode as they say") {
  const bool version_1 = GENERATE(false, true);
  Names names;
  if (!version_1) names.kept[5] = bytes_of_example("## An example of names");
  const auto batch =
      names.parse(bytes_of_example(version_1 ? "## An example of version 1" : "## An example of a body"));
  REQUIRE(batch);
  CHECK(batch->session() == 77);
  CHECK(batch->ranges() == std::vector<SeqRange>{{1, version_1 ? 4U : 6U}});
  CHECK(batch->boot() == (version_1 ? 0 : 0x1122334455667788));
  BatchReader reader(*batch);
  REQUIRE(reader.next());
  CHECK(reader.stamp().synchronised == version_1);
  CHECK(reader.layout().source() == "a");
  CHECK(reader.layout().device() == "p");
  CHECK(reader.layout().points()[0].unit == "V");
  CHECK(reader.stamp().wall == 1'000'000);
  CHECK(reader.stamp().boot == 5);
  CHECK(std::get<std::uint64_t>(reader.values()[0]) == 7);
  CHECK(std::get<bool>(reader.values()[1]));
  REQUIRE(reader.next());
  CHECK(reader.stamp().wall == 3'000'000);
  CHECK(reader.stamp().boot == 9);
  CHECK(std::get<std::int64_t>(reader.values()[0]) == -2);
  CHECK(std::get<BadView>(reader.values()[1]).reason == "timeout");
  if (!version_1) {
    REQUIRE(reader.next());
    CHECK(reader.stamp().wall == 4'000'000);
    CHECK(reader.stamp().boot == 11);
    CHECK(std::get<std::int64_t>(reader.values()[0]) == -2);
    CHECK_FALSE(std::get<bool>(reader.values()[1]));
  }
  CHECK_FALSE(reader.next());
}
