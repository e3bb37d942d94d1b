package ampusers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers"
)

func TestAFullAdministratorMayDoEverything(t *testing.T) {
	t.Parallel()
	a := &ampusers.Administrator{Access: ampusers.Full}
	require.True(t, a.Can("managers"))
	require.True(t, a.Can("a section that nobody knows yet"))
	require.True(t, a.CanExtension("100"))
	require.True(t, a.CanDID("+49301"))
	require.True(t, a.CanTeam(""))
	require.True(t, a.CanTeam("acme"))
}

func TestADisabledAdministratorMayDoNothing(t *testing.T) {
	t.Parallel()
	for _, access := range []ampusers.Access{ampusers.Full, ampusers.Limited} {
		a := &ampusers.Administrator{Access: access, Disabled: true, Sections: []string{"managers"}}
		require.False(t, a.Can("managers"))
		require.False(t, a.CanExtension("100"))
		require.False(t, a.CanDID("100"))
		require.False(t, a.CanTeam(""))
		require.False(t, a.Grants(a))
		require.Equal(t, "disabled", a.Explain(ampusers.SubjectSection, "managers").Code)
	}
}

func TestALimitedAdministratorMayDoWhatIsListed(t *testing.T) {
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
func TestAnUnknownAccessIsNotFull(t *testing.T) {
	t.Parallel()
	for _, access := range []ampusers.Access{"", "FULL", "root"} {
		a := &ampusers.Administrator{Access: access}
		require.False(t, a.Can("managers"))
		require.False(t, a.Grants(&ampusers.Administrator{Access: ampusers.Full}))
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
		Access:   rapid.SampledFrom([]ampusers.Access{ampusers.Full, ampusers.Limited, ampusers.Limited, ampusers.Limited}).Draw(t, label),
		Sections: words("administrators", "audit", "managers"),
		Teams:    words("", "acme", "beta"), Extensions: ranges(), DIDs: ranges(),
		Disabled: rapid.IntRange(0, 9).Draw(t, label) == 0,
	}
}

// subjects are all questions that drawAdministrator can answer differently.
func subjects() map[ampusers.Subject][]string {
	numbers := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "", "x"}
	return map[ampusers.Subject][]string{
		ampusers.SubjectSection:   {"administrators", "audit", "managers", "apply", ""},
		ampusers.SubjectExtension: numbers, ampusers.SubjectDID: numbers,
		ampusers.SubjectTeam: {"", "acme", "beta", "gamma"},
	}
}

func can(a *ampusers.Administrator, subject ampusers.Subject, key string) bool {
	return map[ampusers.Subject]func(string) bool{
		ampusers.SubjectSection: a.Can, ampusers.SubjectExtension: a.CanExtension,
		ampusers.SubjectDID: a.CanDID, ampusers.SubjectTeam: a.CanTeam,
	}[subject](key)
}

func TestExplainAgreesWithCan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := drawAdministrator(t, "a")
		for subject, keys := range subjects() {
			for _, key := range keys {
				e := a.Explain(subject, key)
				require.Equal(t, can(a, subject, key), e.Allowed, "%s %q: %+v", subject, key, e)
				require.Equal(t, e.Allowed, slices.Contains([]string{"full", "listed", "unrestricted"}, e.Code), e.Code)
				require.True(t, strings.HasSuffix(e.Reason, "."), e.Reason)
			}
		}
	})
}

func TestWhoeverGrantsAnotherMayDoAllThatTheOtherMay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawAdministrator(t, "a"), drawAdministrator(t, "b"), drawAdministrator(t, "c")
		require.Equal(t, !a.Disabled, a.Grants(a))
		enabled := b.Clone()
		enabled.Disabled = false
		require.Equal(t, a.Grants(b), a.Grants(enabled), "being disabled does not matter")
		if !a.Grants(b) {
			return
		}
		for subject, keys := range subjects() {
			for _, key := range keys {
				require.True(t, can(a, subject, key) || !can(enabled, subject, key), "%s %q", subject, key)
			}
		}
		require.True(t, !enabled.Grants(c) || a.Grants(c), "granting is transitive")
	})
}

func TestNothingIsListedOfASubjectThatThereIsNot(t *testing.T) {
	t.Parallel()
	a := &ampusers.Administrator{Access: ampusers.Limited}
	require.Equal(t, "not_listed", a.Explain("trunk", "1").Code)
	require.False(t, a.Explain("trunk", "1").Allowed)
}
