package dialect_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// TestWriter_roundTripsValidSections writes random sections with comments of
// any text between them, and reads them back. Every byte must match, and there
// must be no findings.
func TestWriter_roundTripsValidSections(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sections := rapid.SliceOfN(validSection(), 0, 20).Draw(t, "sections")
		var file bytes.Buffer
		w := dialect.NewWriter(&file, &dialect.WriterOptions{RepeatSections: true})
		for _, s := range sections {
			if rapid.Bool().Draw(t, "commented") {
				require.NoError(t, w.Comment(string(arbitraryFile().Draw(t, "comment"))))
			}
			require.NoError(t, w.Section(s))
		}
		require.NoError(t, w.Comment(string(arbitraryFile().Draw(t, "last comment"))))
		require.NoError(t, w.Close())
		tree, err := dialect.Parse(&file, nil)
		require.NoError(t, err)
		require.Empty(t, tree.Findings)
		requireSections(t, sections, tree.ResolvedSections())
	})
}

// TestWriter_rejectsOrRoundTripsAnySection does so with any bytes.
func TestWriter_rejectsOrRoundTripsAnySection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.Map(arbitraryFile(), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 9000), func(b []byte) string { return string(b) }),
			validText(0),
		)
		requireRejectedOrRoundTrip(t, text.Draw(t, "name"), text.Draw(t, "key"), text.Draw(t, "value"))
	})
}

// requireRejectedOrRoundTrip writes one section between two others. The writer
// must reject it without writing any of it, or it must read back unchanged.
func requireRejectedOrRoundTrip(t require.TestingT, name, key, value string) {
	before := dialect.Section{Name: "before", Lines: []dialect.Line{{Key: "k", Value: "v"}}}
	after := dialect.Section{Name: "after", Lines: []dialect.Line{{Key: "k", Value: "v"}}}
	given := dialect.Section{Name: name, Lines: []dialect.Line{{Key: key, Value: value}}}
	want := []dialect.Section{before, given, after}

	var file bytes.Buffer
	w := dialect.NewWriter(&file, &dialect.WriterOptions{RepeatSections: true})
	require.NoError(t, w.Section(before))
	if err := w.Section(given); err != nil {
		requireInvalidFields(t, err)
		require.True(t, dialect.CheckName(name) != nil || dialect.CheckLine(key, value) != nil)
		want = []dialect.Section{before, after}
	} else {
		require.NoError(t, dialect.CheckName(name))
		require.NoError(t, dialect.CheckLine(key, value))
	}
	require.NoError(t, w.Section(after))
	require.NoError(t, w.Close())

	tree, err := dialect.Parse(&file, nil)
	require.NoError(t, err)
	require.Empty(t, tree.Findings)
	requireSections(t, want, tree.ResolvedSections())
}
