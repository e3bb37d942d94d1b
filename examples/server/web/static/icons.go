package static

import (
	"embed"
	"fmt"
	"html/template"
	"path"
	"strings"
)

//go:embed icons/*.svg
var iconFiles embed.FS

// Icons are the drawings of icons/ by their names, for inline use: a page
// needs no further request for them, and they have the color of the text.
type Icons map[string]template.HTML

const iconStart = `<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">`

// ReadIcons returns the icons, which are part of the program. It panics when they
// cannot be read.
func ReadIcons() Icons {
	entries, err := iconFiles.ReadDir("icons")
	if err != nil {
		panic(err)
	}
	all := Icons{}
	for _, entry := range entries {
		file, err := iconFiles.ReadFile("icons/" + entry.Name())
		if err != nil {
			panic(err)
		}
		_, drawing, _ := strings.Cut(string(file), ">")
		drawing, _, _ = strings.Cut(drawing, "</svg>")
		name := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		all[name] = template.HTML(iconStart + strings.ReplaceAll(drawing, "\n", "") + "</svg>") //nolint:gosec // a file of the program
	}
	return all
}

// SVG returns an icon that says nothing to a screen reader: text beside it does.
func (i Icons) SVG(name string) (template.HTML, error) {
	svg, ok := i[name]
	if !ok {
		return "", fmt.Errorf("there is no icon %q", name)
	}
	return svg, nil
}
