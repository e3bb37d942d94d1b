package userman

import (
	"embed"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"
	"unicode"

	"golang.org/x/text/language"

	"github.com/pbxusers/pbxusers/store"
)

// MailKind is a kind of mail.
type MailKind string

// The kinds of mails.
const (
	WelcomeMail MailKind = "welcome"
	ResetMail   MailKind = "reset"
)

func mailKinds() []MailKind { return []MailKind{WelcomeMail, ResetMail} }

// Templates write mails. They never change.
type Templates struct {
	kinds map[MailKind]*templateSet
}

// templateSet are the templates of one kind.
type templateSet struct {
	// languages are those that there is a template in, that which stands in
	// for all others first.
	languages  []language.Tag
	matcher    language.Matcher
	byLanguage map[language.Tag]mailTemplate
}

// mailTemplate is a template of one kind in one language.
type mailTemplate struct {
	text *texttemplate.Template
	// html is nil when there is no HTML form.
	html *htmltemplate.Template
}

// subjectName is the template of a .txt that is the mail's subject.
const subjectName = "subject"

//go:embed templates
var embeddedTemplates embed.FS

var defaultTemplates = sync.OnceValue(func() *Templates {
	files, err := fs.Sub(embeddedTemplates, "templates")
	if err == nil {
		var t *Templates
		if t, err = parseTemplates(files, nil); err == nil {
			return t
		}
	}
	panic("userman: the embedded templates: " + err.Error()) // they are tested
})

// DefaultTemplates are those of the package: en, de, es, fr and zh.
func DefaultTemplates() *Templates { return defaultTemplates() }

// ParseTemplates reads templates: files "<language>/<kind>.txt" and, for the
// HTML form, which may be missing, "<language>/<kind>.html"; the language is a
// BCP 47 tag. Both are Go templates (text/template, html/template) over
// [MailData]; the .txt defines a template "subject" of one line. Beside what Go
// templates have there is the function datetime, which writes a time as people
// do in that language. What files does not have is taken from
// [DefaultTemplates]; an HTML form that stands alone, and .txt and .html files
// that are none of these, are refused. Each is tried with made-up data: an error
// names the file and the line.
func ParseTemplates(files fs.FS) (*Templates, error) {
	return parseTemplates(files, DefaultTemplates())
}

// Languages returns the languages that there are templates of, sorted.
func (t *Templates) Languages() []string {
	all := make(map[string]bool)
	for _, l := range t.kinds {
		for _, tag := range l.languages {
			all[tag.String()] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Render writes a mail in the language that matches a BCP 47 tag best; To stays
// empty. A subject is brought onto one line.
func (t *Templates) Render(kind MailKind, tag string, data MailData) (*Message, error) {
	return t.render(kind, data, tag)
}

// render is Write for the languages that somebody reads, the best one first.
func (t *Templates) render(kind MailKind, data MailData, languages ...string) (*Message, error) {
	l, ok := t.kinds[kind]
	if !ok {
		return nil, store.NewInvalidError(store.FieldError{Field: "kind", Code: "oneof", Message: "this must be one of welcome, reset"})
	}
	return l.byLanguage[l.match(languages)].render(data)
}

// match returns the language to write in.
func (l *templateSet) match(languages []string) language.Tag {
	var wanted []language.Tag
	for _, name := range languages {
		if tag, err := language.Parse(name); err == nil {
			wanted = append(wanted, tag)
		}
	}
	_, i, _ := l.matcher.Match(wanted...)
	return l.languages[i]
}

func (l mailTemplate) render(data MailData) (*Message, error) {
	subject, err := executeTemplate(func(w io.Writer) error { return l.text.ExecuteTemplate(w, subjectName, data) })
	if err != nil {
		return nil, err
	}
	text, err := executeTemplate(func(w io.Writer) error { return l.text.Execute(w, data) })
	if err != nil {
		return nil, err
	}
	m := &Message{Subject: sanitizeLine(subject), Text: text + "\n"}
	if l.html == nil {
		return m, nil
	}
	html, err := executeTemplate(func(w io.Writer) error { return l.html.Execute(w, data) })
	m.HTML = html + "\n"
	return m, err
}

// executeTemplate returns what a template writes, without blanks around it.
func executeTemplate(execute func(w io.Writer) error) (string, error) {
	var b strings.Builder
	if err := execute(&b); err != nil {
		return "", &renderError{err}
	}
	return strings.TrimSpace(b.String()), nil
}

// renderError says that a template cannot write one mail; others it may.
type renderError struct{ err error }

func (e *renderError) Error() string { return "userman: writing a mail: " + e.err.Error() }
func (e *renderError) Unwrap() error { return e.err }

// sanitizeLine returns a text in which no line ends and nothing steers a terminal or
// a header.
func sanitizeLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}
