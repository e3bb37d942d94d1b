package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// maxSelected is the number of records that one action changes: a whole page.
const maxSelected = 200

// bulkAction is an action on the records that are selected in a list. Each record goes
// through its service alone, which checks the rights: the action can fail for some.
type bulkAction[R any] struct {
	// Name is the value of the button, Label its text, and Done what happened: "2 users
	// disabled."
	Name, Label, Done string
	Danger            bool
	// Phrase is what is done to "2 users" in the confirmation, such as "Delete %s", and Note
	// explains it.
	Phrase, Note string
	// Field is the filter whose values the action can be given; "" for none. Label, Done and
	// Phrase are then followed by the value.
	Field string
	// Inverse is the name of the action that undoes this one; "" for none.
	Inverse string
	// already reports whether a record is as the action leaves it; nil for never. Already and
	// AlreadyMany say this of one and of more records: "2 already were."
	already              func(r *request, now *R) bool
	Already, AlreadyMany string
	// ask returns what the action entails for a record, and whether this needs a
	// confirmation; nil asks nothing.
	ask func(ctx context.Context, r *request, now *R) (notes []string, needed bool, err error)
	do  func(ctx context.Context, r *request, now *R) error
}

// bulkButton is the button of an action, with the choices that it needs.
type bulkButton struct {
	Name, Label string
	Danger      bool
	Field       *formField
	// Needs is the name of the field that must have a value; "" for none.
	Needs string
}

// bulkButtons returns the buttons of the actions. An action without a value to choose has
// none. The first action with a field has the choices for all.
func (rp *record[R]) bulkButtons(choices map[string][]choice) []bulkButton {
	var buttons []bulkButton
	for _, a := range rp.bulk {
		b := bulkButton{Name: a.Name, Label: a.Label, Danger: a.Danger}
		if a.Field != "" && len(choices[a.Field]) == 0 {
			continue
		}
		if a.Field != "" {
			b.Needs = "to-" + a.Field
			if !slices.ContainsFunc(buttons, func(other bulkButton) bool { return other.Needs == b.Needs }) {
				b.Field = &formField{Name: b.Needs, Label: rp.filterMeta(a.Field).Label, Choices: choices[a.Field]}
			}
		}
		buttons = append(buttons, b)
	}
	return buttons
}

// bulkItem is a selected record: what the action entails for it, or why it failed.
type bulkItem struct {
	ID, Name, Href string
	// Detail tells records of the same name apart.
	Detail string
	Notes  []string
}

// bulkPage asks before an action, or shows the result.
type bulkPage struct {
	Action, Label string
	Items         []bulkItem
	// Question is the heading, Submit the text of the button, and Note explains them.
	Question, Submit, Note string
	Danger                 bool
	// To is the chosen value, and Hidden holds it by the name of its field, with the changes
	// that are undone.
	To     string
	Hidden url.Values
	// Confirmed is the value that confirms what the page shows.
	Confirmed string
	// Total is how many records are selected. Summary says what was done, and Undo takes it
	// back.
	Total   int
	Summary string
	Undo    undo
	// Path is the address of the form, and Back the address of the list.
	Path, Back string
}

// withValue returns the text, followed by the chosen value.
func (b *bulkPage) withValue(text string) string { return strings.TrimSpace(text + " " + b.To) }

// doBulk does an action on the selected records.
func (rp *record[R]) doBulk(ctx context.Context, r *request) (response, error) {
	i := slices.IndexFunc(rp.bulk, func(a bulkAction[R]) bool { return a.Name == r.form("do") })
	if i < 0 {
		return nil, &store.ConflictError{Reason: "choose an action for the selected " + rp.Plural}
	}
	action, ids := rp.bulk[i], r.PostForm["selected"]
	body := bulkPage{Action: action.Name, Label: action.Label, Total: len(ids), Note: action.Note, Danger: action.Danger, Path: rp.listPath + "/bulk", Back: rp.listAddress(r.form("back")), Hidden: url.Values{}}
	switch {
	case len(ids) == 0:
		return redirect{Path: body.Back, Warning: "Select at least one " + rp.Name + " first."}, nil
	case len(ids) > maxSelected:
		return nil, &store.ConflictError{Reason: fmt.Sprintf("select at most %d %s at once", maxSelected, rp.Plural)}
	}
	if action.Field != "" {
		value := r.form("to-" + action.Field)
		if value == "" {
			return redirect{Path: body.Back, Warning: "Choose a " + strings.ToLower(rp.filterMeta(action.Field).Label) + " first."}, nil
		}
		body.To = value
		body.Label = body.withValue(action.Label)
		body.Hidden.Set("to-"+action.Field, value)
	}
	selected := rp.selected(ctx, ids)
	if since := r.PostForm[undoneChange]; action.Inverse != "" && len(since) == len(ids) {
		rp.keepLaterChanges(selected, since)
		body.Hidden[undoneChange] = since
	}
	if action.ask != nil {
		asked, err := rp.askBulk(ctx, r, action, selected, &body)
		if asked || err != nil {
			return page{Name: "confirm/bulk", Body: body}, err
		}
	}
	return rp.runBulk(ctx, r, action, selected, body)
}

// selection is a selected record, or the error of reading it.
type selection[R any] struct {
	id     string
	record *R
	err    error
}

func (rp *record[R]) selected(ctx context.Context, ids []string) []selection[R] {
	all := make([]selection[R], len(ids))
	for i, id := range ids {
		one, err := rp.byID(ctx, id)
		all[i] = selection[R]{id, one, err}
	}
	return all
}

