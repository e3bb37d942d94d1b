// Package ratio tells in benchmarks how long something of ours takes in
// relation to a bare floor, measured in the same run. It is for tests only.
package ratio

import (
	"slices"
	"testing"
	"time"
)

// Against runs ours and the bare floor in turns, and reports the median time of
// each, and the ratio of both.
func Against(b *testing.B, ours, bare func()) {
	b.Helper()
	var oursTook, bareTook []time.Duration
	for b.Loop() {
		began := time.Now()
		ours()
		between := time.Now()
		bare()
		oursTook, bareTook = append(oursTook, between.Sub(began)), append(bareTook, time.Since(between))
	}
	b.ReportMetric(0, "ns/op") // of both together it says nothing
	b.ReportMetric(median(oursTook), "ns/ours")
	b.ReportMetric(median(bareTook), "ns/bare")
	b.ReportMetric(median(oursTook)/median(bareTook), "ratio")
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2])
}
