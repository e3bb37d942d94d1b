package ampusers_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/scope"
)

func TestAdministrator_Can_fullAllowsEverything(t *testing.T) {
	t.Parallel()
	a := &ampusers.Administrator{Access: ampusers.Full}
	require.True(t, a.Can("managers"))
	require.True(t, a.Can("a section that nobody knows yet"))
	require.True(t, a.CanExtension("100"))
	require.True(t, a.CanDID("+49301"))
	require.True(t, a.CanTeam(""))
	require.True(t, a.CanTeam("acme"))
}

func TestAdministrator_Can_disabledAllowsNothing(t *testing.T) {
	t.Parallel()
	for _, access := range []ampusers.AccessLevel{ampusers.Full, ampusers.Limited} {
		a := &ampusers.Administrator{Access: access, Disabled: true, Sections: []string{"managers"}}
		require.False(t, a.Can("managers"))
		require.False(t, a.CanExtension("100"))
		require.False(t, a.CanDID("100"))
		require.False(t, a.CanTeam(""))
		require.False(t, a.Covers(a))
		require.Equal(t, "disabled", a.Explain(ampusers.ResourceSection, "managers").Code)
	}
}

func TestAdministrator_Can_limitedAllowsListed(t *testing.T) {
	t.Parallel()
	a := &ampusers.Administrator{Access: ampusers.Limited}
	require.False(t, a.Can("managers"), "no section means nothing")
	require.True(t, a.CanExtension("100"), "no range means all")
	require.True(t, a.CanDID("100"))
	require.True(t, a.CanTeam("acme"))

	a.Sections = []string{"managers"}
	a.Extensions, a.DIDs = mustRanges(t, "100-199"), mustRanges(t, "+4930")
	a.Teams = []string{"", "acme"}
	require.True(t, a.Can("managers"))
	require.False(t, a.Can("Managers"))
	require.False(t, a.Can(ampusers.SectionApply), "to apply is a grant of its own")
	require.True(t, a.CanExtension("150"))
	require.False(t, a.CanExtension("0150"))
	require.True(t, a.CanDID("+4930"))
	require.False(t, a.CanDID("4930"))
	require.True(t, a.CanTeam(""))
	require.True(t, a.CanTeam("acme"))
	require.False(t, a.CanTeam("acm"))
}

func TestAdministrator_Allows_needsSectionExtensionAndTeam(t *testing.T) {
	t.Parallel()
	limited := ampusers.Administrator{Access: ampusers.Limited, Sections: []string{"queues"}, Extensions: mustRanges(t, "100-199")}
	require.True(t, limited.Allows("queues", "150"))
	for name, c := range map[string]struct {
		change             func(*ampusers.Administrator)
		section, extension string
	}{
		"another section":   {func(*ampusers.Administrator) {}, "managers", "150"},
		"another extension": {func(*ampusers.Administrator) {}, "queues", "200"},
		"another team":      {func(a *ampusers.Administrator) { a.Teams = []string{"acme"} }, "queues", "150"},
		"disabled":          {func(a *ampusers.Administrator) { a.Disabled = true }, "queues", "150"},
	} {
		a := limited
		c.change(&a)
		require.False(t, a.Allows(c.section, c.extension), name)
	}
	full := ampusers.Administrator{Access: ampusers.Full}
	require.True(t, full.Allows("managers", "200"))
}

// An unknown access level is not Full.
func TestAdministrator_Can_unknownAccessLevelIsNotFull(t *testing.T) {
	t.Parallel()
	for _, access := range []ampusers.AccessLevel{"", "FULL", "root"} {
		a := &ampusers.Administrator{Access: access}
		require.False(t, a.Can("managers"))
		require.False(t, a.Covers(&ampusers.Administrator{Access: ampusers.Full}))
	}
}

func drawAdministrator(t *rapid.T, label string) *ampusers.Administrator {
	words := func(of ...string) []string {
		drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID).Draw(t, label)
		slices.Sort(drawn)
		return drawn
	}
	ranges := func() scope.Ranges {
		r, err := scope.ParseRanges(strings.Join(words("1-3", "5", "7-9", "4"), ","))
		require.NoError(t, err)
		return r
	}
	return &ampusers.Administrator{
		Access:   rapid.SampledFrom([]ampusers.AccessLevel{ampusers.Full, ampusers.Limited, ampusers.Limited, ampusers.Limited}).Draw(t, label),
		Sections: words("administrators", "audit", "managers"),
		Teams:    words("", "acme", "beta"), Extensions: ranges(), DIDs: ranges(),
		Disabled: rapid.IntRange(0, 9).Draw(t, label) == 0,
	}
}

