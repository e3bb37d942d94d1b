package web

import (
	"strings"

	"github.com/pbxusers/pbxusers/userman/permission"
)

// module is the permissions of one module, as rows of a page.
type module[Row any] struct {
	Name string
	Rows []Row
}

// withRow puts the row of a permission to those of its module, also when a
// product registered it behind other modules.
func withRow[Row any](modules []module[Row], p permission.Permission, row Row) []module[Row] {
	name := moduleName(p.Module())
	for i := range modules {
		if modules[i].Name == name {
			modules[i].Rows = append(modules[i].Rows, row)
			return modules
		}
	}
	return append(modules, module[Row]{Name: name, Rows: []Row{row}})
}

// moduleName is what people call a module.
func moduleName(module string) string {
	switch module {
	case "sms", "xmpp", "rest":
		return strings.ToUpper(module)
	case "isymphony":
		return "iSymphony"
	case "xactview":
		return "XactView"
	}
	words := strings.ReplaceAll(module, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}
