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

const modulePath = "github.com/pbxusers/pbxusers"

// allowedImports returns the groups that the packages of each group may import, in
// addition to their own group. A group is a folder with all folders below it that are
// not groups themselves. All other folders are in ".".
func allowedImports() map[string][]string {
	backend := []string{"store", "account/extension", "ampusers", "manager", "userman", "userman/permission", "userman/mailqueue", "userman/usermail", "userman/apitoken", "internal"}
	groups := map[string][]string{
		".":                    {},
		"account/extension":    {"store", "asteriskconf", "asteriskconf/dialect", "internal", "internal/scopedlist"},
		"ampusers":             {"store", "internal", "internal/scopedlist"},
		"ampusers/websession":  {"store", "ampusers"},
		"asteriskconf":         {"asteriskconf/dialect", "store", "internal"},
		"asteriskconf/dialect": {"store", "internal"},
		"internal":             {"store"},
		// It is for the tests of all groups.
		"internal/sqlitetest": {"store", "store/sqlstore"},
		// The audit log needs it too.
		"internal/scopedlist": {"store"},
		"jobs":                {"store", "asteriskconf", "manager/asterisk", "userman"},
		"manager":             {"store", "asteriskconf", "asteriskconf/dialect", "manager/ami", "internal"},
		"manager/ami":         {"store", "asteriskconf", "asteriskconf/dialect"},
		"manager/asterisk":    {"store", "asteriskconf", "asteriskconf/dialect", "manager", "manager/ami"},
		"store":               {"internal/scopedlist"},
		"store/memstore":      backend,
		"store/sqlstore":      backend,
		"store/storetest":     backend,
		"userman":             {"store", "userman/permission", "userman/mailqueue", "userman/usermail", "internal", "internal/scopedlist"},
		"userman/apitoken":    {"store", "userman", "userman/permission", "internal", "internal/scopedlist"},
		"userman/extauth":     {"store", "userman"},
		"userman/mailqueue":   {"store", "userman/usermail"},
		"userman/permission":  {"store", "internal"},
		"userman/usermail":    {"store", "internal"},
	}
	groups["examples"] = slices.Collect(maps.Keys(groups))
	return groups
}

func TestPackage_hasDocComment(t *testing.T) {
	t.Parallel()
	for folder, files := range parsePackages(t) {
		documented := slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc != nil })
		require.True(t, documented, "package %s has no package comment", folder)
	}
}

func TestPackage_exportedNamesAreDocumented(t *testing.T) {
	t.Parallel()
	for folder, files := range parsePackages(t) {
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

func TestPackage_importsAreAllowed(t *testing.T) {
	t.Parallel()
	allowed := allowedImports()
	for folder, files := range parsePackages(t) {
		from := importGroup(allowed, folder)
		for _, file := range files {
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				if imported != modulePath && !strings.HasPrefix(imported, modulePath+"/") {
					continue
				}
				to := importGroup(allowed, strings.TrimPrefix(strings.TrimPrefix(imported, modulePath), "/"))
				require.True(t, from == to || slices.Contains(allowed[from], to), "%s must not import %s", folder, imported)
			}
		}
	}
}

// parsePackages parses the module's files except for tests, by folder.
func parsePackages(t *testing.T) map[string][]*ast.File {
	t.Helper()
	parsed := map[string][]*ast.File{}
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
		parsed[folder] = append(parsed[folder], file)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, parsed)
	return parsed
}

// importGroup returns the group of a folder.
func importGroup(groups map[string][]string, folder string) string {
	for ; folder != "." && folder != ""; folder = path.Dir(folder) {
		if _, ok := groups[folder]; ok {
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
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !isErrorMethod(d.Name.Name) {
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

// isErrorMethod reports whether a name needs no comment: the methods of errors.
func isErrorMethod(name string) bool { return name == "Error" || name == "Unwrap" }

// exportedReceiver reports whether a function is not a method of an unexported type.
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
