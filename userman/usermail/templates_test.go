package usermail_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// fullMailData returns data with all fields set.
func fullMailData() usermail.Data {
	return usermail.Data{
		Product: "ACME Telephony", BaseURL: "https://pbx.example.com", PortalURL: "https://pbx.example.com/portal",
		Name: "Jane Doe", FirstName: "Jane", Username: "jane",
		DefaultExtension: "1001", Link: "https://pbx.example.com/set-password/abc", ValidUntil: time.Date(2026, 3, 1, 9, 4, 0, 0, time.UTC),
		ActivationLink: "https://pbx.example.com/softphone/def", Services: []string{"portal", "xmpp", "wiki"},
	}
}

func templateFS(pairs ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return all
}

var (
	tagPattern = regexp.MustCompile(`<(/?)([a-z]+)[^>]*>`)
	urlPattern = regexp.MustCompile(`[a-z]+://[^/"<\s]+`)
)

// requireBalanced requires that each tag of HTML is closed.
func requireBalanced(t *testing.T, html string) {
	t.Helper()
	var open []string
	for _, found := range tagPattern.FindAllStringSubmatch(html, -1) {
		closes, name := found[1] != "", found[2]
		switch {
		case slices.Contains([]string{"meta", "br"}, name):
		case !closes:
			open = append(open, name)
		default:
			require.NotEmpty(t, open, html)
			require.Equal(t, open[len(open)-1], name, html)
			open = open[:len(open)-1]
		}
	}
	require.Empty(t, open, html)
}

func TestDefaultTemplates_areCompleteInEveryLanguage(t *testing.T) {
	t.Parallel()
	templates := usermail.DefaultTemplates()
	require.Equal(t, []string{"de", "en", "es", "fr", "zh"}, templates.Languages())
	minimal := usermail.Data{Product: "ACME Telephony", Name: "jane", Username: "jane"}
	noSoftphone := fullMailData()
	noSoftphone.ActivationLink, noSoftphone.NoActivation = "", "a reason"
	subjects := make(map[string]string)
	for _, language := range templates.Languages() {
		for _, kind := range []usermail.Kind{usermail.Welcome, usermail.Reset} {
			for _, data := range []usermail.Data{fullMailData(), noSoftphone, minimal} {
				if kind == usermail.Reset && data.Link == "" {
					continue // no such mail is sent
				}
				m, err := templates.Render(kind, data, language)
				require.NoError(t, err)
				require.Empty(t, m.To)
				for _, form := range []string{m.Subject, m.Text, m.HTML} {
					require.Contains(t, form, "ACME Telephony")
					require.NotContains(t, form, "\n\n\n")
					require.NotContains(t, form, "<no value>")
					require.NotContains(t, form, "&#")
					for _, link := range urlPattern.FindAllString(form, -1) {
						require.Equal(t, "https://pbx.example.com", link, "mails lead nowhere else")
					}
				}
				require.True(t, strings.HasSuffix(m.Text, "\n"))
				require.NotContains(t, m.HTML, "<img")
				require.Contains(t, m.HTML, `<html lang="`+language+`">`)
				requireBalanced(t, m.HTML)
				for _, form := range []string{m.Text, m.HTML} {
					require.Equal(t, data.Link != "", strings.Contains(form, "https://pbx.example.com/set-password/abc"))
					require.Equal(t, kind == usermail.Welcome && data.ActivationLink != "", strings.Contains(form, "https://pbx.example.com/softphone/def"))
					require.Equal(t, kind == usermail.Welcome && data.Portal(), strings.Contains(form, "https://pbx.example.com/portal"))
					require.Contains(t, form, data.Username)
				}
				if kind == usermail.Welcome && data.Services != nil {
					require.Contains(t, m.Text, "XMPP")
				}
				subjects[m.Subject] = language
			}
		}
	}
	require.Len(t, subjects, 10, "each is in its own language")
}

func TestTemplates_Render_escapesHTMLOnly(t *testing.T) {
	t.Parallel()
	data := fullMailData()
	data.Name = `<b>"O'Neil" & Söhne</b>`
	m, err := usermail.DefaultTemplates().Render(usermail.Welcome, data, "en")
	require.NoError(t, err)
	require.Contains(t, m.Text, "Hello "+data.Name+",")
	require.Contains(t, m.HTML, "&lt;b&gt;&#34;O&#39;Neil&#34; &amp; Söhne&lt;/b&gt;")

	data.Link = "javascript:alert(1)"
	m, err = usermail.DefaultTemplates().Render(usermail.Reset, data, "en")
	require.NoError(t, err)
	require.NotContains(t, m.HTML, "javascript")
}

func TestTemplates_Render_keepsSubjectOnOneLine(t *testing.T) {
	t.Parallel()
	templates, err := usermail.ParseTemplates(templateFS("en/reset.txt", "{{define \"subject\"}}\n Hello\r\n {{.Name}}\n{{end}}Text"))
	require.NoError(t, err)
	m, err := templates.Render(usermail.Reset, usermail.Data{Name: "Jane\r\nBcc: joe\u2028x"}, "en")
	require.NoError(t, err)
	require.Equal(t, "Hello   Jane  Bcc: joe x", m.Subject)
}

func TestTemplates_Render_matchesBestLanguage(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{
		"": "en", "en": "en", "en-GB": "en", "de-CH": "de", "de-Latn-AT": "de", "es-419": "es", "fr-CA": "fr",
		"zh-Hans-CN": "zh", "zh-CN": "zh", "ja": "en", "pl": "en", "nonsense of a tag": "en", "x": "en",
	} {
		m, err := usermail.DefaultTemplates().Render(usermail.Reset, fullMailData(), language)
		require.NoError(t, err)
		require.Contains(t, m.HTML, `<html lang="`+want+`">`, language)
	}
}

