package scope_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

func mustRanges(t testing.TB, text string) scope.Ranges {
	t.Helper()
	r, err := scope.ParseRanges(text)
	require.NoError(t, err)
	return r
}

// requireFields requires an InvalidError with these fields and codes.
func requireFields(t testing.TB, err error, want ...string) {
	t.Helper()
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok, "%v", err)
	got := make([]string, len(invalid.Fields))
	for i, f := range invalid.Fields {
		got[i] = f.Field + ": " + f.Code
	}
	require.Equal(t, want, got)
}

func TestParseRanges_sortsAndMerges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                     "",
		" \t ":                 "",
		"205":                  "205",
		" 205 , 100 - 199 ":    "100-199,205",
		"100-199,200-205":      "100-205",
		"100-150,120-130,151":  "100-151",
		"200,100,150-160,100":  "100,150-160,200",
		"7,007,07":             "7,07,007",
		"99,100":               "99,100",
		"9,1-8":                "1-9",
		"+49100-+49199,+49200": "+49100-+49200",
		"+1,11,+2":             "+1-+2,11",
		"+9,10":                "+9,10",
		"00000000000000000000": "00000000000000000000",
		"+0000000000000000000": "+0000000000000000000",
		"99999999999999999998-99999999999999999999": "99999999999999999998-99999999999999999999",
	} {
		require.Equal(t, want, mustRanges(t, text).String(), "%q", text)
	}
}

func TestParseRanges_rejectsInvalidText(t *testing.T) {
	t.Parallel()
	apart := make([]string, scope.MaxRanges+1)
	for i := range apart {
		apart[i] = fmt.Sprintf("%04d", 2*i)
	}
	for text, code := range map[string]string{
		",": "range", "1,": "range", ",1": "range", "1,,2": "range", "1, ,2": "range",
		"-": "range", "1-": "range", "-1": "range", "1--2": "range", "1-2-3": "range",
		"10-9": "range", "9-10": "range", "+1-12": "range", "11-+2": "range", "+": "range", "1+": "range", "++1": "range",
		"1x": "range", "_1XX": "range", "1.5": "range", "0x10": "range", "1 2": "range", "１": "range", "٣": "range", "1\x002": "range", "\xff": "range",
		"000000000000000000000": "range", "+00000000000000000000": "range",
		strings.Join(apart, ","):   "max",
		strings.Repeat("1,", 3000): "max",
		strings.Repeat(" ", 5000):  "max",
		strings.Repeat(" ", 4097):  "max",
	} {
		_, err := scope.ParseRanges(text)
		requireFields(t, err, "ranges: "+code)
	}
	_, err := scope.ParseRanges(strings.Join(apart[1:], ","))
	require.NoError(t, err)
	// Many ranges that merge count as few.
	_, err = scope.ParseRanges("1" + strings.Repeat(" ", 4095))
	require.NoError(t, err, "4096 bytes")
	_, err = scope.ParseRanges(strings.TrimSuffix(strings.Repeat("1,", 2000), ","))
	require.NoError(t, err)
}

func TestParseRangesField_namesField(t *testing.T) {
	t.Parallel()
	_, err := scope.ParseRangesField("dids", "+49 30 12345x")
	requireFields(t, err, "dids: range")
	require.NotContains(t, err.Error(), "12345")
}

func TestRanges_Contains_matchesListedNumbers(t *testing.T) {
	t.Parallel()
	r := mustRanges(t, "100-199,205,+49100-+49199,007")
	for number, want := range map[string]bool{
		"100": true, "150": true, "199": true, "205": true, "+49150": true, "007": true,
		"200": false, "204": false, "99": false, "0150": false, "1500": false, "7": false, "07": false, "49150": false, "+150": false,
		"": false, "+": false, "1": false, "10x": false, "1:0": false, "1\x000": false, "１５０": false, "100-199": false,
		strings.Repeat("1", 1000): false,
	} {
		require.Equal(t, want, r.Contains(number), "%q", number)
	}
	require.True(t, scope.Ranges{}.Contains("whatever"), "empty is all")
}

func TestRanges_Covers_requiresUnrestrictedForUnrestricted(t *testing.T) {
	t.Parallel()
	unrestricted, some := scope.Ranges{}, mustRanges(t, "100-199,300")
	require.True(t, unrestricted.Covers(unrestricted))
	require.True(t, unrestricted.Covers(some))
	require.False(t, some.Covers(unrestricted))
	require.True(t, some.Covers(some))
	require.True(t, some.Covers(mustRanges(t, "100,150-160,300")))
	for _, text := range []string{"99", "199-200", "200-299", "100-300", "0100", "301", "100,400", "+100"} {
		require.False(t, some.Covers(mustRanges(t, text)), text)
	}
}

