// Prints each record once, as it stands on the topic; at Ctrl-C what is missing and what came twice, on stderr.
// Needs kafka-clients and jackson-databind, both among the jars that come with Kafka:
//
//     java -cp '/opt/kafka/libs/*' Consumer.java ground-1:9092 telemetry.kiruna

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

public final class Consumer {
  /** The seqs of one session, as runs that do not touch: first to last. */
  private static final class Seen {
    private final TreeMap<Long, Long> runs = new TreeMap<>();
    private long repeats = 0;

    /** False: it has been here before. */
    boolean add(long seq) {
      Map.Entry<Long, Long> before = runs.floorEntry(seq);
      if (before != null && seq <= before.getValue()) {
        ++repeats;
        return false;
      }
      long first = before != null && before.getValue() + 1 == seq ? before.getKey() : seq;
      Long behind = runs.remove(seq + 1);
      runs.put(first, behind != null ? behind : seq);
      return true;
    }

    /** A session counts from 1. */
    List<String> gaps() {
      List<String> gaps = new ArrayList<>();
      long expected = 1;
      for (Map.Entry<Long, Long> run : runs.entrySet()) {
        if (run.getKey() > expected) gaps.add(expected + "-" + (run.getKey() - 1));
        expected = run.getValue() + 1;
      }
      return gaps;
    }
  }

  private final TreeMap<String, Seen> sessions = new TreeMap<>();
  private final ObjectMapper json = new ObjectMapper();

  private void take(String value) throws Exception {
    JsonNode record = json.readTree(value);
    String session = record.get("agent").asText() + "/" + record.get("session").asLong();
    Seen seen = sessions.computeIfAbsent(session, any -> new Seen());
    // With record = "device" a record is a poll of `count` readings.
    long first = record.get("seq").asLong();
    long count = record.path("count").asLong(1);
    boolean any = false;
    for (long seq = first; seq < first + count; ++seq) any |= seen.add(seq);
    if (any) System.out.println(value);
  }

  private void report() {
    sessions.forEach((session, seen) -> {
      String missing = seen.gaps().isEmpty() ? "nothing" : String.join(" ", seen.gaps());
      System.err.println(session + ": up to " + seen.runs.lastEntry().getValue() + ", " + seen.repeats
          + " repeated, missing: " + missing);
    });
  }

  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      System.err.println("usage: Consumer.java BROKERS TOPIC");
      System.exit(2);
    }
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", args[0],
        "group.id", "fieldpost-example-java",
        "auto.offset.reset", "earliest",
        "enable.auto.commit", false,           // all is read again at the next start
        "isolation.level", "read_committed");  // nothing of a transaction that was given up
    Consumer example = new Consumer();
    Thread main = Thread.currentThread();
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        consumer.wakeup();
        try {
          main.join();
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
        }
      }));
      consumer.subscribe(List.of(args[1]));
      while (true) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) example.take(record.value());
      }
    } catch (WakeupException stopped) {
      example.report();
    }
  }
}
