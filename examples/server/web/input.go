package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// input is the input of a form.
type input struct {
	// Texts are the values by the names of their fields: one for each box that
	// is checked, one text otherwise. A field without a control in the form has none.
	Texts   map[string][]string   `json:"texts"`
	Filters []manager.EventFilter `json:"filters,omitempty"`
}

// text returns the text of a field.
func (in input) text(name string) string {
	if texts := in.Texts[name]; len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// fieldSet reads and draws the fields of a record type in forms.
type fieldSet[R any] struct {
	*resource.Type[R]

	// lines are the lists that are written one element per line, and boxes the
	// fields that are chosen with checkboxes or radio buttons.
	lines, boxes []string
	// first are the fields that the form begins with; the others follow in the order
	// of the type. sections are the sections of fields that the type puts elsewhere.
	first    []string
	sections map[string]string
	// hidden reports whether the form hides a field, which is then set to zero.
	// nil hides none.
	hidden func(name string, in input) bool
	// clean adjusts a value, which was read from text, before it is set. nil
	// changes none.
	clean func(m field.Meta, v field.Value, text string) field.Value
	// permissions are those that are fields of the type, see [withPermissions].
	permissions []permission.Permission
	// filters returns the event filters of a record; nil for other records.
	filters func(*R) *[]manager.EventFilter
	// complete adds controls that are no fields to the form; nil adds none.
	complete func(f *form, in input, errs formErrors)
	// others are the labels of controls in other forms of the page, by their
	// names.
	others map[string]string
}

// metas describe the fields of the form.
func (fs *fieldSet[R]) metas(creating bool) []field.Meta {
	metas := fs.Metas()
	for i, m := range metas {
		metas[i].Section = cmp.Or(fs.sections[m.Name], m.Section)
	}
	slices.SortStableFunc(metas, func(a, b field.Meta) int { return cmp.Compare(fs.rank(a), fs.rank(b)) })
	return slices.DeleteFunc(metas, func(m field.Meta) bool { return m.Section == "" || m.Immutable && !creating })
}

// rank is the place of a field among the first ones.
func (fs *fieldSet[R]) rank(m field.Meta) int {
	if i := slices.Index(fs.first, m.Name); i >= 0 {
		return i
	}
	return len(fs.first)
}

// labels are the labels of all fields by their names.
func (fs *fieldSet[R]) labels(in input) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, fs.others)
	for _, m := range fs.Metas() {
		labels[m.Name] = m.Label
	}
	if fs.Secret != nil {
		labels[fs.Secret.Name] = fs.Secret.Label
	}
	maps.Copy(labels, filterLabels(in.Filters))
	return labels
}

// isBoxes reports whether a field is a list of checkboxes.
func (fs *fieldSet[R]) isBoxes(m field.Meta) bool {
	return m.Kind == field.KindList && slices.Contains(fs.boxes, m.Name)
}

// read reads a posted form.
func (fs *fieldSet[R]) read(form url.Values) input {
	in := input{Texts: map[string][]string{}}
	for _, m := range fs.metas(true) {
		switch {
		case isPermission(m):
			readPermission(in.Texts, form, m.Name)
		case fs.isBoxes(m):
			in.Texts[m.Name] = form[m.Name]
		case m.Kind == field.KindBool:
			in.Texts[m.Name] = boxOf(form.Has(m.Name))
		case m.Kind == field.KindText && m.Format != field.FormatMultiline:
			in.Texts[m.Name] = []string{strings.TrimSpace(form.Get(m.Name))}
		default:
			in.Texts[m.Name] = []string{plainBreaks(form.Get(m.Name))}
		}
	}
	if fs.filters != nil {
		in.Filters = readFilters(form)
	}
	return in
}

// of returns the input that shows a record.
func (fs *fieldSet[R]) of(record *R) input {
	in, values := input{Texts: map[string][]string{}}, fs.Values(record)
	for _, m := range fs.metas(true) {
		in.Texts[m.Name] = fs.textsOf(m, values[m.Name])
	}
	if fs.filters != nil {
		in.Filters = slices.Clone(*fs.filters(record))
	}
	return in
}

