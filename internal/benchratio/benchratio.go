// Package benchratio measures code of ours against a bare baseline in the same
// benchmark run and reports the ratio. It is for tests only.
package benchratio

import (
	"slices"
	"testing"
	"time"
)

// Compare runs ours and the bare floor in turns, and reports the median time of
// each, and the ratio of both.
func Compare(b *testing.B, subject, baseline func()) {
	b.Helper()
	var subjectTimes, baselineTimes []time.Duration
	for b.Loop() {
		start := time.Now()
		subject()
		mid := time.Now()
		baseline()
		subjectTimes, baselineTimes = append(subjectTimes, mid.Sub(start)), append(baselineTimes, time.Since(mid))
	}
	b.ReportMetric(0, "ns/op") // of both together it says nothing
	b.ReportMetric(median(subjectTimes), "ns/ours")
	b.ReportMetric(median(baselineTimes), "ns/bare")
	b.ReportMetric(median(subjectTimes)/median(baselineTimes), "ratio")
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2])
}