// resources are all keys for which the administrators of drawAdministrator can
// differ.
func resources() map[ampusers.ResourceKind][]string {
	numbers := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "", "x"}
	return map[ampusers.ResourceKind][]string{
		ampusers.ResourceSection:   {"administrators", "audit", "managers", "apply", ""},
		ampusers.ResourceExtension: numbers, ampusers.ResourceDID: numbers,
		ampusers.ResourceTeam: {"", "acme", "beta", "gamma"},
	}
}

func can(a *ampusers.Administrator, resource ampusers.ResourceKind, key string) bool {
	return map[ampusers.ResourceKind]func(string) bool{
		ampusers.ResourceSection: a.Can, ampusers.ResourceExtension: a.CanExtension,
		ampusers.ResourceDID: a.CanDID, ampusers.ResourceTeam: a.CanTeam,
	}[resource](key)
}

func TestAdministrator_Explain_agreesWithCan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := drawAdministrator(t, "a")
		for resource, keys := range resources() {
			for _, key := range keys {
				e := a.Explain(resource, key)
				require.Equal(t, can(a, resource, key), e.Allowed, "%s %q: %+v", resource, key, e)
				require.Equal(t, e.Allowed, slices.Contains([]string{"full", "listed", "unrestricted"}, e.Code), e.Code)
				require.True(t, strings.HasSuffix(e.Reason, "."), e.Reason)
			}
		}
	})
}

func TestAdministrator_Covers_impliesAllRights(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawAdministrator(t, "a"), drawAdministrator(t, "b"), drawAdministrator(t, "c")
		require.Equal(t, !a.Disabled, a.Covers(a))
		enabled := b.Clone()
		enabled.Disabled = false
		require.Equal(t, a.Covers(b), a.Covers(enabled), "being disabled does not matter")
		if !a.Covers(b) {
			return
		}
		for resource, keys := range resources() {
			for _, key := range keys {
				require.True(t, can(a, resource, key) || !can(enabled, resource, key), "%s %q", resource, key)
			}
		}
		require.True(t, !enabled.Covers(c) || a.Covers(c), "granting is transitive")
	})
}

func TestAdministrator_Explain_deniesUnknownResource(t *testing.T) {
	t.Parallel()
	a := &ampusers.Administrator{Access: ampusers.Limited}
	require.Equal(t, "not_listed", a.Explain("trunk", "1").Code)
	require.False(t, a.Explain("trunk", "1").Allowed)
}

func mustRanges(t testing.TB, text string) scope.Ranges {
	t.Helper()
	r, err := scope.ParseRanges(text)
	require.NoError(t, err)
	return r
}

// longestRanges has the maximum number of ranges, of the longest numbers.
func longestRanges(t testing.TB) scope.Ranges {
	t.Helper()
	parts := make([]string, scope.MaxRanges)
	for i := range parts {
		parts[i] = fmt.Sprintf("+49301234567890%03d00-+49301234567890%03d49", i, i)
	}
	return mustRanges(t, strings.Join(parts, ","))
}

// sampleNumbers are numbers of which half are in longestRanges.
func sampleNumbers() []string {
	numbers := make([]string, 256)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+49301234567890%03d%02d", rand.IntN(scope.MaxRanges), rand.IntN(100))
	}
	return numbers
}

func TestAdministrator_Can_doesNotAllocate(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of others too
	a := &ampusers.Administrator{Access: ampusers.Limited, Sections: []string{"audit", "managers"}, Extensions: longestRanges(t), DIDs: longestRanges(t)}
	numbers := sampleNumbers()
	allowed, next := 0, 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		number := numbers[next%len(numbers)]
		next++
		if a.CanExtension(number) && a.CanDID(number) && a.Can("managers") && a.CanTeam("") {
			allowed++
		}
	}))
	require.Positive(t, allowed)
}

// The empty loop is the baseline of the others.
func BenchmarkAdministrator_Can(b *testing.B) {
	a := &ampusers.Administrator{Access: ampusers.Limited, Sections: []string{"administrators", "apply", "audit", "managers", "settings"}, Extensions: longestRanges(b)}
	for i := range ampusers.MaxTeams {
		a.Teams = append(a.Teams, fmt.Sprintf("team%03d", i))
	}
	numbers := sampleNumbers()
	for name, ask := range map[string]func(number string) bool{
		"floor":               func(number string) bool { return number != "" },
		"section":             func(string) bool { return a.Can("settings") },
		"extension/64 ranges": a.CanExtension,
		"team/256 teams":      func(string) bool { return a.CanTeam("team200") },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				ask(numbers[i%len(numbers)])
				i++
			}
		})
	}
}
