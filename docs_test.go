package pbxusers_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestDocs_namedTestsExist(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	require.NoError(t, filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		content, err := os.ReadFile(name)
		tests.Write(content)
		return err
	}))
	documents, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	checked := 0
	for _, document := range documents {
		for _, test := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(readFile(t, document), -1) {
			require.Contains(t, tests.String(), "func "+test+"(t *testing.T)", "%s names it", document)
			checked++
		}
	}
	require.NotZero(t, checked)
}

func TestDocs_permissionTableMatchesRegistry(t *testing.T) {
	t.Parallel()
	document := readFile(t, "docs/people.md")
	for _, p := range permission.Standard() {
		row := "\n| `" + p.ID + "` | " + string(p.Kind) + " | `" + p.Default.String() + "` | " + p.Description + " |\n"
		require.Contains(t, document, row)
	}
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}
