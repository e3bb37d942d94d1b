package usermail

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

	"golang.org/x/text/language"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// Kind is a kind of mail.
type Kind string

// The kinds of mails.
const (
	Welcome Kind = "welcome"
	Reset   Kind = "reset"
)

func mailKinds() []Kind { return []Kind{Welcome, Reset} }

// Validate returns an error wrapping [store.ErrInvalid] on "kind" if there is no such
// mail.
func (k Kind) Validate() error {
	if slices.Contains(mailKinds(), k) {
		return nil
	}
	return store.NewInvalidError(store.FieldError{Field: "kind", Code: store.CodeOneOf, Message: "choose one of welcome, reset"})
}

// Templates render mails. They are immutable.
type Templates struct {
	kinds map[Kind]*templateSet
}

// templateSet holds the templates of one kind.
type templateSet struct {
	// languages are the languages of the templates, the fallback first.
	languages  []language.Tag
	matcher    language.Matcher
	byLanguage map[language.Tag]mailTemplate
}

// mailTemplate is a template of one kind in one language.
type mailTemplate struct {
	text *texttemplate.Template
	// html is nil if the mail has no HTML form.
	html *htmltemplate.Template
}

// subjectName is the name of the template of the subject, in the .txt file.
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
	panic("usermail: the embedded templates: " + err.Error()) // they are tested
})

// DefaultTemplates returns the built-in templates: en, de, es, fr and zh.
func DefaultTemplates() *Templates { return defaultTemplates() }

// ParseTemplates parses the files "<language>/<kind>.txt" and, for an optional HTML
// form, "<language>/<kind>.html". The language is a BCP 47 tag. Both are Go
// templates (text/template, html/template) over [Data]. The .txt file defines a
// template "subject" of one line. The function datetime formats a time in the
// language of the mail. [DefaultTemplates] supply the missing files.
//
// ParseTemplates renders each template with sample data. It returns an error with
// the file and the line if that fails, if a .txt or .html file has another name, or
// if an HTML form has no text.
func ParseTemplates(files fs.FS) (*Templates, error) {
	return parseTemplates(files, DefaultTemplates())
}

// Languages returns the languages of the templates, sorted.
func (t *Templates) Languages() []string {
	all := make(map[string]bool)
	for _, l := range t.kinds {
		for _, tag := range l.languages {
			all[tag.String()] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Render renders a mail without its recipient. languages are BCP 47 tags, the
// preferred one first. Render uses the best match. It returns a
// [store.InvalidError] on "kind" for an unknown kind, and a [RenderError] if the
// template fails on the data.
func (t *Templates) Render(kind Kind, data Data, languages ...string) (*Mail, error) {
	if err := kind.Validate(); err != nil {
		return nil, err
	}
	l := t.kinds[kind]
	return l.byLanguage[l.match(languages)].render(data)
}

// match returns the language of the template to use.
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

func (l mailTemplate) render(data Data) (*Mail, error) {
	subject, err := executeTemplate(func(w io.Writer) error { return l.text.ExecuteTemplate(w, subjectName, data) })
	if err != nil {
		return nil, err
	}
	text, err := executeTemplate(func(w io.Writer) error { return l.text.Execute(w, data) })
	if err != nil {
		return nil, err
	}
	m := &Mail{Subject: validate.SanitizeLine(subject), Text: text + "\n"}
	if l.html == nil {
		return m, nil
	}
	html, err := executeTemplate(func(w io.Writer) error { return l.html.Execute(w, data) })
	m.HTML = html + "\n"
	return m, err
}

// executeTemplate returns the trimmed output of a template.
func executeTemplate(execute func(w io.Writer) error) (string, error) {
	var b strings.Builder
	if err := execute(&b); err != nil {
		return "", &RenderError{err}
	}
	return strings.TrimSpace(b.String()), nil
}

// RenderError is the failure of a template on the data of one mail.
type RenderError struct{ err error }

func (e *RenderError) Error() string { return "usermail: writing a mail: " + e.err.Error() }
func (e *RenderError) Unwrap() error { return e.err }
