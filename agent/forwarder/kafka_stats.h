// What is read out of librdkafka's statistics (its STATISTICS.md). Pure.
#pragma once

#include <string_view>

namespace fieldpost {

/// Brokers of the cluster whose connection is up; before the cluster is known, bootstrap addresses. -1: unreadable.
int brokers_up(std::string_view statistics);

}  // namespace fieldpost
