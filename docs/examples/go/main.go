// Prints each record once, as it stands on the topic; at Ctrl-C what is missing and what came twice, on stderr.
//
//	go run . ground-1:9092 telemetry.kiruna
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Seen holds the seqs of one session as runs that do not touch.
type Seen struct {
	runs    []run // ascending
	repeats int
}

type run struct{ first, last uint64 }

// Add is false where the seq has been here before.
func (s *Seen) Add(seq uint64) bool {
	at := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].first > seq })
	if at > 0 && seq <= s.runs[at-1].last {
		s.repeats++
		return false
	}
	before := at > 0 && s.runs[at-1].last+1 == seq
	after := at < len(s.runs) && s.runs[at].first == seq+1
	switch {
	case before && after:
		s.runs[at-1].last = s.runs[at].last
		s.runs = append(s.runs[:at], s.runs[at+1:]...)
	case before:
		s.runs[at-1].last = seq
	case after:
		s.runs[at].first = seq
	default:
		s.runs = append(s.runs, run{})
		copy(s.runs[at+1:], s.runs[at:])
		s.runs[at] = run{seq, seq}
	}
	return true
}

// Missing names the gaps; a session counts from 1.
func (s *Seen) Missing() string {
	var gaps []string
	expected := uint64(1)
	for _, run := range s.runs {
		if run.first > expected {
			gaps = append(gaps, fmt.Sprintf("%d-%d", expected, run.first-1))
		}
		expected = run.last + 1
	}
	if len(gaps) == 0 {
		return "nothing"
	}
	return strings.Join(gaps, " ")
}

// Record is what identifies it: with record = "device" it is a poll of Count readings.
type Record struct {
	Agent   string
	Session uint64
	Seq     uint64
	Count   uint64
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run . BROKERS TOPIC")
		os.Exit(2)
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Args[1], ",")...),
		kgo.ConsumeTopics(os.Args[2]),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), // nothing of a transaction that was given up
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	stopped, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sessions := map[string]*Seen{}
	for stopped.Err() == nil {
		fetches := client.PollFetches(stopped)
		fetches.EachError(func(topic string, partition int32, err error) {
			if stopped.Err() == nil {
				fmt.Fprintln(os.Stderr, topic, partition, err)
			}
		})
		fetches.EachRecord(func(message *kgo.Record) { take(sessions, message.Value) })
	}
	report(sessions)
}

func take(sessions map[string]*Seen, value []byte) {
	record := Record{Count: 1}
	if err := json.Unmarshal(value, &record); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	session := fmt.Sprintf("%s/%d", record.Agent, record.Session)
	if sessions[session] == nil {
		sessions[session] = &Seen{}
	}
	fresh := false
	for seq := record.Seq; seq < record.Seq+record.Count; seq++ {
		fresh = sessions[session].Add(seq) || fresh
	}
	if fresh {
		fmt.Println(string(value))
	}
}

func report(sessions map[string]*Seen) {
	var names []string
	for name := range sessions {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		seen := sessions[name]
		fmt.Fprintf(os.Stderr, "%s: up to %d, %d repeated, missing: %s\n",
			name, seen.runs[len(seen.runs)-1].last, seen.repeats, seen.Missing())
	}
}
