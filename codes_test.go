package pbxusers_test

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A code of a field error is a constant of package store: a program that compares
// codes finds all of them there.
func TestPackage_fieldErrorCodesAreConstants(t *testing.T) {
	t.Parallel()
	known := fieldErrorCodes(t)
	for folder, files := range parsePackages(t) {
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.CompositeLit:
					if code := fieldErrorCode(x); code != nil {
						require.False(t, isText(code), "%s: the code of a field error is not a constant of package store", folder)
					}
				case *ast.FuncDecl:
					requireConstantCodes(t, folder, x)
				case *ast.CallExpr:
					for _, code := range ruleCodes(x) {
						require.True(t, known[code], "%s: the rule %q has no constant in package store", folder, code)
					}
				}
				return true
			})
		}
	}
}

// fieldErrorCodes returns the values of the constants in store/codes.go.
func fieldErrorCodes(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, file := range parsePackages(t)["store"] {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Code") {
				code := unquote(spec.Values[0])
				require.False(t, known[code], "%q has two constants", code)
				known[code] = true
			}
			return true
		})
	}
	require.Greater(t, len(known), 50)
	return known
}

// fieldErrorCode returns the code of a literal with the fields of a field error; nil
// for other literals.
func fieldErrorCode(literal *ast.CompositeLit) ast.Expr {
	if name := typeName(literal.Type); name != "FieldError" && name != "" {
		return nil
	}
	values := map[string]ast.Expr{}
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				values[key.Name] = pair.Value
			}
		}
	}
	if values["Field"] == nil || values["Message"] == nil {
		return nil
	}
	return values["Code"]
}

// requireConstantCodes requires constants as the result named code of a function,
// and as the argument code of the functions that it declares for field errors.
func requireConstantCodes(t *testing.T, folder string, f *ast.FuncDecl) {
	t.Helper()
	helpers := map[string]int{} // the index of the parameter code, by the name of the function
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			name, isName := x.Lhs[0].(*ast.Ident)
			if literal, isFunc := x.Rhs[0].(*ast.FuncLit); isName && isFunc && hasFieldError(literal) {
				if index := parameterIndex(literal.Type, "code"); index >= 0 {
					helpers[name.Name] = index
				}
			}
		case *ast.CallExpr:
			if name, ok := x.Fun.(*ast.Ident); ok {
				if index, ok := helpers[name.Name]; ok {
					require.False(t, isText(x.Args[index]), "%s: %s: the code is not a constant of package store", folder, name.Name)
				}
			}
		case *ast.ReturnStmt:
			if results := f.Type.Results; results != nil && len(results.List[0].Names) > 0 && results.List[0].Names[0].Name == "code" {
				require.False(t, isText(x.Results[0]), "%s: %s: the code is not a constant of package store", folder, f.Name.Name)
			}
		}
		return true
	})
}

// typeName returns the name of the type of a literal, without its package; "" for the
// elements of a list.
func typeName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.ArrayType:
		return "[]"
	}
	return ""
}

func hasFieldError(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		found = found || ok && fieldErrorCode(literal) != nil
		return true
	})
	return found
}

// parameterIndex returns the index of the parameter of that name, or -1.
func parameterIndex(f *ast.FuncType, name string) int {
	index := 0
	for _, field := range f.Params.List {
		for _, parameter := range field.Names {
			if parameter.Name == name {
				return index
			}
			index++
		}
	}
	return -1
}

// ruleCodes returns the validator tags of a row of a field table, which are codes of
// field errors.
func ruleCodes(call *ast.CallExpr) []string {
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) != 4 {
		return nil
	}
	if of, ok := function.X.(*ast.Ident); !ok || of.Name != "field" {
		return nil
	}
	var codes []string
	for tag := range strings.SplitSeq(unquote(call.Args[1]), ",") {
		tag, _, _ = strings.Cut(tag, "=")
		if tag != "" && tag != "dive" && tag != "omitempty" {
			codes = append(codes, tag)
		}
	}
	return codes
}

// isText reports whether an expression is a string literal that is not empty.
func isText(e ast.Expr) bool { return unquote(e) != "" }

// unquote returns the value of a string literal; "" for other expressions.
func unquote(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}
