package ampusers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers"
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

// An access that nobody knows is no Full one.
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
	ranges := func() ampusers.Ranges {
		r, err := ampusers.ParseRanges(strings.Join(words("1-3", "5", "7-9", "4"), ","))
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

// resources are all questions that drawAdministrator can answer differently.
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
