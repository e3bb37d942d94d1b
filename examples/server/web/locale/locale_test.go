package locale_test

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/pbxusers/pbxusers/examples/server/web/locale"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func TestTimeZones_exist(t *testing.T) {
	t.Parallel()
	names := locale.TimeZones()
	require.True(t, slices.IsSorted(names))
	for _, name := range append(names, "Europe/Berlin", "America/New_York", "Asia/Shanghai", "UTC") {
		require.Contains(t, names, name)
		_, err := time.LoadLocation(name)
		require.NoError(t, err)
	}
}

func TestLanguages_areCanonicalAndNamed(t *testing.T) {
	t.Parallel()
	var tags []string
	for _, l := range locale.Languages() {
		parsed, err := language.Parse(l.Tag)
		require.NoError(t, err)
		require.Equal(t, l.Tag, parsed.String())
		require.NotEmpty(t, l.Name, l.Tag)
		tags = append(tags, l.Tag)
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(tags))), len(tags))
	require.Subset(t, tags, usermail.DefaultTemplates().Languages())
	require.Contains(t, locale.Languages(), locale.Language{Tag: "de", Name: "Deutsch"})
}
