package web_test

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/examples/server/web"
	"github.com/pbxusers/pbxusers/examples/server/web/forms"
	"github.com/pbxusers/pbxusers/internal/golden"
	"github.com/pbxusers/pbxusers/userman"
)

// TestGolden_pages compares the text of every page with the recorded one: for a
// Full administrator, for one who is limited to some users, and without a login.
func TestGolden_pages(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, &servertest.Options{Logger: slog.New(slog.DiscardHandler), Users: func(o *userman.Options) {
		o.SIPAccounts, o.Directories = sipAccountStub{"PJSIP"}, []userman.Directory{&fakeDirectory{}}
	}})
	token := s.AddRecords(t)
	require.NoError(t, s.Site.Users.Delete(t.Context(), "ben.second"))
	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30))))
	_, err := s.Site.Users.SetPicture(t.Context(), "ada.first", &picture, nil)
	require.NoError(t, err)
	gone, err := s.Site.Users.List(t.Context(), userman.Query{Status: userman.StatusDeleted})
	require.NoError(t, err)
	ids := strings.NewReplacer("TOKEN", token, "GONE", string(gone.Items[0].ID))
	seen := http.NewServeMux()
	visited, files := map[string]bool{}, []string{}
	for _, pattern := range web.Pages() {
		seen.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	for _, role := range goldenRoles() {
		b := &browser{T: t, server: s, client: s.Client(t)}
		if role.username != "" {
			b.client = s.LogIn(t, role.username, servertest.RecordsPassword)
		}
		w := &goldenWalk{browser: b, visited: visited, patterns: seen, mask: golden.Masks(s.URL, "http://server", s.DataDir, "DATA", s.Site.Settings.ConfDir, "CONF", token, "TOKEN", string(gone.Items[0].ID), "GONE")}
		for _, path := range role.paths {
			w.queue = append(w.queue, ids.Replace(path))
		}
		if role.username == "" {
			w.queue = append(w.queue, linksOf(t, s)...)
		}
		w.walk()
		if role.once {
			w.showOnce(ids)
		}
		golden.Check(t, "pages/"+role.file, w.text.String())
		files = append(files, role.file)
	}
	golden.CheckFiles(t, "pages", files)
	for _, pattern := range web.Pages() {
		require.True(t, visited[pattern], "nothing is recorded of %s", pattern)
	}
}

// goldenRole is a role, and the pages where the walk over all links starts.
type goldenRole struct {
	file, username string
	paths          []string
	// once also records the pages that are shown only once.
	once bool
}

func goldenRoles() []goldenRole {
	one := []string{
		"/users/eve.faraway", "/users/nobody", "/users?search=nobody", "/users?sort=-username&group=Support", "/users?sort=nonsense",
		"/users/ada.first/mail/welcome", "/users/ada.first/mail/reset", "/users/ada.first/mail/nonsense", "/users/ada.first/second-factor/remove",
		"/users/ada.first/link", "/users/ada.first/softphone", "/users/ada.first/password/generated", "/users/ada.first/picture",
		"/users/ada.first/tokens/TOKEN/key", "/users/ada.first/tokens/nobody", "/users?status=deleted", "/users?status=deleted&search=nobody", "/deleted-users/GONE/restore", "/deleted-users/GONE/purge",
		"/search", "/search?q=ada", "/search?q=2001", "/search?q=mail", "/search?q=nothing-like-it", "/directories/nobody", "/directories/head-office", "/config/banner", "/account/second-factor/qr.png", "/account/second-factor/begin", "/account/second-factor/remove", "/account/second-factor/recovery-codes", "/session", "/nowhere", "/static/app.css",
	}
	more := []string{
		"/administrators?search=nobody", "/administrators/nobody", "/administrators/desk.admin/invite", "/administrators/desk.admin/second-factor/remove",
		"/ami-accounts?search=nobody", "/ami-accounts/nobody", "/ami-accounts/wallboard/secret", "/groups/nobody", "/permissions?username=ada.first", "/users/suggest?field=username&search=ada", "/users/suggest?field=default_extension&search=ada", "/permissions?username=nobody",
		"/audit?outcome=denied", "/audit?outcome=nonsense", "/config/rollback", "/config/run", "/settings/install", "/settings/public-url",
	}
	all := slices.Concat([]string{"/"}, one, more, []string{"/administrators", "/ami-accounts", "/groups", "/permissions", "/audit", "/config", "/settings"})
	return []goldenRole{
		{file: "anonymous.txt", paths: []string{
			"/", "/login", "/login/code", "/users", "/set-password/gone", "/forgot-password", "/forgot-password/sent", "/set-password/done", "/portal", "/softphone/gone", "/nowhere",
		}},
		{file: "limited.txt", username: "desk.admin", paths: all},
		{file: "full.txt", username: "root.admin", paths: all, once: true},
	}
}

