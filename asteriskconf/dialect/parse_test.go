package dialect_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

func parse(t require.TestingT, text string, opts *dialect.ParseOptions) *dialect.Tree {
	tree, err := dialect.Parse(strings.NewReader(text), opts)
	require.NoError(t, err)
	return tree
}

// codes returns the codes of all findings with their lines.
func codes(tree *dialect.Tree) []string {
	var codes []string
	for _, f := range tree.Findings {
		codes = append(codes, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Code))
	}
	return codes
}

// memoryFiles is an Include over a map, without patterns.
func memoryFiles(files map[string]string) func(string) ([]dialect.IncludedFile, error) {
	return func(pattern string) ([]dialect.IncludedFile, error) {
		return []dialect.IncludedFile{{Name: pattern, Open: func() (io.ReadCloser, error) {
			content, ok := files[pattern]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return io.NopCloser(strings.NewReader(content)), nil
		}}}, nil
	}
}

func TestParse_returnsSectionsAsModulesSeeThem(t *testing.T) {
	t.Parallel()
	tree := parse(t, "[base](!)\nallow = ulaw\n[6001](base)\ntype = endpoint ; a phone\n", nil)
	require.True(t, tree.Valid())
	require.Empty(t, tree.Findings)
	requireSections(t, []dialect.Section{section("6001", "allow", "ulaw", "type", "endpoint")}, tree.ResolvedSections())
	require.True(t, tree.Sections[0].Template)
	phone := tree.Sections[1]
	require.Equal(t, []string{"base"}, phone.Bases)
	require.Equal(t, 3, phone.Line)
	require.Equal(t, []dialect.Position{{File: "input", Line: 2}, {File: "input", Line: 4}}, phone.Positions)
}

func TestParse_reportsIncludeNotFollowed(t *testing.T) {
	t.Parallel()
	tree := parse(t, "#include other.conf\n[a]\nk=v\n", &dialect.ParseOptions{Name: "main.conf"})
	require.True(t, tree.Valid())
	require.Equal(t, []string{"main.conf:1 include_not_followed"}, codes(tree))
	require.True(t, tree.Findings[0].Partial)
	require.Equal(t, []string{"main.conf"}, tree.Files)
}

func TestParse_followsIncludes(t *testing.T) {
	t.Parallel()
	tree := parse(t, "[a]\n#include x\n#tryinclude y\nk=v\n", &dialect.ParseOptions{Include: memoryFiles(map[string]string{"x": "i=1\n[b]\n"})})
	require.Empty(t, tree.Findings)
	requireSections(t, []dialect.Section{section("a", "i", "1", "k", "v"), section("b")}, tree.ResolvedSections())
	require.Equal(t, []string{"input", "x"}, tree.Files)
	require.Equal(t, dialect.Position{File: "x", Line: 1}, tree.Sections[0].Positions[0])
}

// TestParse_errorInIncludedFileIsPartial covers the most surprising rule:
// Asterisk accepts half of the included file and reports success.
func TestParse_errorInIncludedFileIsPartial(t *testing.T) {
	t.Parallel()
	tree := parse(t, "[a]\n#include x\nk=v\n", &dialect.ParseOptions{Include: memoryFiles(map[string]string{"x": "[b]\ni=1\n[broken\n[c]\n"})})
	require.True(t, tree.Valid())
	require.Equal(t, []string{"x:3 no_closing_bracket"}, codes(tree))
	require.True(t, tree.Findings[0].Partial)
	requireSections(t, []dialect.Section{section("a", "k", "v"), section("b", "i", "1")}, tree.ResolvedSections())
}

func TestParse_returnsReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken disk")
	for name, tt := range map[string]struct {
		r       io.Reader
		include func(string) ([]dialect.IncludedFile, error)
	}{
		"reading":             {io.MultiReader(strings.NewReader("[a]\nk"), iotest.ErrReader(broken)), nil},
		"reading a long line": {io.MultiReader(strings.NewReader(strings.Repeat("x", 9000)), iotest.ErrReader(broken)), nil},
		"finding an include":  {strings.NewReader("#include x"), func(string) ([]dialect.IncludedFile, error) { return nil, broken }},
		"opening an include": {strings.NewReader("#include x"), func(string) ([]dialect.IncludedFile, error) {
			return []dialect.IncludedFile{{Name: "x", Open: func() (io.ReadCloser, error) { return nil, broken }}}, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dialect.Parse(tt.r, &dialect.ParseOptions{Include: tt.include})
			require.ErrorIs(t, err, broken)
		})
	}
}

