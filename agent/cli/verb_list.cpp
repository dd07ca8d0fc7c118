// Every verb with its options, as the parser knows them and the help shows them.
#include <array>

#include "agent/cli/args.h"

namespace fieldpost::cli {
namespace {

constexpr Option json{"--json", nullptr, "print JSON"};
constexpr Option last{"--last", "N", "only the newest N"};
constexpr Option lane{"--lane", "LANE", "only this lane: alarm or telemetry"};
constexpr Option device{"--device", "DEVICE", "only this device"};
constexpr Option since{"--since", "TIME", "only from then on: 2026-11-22T09:00:00Z, or 15m: of the last 15 minutes"};
constexpr Option until{"--until", "TIME", "only from before then: a time, or an age"};

constexpr std::array run_options{Option{"--log", "FORMAT", "text, or json: one JSON object a line (default: text)"}};
constexpr std::array check_options{json, Option{"--plan", nullptr, "print each Modbus link's requests"},
                                   Option{"--payload", "FILE", "show what the MQTT rules make of it, - for stdin"},
                                   Option{"--topic", "TOPIC", "with --payload: where it was published"}};
constexpr std::array status_options{json, Option{"--watch", nullptr, "show it anew each second until Ctrl-C"}};
constexpr std::array peek_options{
    json, last, lane, device, since, until, Option{"--follow", nullptr, "go on with what newly comes, until Ctrl-C"}};
constexpr std::array export_options{Option{"--json", nullptr, "one JSON object a line (default)"},
                                    Option{"--csv", nullptr, "comma-separated values, the names in the first line"},
                                    Option{"-o", "FILE", "write to this file, not to stdout"},
                                    last,
                                    lane,
                                    device,
                                    since,
                                    until};
constexpr std::array verify_options{json};
constexpr std::array rejected_options{json};
constexpr std::array purge_options{lane, Option{"--before", "TIME", "only batches from before then: a time, or an age"},
                                   Option{"--rejected", nullptr, "the rejected readings, not the waiting ones"},
                                   Option{"--yes", nullptr, "do not ask"}};
constexpr std::array read_options{
    json, Option{"--watch", nullptr, "read it anew each second until Ctrl-C"},
    Option{"--raw", "REGISTER+N", "registers instead of points, as every type: holding:100+20"},
    Option{"--unit", "ID", "with --raw: DEVICE is a link, and this unit id on it is read"},
    Option{"--scan", "LINK", "list the unit ids that answer on a link"}};
constexpr std::array mqtt_options{Option{"--json", nullptr, "one JSON object a line"}};
constexpr std::array demo_options{json};

constexpr std::size_t any_number = 1000;

constexpr std::array all_verbs{
    Verb{VerbId::run, "run", "", 0, 0, "run the agent in the foreground", true, run_options},
    Verb{VerbId::check, "check", "", 0, 0, "check the configuration and every device map it names", true,
         check_options},
    Verb{VerbId::status, "status", "", 0, 0, "show the link, the devices, the queue and the account", true,
         status_options},
    Verb{VerbId::queue_peek, "queue peek", "", 0, 0, "print the readings that wait, oldest first", true, peek_options},
    Verb{VerbId::queue_export, "queue export", "", 0, 0, "write the readings that wait to a file or a pipe", true,
         export_options},
    Verb{VerbId::queue_verify, "queue verify", "", 0, 0, "check that the buffer is whole, and files set aside too",
         true, verify_options},
    Verb{VerbId::queue_rejected, "queue rejected", "", 0, 0, "print the readings that Kafka refused for good", true,
         rejected_options},
    Verb{VerbId::queue_purge, "queue purge", "", 0, 0, "throw waiting or rejected readings away, after asking", true,
         purge_options},
    Verb{VerbId::queue_retry, "queue retry", "", 0, 0, "let the rejected readings wait to be sent again", true, {}},
    Verb{VerbId::read, "read", "DEVICE [POINT...]", 1, any_number, "poll a Modbus device once, now", true,
         read_options},
    Verb{VerbId::mqtt, "mqtt", "BROKER [TOPIC]", 1, 2, "print what a broker delivers beside the readings it becomes",
         true, mqtt_options},
    Verb{VerbId::demo, "demo", "", 0, 0, "show the whole pipeline on simulated equipment, with the link cut", false,
         demo_options},
};

}  // namespace

std::span<const Verb> verbs() {
  return all_verbs;
}

}  // namespace fieldpost::cli