// linksOf are the pages behind links in mails.
func linksOf(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	own, err := s.Site.Users.Invite(t.Context(), "ada.first")
	require.NoError(t, err)
	phone, err := s.Site.Users.Softphones().Invite(t.Context(), "ada.first")
	require.NoError(t, err)
	admin, err := s.Site.Administrators.Invite(t.Context(), "desk.admin")
	require.NoError(t, err)
	softphone := userman.ActivationPath + phone.Token.Reveal()
	return []string{
		userman.SetPasswordPath + own.Token.Reveal(), "/set-password/" + admin.Token.Reveal(),
		softphone, softphone + "/qr.png", softphone + "/linphone.xml", softphone + "/account.json",
	}
}

// goldenWalk records pages.
type goldenWalk struct {
	*browser

	queue    []string
	visited  map[string]bool
	patterns *http.ServeMux
	mask     func(string) string
	text     strings.Builder
}

var links = regexp.MustCompile(`(?:href|hx-get)="(/[^"#]*)`)

// walk gets the pages of the queue, and those that they link to. It does not
// follow links to another order or another page of a list: they would not end.
func (w *goldenWalk) walk() {
	w.Helper()
	been := map[string]bool{}
	for len(w.queue) > 0 {
		path := w.queue[0]
		w.queue = w.queue[1:]
		if been[path] {
			continue
		}
		been[path] = true
		require.Less(w, len(been), 400, "the walk does not end: %s", path)
		for _, found := range links.FindAllStringSubmatch(w.page(path), -1) {
			next := html.UnescapeString(found[1])
			if !strings.Contains(next, "?") && !strings.HasPrefix(next, "/static/") {
				w.queue = append(w.queue, next)
			}
		}
	}
}

// page gets and records a page.
func (w *goldenWalk) page(path string) string {
	w.Helper()
	response, body := w.server.Get(w, w.client, path)
	_, pattern := w.patterns.Handler(&http.Request{Method: http.MethodGet, URL: response.Request.URL, Host: response.Request.Host})
	w.visited[pattern] = true
	w.write("GET", path, response, body)
	for _, input := range secretInputs.FindAllString(body, -1) {
		name := inputNames.FindStringSubmatch(input)[1]
		require.True(w, forms.IsSecret(name), "%s: the name %s does not tell forms.IsSecret that it is a secret", path, name)
	}
	return body
}

func (w *goldenWalk) write(method, path string, response *http.Response, body string) {
	unescaped, err := url.PathUnescape(path)
	require.NoError(w, err)
	kind := response.Header.Get("Content-Type")
	fmt.Fprintf(&w.text, "== %s %s\n%d %s", method, w.mask(unescaped), response.StatusCode, w.mask(kind))
	if to := response.Header.Get("Location"); to != "" {
		fmt.Fprintf(&w.text, " -> %s", w.mask(to))
	}
	w.text.WriteString("\n")
	switch {
	case strings.HasPrefix(path, "/static/"):
	case strings.HasPrefix(kind, "text/html"):
		w.text.WriteString(w.mask(visibleText(body)))
	case strings.Contains(kind, "xml"), strings.Contains(kind, "json"), strings.HasPrefix(kind, "text/"):
		w.text.WriteString(w.mask(body) + "\n")
	}
	w.text.WriteString("\n")
}

