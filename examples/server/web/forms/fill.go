package forms

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Fill returns the page with the values of the draft in its form, and with a note about
// them. at is the path of the page. A page without the form shows the values as a list.
func (d *Draft) Fill(page []byte, at string) []byte {
	index := d.findForm(page, at)
	f := &filler{draft: d, tokens: html.NewTokenizer(bytes.NewReader(page)), wanted: index.best, used: map[string]int{}}
	f.note = d.note(index)
	f.run()
	return f.out.Bytes()
}

// formIndex finds the form of a draft in a page.
type formIndex struct {
	draft *Draft
	// at is the path of the page.
	at string
	// best is the number of the form with the most fields of the draft: of those that are
	// posted to its address or, as for a button with an address of its own, of those that
	// have more than half of the fields. It is -1 if there is none.
	best int
	// labels are the labels of the fields of such forms by the names of the fields.
	labels map[string]string

	// form is the number of the current form, and posted says that it is posted. fits is
	// the number of its fields that the draft has; a form that is posted to the address
	// of the draft has more than any other. most is the number of the best form.
	form, fits, most int
	posted           bool
	// label is the ID of the field of the current label, and byID are the labels.
	label string
	byID  map[string]string
}

// maxFields is more than the number of fields of any form.
const maxFields = 1 << 20

// findForm returns the form of the draft.
func (d *Draft) findForm(page []byte, at string) *formIndex {
	x := &formIndex{draft: d, at: at, best: -1, labels: map[string]string{}, form: -1, most: len(d.Values) / 2, byID: map[string]string{}}
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		x.add(tokens.Token())
	}
	return x
}

// add looks at the next part of the page.
func (x *formIndex) add(t html.Token) {
	isTag := t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken
	switch {
	case isTag && t.Data == "label":
		x.label = attr(t, "for")
	case isTag && t.Data == "form":
		x.form++
		x.fits, x.posted = 0, attr(t, "method") == "post"
		if x.posted && x.draft.isPostedBy(t, x.at) {
			x.fits = maxFields
		}
	case isTag && x.posted:
		x.addField(t)
	case t.Type == html.EndTagToken && t.Data == "label":
		x.label = ""
	case t.Type == html.TextToken && x.label != "" && x.byID[x.label] == "":
		x.byID[x.label] = strings.TrimSpace(t.Data)
	}
}

// addField counts a field that the draft has.
func (x *formIndex) addField(t html.Token) {
	name := attr(t, "name")
	if !x.draft.Values.Has(name) && !slices.Contains(x.draft.Secrets, name) {
		return
	}
	x.labels[name] = x.byID[attr(t, "id")]
	if x.fits++; x.fits > x.most {
		x.best, x.most = x.form, x.fits
	}
}

