package pbxusers_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman/permission"
)

// documents returns the paths of README.md and the other documents.
func documents(t *testing.T) []string {
	t.Helper()
	guides, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, guides)
	return append(guides, "README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md")
}

// TestDocs_codeSamplesCompile requires each line of a Go sample in the samples of
// samples_test.go, which compile.
func TestDocs_codeSamplesCompile(t *testing.T) {
	t.Parallel()
	compiled := readFile(t, "samples_test.go")
	checked := 0
	for _, document := range documents(t) {
		for _, sample := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readFile(t, document), -1) {
			for line := range strings.Lines(sample[1]) {
				code, _, _ := strings.Cut(line, " // ")
				require.Contains(t, compiled, strings.TrimSpace(code), document)
				checked++
			}
		}
	}
	require.Greater(t, checked, 30)
}

// TestDocs_namedTestsExist keeps the names of tests, benchmarks and
// fuzz targets in the documents right.
func TestDocs_namedTestsExist(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	for _, d := range declarations(t) {
		for _, test := range d.tests {
			tests[test] = true
		}
		for symbol := range d.symbols { // benchmarks and fuzz targets among them
			tests[symbol] = true
		}
	}
	require.NotEmpty(t, tests)
	for _, document := range documents(t) {
		for _, test := range regexp.MustCompile(`\b(Test|Benchmark|Fuzz)[A-Z]\w+`).FindAllString(readFile(t, document), -1) {
			require.True(t, tests[test], "%s names %s", document, test)
		}
	}
}

func TestDocs_linksExist(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(readFile(t, document), -1) {
			path, _, _ := strings.Cut(link[1], "#")
			if path == "" || strings.Contains(path, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(document), path))
			require.NoError(t, err, "%s: %s", document, link[1])
		}
	}
}

func TestDocs_permissionTableMatchesRegistry(t *testing.T) {
	t.Parallel()
	document := readFile(t, "docs/users.md")
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
