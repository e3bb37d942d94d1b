package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

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

	// first are the fields that the form begins with; the others follow in the order
	// of the type. sections are the sections of fields that the type puts elsewhere.
	first    []string
	sections map[string]string
	// collapsed are the sections that the reader opens.
	collapsed []string
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
	// complete adds controls that are no fields to the form; nil adds none. choices are the
	// names of those that are read with the fields.
	complete func(f *form, in input, errs formErrors)
	choices  []string
	// check returns the errors of what only the form asks for; nil for none. now are the
	// values of the record.
	check func(in input, now map[string]field.Value) []store.FieldError
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

// read reads a posted form.
func (fs *fieldSet[R]) read(form url.Values) input {
	in := input{Texts: map[string][]string{}}
	for _, m := range fs.metas(true) {
		if isPermission(m) {
			readPermission(in.Texts, form, m.Name)
		} else {
			in.Texts[m.Name] = m.ReadForm(form)
		}
	}
	for _, name := range fs.choices {
		if chosen, ok := form[name]; ok {
			in.Texts[name] = chosen
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
		in.Texts[m.Name] = m.FormTexts(values[m.Name])
	}
	if fs.filters != nil {
		in.Filters = slices.Clone(*fs.filters(record))
	}
	return in
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
	errs = append(errs, fs.Apply(record, values)...)
	if fs.check != nil {
		errs = append(errs, fs.check(in, now)...)
	}
	return errs
}

// parse reads the value of a field; now is the value in the record.
func (fs *fieldSet[R]) parse(m field.Meta, in input, now field.Value) (field.Value, error) {
	if fs.hidden != nil && fs.hidden(m.Name, in) {
		return field.ZeroValue(m.Kind), nil
	}
	return m.ParseForm(in.Texts[m.Name], now)
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
		return cmp.Or(all, "no")
	case field.KindList:
		items := field.SplitList(all)
		if m.Format == field.FormatChoice {
			slices.Sort(items) // the order of checkboxes says nothing
		}
		return strings.Join(items, ", ")
	default:
		return all
	}
}
