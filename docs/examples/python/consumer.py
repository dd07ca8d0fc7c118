"""Prints each record once, as it stands on the topic; at Ctrl-C what is missing and what came twice, on stderr.

    pip install confluent-kafka
    python3 consumer.py ground-1:9092 telemetry.kiruna
"""

import json
import signal
import sys
from bisect import bisect_right
from collections import defaultdict

from confluent_kafka import Consumer


class Seen:
    """The seqs of one session, as runs [first, last] that do not touch."""

    def __init__(self):
        self.runs = []
        self.repeats = 0

    def add(self, seq):
        """False: it has been here before."""
        at = bisect_right(self.runs, [seq, float("inf")])  # the first run that begins behind it
        before = self.runs[at - 1] if at > 0 else None
        after = self.runs[at] if at < len(self.runs) else None
        if before and seq <= before[1]:
            self.repeats += 1
            return False
        joins_before = before is not None and before[1] + 1 == seq
        joins_after = after is not None and after[0] - 1 == seq
        if joins_before and joins_after:
            before[1] = after[1]
            del self.runs[at]
        elif joins_before:
            before[1] = seq
        elif joins_after:
            after[0] = seq
        else:
            self.runs.insert(at, [seq, seq])
        return True

    def gaps(self):
        """A session counts from 1."""
        expected = 1
        for first, last in self.runs:
            if first > expected:
                yield f"{expected}-{first - 1}"
            expected = last + 1


def main(brokers, topic):
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": "fieldpost-example-python",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,  # all is read again at the next start
        "isolation.level": "read_committed",  # nothing of a transaction that was given up
    })
    consumer.subscribe([topic])
    running = True

    def stop(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    sessions = defaultdict(Seen)
    while running:
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error():
            print(message.error(), file=sys.stderr)
            continue
        record = json.loads(message.value())
        seen = sessions[record["agent"], record["session"]]
        # With record = "device" a record is a poll of `count` readings.
        seqs = range(record["seq"], record["seq"] + record.get("count", 1))
        if any([seen.add(seq) for seq in seqs]):
            print(message.value().decode(), flush=True)
    consumer.close()
    for (agent, session), seen in sorted(sessions.items()):
        missing = " ".join(seen.gaps()) or "nothing"
        print(f"{agent}/{session}: up to {seen.runs[-1][1]}, {seen.repeats} repeated, missing: {missing}",
              file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: consumer.py BROKERS TOPIC")
    main(sys.argv[1], sys.argv[2])
