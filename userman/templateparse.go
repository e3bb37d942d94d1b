package userman

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

// parseTemplates reads the templates of files, over those of base, which may be
// nil.
func parseTemplates(files fs.FS, base *Templates) (*Templates, error) {
	t := &Templates{kinds: make(map[MailKind]*templateSet)}
	for _, kind := range mailKinds() {
		t.kinds[kind] = &templateSet{byLanguage: make(map[language.Tag]mailTemplate)}
		if base != nil {
			maps.Copy(t.kinds[kind].byLanguage, base.kinds[kind].byLanguage)
		}
	}
	read := make(map[string]string) // files by what they hold
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

// addFile reads one file; that of an HTML form together with its text.
func (t *Templates) addFile(files fs.FS, name string, read map[string]string) error {
	suffix := path.Ext(name)
	if suffix != textSuffix && suffix != htmlSuffix {
		return nil // notes, and what editors leave
	}
	stem := strings.TrimSuffix(name, suffix)
	folder, kind := path.Split(stem)
	tag, err := language.Parse(strings.TrimSuffix(folder, "/"))
	l, ok := t.kinds[MailKind(kind)]
	if err != nil || !ok {
		return fmt.Errorf("userman: %s is no template of a mail: name it <language>/welcome or <language>/reset, with .txt or .html behind it", name)
	}
	if suffix == htmlSuffix {
		if _, err := fs.Stat(files, stem+textSuffix); err != nil {
			return fmt.Errorf("userman: %s needs %s beside it, which holds the subject", name, kind+textSuffix)
		}
		return nil // it comes with its text
	}
	key := tag.String() + "/" + kind
	if other, exists := read[key]; exists {
		return fmt.Errorf("userman: %s and %s are of one language; leave one out", other, name)
	}
	read[key] = name
	l.byLanguage[tag], err = parseMailTemplate(files, stem, tag)
	return err
}

// parseMailTemplate reads a template and tries it.
func parseMailTemplate(files fs.FS, stem string, tag language.Tag) (mailTemplate, error) {
	functions := map[string]any{"datetime": datetimeFormat(tag)}
	text, err := fs.ReadFile(files, stem+textSuffix)
	if err != nil {
		return mailTemplate{}, fmt.Errorf("userman: reading a template: %w", err)
	}
	var l mailTemplate
	if l.text, err = texttemplate.New(stem + textSuffix).Funcs(functions).Parse(string(text)); err != nil {
		return mailTemplate{}, templateError(err)
	}
	if l.text.Lookup(subjectName) == nil {
		return mailTemplate{}, fmt.Errorf(`userman: %s:1: there is no subject; begin with {{define "subject"}}…{{end}}`, stem+textSuffix)
	}
	html, err := fs.ReadFile(files, stem+htmlSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return l, l.validate(stem)
	case err != nil:
		return mailTemplate{}, fmt.Errorf("userman: reading a template: %w", err)
	}
	if l.html, err = htmltemplate.New(stem + htmlSuffix).Funcs(functions).Parse(string(html)); err != nil {
		return mailTemplate{}, templateError(err)
	}
	return l, l.validate(stem)
}

// validate writes mails of made-up data: one of somebody with everything, and one of
// somebody with nothing that may be missing.
func (l mailTemplate) validate(stem string) error {
	for _, data := range sampleData() {
		m, err := l.render(data)
		if err != nil {
			return templateError(err)
		}
		if m.Subject == "" {
			return fmt.Errorf("userman: %s:1: the subject is empty", stem+textSuffix)
		}
	}
	return nil
}

// templateError says what is wrong with a template; its file and line are in err.
func templateError(err error) error {
	return fmt.Errorf("userman: a template of a mail: %w", err)
}

// buildMatcher readies the languages to be matched. Where none matches, English is
// written, or the first one.
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
