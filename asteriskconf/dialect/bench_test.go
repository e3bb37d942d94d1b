package dialect

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ini/ini"
	"github.com/stretchr/testify/require"
)

// benchSections returns n accounts of 6 keys, as in manager.conf, sorted by
// name.
func benchSections(n int) []Section {
	sections := make([]Section, n)
	for i := range sections {
		sections[i] = Section{Name: fmt.Sprintf("account%07d", i), Lines: []Line{
			{"secret", fmt.Sprintf("s3cr3t-%d-of-many", i)},
			{"deny", "0.0.0.0/0.0.0.0"},
			{"permit", fmt.Sprintf("10.%d.%d.0/255.255.255.0", i>>8&255, i&255)},
			{"read", "system,call,agent,user"},
			{"write", "system,call,originate"},
			{"writetimeout", "5000"},
		}}
	}
	return sections
}

// writeINI writes the sections with go-ini alone: with the same options and
// batches, but without checks and escapes.
func writeINI(b *testing.B, sections []Section) {
	b.Helper()
	for len(sections) > 0 {
		n := min(batchSections, len(sections))
		f := newINIFile()
		for _, s := range sections[:n] {
			section, err := f.NewSection(s.Name)
			if err != nil {
				b.Fatal(err)
			}
			for _, l := range s.Lines {
				if _, err := section.NewKey(l.Key, l.Value); err != nil {
					b.Fatal(err)
				}
			}
		}
		if _, err := f.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
		sections = sections[n:]
	}
}

func write(b *testing.B, w *Writer, sections []Section) {
	b.Helper()
	for _, s := range sections {
		if err := w.Section(s); err != nil {
			b.Fatal(err)
		}
	}
}

func elapsed(f func()) time.Duration {
	runtime.GC()
	start := time.Now()
	f()
	return time.Since(start)
}

// BenchmarkWriter compares the writer with go-ini alone. They alternate every
// few thousand sections, so that other load slows both alike. "x-bare" is the
// ratio of the sums; the bound is 1.2.
func BenchmarkWriter(b *testing.B) {
	b.Run("in order", func(b *testing.B) { benchmarkWriter(b, benchSections(100_000)) })
	b.Run("out of order", func(b *testing.B) {
		sections := benchSections(100_000)
		slices.Reverse(sections)
		benchmarkWriter(b, sections)
	})
}

func benchmarkWriter(b *testing.B, sections []Section) {
	b.Helper()
	const turn = 20 * batchSections
	var floor, writerTime time.Duration
	for b.Loop() {
		w := NewWriter(io.Discard, nil)
		for turn := range slices.Chunk(sections, turn) {
			start := time.Now()
			writeINI(b, turn)
			middle := time.Now()
			write(b, w, turn)
			floor, writerTime = floor+middle.Sub(start), writerTime+time.Since(middle)
		}
		require.NoError(b, w.Close())
	}
	b.ReportMetric(float64(writerTime)/float64(floor), "x-bare")
	b.ReportMetric(float64(writerTime.Milliseconds())/float64(b.N), "ms/100k")
}

// BenchmarkWriterMemory measures the peak heap while writing a million
// sections, above the heap at the start. The bound is 32 MiB without the names.
// The writer keeps the names to detect duplicates, except with RepeatSections.
func BenchmarkWriterMemory(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(heapGrowth(b, n), "MiB-above-start")
			}
		})
	}
}

func heapGrowth(b *testing.B, n int) float64 {
	b.Helper()
	template := benchSections(1)[0]
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	start, peak := stats.HeapAlloc, stats.HeapAlloc
	w := NewWriter(io.Discard, &WriterOptions{RepeatSections: n > 100_000})
	for i := range n {
		template.Name = "account" + strconv.Itoa(i)
		require.NoError(b, w.Section(template))
		if i%1000 == 0 {
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapAlloc)
		}
	}
	require.NoError(b, w.Close())
	return float64(peak-start) / (1 << 20)
}

// BenchmarkParse compares Parse with the default Load of go-ini in one run.
// "x-faster" is the ratio; the bound is 100.
func BenchmarkParse(b *testing.B) {
	file := renderSections(b, benchSections(100_000))
	floor := elapsed(func() {
		_, err := ini.Load(file)
		require.NoError(b, err)
	})
	parseTime := time.Hour
	for b.Loop() {
		parseTime = min(parseTime, elapsed(func() { mustParse(b, file) }))
	}
	b.ReportMetric(float64(floor)/float64(parseTime), "x-faster")
	b.ReportMetric(float64(parseTime.Milliseconds()), "ms/100k")
}

// BenchmarkParseLinear measures a file four times as large. "x-time" is the
// ratio of the times; linear is 4.
func BenchmarkParseLinear(b *testing.B) {
	one, four := renderSections(b, benchSections(50_000)), renderSections(b, benchSections(200_000))
	minTime, maxTime := time.Hour, time.Hour
	for b.Loop() {
		minTime = min(minTime, elapsed(func() { mustParse(b, one) }))
		maxTime = min(maxTime, elapsed(func() { mustParse(b, four) }))
	}
	b.ReportMetric(float64(maxTime)/float64(minTime), "x-time")
}

// BenchmarkParseHostile measures files that invite quadratic time. Each is four
// times as large as the previous one. "x-time" is the worst growth.
func BenchmarkParseHostile(b *testing.B) {
	shapes := map[string]func(n int) string{
		"one section, += on every key": func(n int) string {
			return "[a]\n" + strings.Repeat("k=v\n", n) + strings.Repeat("k2=\n", n) + strings.Repeat("k+=w\n", n)
		},
		"additions behind templates": func(n int) string {
			return strings.Repeat("[a](!)\n", n) + "[a]\n" + strings.Repeat("[a](+)\n", n)
		},
		"inheritance from the first of many": func(n int) string {
			return "[t](!)\nk=v\n" + strings.Repeat("[a](t)\n", n)
		},
	}
	for name, shape := range shapes {
		b.Run(name, func(b *testing.B) {
			small, large := []byte(shape(20_000)), []byte(shape(80_000))
			minTime, maxTime := time.Hour, time.Hour
			for b.Loop() {
				minTime = min(minTime, elapsed(func() { mustParse(b, small) }))
				maxTime = min(maxTime, elapsed(func() { mustParse(b, large) }))
			}
			b.ReportMetric(float64(maxTime)/float64(minTime), "x-time")
		})
	}
}

func renderSections(tb testing.TB, sections []Section) []byte {
	tb.Helper()
	var buf bytes.Buffer
	w := NewWriter(&buf, &WriterOptions{RepeatSections: true})
	for _, s := range sections {
		require.NoError(tb, w.Section(s))
	}
	require.NoError(tb, w.Close())
	return buf.Bytes()
}

func mustParse(tb testing.TB, file []byte) *Tree {
	tb.Helper()
	tree, err := Parse(bytes.NewReader(file), nil)
	require.NoError(tb, err)
	return tree
}
