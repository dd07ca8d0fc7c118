// The cases by name. Each measures and its baseline beside it, and throws std::runtime_error where it cannot.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/result.h"

namespace fieldpost::bench {

/// What it costs to write a reading, in each format.
Results encode();
/// What it costs to decode Sparkplug B.
Results sparkplug_payload();
/// From the device's answer to the acknowledgement, at 1,000 readings/s.
Results latency();
/// The same at 10,000 readings/s, in polls of 20 points and one by one.
Results latency_polls();
Results latency_single();
/// The same at 1,000 readings/s while 1 in 100 of the broker's answers comes 50 ms late.
Results latency_held();
/// The same through the agent's process, by the agent's own status: polls of 20 points over Modbus.
Results latency_agent();
/// A backlog from the disk to Kafka.
Results throughput();
/// The same with one record a device and poll, of 100 points.
Results throughput_device();
/// A link of 600 ms there and back, 200 readings/s to one partition and to ten: what it costs, what a reading takes.
Results link();
Results link_once();
/// How fast a backlog leaves over it.
Results link_drain();
/// The same at 64 kbit/s: how much of the line records fill.
Results link_thin();
/// A minute without Kafka at 2,000 readings/s, Modbus and MQTT: how soon the agent is back, and what came twice.
Results outage();
/// The same after 5 s and after three minutes.
Results outage_short();
Results outage_long();
/// Exactly-once: a backlog from the disk, and latency at 1,000 readings/s.
Results exactly_once();
/// The agent's resident set at 10,000 points and 10,000 readings/s over Modbus, link up.
Results memory();
/// The same at 100,000 readings/s.
Results memory_fast();
/// Latency of live readings while a backlog of 10 M drains at 50,000/s.
Results live_first();
/// 36 M readings with the link down, as fast as they are taken.
Results backlog();
/// A minute with the link down, at 100,000 and at 1,000 readings/s.
Results offline();
/// 10 M readings from the disk to a forwarder that only looks at them.
Results drain();
/// What an append waits at most, on a slow disk, while all else is going on.
Results append();
/// The agent's start with 50 M readings waiting.
Results start_with_backlog();
/// Bytes that the agent writes to the disk at 1,000 readings/s, link up.
Results disk_online();
/// One Modbus link flat out over TCP: polls/s and CPU.
Results modbus_flat();
/// The same on a serial line of 19,200 baud, simulated.
Results modbus_line();
/// 500 Modbus TCP devices at 10 Hz, 20 registers each, without Kafka; then with dead and slow ones among them.
Results modbus_many();
/// 100,000 readings/s over Modbus into the queue, without Kafka.
Results modbus_queue();
/// 10,000 readings/s from Modbus to Kafka, one record for each poll of 100 points.
Results device_to_kafka();
/// The same at 100,000 readings/s.
Results device_to_kafka_fast();
/// MQTT of QoS 1 without Kafka: what the broker has kept, also on a slow disk.
Results mqtt_queue();
/// The same with fsyncs of 5 ms, from a broker that keeps to its window.
Results mqtt_window();
/// As mqtt_queue(), with Kafka.
Results mqtt_kafka();
/// MQTT of QoS 1 at 1,000 messages/s: from the publish to Kafka's acknowledgement.
Results mqtt_latency();
/// 60,000 messages/s of QoS 0.
Results mqtt_qos0();
/// 10,000 topics, a message a second on each: memory.
Results mqtt_topics();

/// What this program does when it starts itself, so that a measured process holds nothing else. The exit code.
int child(const std::vector<std::string>& words);

}  // namespace fieldpost::bench
