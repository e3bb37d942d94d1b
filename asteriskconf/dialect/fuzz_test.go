package dialect_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// FuzzWriter passes any bytes to the writer. It must reject them or read them
// back.
func FuzzWriter(f *testing.F) {
	for _, sections := range goldenFiles() {
		for _, s := range sections {
			for _, l := range s.Lines {
				f.Add(s.Name, l.Key, l.Value, l.Value)
			}
		}
	}
	f.Fuzz(func(t *testing.T, name, key, value, comment string) {
		requireRejectedOrRoundTrip(t, name, key, value)
		var file bytes.Buffer
		w := dialect.NewWriter(&file, nil)
		require.NoError(t, w.Comment(comment))
		require.NoError(t, w.Section(section("a", "k", "v")))
		require.NoError(t, w.Comment(comment))
		require.NoError(t, w.Close())
		tree := parse(t, file.String(), nil)
		require.Empty(t, tree.Findings)
		requireSections(t, []dialect.Section{section("a", "k", "v")}, tree.ResolvedSections())
	})
}

// FuzzParse parses any bytes, as a root file and as an included one. The tree
// must be bounded and consistent. Sections that can be written must read back
// equal.
func FuzzParse(f *testing.F) {
	corpus, err := filepath.Glob(dialectDir + "/*.conf")
	require.NoError(f, err)
	for _, path := range corpus {
		content, err := os.ReadFile(path)
		require.NoError(f, err)
		if len(content) < 1<<10 {
			f.Add(content, content)
		}
	}
	f.Fuzz(func(t *testing.T, file, included []byte) {
		files := memoryFiles(map[string]string{"inc/ok.inc": string(included), "itself": string(file)})
		tree := parse(t, string(file), &dialect.ParseOptions{Include: files, MaxBytes: 1 << 20})
		requireConsistent(t, tree)
		var again bytes.Buffer
		var carried []dialect.Section
		w := dialect.NewWriter(&again, &dialect.WriterOptions{RepeatSections: true})
		for _, s := range tree.ResolvedSections() {
			if w.Section(s) == nil {
				carried = append(carried, s)
			}
		}
		require.NoError(t, w.Close())
		requireSections(t, carried, parse(t, again.String(), nil).ResolvedSections())
	})
}

// requireConsistent requires that the parts of a tree agree.
func requireConsistent(t *testing.T, tree *dialect.Tree) {
	t.Helper()
	require.LessOrEqual(t, len(tree.Findings), 1003)
	require.NotEmpty(t, tree.Files)
	for _, s := range tree.Sections {
		require.LessOrEqual(t, len(s.Name), 79)
		require.Len(t, s.Positions, len(s.Lines))
		require.Positive(t, s.Line)
		for i, l := range s.Lines {
			require.NotEmpty(t, l.Key)
			require.Equal(t, strings.Trim(l.Value, " \t\r\n"), l.Value)
			require.Positive(t, s.Positions[i].Line)
			require.Contains(t, tree.Files, s.Positions[i].File)
		}
	}
	for _, f := range tree.Findings {
		require.False(t, f.Invalid && f.Partial)
		require.NotEmpty(t, f.Code)
		require.NotEmpty(t, f.Message)
	}
}
