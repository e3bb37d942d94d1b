package web

import (
	"embed"
	"html/template"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/web/auditwords"
	"github.com/pbxusers/pbxusers/examples/server/web/static"
)

//go:embed templates
var templateFiles embed.FS

// templateSets are the templates: one set per page, with the shared parts.
type templateSets map[string]*template.Template

// fragments is the set of the shared parts alone.
const fragments = "fragments"

// embedded returns the files of /static/ and the templates. They are part of the
// program, and read once.
var embedded = sync.OnceValues(func() (static.Assets, templateSets) {
	assets := static.ReadAssets()
	return assets, parseTemplates(assets)
})

// parseTemplates panics when a template does not parse: they are part of the
// program.
func parseTemplates(assets static.Assets) templateSets {
	functions := template.FuncMap{
		"asset": assets.Path, "administratorPath": administratorPath, "amiAccountPath": amiAccountPath, "userPath": userPath, "groupPath": groupPath,
		"timestamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":      clock,
		"join":       strings.Join,
		"sentence":   sentence,
		"section":    sectionOf,
		"changes":    changesOf,
		"action":     auditwords.Action,
		"kind":       auditwords.Kind,
		"record":     auditwords.Record,
		"author":     auditwords.Author,
		"reason":     auditwords.Reason,
		"hint":       app.Hint,
		"copyable":   newCopyable,
		"icon":       static.ReadIcons().SVG,
		"initials":   initials,
		"count":      groupDigits,
		"emailParts": func(email string) []string { return strings.SplitAfter(email, "@") },
		"past":       func(t time.Time) bool { return !t.IsZero() && t.Before(time.Now()) },
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

// initials are the first characters of the first and the last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	if len(words) == 1 {
		return string(unicode.ToUpper(first))
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string([]rune{unicode.ToUpper(first), unicode.ToUpper(last)})
}

// groupDigits writes a number with a comma between thousands.
func groupDigits(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// clock writes a time for a page.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