// showOnce does the actions whose result is shown only once.
func (w *goldenWalk) showOnce(ids *strings.Replacer) {
	w.Helper()
	ada, err := w.server.Site.Users.Get(w.Context(), "ada.first")
	require.NoError(w, err)
	for _, path := range []string{
		"/administrators/desk.admin/invite", "/ami-accounts/wallboard/rotate", "/users/ada.first/link", "/users/ada.first/softphone",
		"/users/ada.first/password", "/users/ada.first/tokens/TOKEN/rotate", "/account/second-factor/begin", "/ami-accounts/new", "/users/new", "/groups/new", "/administrators/new",
	} {
		response, body := w.server.Post(w, w.client, ids.Replace(path), url.Values{"user": {string(ada.ID)}, "how": {"generate"}, "current_password": {password}})
		w.write("POST", ids.Replace(path), response, body)
		if to := response.Header.Get("Location"); to != "" {
			w.page(to)
		}
	}
}

var (
	scripts      = regexp.MustCompile(`(?s)<(script|style|head)\b.*?</(?:script|style|head)>`)
	secretInputs = regexp.MustCompile(`<input[^>]*(?:type="password"|autocomplete="one-time-code")[^>]*>`)
	inputNames   = regexp.MustCompile(` name="([^"]*)"`)
	formTokens   = regexp.MustCompile(`<input type="hidden" name="form_token"[^>]*>`)
	title        = regexp.MustCompile(`(?s)<title>(.*?)</title>`)
	tags         = regexp.MustCompile(`(?s)<(/?[a-z0-9]+)([^>]*)>`)
	attributes   = regexp.MustCompile(`([a-z-]+)(="([^"]*)")?`)
	blanks       = regexp.MustCompile(`[ \t\r\n]+`)
	inline       = regexp.MustCompile(`</?(?:strong|span|code|em|b|small|time)\b[^>]*>`)
)

// visibleText is the visible text of a page, one piece per line, with the targets
// of links and forms, and the values of fields.
func visibleText(page string) string {
	var lines []string
	if found := title.FindStringSubmatch(page); found != nil {
		lines = append(lines, "# "+found[1])
	}
	page = strings.TrimPrefix(page, "<!doctype html>")
	page = withoutTokens(scripts.ReplaceAllString(page, ""))
	page = inline.ReplaceAllString(page, "")
	page = tags.ReplaceAllStringFunc(page, func(tag string) string {
		parts := tags.FindStringSubmatch(tag)
		values := map[string]string{}
		for _, a := range attributes.FindAllStringSubmatch(parts[2], -1) {
			values[a[1]] = a[3]
			if a[2] == "" {
				values[a[1]] = "yes"
			}
		}
		return "\n" + described(parts[1], values) + "\n"
	})
	for line := range strings.Lines(page) {
		if line = strings.TrimSpace(blanks.ReplaceAllString(html.UnescapeString(line), " ")); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// described returns the visible attributes of a tag.
func described(tag string, values map[string]string) string {
	var names []string
	switch tag {
	case "a":
		names = []string{"href"}
	case "form":
		names = []string{"method", "action"}
	case "input":
		if values["type"] == "hidden" {
			delete(values, "value")
		}
		names = []string{"type", "name", "value", "checked", "required", "readonly", "disabled", "placeholder"}
	case "select", "textarea":
		names = []string{"name", "required", "disabled"}
	case "option":
		names = []string{"value", "selected"}
	case "button":
		names = []string{"name", "value", "disabled"}
	default:
		return ""
	}
	parts := []string{tag}
	for _, name := range names {
		if value, ok := values[name]; ok {
			parts = append(parts, name+"="+value)
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// withoutTokens is a page without the tokens of its forms, which are never the same.
func withoutTokens(page string) string { return formTokens.ReplaceAllString(page, "") }