// TestParse_readsByteByByte reads the input of another test one byte at a time.
func TestParse_readsByteByByte(t *testing.T) {
	t.Parallel()
	text := "[a]\nk=" + strings.Repeat("x", 8185) + "\n" + strings.Repeat("y", 20_000) + "\nk2=v\x00lost\nk3=v"
	tree, err := dialect.Parse(iotest.OneByteReader(strings.NewReader(text)), nil)
	require.NoError(t, err)
	require.Equal(t, parse(t, text, nil), tree)
	require.Equal(t, []string{"input:3 line_too_long", "input:4 nul"}, codes(tree))
	require.Len(t, tree.Sections[0].Lines, 3)
}

// TestParse_terminatesWhereAsteriskLoops parses files on which Asterisk loops
// forever, or until memory runs out.
func TestParse_terminatesWhereAsteriskLoops(t *testing.T) {
	t.Parallel()
	var doubling strings.Builder
	doubling.WriteString("[t0](!)\nk=v\n")
	for i := range 60 {
		fmt.Fprintf(&doubling, "[t%d](!,t%d,t%d)\n", i+1, i, i)
	}
	itself := memoryFiles(map[string]string{"x": strings.Repeat("#tryinclude x\n", 50)})
	for name, tt := range map[string]struct{ text, code string }{
		"blocks nest too deep":       {"[a]\n" + strings.Repeat(";-- ", 129), dialect.FindingCommentDepth},
		"inherits from itself":       {"[a]\nk=v\n[a](+,a)\n", dialect.FindingSelfInheritance},
		"inherits twice, many times": {doubling.String(), dialect.FindingTooLarge},
		"includes itself many times": {"#include x\n", dialect.FindingTooLarge},
		"is too long":                {"[a]\n" + strings.Repeat("k=v\n", 300_000), dialect.FindingTooLarge},
		"has too many sections":      {strings.Repeat("[]\n", 300_000), dialect.FindingTooLarge},
		"appends many times":         {"[a]\nk=" + strings.Repeat("v", 8000) + "\n" + strings.Repeat("k+=w\n", 100_000), dialect.FindingTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := parse(t, tt.text, &dialect.ParseOptions{Include: itself, MaxBytes: 1 << 20})
			require.False(t, tree.Valid())
			var invalid []string
			for _, f := range tree.Findings {
				if f.Invalid {
					invalid = append(invalid, f.Code)
				}
			}
			require.Equal(t, []string{tt.code}, invalid)
		})
	}
}

func TestParse_acceptsSelfInheritanceWithoutLines(t *testing.T) {
	t.Parallel()
	tree := parse(t, "[a]\n[a](+,a)\nk=v\n", nil)
	require.Empty(t, tree.Findings)
	requireSections(t, []dialect.Section{section("a", "k", "v")}, tree.ResolvedSections())
}

func TestParse_limitsFindings(t *testing.T) {
	t.Parallel()
	tree := parse(t, "[a]\n"+strings.Repeat("no equals\n", 5000)+"[b\n", nil)
	require.Len(t, tree.Findings, 1002)
	require.False(t, tree.Valid(), "Invalid findings are never dropped")
	require.Equal(t, dialect.FindingTruncated, tree.Findings[1001].Code)
	require.Contains(t, tree.Findings[1001].Message, "4000")
}

