package pbxusers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/pbxusers/pbxusers"

// arrows says which rooms of the house the packages of a room may import,
// beside those of their own room. A room is a folder with all below it that is
// no room itself; what no other room has is in ".".
func arrows() map[string][]string {
	backend := []string{"store", "ampusers", "manager", "userman", "internal"}
	rooms := map[string][]string{
		".":            {},
		"ampusers":     {"store", "internal"},
		"asteriskconf": {"store", "internal"},
		"internal":     {"store"},
		// It is for tests, which may be of any room.
		"internal/sqlitetest": {"store", "store/sqlstore"},
		"manager":             {"store", "asteriskconf", "manager/ami", "internal"},
		"manager/ami":         {"store", "asteriskconf"},
		"store":               {},
		"store/memstore":      backend,
		"store/sqlstore":      backend,
		"store/storetest":     backend,
		"userman":             {"store", "internal"},
	}
	rooms["examples"] = slices.Collect(maps.Keys(rooms))
	return rooms
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for folder, files := range packages(t) {
		described := slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc != nil })
		require.True(t, described, "package %s has no package comment", folder)
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for folder, files := range packages(t) {
		if files[0].Name.Name == "main" || slices.Contains(strings.Split(folder, "/"), "internal") {
			continue
		}
		for _, file := range files {
			for _, decl := range file.Decls {
				require.Empty(t, undocumented(decl), "%s: no doc comment", folder)
			}
		}
	}
}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	allowed := arrows()
	for folder, files := range packages(t) {
		from := room(allowed, folder)
		for _, file := range files {
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				if imported != module && !strings.HasPrefix(imported, module+"/") {
					continue
				}
				to := room(allowed, strings.TrimPrefix(strings.TrimPrefix(imported, module), "/"))
				require.True(t, from == to || slices.Contains(allowed[from], to), "%s must not import %s", folder, imported)
			}
		}
	}
}

// packages parses the module's files, but for tests, by folder.
func packages(t *testing.T) map[string][]*ast.File {
	t.Helper()
	found := map[string][]*ast.File{}
	files := token.NewFileSet()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (entry.Name()[0] == '.' || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		folder := filepath.ToSlash(filepath.Dir(name))
		found[folder] = append(found[folder], file)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

// room returns the room that a folder is in.
func room(rooms map[string][]string, folder string) string {
	for ; folder != "." && folder != ""; folder = path.Dir(folder) {
		if _, ok := rooms[folder]; ok {
			return folder
		}
	}
	return "."
}

// undocumented returns the exported names of a declaration that have no
// comment. One comment on a group of constants or variables is enough.
func undocumented(decl ast.Decl) []string {
	var names []string
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !explainsItself(d.Name.Name) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// explainsItself reports whether a name says all in Go: the methods of errors.
func explainsItself(name string) bool { return name == "Error" || name == "Unwrap" }

// exportedReceiver reports whether a function is no method of a hidden type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	switch generic := receiver.(type) {
	case *ast.IndexExpr:
		receiver = generic.X
	case *ast.IndexListExpr:
		receiver = generic.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}