// keepLaterChanges lets an undo fail for the records that were changed after the changes
// that it undoes.
func (rp *record[R]) keepLaterChanges(selected []selection[R], since []string) {
	for i, s := range selected {
		if s.err == nil && rp.lastChange(s.record) != since[i] {
			selected[i].err = &store.ConflictError{Reason: rp.KeyOf(s.record) + " was changed again in between"}
		}
	}
}

// item returns what pages show of a selected record.
func (rp *record[R]) item(s selection[R]) bulkItem {
	if s.record == nil {
		return bulkItem{ID: s.id, Name: s.id}
	}
	item := bulkItem{ID: s.id, Name: rp.KeyOf(s.record), Href: rp.path(s.record)}
	if rp.named != nil {
		item.Name, item.Detail = rp.named(s.record)
	}
	return item
}

// askBulk reports whether the action has to be confirmed: it was not, or it entails
// something else by now.
func (rp *record[R]) askBulk(ctx context.Context, r *request, action bulkAction[R], selected []selection[R], body *bulkPage) (bool, error) {
	needed := false
	digest := sha256.New()
	for _, s := range selected {
		item := rp.item(s)
		if s.err == nil {
			notes, ask, err := action.ask(ctx, r, s.record)
			if _, isFormError := formErrorsOf(err); err != nil && !isFormError {
				return false, err
			}
			item.Notes, needed = notes, needed || ask
		}
		body.Items = append(body.Items, item)
		_, _ = fmt.Fprintf(digest, "%q %q", item.ID, item.Notes)
	}
	body.Confirmed = hex.EncodeToString(digest.Sum(nil))
	phrase, count := cmp.Or(action.Phrase, action.Label+" %s"), fmt.Sprintf("%d %s", body.Total, rp.noun(body.Total))
	name := count
	if len(body.Items) == 1 {
		name = body.Items[0].Name
	}
	body.Submit, body.Question = body.withValue(fmt.Sprintf(phrase, count)), body.withValue(fmt.Sprintf(phrase, name))+"?"
	return needed && r.form("confirmed") != body.Confirmed, nil
}

// runBulk does the action on each record, and shows what failed.
func (rp *record[R]) runBulk(ctx context.Context, r *request, action bulkAction[R], selected []selection[R], body bulkPage) (response, error) {
	body.Items = nil
	var changed []selection[R]
	already := 0
	for _, s := range selected {
		unchanged := s.err == nil && action.already != nil && action.already(r, s.record)
		err := s.err
		if err == nil {
			err = action.do(ctx, r, s.record)
		}
		switch {
		case err == nil && unchanged:
			already++
		case err == nil:
			changed = append(changed, s)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			item := rp.item(s)
			item.Notes = rp.reasons(ctx, err)
			body.Items = append(body.Items, item)
		}
	}
	if len(changed)+already > 0 {
		rp.changed()
		body.Summary = rp.summary(action, &body, len(changed), already)
		body.Undo = rp.undoOf(ctx, action, &body, changed)
	}
	if len(body.Items) == 0 {
		return redirect{Path: body.Back, Flash: body.Summary, Undo: body.Undo}, nil
	}
	return page{Name: "bulkresult", Title: body.Label, Body: body}, nil
}

// summary says how many records were changed, and how many already were as they are now.
func (rp *record[R]) summary(action bulkAction[R], body *bulkPage, changed, already int) string {
	count, rest := strconv.Itoa(changed), ""
	if changed == 0 {
		count = "No"
	}
	switch already {
	case 0:
	case 1:
		rest = ", 1 " + action.Already
	default:
		rest = fmt.Sprintf(", %d %s", already, action.AlreadyMany)
	}
	return count + " " + rp.noun(changed) + " " + body.withValue(action.Done) + rest + "."
}

// undoOf returns what takes back the action for the records that it changed.
func (rp *record[R]) undoOf(ctx context.Context, action bulkAction[R], body *bulkPage, changed []selection[R]) undo {
	if action.Inverse == "" {
		return undo{}
	}
	values := maps.Clone(body.Hidden)
	values.Del(undoneChange)
	for _, s := range changed {
		if after, err := rp.byID(ctx, s.id); err == nil {
			values.Add("selected", s.id)
			values.Add(undoneChange, rp.lastChange(after))
		}
	}
	if len(values["selected"]) == 0 {
		return undo{}
	}
	values.Set("do", action.Inverse)
	values.Set("back", body.Back)
	return undo{body.Path, values}
}

// reasons returns why the action failed for a record.
func (rp *record[R]) reasons(ctx context.Context, err error) []string {
	errs, ok := formErrorsOf(err)
	if !ok {
		shown := errorPageOf(err)
		if shown.Status >= 500 {
			rp.log.ErrorContext(ctx, "an action on selected records failed", "kind", rp.Kind, "error", err)
		}
		return []string{shown.Reason}
	}
	var reasons []string
	for _, problem := range errs.mark() {
		reasons = append(reasons, problem.Text)
	}
	return reasons
}

// noun returns the name of n records.
func (rp *record[R]) noun(n int) string {
	if n == 1 {
		return rp.Name
	}
	return rp.Plural
}

// listAddress returns the address of the list that an action was started from.
func (rp *record[R]) listAddress(wanted string) string {
	if local := localPath(wanted); local == rp.listPath || strings.HasPrefix(local, rp.listPath+"?") {
		return local
	}
	return rp.listPath
}