// TestFinding_neverContainsValues breaks lines with a secret in every possible
// way.
func TestFinding_neverContainsValues(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	lines := []string{
		secret, "secret " + secret, "=" + secret, "+=" + secret, "#" + secret, "#exec " + secret, "#include", `\é` + secret, `\`,
		"secret=" + secret + "\x00" + secret, "secret=" + secret + "--;", "secret=\x01" + secret + "\x01x", "[a]" + secret, "[a](+" + secret + ")",
		"secret=" + secret + strings.Repeat("x", 9000), "K=" + secret + "\nk=" + secret + "\nk+=" + secret, ";-- " + secret,
	}
	for _, line := range lines {
		for _, start := range []string{"", "[a]\n"} {
			tree := parse(t, start+line+"\n", nil)
			require.NotEmpty(t, tree.Findings, "%q", line)
			for _, f := range tree.Findings {
				require.NotContains(t, f.String(), secret)
			}
		}
	}
}

func TestFinding_quotesPrintableNamesOnly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ section, shown string }{
		"plain":         {"crm", `"crm"`},
		"Chinese":       {"你好", `"你好"`},
		"escape code":   {"a\x1b[31m", "cannot be shown"},
		"C1 control":    {"a\u009b31m", "cannot be shown"},
		"invalid UTF-8": {"a\xff", "cannot be shown"},
		"long":          {strings.Repeat("a", 2000), "long name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := parse(t, "[x]("+tt.section+")\n", nil)
			require.Len(t, tree.Findings, 1)
			require.Contains(t, tree.Findings[0].Message, tt.shown)
		})
	}
}

// TestTree_ResolvedSections_roundTrip writes the resolved sections of random
// files and parses them again. They must not change.
func TestTree_ResolvedSections_roundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plain := parse(t, string(arbitraryFile().Draw(t, "file")), nil).ResolvedSections()
		var carried []dialect.Section
		var file bytes.Buffer
		w := dialect.NewWriter(&file, &dialect.WriterOptions{RepeatSections: true})
		for _, s := range plain {
			if err := w.Section(s); err == nil {
				carried = append(carried, s)
			}
		}
		require.NoError(t, w.Close())
		requireSections(t, carried, parse(t, file.String(), nil).ResolvedSections())
	})
}

// writeConfigDir writes files into a new folder.
func writeConfigDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return dir
}

func names(tree *dialect.Tree) []string {
	var names []string
	for _, s := range tree.Sections {
		names = append(names, s.Name)
	}
	return names
}

func TestParseFile_replacesIncludedFiles(t *testing.T) {
	t.Parallel()
	dir := writeConfigDir(t, map[string]string{
		"manager.conf": "[general]\n#include manager.d/*.conf\n#tryinclude new/*.conf\n", "manager.d/b.conf": "[old]\n", "manager.d/d.conf": "[d]\n",
	})
	tree, err := dialect.ParseFile(dir, "manager.conf", &dialect.ParseFileOptions{Replace: map[string][]byte{
		"manager.d/b.conf": []byte("[new]\n"), "manager.d/c.conf": []byte("[c]\n"), "new/x.conf": []byte("[x]\n"), "manager.d/.hidden.conf": []byte("[hidden]\n"),
	}})
	require.NoError(t, err)
	require.Equal(t, []string{"general", "new", "c", "d", "x"}, names(tree))
	require.Equal(t, []string{"manager.conf", "manager.d/b.conf", "manager.d/c.conf", "manager.d/d.conf", "new/x.conf"}, tree.Files)
}

func TestParseFile_replacesRootFile(t *testing.T) {
	t.Parallel()
	tree, err := dialect.ParseFile(t.TempDir(), "manager.conf", &dialect.ParseFileOptions{Replace: map[string][]byte{"manager.conf": []byte("[a]\n")}})
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, names(tree))
}

func TestParseFile_missingFileIsErrNotExist(t *testing.T) {
	t.Parallel()
	dir := writeConfigDir(t, map[string]string{"folder/x.conf": ""})
	for _, name := range []string{"manager.conf", "folder", "none/manager.conf", "folder/x.conf/y.conf", strings.Repeat("x", 300)} {
		_, err := dialect.ParseFile(dir, name, nil)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}

func TestParseFile_danglingSymlinkIsMissing(t *testing.T) {
	t.Parallel()
	dir := writeConfigDir(t, map[string]string{"manager.conf": "#tryinclude secret.conf\n"})
	require.NoError(t, os.Symlink("secret.conf", filepath.Join(dir, "secret.conf")))
	tree, err := dialect.ParseFile(dir, "manager.conf", nil)
	require.NoError(t, err)
	require.Empty(t, tree.Findings)
}

func TestParseFile_followsPathsOutsideDirectory(t *testing.T) {
	t.Parallel()
	dir := writeConfigDir(t, map[string]string{"etc/a.conf": "#include ../other/x.conf\n", "other/x.conf": "[x]\n"})
	absolute := filepath.Join(dir, "other", "x.conf")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc", "b.conf"), []byte("#include "+absolute+"\n"), 0o644))
	for _, name := range []string{"a.conf", "b.conf"} {
		tree, err := dialect.ParseFile(filepath.Join(dir, "etc"), name, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"x"}, names(tree))
		require.True(t, strings.HasSuffix(tree.Files[1], "/other/x.conf"), tree.Files[1])
	}
}

// TestParseFile_directoryNameIsNoPattern checks that the folder name is taken
// literally.
func TestParseFile_directoryNameIsNoPattern(t *testing.T) {
	t.Parallel()
	dir := writeConfigDir(t, map[string]string{"{a,b}[c]*/main.conf": "#include *.inc\n", "{a,b}[c]*/x.inc": "[x]\n"})
	tree, err := dialect.ParseFile(filepath.Join(dir, "{a,b}[c]*"), "main.conf", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, names(tree))
}
