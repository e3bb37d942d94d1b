package web

import (
	"embed"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"
)

//go:embed templates
var templateFiles embed.FS

// templateSets are the templates: one set per page, with the shared parts.
type templateSets map[string]*template.Template

// fragments is the set of the shared parts alone.
const fragments = "fragments"

// parseTemplates panics when a template does not parse: they are part of the
// program.
func parseTemplates(static assets) templateSets {
	functions := template.FuncMap{
		"asset": static.path, "administratorPath": administratorPath, "amiAccountPath": amiAccountPath, "userPath": userPath, "groupPath": groupPath,
		"timestamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
		"join":      strings.Join,
		"sentence":  sentence,
	}
	shared := template.Must(template.New(fragments).Funcs(functions).ParseFS(templateFiles, "templates/shared/*.html"))
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err)
	}
	sets := templateSets{fragments: shared}
	for _, file := range files {
		set := template.Must(shared.Clone())
		sets[strings.TrimSuffix(path.Base(file), ".html")] = template.Must(set.ParseFS(templateFiles, file))
	}
	return sets
}
