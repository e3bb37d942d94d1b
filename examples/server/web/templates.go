package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

//go:embed templates
var templateFiles embed.FS

// templateSets are the templates: one set per page, with the shared parts.
type templateSets map[string]*template.Template

// fragments is the set of the shared parts alone.
const fragments = "fragments"

// embedded returns the files of /static/ and the templates. They are part of the
// program, and read once.
var embedded = sync.OnceValues(func() (assets, templateSets) {
	static := readAssets()
	return static, parseTemplates(static)
})

// parseTemplates panics when a template does not parse: they are part of the
// program.
func parseTemplates(static assets) templateSets {
	functions := template.FuncMap{
		"asset": static.path, "administratorPath": administratorPath, "amiAccountPath": amiAccountPath, "userPath": userPath, "groupPath": groupPath,
		"timestamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":     clock,
		"join":      strings.Join,
		"sentence":  sentence,
		"setting":   newSetting,
		"changes":   changesOf,
		"hint":      app.Hint,
		"copyable":  newCopyable,
	}
	shared := template.Must(template.New(fragments).Funcs(functions).ParseFS(templateFiles, "templates/shared/*.html"))
	sets := templateSets{fragments: shared}
	for _, folder := range []string{"", "confirm/"} {
		files, err := fs.Glob(templateFiles, "templates/"+folder+"*.html")
		if err != nil {
			panic(err)
		}
		for _, file := range files {
			set := template.Must(shared.Clone())
			sets[folder+strings.TrimSuffix(path.Base(file), ".html")] = template.Must(set.ParseFS(templateFiles, file))
		}
	}
	return sets
}

// clock writes a time for a page.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

//go:embed static/*.css static/*.js static/*.svg
var staticFiles embed.FS

// asset is one file of /static/.
type asset struct {
	content     []byte
	contentType string
	// version is a part of its hash.
	version string
}

// assets are the files of /static/ by their names.
type assets map[string]asset

// readAssets panics when the files that are part of the program cannot be
// read.
func readAssets() assets {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err)
	}
	all := assets{}
	for _, entry := range entries {
		content, err := fs.ReadFile(staticFiles, "static/"+entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		all[entry.Name()] = asset{content: content, contentType: types[path.Ext(entry.Name())], version: hex.EncodeToString(sum[:6])}
	}
	return all
}

// path is the address of a file. It changes with the file, so that browsers can
// cache it.
func (a assets) path(name string) string { return "/static/" + name + "?v=" + a[name].version }

// ServeHTTP serves the file that the path names.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	keep := "no-cache"
	if r.URL.Query().Get("v") == file.version {
		keep = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", keep)
	w.Header().Set("Content-Type", file.contentType)
	w.Header().Set("ETag", `"`+file.version+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.content))
}
