package scope_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/scope"
)

func TestScope_HasExtension_andHasDIDFollowTheirRanges(t *testing.T) {
	t.Parallel()
	limited := scope.Limited(mustRanges(t, "100-199"), mustRanges(t, "+4930"))
	for name, test := range map[string]struct {
		scope                      scope.Scope
		in, out, did, other, whole bool
	}{
		"zero":       {},
		"all":        {scope.All(), true, true, true, true, true},
		"limited":    {limited, true, false, true, false, false},
		"extensions": {scope.Limited(mustRanges(t, "100-199"), scope.Ranges{}), true, false, true, true, false},
		"dids":       {scope.Limited(scope.Ranges{}, mustRanges(t, "+4930")), true, true, true, false, true},
	} {
		require.Equal(t, test.in, test.scope.HasExtension("101"), name)
		require.Equal(t, test.out, test.scope.HasExtension("201"), name)
		require.Equal(t, test.did, test.scope.HasDID("+4930"), name)
		require.Equal(t, test.other, test.scope.HasDID("+4931"), name)
		require.Equal(t, test.whole, test.scope.AllExtensions(), name)
	}
	require.False(t, limited.HasExtension("not a number"))
}

func TestScope_Covers_requiresBothRanges(t *testing.T) {
	t.Parallel()
	wide := scope.Limited(mustRanges(t, "100-199"), mustRanges(t, "5550-5559"))
	narrow := scope.Limited(mustRanges(t, "150"), mustRanges(t, "5555"))
	require.True(t, scope.All().Covers(wide))
	require.True(t, wide.Covers(narrow))
	require.True(t, wide.Covers(scope.Scope{}))
	require.True(t, scope.Scope{}.Covers(scope.Scope{}))
	for name, other := range map[string]scope.Scope{
		"all":              scope.All(),
		"all_dids":         scope.Limited(mustRanges(t, "150"), scope.Ranges{}),
		"other_extensions": scope.Limited(mustRanges(t, "200"), mustRanges(t, "5555")),
		"other_dids":       scope.Limited(mustRanges(t, "150"), mustRanges(t, "5560")),
	} {
		require.False(t, wide.Covers(other), name)
		require.False(t, scope.Scope{}.Covers(other), name)
	}
}
