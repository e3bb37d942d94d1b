package dialect_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

var update = flag.Bool("update", false, "write the expected results under testdata anew")

const dialectDir = "testdata/dialect"

// dialectFiles returns the names of the corpus files. Each tests one rule of
// the dialect.
func dialectFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(dialectDir + "/*.conf")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = filepath.Base(path)
	}
	return names
}

// getConfig returns the answer of the AMI action GetConfig for a tree, byte by
// byte (action_getconfig in main/manager.c).
func getConfig(tree *dialect.Tree) string {
	if !tree.Valid() {
		return "Response: Error\r\nMessage: Config file has invalid format\r\n\r\n"
	}
	var b strings.Builder
	b.WriteString("Response: Success\r\n")
	number := 0
	for _, s := range tree.Sections {
		if s.Template {
			continue
		}
		fmt.Fprintf(&b, "Category-%06d: %s\r\n", number, s.Name)
		if len(s.Bases) > 0 {
			fmt.Fprintf(&b, "Templates-%06d: %s\r\n", number, strings.Join(s.Bases, ","))
		}
		for i, l := range s.Lines {
			fmt.Fprintf(&b, "Line-%06d-%06d: %s=%s\r\n", number, i, l.Key, l.Value)
		}
		number++
	}
	b.WriteString("\r\n")
	return b.String()
}

// outline formats a tree as in testdata: Asterisk's answer, the position of
// each line, and the findings.
func outline(tree *dialect.Tree) string {
	var b strings.Builder
	b.WriteString(getConfig(tree))
	for _, s := range tree.Sections {
		fmt.Fprintf(&b, "%s:%d: [%s] template=%t\n", s.File, s.Line, s.Name, s.Template)
		for i, l := range s.Lines {
			fmt.Fprintf(&b, "%s:%d: %s\n", s.Positions[i].File, s.Positions[i].Line, l.Key)
		}
	}
	for _, f := range tree.Findings {
		fmt.Fprintf(&b, "%s invalid=%t partial=%t %s\n", f.Code, f.Invalid, f.Partial, f)
	}
	fmt.Fprintf(&b, "files: %s\n", strings.Join(tree.Files, " "))
	return b.String()
}

// TestParse_dialectCorpus parses each corpus file and compares the tree with
// the saved one. TestParse_corpusAgreesWithAsterisk proves that the saved ones
// match Asterisk.
func TestParse_dialectCorpus(t *testing.T) {
	t.Parallel()
	for _, name := range dialectFiles(t) {
		t.Run(strings.TrimSuffix(name, ".conf"), func(t *testing.T) {
			t.Parallel()
			tree, err := dialect.ParseFile(dialectDir, name, nil)
			require.NoError(t, err)
			got := outline(tree)
			want := filepath.Join(dialectDir, "want", strings.TrimSuffix(name, ".conf")+".txt")
			if *update {
				require.NoError(t, os.WriteFile(want, []byte(got), 0o644))
			}
			golden, err := os.ReadFile(want)
			require.NoError(t, err)
			require.Equal(t, string(golden), got)
		})
	}
}
