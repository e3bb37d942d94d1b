package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
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
	// Button is the text beside a value to choose; Label by default. Phrase is what is done
	// to "2 users" in the confirmation, such as "Delete %s", and Note explains it.
	Button, Phrase, Note string
	// Field is the filter whose values the action can be given; "" for none.
	Field string
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
}

// bulkButtons returns the buttons of the actions. An action without a value to choose has
// none.
func (rp *record[R]) bulkButtons(choices map[string][]choice) []bulkButton {
	var buttons []bulkButton
	for _, a := range rp.bulk {
		b := bulkButton{a.Name, cmp.Or(a.Button, a.Label), a.Danger, nil}
		if a.Field != "" {
			if len(choices[a.Field]) == 0 {
				continue
			}
			b.Field = &formField{Name: "to-" + a.Field, Label: a.Label, Choices: choices[a.Field]}
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
	// To is the chosen value, by the name of its field.
	To map[string]string
	// Confirmed is the value that confirms what the page shows.
	Confirmed string
	// Done is how many records were changed, of Total.
	Done, Total int
	Summary     string
	// Path is the address of the form, and Back the address of the list.
	Path, Back string
}

// doBulk does an action on the selected records.
func (rp *record[R]) doBulk(ctx context.Context, r *request) (response, error) {
	i := slices.IndexFunc(rp.bulk, func(a bulkAction[R]) bool { return a.Name == r.form("do") })
	if i < 0 {
		return nil, &store.ConflictError{Reason: "choose an action for the selected " + rp.Plural}
	}
	action, ids := rp.bulk[i], r.PostForm["selected"]
	body := bulkPage{Action: action.Name, Label: action.Label, Total: len(ids), Note: action.Note, Danger: action.Danger, Path: rp.listPath + "/bulk", Back: rp.listAddress(r.form("back"))}
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
		body.To = map[string]string{"to-" + action.Field: value}
	}
	selected := rp.selected(ctx, ids)
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
	body.Submit, body.Question = fmt.Sprintf(phrase, count), fmt.Sprintf(phrase, count)+"?"
	if len(body.Items) == 1 {
		body.Question = fmt.Sprintf(phrase, body.Items[0].Name) + "?"
	}
	return needed && r.form("confirmed") != body.Confirmed, nil
}

// runBulk does the action on each record, and shows what failed.
func (rp *record[R]) runBulk(ctx context.Context, r *request, action bulkAction[R], selected []selection[R], body bulkPage) (response, error) {
	body.Items = nil
	for _, s := range selected {
		err := s.err
		if err == nil {
			err = action.do(ctx, r, s.record)
		}
		if err == nil {
			body.Done++
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		item := rp.item(s)
		item.Notes = rp.reasons(ctx, err)
		body.Items = append(body.Items, item)
	}
	if body.Done > 0 {
		rp.changed()
	}
	body.Summary = fmt.Sprintf("%d %s %s.", body.Done, rp.noun(body.Done), action.Done)
	if len(body.Items) == 0 {
		return redirect{Path: body.Back, Flash: body.Summary}, nil
	}
	return page{Name: "bulkresult", Title: action.Label, Body: body}, nil
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
