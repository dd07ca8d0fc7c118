#include "agent/forwarder/topic_problem.h"

namespace fieldpost {
namespace {

constexpr const char* kOthers = "; its readings wait in the buffer until then, all others are sent";

}  // namespace

std::string topic_object(const std::string& topic, std::int32_t partition) {
  return partition < 0 ? topic : topic + " [" + std::to_string(partition) + "]";
}

Problem topic_problem(const std::string& topic, const Delivery& refused) {
  Problem problem{"parked", topic, "", "", 0};
  switch (refused.refusal) {
    case Delivery::Refusal::unknown_topic:
      problem.message = "topic " + topic + " does not exist, and the brokers do not make it";
      problem.remedy = "create it, or correct kafka.topic";
      break;
    case Delivery::Refusal::forbidden:
      problem.message = "the agent may not write topic " + topic;
      problem.remedy = "let its user Describe and Write the topic";
      break;
    default:
      problem.message = "topic " + topic + " is refused: " + refused.reason;
      problem.remedy = "correct kafka.topic, or the topic";
  }
  problem.remedy += kOthers;
  return problem;
}

Problem stall_problem(const std::string& topic, std::int32_t partition) {
  const std::string object = topic_object(topic, partition);
  return {"parked", object,
          object +
              " acknowledges nothing, while others do: it has no leader, or fewer replicas in sync than "
              "min.insync.replicas",
          "bring its brokers back" + std::string(kOthers), 0};
}

Problem replicas_problem(const std::string& topic) {
  return {"min-insync-replicas", topic,
          "topic " + topic + " acknowledges what a single broker has: when that one is lost, so are readings",
          "give it three replicas, and set its min.insync.replicas to 2", 0};
}

}  // namespace fieldpost