func TestRanges_UnmarshalText_roundTripsJSON(t *testing.T) {
	t.Parallel()
	var record struct {
		Extensions scope.Ranges `json:"extensions"`
		DIDs       scope.Ranges `json:"dids"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"extensions": "205, 100-199", "dids": ""}`), &record))
	text, err := json.Marshal(record)
	require.NoError(t, err)
	require.JSONEq(t, `{"extensions": "100-199,205", "dids": ""}`, string(text))

	err = json.Unmarshal([]byte(`{"extensions": "x"}`), &record)
	require.ErrorIs(t, err, store.ErrInvalid)
	require.Equal(t, "100-199,205", record.Extensions.String(), "rejected input changes nothing")
}

// drawNumber draws from few numbers, so that they collide.
func drawNumber(t *rapid.T) string {
	return rapid.StringMatching(`\+?[0129]{1,3}`).Draw(t, "number")
}

func drawRanges(t *rapid.T) (parts []string, r scope.Ranges) {
	parts = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		low := drawNumber(t)
		high := rapid.StringMatching(fmt.Sprintf(`[0-9]{%d}`, len(strings.TrimPrefix(low, "+")))).Draw(t, "high")
		if strings.HasPrefix(low, "+") {
			high = "+" + high
		}
		return min(low, high) + "-" + max(low, high)
	}), 0, 12).Draw(t, "parts")
	r, err := scope.ParseRanges(strings.Join(parts, ","))
	require.NoError(t, err)
	return parts, r
}

// containsNaively checks every part.
func containsNaively(parts []string, number string) bool {
	for _, part := range parts {
		low, high, _ := strings.Cut(part, "-")
		if len(low) == len(number) && low[0] == '+' == (number[0] == '+') && low <= number && number <= high {
			return true
		}
	}
	return len(parts) == 0
}

func TestRanges_Contains_agreesWithNaiveCheck(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts, r := drawRanges(t)
		for range 20 {
			number := drawNumber(t)
			require.Equal(t, containsNaively(parts, number), r.Contains(number), "%v %q", parts, number)
		}
		again, err := scope.ParseRanges(r.String())
		require.NoError(t, err)
		require.Equal(t, r, again)
		require.True(t, r.Equal(again.Clone()))
	})
}

func TestRanges_Covers_agreesWithContains(t *testing.T) {
	t.Parallel()
	all := allNumbers()
	rapid.Check(t, func(t *rapid.T) {
		_, a := drawRanges(t)
		_, b := drawRanges(t)
		if b.IsUnrestricted() {
			require.Equal(t, a.IsUnrestricted(), a.Covers(b))
			return
		}
		want := true
		for _, number := range all {
			want = want && (!b.Contains(number) || a.Contains(number))
		}
		require.Equal(t, want, a.Covers(b), "%s %s", a, b)
		require.Equal(t, a.Equal(b), a.Covers(b) && b.Covers(a))
	})
}

// allNumbers returns all numbers that ranges of drawRanges can contain.
func allNumbers() []string {
	var all []string
	for digits := 1; digits <= 3; digits++ {
		for n := range []int{1, 10, 100, 1000}[digits] {
			number := fmt.Sprintf("%0*d", digits, n)
			all = append(all, number, "+"+number)
		}
	}
	return all
}

func FuzzParseRanges(f *testing.F) {
	for _, seed := range []string{"", "100-199,205", "+1-+9", "9-10", "1,,2", "007,7", " 1 - 2 ", "99999999999999999999", "1-\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := scope.ParseRanges(text)
		if err != nil {
			invalid, ok := errors.AsType[*store.InvalidError](err)
			require.True(t, ok)
			require.Equal(t, "ranges", invalid.Fields[0].Field)
			return
		}
		again, err := scope.ParseRanges(r.String())
		require.NoError(t, err)
		require.True(t, r.Equal(again))
		require.True(t, r.Covers(again))
		for part := range strings.SplitSeq(text, ",") {
			number, _, _ := strings.Cut(part, "-")
			require.True(t, r.Contains(strings.TrimSpace(number)))
		}
	})
}
