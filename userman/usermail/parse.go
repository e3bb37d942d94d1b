package usermail

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"

	"golang.org/x/text/language"
)

const (
	textSuffix = ".txt"
	htmlSuffix = ".html"
)

// parseTemplates parses files. base, if not nil, supplies the missing ones.
func parseTemplates(files fs.FS, base *Templates) (*Templates, error) {
	t := &Templates{kinds: make(map[Kind]*templateSet)}
	for _, kind := range mailKinds() {
		t.kinds[kind] = &templateSet{byLanguage: make(map[language.Tag]mailTemplate)}
		if base != nil {
			maps.Copy(t.kinds[kind].byLanguage, base.kinds[kind].byLanguage)
		}
	}
	read := make(map[string]string) // file names by language and kind
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return t.addFile(files, name, read)
	})
	if err != nil {
		return nil, err
	}
	for _, l := range t.kinds {
		l.buildMatcher()
	}
	return t, nil
}

// addFile parses one file. It parses an HTML form together with its text.
func (t *Templates) addFile(files fs.FS, name string, read map[string]string) error {
	suffix := path.Ext(name)
	if suffix != textSuffix && suffix != htmlSuffix {
		return nil // notes and backups of editors
	}
	stem := strings.TrimSuffix(name, suffix)
	folder, kind := path.Split(stem)
	tag, err := language.Parse(strings.TrimSuffix(folder, "/"))
	l, ok := t.kinds[Kind(kind)]
	if err != nil || !ok {
		return fmt.Errorf("usermail: %s is no template of a mail: name it <language>/welcome or <language>/reset, with .txt or .html behind it", name)
	}
	if suffix == htmlSuffix {
		if _, err := fs.Stat(files, stem+textSuffix); err != nil {
			return fmt.Errorf("usermail: %s needs %s beside it, which holds the subject", name, kind+textSuffix)
		}
		return nil // parsed with its text
	}
	key := tag.String() + "/" + kind
	if other, exists := read[key]; exists {
		return fmt.Errorf("usermail: %s and %s are of one language; leave one out", other, name)
	}
	read[key] = name
	l.byLanguage[tag], err = parseMailTemplate(files, stem, tag)
	return err
}

// parseMailTemplate parses a template and renders it with sample data.
func parseMailTemplate(files fs.FS, stem string, tag language.Tag) (mailTemplate, error) {
	functions := map[string]any{"datetime": datetimeFormat(tag)}
	text, err := fs.ReadFile(files, stem+textSuffix)
	if err != nil {
		return mailTemplate{}, fmt.Errorf("usermail: reading a template: %w", err)
	}
	var l mailTemplate
	if l.text, err = texttemplate.New(stem + textSuffix).Funcs(functions).Parse(string(text)); err != nil {
		return mailTemplate{}, templateError(err)
	}
	if l.text.Lookup(subjectName) == nil {
		return mailTemplate{}, fmt.Errorf(`usermail: %s:1: there is no subject; begin with {{define "subject"}}…{{end}}`, stem+textSuffix)
	}
	html, err := fs.ReadFile(files, stem+htmlSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return l, l.validate(stem)
	case err != nil:
		return mailTemplate{}, fmt.Errorf("usermail: reading a template: %w", err)
	}
	if l.html, err = htmltemplate.New(stem + htmlSuffix).Funcs(functions).Parse(string(html)); err != nil {
		return mailTemplate{}, templateError(err)
	}
	return l, l.validate(stem)
}

// validate renders the template with sample data.
func (l mailTemplate) validate(stem string) error {
	for _, data := range sampleData() {
		m, err := l.render(data)
		if err != nil {
			return templateError(err)
		}
		if m.Subject == "" {
			return fmt.Errorf("usermail: %s:1: the subject is empty", stem+textSuffix)
		}
	}
	return nil
}

// templateError wraps an error of a template, which names the file and the line.
func templateError(err error) error {
	return fmt.Errorf("usermail: a template of a mail: %w", err)
}

// buildMatcher builds the matcher of languages. The fallback is English, or the
// first language if there is no English.
func (l *templateSet) buildMatcher() {
	for tag := range l.byLanguage {
		l.languages = append(l.languages, tag)
	}
	slices.SortFunc(l.languages, func(a, b language.Tag) int { return strings.Compare(a.String(), b.String()) })
	if i := slices.Index(l.languages, language.English); i > 0 {
		l.languages = slices.Insert(slices.Delete(l.languages, i, i+1), 0, language.English)
	}
	l.matcher = language.NewMatcher(l.languages)
}