func TestParseTemplates_overridesDefaults(t *testing.T) {
	t.Parallel()
	templates, err := usermail.ParseTemplates(templateFS(
		"README.md", "not a template",
		"de/welcome.txt", `{{define "subject"}}Moin{{end}}Moin {{.Name}}, bis {{datetime .ValidUntil}}.`,
		"it/reset.txt", `{{define "subject"}}Ciao{{end}}Ciao, {{datetime .ValidUntil}}.`,
		"it/reset.html", `<p>Ciao, {{.Name}}</p>`,
	))
	require.NoError(t, err)
	require.Equal(t, []string{"de", "en", "es", "fr", "it", "zh"}, templates.Languages())
	for _, test := range []struct {
		kind              usermail.Kind
		language, subject string
		text, html        string
	}{
		{usermail.Welcome, "de", "Moin", "Moin Jane Doe, bis 1. März 2026, 09:04 Uhr (UTC).\n", ""},
		{usermail.Reset, "it-CH", "Ciao", "Ciao, 2026-03-01 09:04 (UTC).\n", "<p>Ciao, Jane Doe</p>\n"},
		{usermail.Reset, "de", "Neues Passwort für ACME Telephony", "Guten Tag", `lang="de"`},
		{usermail.Welcome, "en", "Your ACME Telephony account", "Hello Jane Doe", `lang="en"`},
	} {
		m, err := templates.Render(test.kind, fullMailData(), test.language)
		require.NoError(t, err)
		require.Equal(t, test.subject, m.Subject)
		require.Contains(t, m.Text, test.text)
		require.Contains(t, m.HTML, test.html)
		require.Equal(t, test.html == "", m.HTML == "")
	}
	_, err = templates.Render("newsletter", fullMailData(), "en")
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok)
	require.Equal(t, "kind", invalid.Fields[0].Field)
	require.Equal(t, "oneof", invalid.Fields[0].Code)
}

func TestParseTemplates_reportsFileAndLine(t *testing.T) {
	t.Parallel()
	const subject = "{{define \"subject\"}}Hello{{end}}\n"
	for _, test := range []struct {
		name  string
		files fstest.MapFS
		says  string
	}{
		{"a brace", templateFS("en/welcome.txt", subject+"{{.Name}"), "en/welcome.txt:2"},
		{"a field that is not there", templateFS("en/welcome.txt", subject+"\n{{.Password}}"), "en/welcome.txt:3"},
		{"a function that is not there", templateFS("en/welcome.txt", subject+"{{shout .Name}}"), "en/welcome.txt:2"},
		{"the subject's field", templateFS("en/reset.txt", "{{define \"subject\"}}\n{{.Nobody}}{{end}}"), "en/reset.txt:2"},
		{"a branch that is seldom taken", templateFS("en/welcome.txt", subject+"{{if .NoActivation}}{{.Nobody}}{{end}}"), "en/welcome.txt:2"},
		{"HTML that breaks off", templateFS("en/welcome.txt", subject, "en/welcome.html", "<p>\n<a href=\"{{.Link}}"), "en/welcome.html"},
		{"HTML of another data", templateFS("en/welcome.txt", subject, "en/welcome.html", "<p>\n{{.Nobody}}"), "en/welcome.html:2"},
		{"no subject", templateFS("en/welcome.txt", "Hello"), "en/welcome.txt:1: there is no subject"},
		{"an empty subject", templateFS("en/welcome.txt", "{{define \"subject\"}} {{end}}"), "en/welcome.txt:1: the subject is empty"},
		{"no such kind", templateFS("en/welcom.txt", subject), "en/welcom.txt is no template"},
		{"no such language", templateFS("english language/welcome.txt", subject), "english language/welcome.txt is no template"},
		{"a folder too much", templateFS("acme/en/welcome.txt", subject), "acme/en/welcome.txt is no template"},
		{"no folder", templateFS("welcome.txt", subject), "welcome.txt is no template"},
		{"HTML alone", templateFS("en/welcome.html", "<p>"), "en/welcome.html needs welcome.txt"},
		{"a language twice", templateFS("de/welcome.txt", subject, "DE/welcome.txt", subject), "are of one language"},
	} {
		_, err := usermail.ParseTemplates(test.files)
		require.ErrorContains(t, err, test.says, test.name)
	}
}

func TestTemplates_Render_localizesTimes(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := time.Date(2026, 12, 1, 17, 5, 9, 0, berlin)
	for language, want := range map[string]string{
		"en": "1 December 2026, 17:05 (Europe/Berlin)", "de": "1. Dezember 2026, 17:05 Uhr (Europe/Berlin)",
		"es": "1 de diciembre de 2026, 17:05 (Europe/Berlin)", "fr": "1er décembre 2026 à 17:05 (Europe/Berlin)",
		"zh": "2026年12月1日 17:05 (Europe/Berlin)", "sv": "2026-12-01 17:05 (Europe/Berlin)",
	} {
		templates, err := usermail.ParseTemplates(templateFS(language+"/reset.txt", `{{define "subject"}}x{{end}}{{datetime .ValidUntil}}`))
		require.NoError(t, err)
		m, err := templates.Render(usermail.Reset, usermail.Data{ValidUntil: at}, language)
		require.NoError(t, err)
		require.Equal(t, want+"\n", m.Text)
	}
	m, err := usermail.DefaultTemplates().Render(usermail.Reset, usermail.Data{ValidUntil: at.AddDate(0, 0, 1).In(time.FixedZone("", 3600))}, "fr")
	require.NoError(t, err)
	require.Contains(t, m.Text, "2 décembre 2026 à 17:05 (UTC+01:00)")
}
