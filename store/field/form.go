package field

import (
	"errors"
	"net/url"
	"strings"
	"time"
)

// formTime is the format of browsers for a date and a time, here in UTC.
const formTime = "2006-01-02T15:04"

var errFormTime = errors.New("enter a date and time such as 2030-12-31T23:59, or leave this empty")

// isBoxes reports whether a form offers the elements of the field as checkboxes.
func (m Meta) isBoxes() bool { return m.Kind == KindList && m.Format == FormatChoice }

// ReadForm returns what a posted HTML form has for the field: the texts of the boxes
// that are checked for a list of [FormatChoice]; "yes" or nothing for a bool, which is a
// checkbox; and one text otherwise, with plain line breaks and, for a text of one line,
// without the spaces around it. [Meta.ParseForm] reads it.
func (m Meta) ReadForm(form url.Values) []string {
	switch {
	case m.isBoxes():
		return form[m.Name]
	case m.Kind == KindBool:
		return boxText(form.Has(m.Name))
	case m.Kind == KindText && m.Format != FormatMultiline:
		return []string{strings.TrimSpace(form.Get(m.Name))}
	}
	return []string{strings.ReplaceAll(form.Get(m.Name), "\r\n", "\n")}
}

// FormTexts returns what [Meta.ReadForm] reads from a form with the value: a list of
// [FormatMultiline] has one element per line, and other lists have commas. A time is in
// UTC and has minutes, as browsers write it.
func (m Meta) FormTexts(v Value) []string {
	switch {
	case m.isBoxes():
		return v.List()
	case m.Kind == KindBool:
		return boxText(v.Bool())
	case m.Kind == KindList && m.Format == FormatMultiline:
		return []string{strings.Join(v.List(), "\n")}
	case m.Kind == KindTime:
		return []string{formatFormTime(v.Time())}
	}
	return []string{v.String()}
}

// ParseForm returns the value of texts that [Meta.ReadForm] has read. A time that is
// that of current keeps its seconds. The error says what is expected and does not
// contain the texts.
func (m Meta) ParseForm(texts []string, current Value) (Value, error) {
	if m.isBoxes() {
		return ListValue(texts), nil
	}
	text := strings.Join(texts, "\n")
	switch {
	case m.Kind != KindTime:
		return Parse(m.Kind, text)
	case text == formatFormTime(current.Time()):
		return TimeValue(current.Time()), nil
	case text == "":
		return TimeValue(time.Time{}), nil
	}
	for _, layout := range []string{formTime, formTime + ":05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return TimeValue(t), nil
		}
	}
	return ZeroValue(KindTime), errFormTime
}

// boxText returns the text of a single checkbox.
func boxText(checked bool) []string {
	if checked {
		return []string{"yes"}
	}
	return nil
}

func formatFormTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(formTime)
}
