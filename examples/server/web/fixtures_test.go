package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	nethtml "golang.org/x/net/html"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/examples/server/web/forms"
)

// password satisfies the password policy.
const password = "plum-orbit-canyon-47"

// browser is a browser without JavaScript.
type browser struct {
	*testing.T

	server *servertest.Server
	client *http.Client
}

// start starts a server with a Full administrator "root.admin", and returns a
// browser in which they are logged in.
func start(t *testing.T, opts *servertest.Options) *browser {
	t.Helper()
	s := servertest.Start(t, opts)
	s.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}, password)
	return &browser{T: t, server: s, client: s.LogIn(t, "root.admin", password)}
}

// loginAs returns the browser of another administrator.
func (b *browser) loginAs(username string) *browser {
	b.Helper()
	return &browser{T: b.T, server: b.server, client: b.server.LogIn(b, username, password)}
}

// anonymous returns a browser in which nobody is logged in.
func (b *browser) anonymous() *browser {
	b.Helper()
	return &browser{T: b.T, server: b.server, client: b.server.Client(b)}
}

// get returns a page, which must have the status.
func (b *browser) get(path string, status int) string {
	b.Helper()
	response, body := b.server.Get(b, b.client, path)
	require.Equal(b, status, response.StatusCode, path)
	return body
}

// post sends a form, and returns the page of the response.
func (b *browser) post(path string, form url.Values, status int) string {
	b.Helper()
	response, body := b.server.Post(b, b.client, path, form)
	require.Equal(b, status, response.StatusCode, path)
	return body
}

// postRedirect sends a form, which must be accepted, and returns the target of
// the redirect.
func (b *browser) postRedirect(path string, form url.Values) string {
	b.Helper()
	response, _ := b.server.Post(b, b.client, path, form)
	require.Equal(b, http.StatusSeeOther, response.StatusCode, path)
	return response.Header.Get("Location")
}

// getRedirect returns the target of the redirect from a page.
func (b *browser) getRedirect(path string) string {
	b.Helper()
	response, _ := b.server.Get(b, b.client, path)
	require.Equal(b, http.StatusSeeOther, response.StatusCode, path)
	return response.Header.Get("Location")
}

var (
	hiddenPattern   = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)
	copyablePattern = regexp.MustCompile(`(?s)<code id="([a-z-]+)" class="secret">(.*?)</code>`)
)

// hiddenValue returns the hidden value of that name in a page.
func (b *browser) hiddenValue(page, name string) string {
	b.Helper()
	for _, found := range hiddenPattern.FindAllStringSubmatch(page, -1) {
		if found[1] == name {
			return html.UnescapeString(found[2])
		}
	}
	require.Fail(b, "no hidden value", "%s in %s", name, page)
	return ""
}

// recordForm returns what a browser without scripts sends of the form of a record.
func (b *browser) recordForm(page string) url.Values {
	b.Helper()
	_, form, found := strings.Cut(page, `id="record"`)
	require.True(b, found, page)
	form, _, _ = strings.Cut(form, "</form>")
	document, err := nethtml.Parse(strings.NewReader("<form " + form + "</form>"))
	require.NoError(b, err)
	values := url.Values{}
	for n := range document.Descendants() {
		addControl(values, n)
	}
	values.Del(forms.TokenField) // so that it can be sent again
	return values
}

// addControl adds the value of a control to a form.
func addControl(form url.Values, n *nethtml.Node) {
	attributes := map[string]string{}
	for _, a := range n.Attr {
		attributes[a.Key] = a.Val
	}
	_, checked := attributes["checked"]
	_, selected := attributes["selected"]
	_, named := attributes["form"]
	name := attributes["name"]
	switch {
	case named:
	case n.Data == "option" && selected:
		for _, a := range n.Parent.Attr {
			if a.Key == "name" {
				form.Add(a.Val, attributes["value"])
			}
		}
	case name == "" || n.Type != nethtml.ElementNode:
	case n.Data == "textarea":
		text := ""
		if n.FirstChild != nil {
			text = n.FirstChild.Data
		}
		form.Add(name, text)
	case n.Data == "input" && (attributes["type"] != "checkbox" && attributes["type"] != "radio" || checked):
		form.Add(name, attributes["value"])
	}
}

// copyableText returns the copyable text with that ID; empty when there is none.
func copyableText(page, id string) string {
	for _, found := range copyablePattern.FindAllStringSubmatch(page, -1) {
		if found[1] == id {
			return html.UnescapeString(found[2])
		}
	}
	return ""
}

// requireFieldError checks that a page shows an error beside a field, and a link
// to it in the summary.
func (b *browser) requireFieldError(page, id string) {
	b.Helper()
	input := regexp.MustCompile(`<(?:input|textarea|select)[^>]* id="` + regexp.QuoteMeta(id) + `"[^>]*>|<(?:input|textarea|select) id="` + regexp.QuoteMeta(id) + `"[^>]*>`).FindString(page)
	require.Contains(b, input, `aria-invalid="true"`, id)
	require.Contains(b, input, id+"-error", id)
	require.Contains(b, page, `<small id="`+id+`-error"`)
	_, summary, _ := strings.Cut(page, `class="alert alert-danger"`)
	summary, _, _ = strings.Cut(summary, "</div>")
	require.Contains(b, summary, `href="#`+id+`"`)
	require.Contains(b, summary, "autofocus")
}