// isPostedBy reports whether a posted form is posted to the address of the draft.
func (d *Draft) isPostedBy(form html.Token, at string) bool {
	action := attr(form, "action")
	if action == "" {
		action = at
	}
	return pathOf(action) == pathOf(d.Action)
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

// note says that the input is back, and what is missing.
func (d *Draft) note(index *formIndex) string {
	var b strings.Builder
	b.WriteString(`<div class="alert alert-warning" role="alert" tabindex="-1" autofocus id="draft">`)
	if index.best < 0 {
		b.WriteString(`<p>The form that you sent is not on this page any more. Nothing was saved. You typed:</p><dl class="facts">`)
		typed := d.Typed()
		for _, name := range d.names() {
			if typed[name] != "" {
				fmt.Fprintf(&b, "<div><dt>%s</dt><dd>%s</dd></div>", html.EscapeString(Label(name)), html.EscapeString(typed[name]))
			}
		}
		b.WriteString("</dl></div>")
		return b.String()
	}
	b.WriteString("<p>Your input is back, but it is not saved yet. Check it and save.")
	if len(d.Secrets) > 0 {
		again := make([]string, len(d.Secrets))
		for i, name := range d.Secrets {
			if again[i] = index.labels[name]; again[i] == "" {
				again[i] = Label(name)
			}
		}
		b.WriteString(" Type again: " + html.EscapeString(strings.Join(again, ", ")) + ". Secrets are not kept.")
	}
	b.WriteString("</p></div>")
	return b.String()
}

// Label is a readable name of a field without a label.
func Label(name string) string {
	name = strings.NewReplacer("_", " ", ".", " ").Replace(name)
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// filler copies a page, and changes the controls of a form.
type filler struct {
	draft  *Draft
	tokens *html.Tokenizer
	out    bytes.Buffer
	note   string
	// wanted is the number of the form, and form the number of the current one. inside says that
	// it is the wanted one.
	wanted, form int
	inside       bool
	// selected is the name of the current select, and used counts the values of repeated
	// fields.
	selected string
	used     map[string]int
}

func (f *filler) run() {
	f.form = -1
	for {
		kind := f.tokens.Next()
		raw := slices.Clone(f.tokens.Raw())
		if kind == html.ErrorToken {
			f.out.Write(raw)
			return
		}
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			f.tag(f.tokens.Token(), raw)
			continue
		}
		if kind == html.EndTagToken {
			if name, _ := f.tokens.TagName(); string(name) == "form" {
				f.inside = false
			}
		}
		f.out.Write(raw)
	}
}

// tag copies a start tag.
func (f *filler) tag(t html.Token, raw []byte) {
	switch {
	case t.Data == "form":
		f.form++
		f.inside = f.form == f.wanted
		if f.inside {
			f.out.WriteString(f.note)
			raw = bytes.Replace(raw, []byte(formTag), []byte(formTag+" data-unsaved"), 1)
		}
	case t.Data == "main" && f.wanted < 0:
		f.out.Write(raw)
		f.out.WriteString(f.note)
		return
	case f.inside:
		f.control(t, raw)
		return
	}
	f.out.Write(raw)
}

// control copies the start tag of a control with the value of the draft.
func (f *filler) control(t html.Token, raw []byte) {
	name := attr(t, "name")
	switch {
	case t.Data == "select":
		f.selected = name
	case t.Data == "option" && f.draft.Values.Has(f.selected):
		setFlag(&t, "selected", slices.Contains(f.draft.Values[f.selected], attr(t, "value")))
		raw = []byte(t.String())
	case name == "" || IsSecret(name):
	case t.Data == "input":
		raw = f.input(t, name, raw)
	case t.Data == "textarea" && f.draft.Values.Has(name):
		f.out.Write(raw)
		f.out.WriteString("\n" + html.EscapeString(f.next(name)))
		if f.tokens.Next() == html.TextToken {
			f.tokens.Next()
		}
		raw = slices.Clone(f.tokens.Raw()) // the end tag
	}
	f.out.Write(raw)
}

// input returns an input with the value of the draft.
func (f *filler) input(t html.Token, name string, raw []byte) []byte {
	switch attr(t, "type") {
	case "submit", "button", "reset", "file", "image", "password":
		return raw
	case "checkbox", "radio":
		setFlag(&t, "checked", slices.Contains(f.draft.Values[name], attr(t, "value")))
	default:
		if !f.draft.Values.Has(name) {
			return raw
		}
		setAttr(&t, "value", f.next(name))
	}
	return []byte(t.String())
}

// next is the next value of a field, which may be repeated.
func (f *filler) next(name string) string {
	values, i := f.draft.Values[name], f.used[name]
	f.used[name]++
	if i >= len(values) {
		return ""
	}
	return values[i]
}

// attr returns an attribute of a tag; empty when there is none.
func attr(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func setAttr(t *html.Token, name, value string) {
	setFlag(t, name, false)
	t.Attr = append(t.Attr, html.Attribute{Key: name, Val: value})
}

// setFlag sets or removes an attribute without a value.
func setFlag(t *html.Token, name string, on bool) {
	t.Attr = slices.DeleteFunc(slices.Clone(t.Attr), func(a html.Attribute) bool { return a.Key == name })
	if on {
		t.Attr = append(t.Attr, html.Attribute{Key: name})
	}
}
