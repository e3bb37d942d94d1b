package userman

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNameTable_findsOnlyKnownNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Few letters, so that many names are nearly the same.
		name := rapid.StringOfN(rapid.SampledFrom([]rune("ab客")), 1, 20, -1)
		names := rapid.SliceOfNDistinct(name, 0, 300, rapid.ID[string]).Draw(t, "names")
		places := map[string]int{}
		for i, name := range names {
			places[name] = i
		}
		table := newNameTable(names)
		for _, name := range append(rapid.SliceOfN(name, 0, 20).Draw(t, "others"), append(names, "")...) {
			place, ok := table.find(name)
			want, known := places[name]
			require.Equal(t, known, ok, name)
			if known {
				require.Equal(t, want, place, name)
			}
		}
	})
}
