package pbxusers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// maxSourceFiles is the largest number of source files of a package, without tests: a
// reader can keep them in mind.
const maxSourceFiles = 45

// testAreas are what a test may name in the place of a symbol: properties that
// cut across a package, and stories of whole programs.
func testAreas() []string {
	return []string{
		"API", "Audit", "Authorization", "CLI", "Concurrency", "Config", "Docs", "E2E", "Golden", "Login", "Main", "Names", "Package", "Pages", "Scope", "Server", "Sync",
	}
}

// bannedWords are words that name nothing in this field. A reader of an exported
// name or a file name should need no private dictionary.
func bannedWords() []string {
	return []string{
		"anybody", "atomically", "elsewhere", "everybody", "meanwhile", "nobody", "obstacle", "obstacles", "people", "person", "reach", "reached",
		"reaches", "said", "somebody", "stranger", "tell", "throttle", "together", "told", "trail", "vault", "verdict", "vet", "whoever",
	}
}

func TestNames_testsBeginWithASymbol(t *testing.T) {
	t.Parallel()
	for folder, d := range declarations(t) {
		for _, test := range d.tests {
			subject, rest, _ := strings.Cut(strings.TrimPrefix(test, "Test"), "_")
			member, _, _ := strings.Cut(rest, "_")
			switch {
			case slices.Contains(testAreas(), subject):
			case !d.has(subject):
				require.Failf(t, "no such symbol", "%s: %s: begin the name with a type or function of the package, or with an area", folder, test)
			case startsUpper(member):
				require.True(t, d.members[member], "%s: %s: the package has no method or field %s", folder, test, member)
			}
		}
	}
}

func TestNames_areStandardTerms(t *testing.T) {
	t.Parallel()
	for folder, d := range declarations(t) {
		for _, name := range d.exported {
			for _, word := range words(name) {
				require.NotContains(t, bannedWords(), word, "%s: %s", folder, name)
			}
		}
		for _, file := range d.files {
			for _, word := range bannedWords() {
				require.False(t, len(word) > 4 && strings.Contains(file, word), "%s/%s: the name holds %q", folder, file, word)
			}
		}
	}
}

func TestPackage_staysSmall(t *testing.T) {
	t.Parallel()
	for folder, d := range declarations(t) {
		require.LessOrEqual(t, d.sources, maxSourceFiles, "%s: split the package", folder)
	}
}

// declared is what the files of a folder declare.
type declared struct {
	symbols  map[string]bool // package-level names
	members  map[string]bool // methods and fields
	tests    []string
	exported []string // of source files
	files    []string
	sources  int // files that are no tests
}

// has reports whether a package-level name is that one, whatever the case of its
// first letter.
func (d *declared) has(name string) bool {
	first, size := utf8.DecodeRuneInString(name)
	return d.symbols[name] || d.symbols[string(unicode.ToLower(first))+name[size:]] || d.symbols[lowerInitialism(name)]
}

// declarations parses the module by folder.
func declarations(t *testing.T) map[string]*declared {
	t.Helper()
	found := map[string]*declared{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (entry.Name()[0] == '.' || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(name))
		if found[folder] == nil {
			found[folder] = &declared{symbols: map[string]bool{}, members: map[string]bool{}}
		}
		found[folder].add(file, filepath.Base(name))
		return nil
	})
	require.NoError(t, err)
	return found
}

// add takes in the declarations of a file.
func (d *declared) add(file *ast.File, name string) {
	isTest := strings.HasSuffix(name, "_test.go")
	d.files = append(d.files, name)
	if !isTest {
		d.sources++
	}
	for _, decl := range file.Decls {
		switch x := decl.(type) {
		case *ast.FuncDecl:
			d.addFunc(x, isTest)
		case *ast.GenDecl:
			d.addSpecs(x, isTest)
		}
	}
}

func (d *declared) addFunc(f *ast.FuncDecl, isTest bool) {
	name := f.Name.Name
	switch {
	case f.Recv != nil:
		d.members[name] = true
	case isTest && strings.HasPrefix(name, "Test") && f.Type.Params.NumFields() == 1:
		d.tests = append(d.tests, name)
		return
	default:
		d.symbols[name] = true
	}
	if f.Name.IsExported() && !isTest {
		d.exported = append(d.exported, name)
	}
}

func (d *declared) addSpecs(decl *ast.GenDecl, isTest bool) {
	for _, spec := range decl.Specs {
		var names []*ast.Ident
		switch x := spec.(type) {
		case *ast.TypeSpec:
			names = []*ast.Ident{x.Name}
			ast.Inspect(x.Type, func(n ast.Node) bool {
				if field, ok := n.(*ast.Field); ok {
					for _, name := range field.Names {
						d.members[name.Name] = true
					}
				}
				return true
			})
		case *ast.ValueSpec:
			names = x.Names
		}
		for _, name := range names {
			d.symbols[name.Name] = true
			if name.IsExported() && !isTest {
				d.exported = append(d.exported, name.Name)
			}
		}
	}
}

func startsUpper(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return unicode.IsUpper(first)
}

// lowerInitialism returns a name with the initialism at its start in lower case:
// "URLPath" as "urlPath".
func lowerInitialism(name string) string {
	return regexp.MustCompile(`^[A-Z]+([A-Z][a-z]|$)`).ReplaceAllStringFunc(name, func(start string) string {
		if start == strings.ToUpper(start) {
			return strings.ToLower(start)
		}
		return strings.ToLower(start[:len(start)-2]) + start[len(start)-2:]
	})
}

// words splits a name in camel case into its words, in lower case.
func words(name string) []string {
	split := regexp.MustCompile(`[A-Z]+[a-z0-9]*|[a-z0-9]+`).FindAllString(name, -1)
	for i, word := range split {
		split[i] = strings.ToLower(word)
	}
	return split
}
