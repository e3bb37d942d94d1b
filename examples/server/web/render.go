package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

//go:embed templates
var templateFiles embed.FS

// templateSets are the templates: one set for each page, and the shared parts.
type templateSets map[string]*template.Template

// fragments is the set of the shared parts alone.
const fragments = "fragments"

// parseTemplates panics when a template does not parse: they are part of the
// program.
func parseTemplates(static assets) templateSets {
	functions := template.FuncMap{
		"asset": static.path, "administratorPath": administratorPath, "amiAccountPath": managerPath, "userPath": userPath, "groupPath": groupPath,
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

// page is what the layout draws.
type page struct {
	Title string
	Admin *ampusers.Administrator
	Nav   []navigation
	// Flash says what was done before, and Warning what went wrong.
	Flash, Warning string
	// Banner says whether there is something to apply; it is left out where
	// the page itself does.
	Banner bool
	Body   any
}

// navigation is one entry of the menu.
type navigation struct {
	Href, Label string
	Current     bool
}

// render draws a page that says that all is well.
func (v *pageHandler) render(name, title string, body any) error {
	return v.renderStatus(http.StatusOK, name, title, body)
}

func (v *pageHandler) renderStatus(status int, name, title string, body any) error {
	data := page{
		Title: title, Admin: v.admin, Nav: v.navigation(), Body: body,
		Banner: v.admin != nil && !strings.HasPrefix(v.r.URL.Path, "/config"),
	}
	if !v.isHTMX() {
		data.Flash, data.Warning = v.popSession(flashKey), v.popSession(warningKey)
	}
	return v.writeTemplate(status, name, "layout", data)
}

// renderFragment draws a shared part alone.
func (v *pageHandler) renderFragment(name string, body any) error {
	return v.writeTemplate(http.StatusOK, fragments, name, body)
}

// writeTemplate draws to the end before it sends anything, so that a failure is not
// half a page. No page is kept by a browser: many show what is secret, and
// none may come back after the visitor has logged out.
func (v *pageHandler) writeTemplate(status int, set, name string, data any) error {
	var buf bytes.Buffer
	if err := v.templates[set].ExecuteTemplate(&buf, name, data); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Add("Vary", "HX-Request")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write(buf.Bytes())
	}
	return nil
}

// navigation is the menu: what the visitor may use.
func (v *pageHandler) navigation() []navigation {
	if v.admin == nil {
		return nil
	}
	entries := []navigation{{Href: "/", Label: "Overview", Current: v.r.URL.Path == "/"}}
	for _, e := range []struct {
		section, href, label string
		// also are other pages of the part.
		also []string
	}{
		{app.SectionAdministrators, "/administrators", "Administrators", nil},
		{app.SectionUsers, "/users", "Users", []string{"/deleted-users", "/directories"}},
		{app.SectionGroups, "/groups", "Groups", []string{"/permissions"}},
		{app.SectionAMIAccounts, "/ami-accounts", "AMI accounts", nil},
		{ampusers.SectionApply, "/config", "Configuration", nil},
		{app.SectionAudit, "/audit", "Audit log", nil},
		{app.SectionSettings, "/settings", "Settings", nil},
	} {
		if v.admin.Can(e.section) {
			current := slices.ContainsFunc(append(e.also, e.href), v.inSection)
			entries = append(entries, navigation{Href: e.href, Label: e.label, Current: current})
		}
	}
	return entries
}

// inSection reports whether the page is the one at the top, or below it.
func (v *pageHandler) inSection(top string) bool {
	return v.r.URL.Path == top || strings.HasPrefix(v.r.URL.Path, top+"/")
}