func (fs *fieldSet[R]) textsOf(m field.Meta, v field.Value) []string {
	switch {
	case fs.isBoxes(m):
		return v.List()
	case m.Kind == field.KindBool:
		return boxOf(v.Bool())
	case m.Kind == field.KindList && slices.Contains(fs.lines, m.Name):
		return []string{strings.Join(v.List(), "\n")}
	case m.Kind == field.KindList:
		return []string{strings.Join(v.List(), ", ")}
	case m.Kind == field.KindTime:
		return []string{formatTime(v.Time())}
	}
	return []string{v.String()}
}

// version is a hash of the fields that the form edits.
func (fs *fieldSet[R]) version(record *R) string {
	in := fs.of(record)
	for _, m := range fs.Metas() {
		if m.Immutable {
			delete(in.Texts, m.Name)
		}
	}
	text, err := json.Marshal(in)
	if err != nil {
		return "" // such a form is stale whenever it is saved
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// apply sets the input in a record. It returns the values that cannot be read.
func (fs *fieldSet[R]) apply(record *R, in input, creating bool) []store.FieldError {
	var errs []store.FieldError
	values, now := map[string]field.Value{}, fs.Values(record)
	for _, m := range fs.metas(creating) {
		if _, ok := in.Texts[m.Name]; !ok {
			continue
		}
		v, err := fs.parse(m, in, now[m.Name])
		if err != nil {
			errs = append(errs, store.FieldError{Field: m.Name, Code: store.CodeType, Message: err.Error()})
			continue
		}
		if fs.clean != nil {
			v = fs.clean(m, v, in.text(m.Name))
		}
		values[m.Name] = v
	}
	if fs.filters != nil {
		*fs.filters(record) = append([]manager.EventFilter{}, in.Filters...)
	}
	return append(errs, fs.Apply(record, values)...)
}

// parse reads the value of a field. An unchanged time keeps its seconds.
func (fs *fieldSet[R]) parse(m field.Meta, in input, now field.Value) (field.Value, error) {
	switch text := in.text(m.Name); {
	case fs.hidden != nil && fs.hidden(m.Name, in):
		return field.ZeroValue(m.Kind), nil
	case fs.isBoxes(m):
		return field.ListValue(in.Texts[m.Name]), nil
	case m.Kind == field.KindTime && text == formatTime(now.Time()):
		return now, nil
	case m.Kind == field.KindTime:
		return parseTime(text)
	default:
		return field.Parse(m.Kind, text)
	}
}

// difference is a field in which the saved record and the input differ.
type difference struct{ Label, Theirs, Yours string }

// conflict compares the saved record with the input.
func (fs *fieldSet[R]) conflict(saved, typed input) []difference {
	var rows []difference
	for _, m := range fs.metas(false) {
		rows = append(rows, difference{m.Label, shown(m, saved.Texts[m.Name]), shown(m, typed.Texts[m.Name])})
	}
	rows = append(rows, difference{"Event filters", filterTexts(saved.Filters), filterTexts(typed.Filters)})
	return slices.DeleteFunc(rows, func(d difference) bool { return d.Theirs == d.Yours })
}

// shown formats the texts of a field for the table of differences.
func shown(m field.Meta, texts []string) string {
	all := strings.Join(texts, ", ")
	switch m.Kind {
	case field.KindBool:
		return yesNo(all != "")
	case field.KindList:
		return strings.Join(field.SplitList(all), ", ")
	default:
		return all
	}
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

// boxOf returns the input of a checkbox.
func boxOf(checked bool) []string {
	if checked {
		return []string{"yes"}
	}
	return nil
}

// plainBreaks converts the line breaks of browsers.
func plainBreaks(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// formTime is the format of browsers for a date and a time, here in UTC.
const formTime = "2006-01-02T15:04"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(formTime)
}

// parseTime reads a date and a time with seconds or without.
var errTime = errors.New("enter a date and time such as 2030-12-31T23:59, or leave this empty")

func parseTime(text string) (field.Value, error) {
	if text == "" {
		return field.TimeValue(time.Time{}), nil
	}
	for _, layout := range []string{formTime, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return field.TimeValue(t), nil
		}
	}
	return field.Value{}, errTime
}
