package web

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// record declares the pages of one type of record: to create, show, edit and
// delete a record, and to do something to it.
type record[R any] struct {
	*pages
	fieldSet[R]

	// template is the name of the page of a record.
	template string
	// list is the path of the list, and path that of a record.
	list string
	path func(*R) string
	// load returns the record that the request names.
	load func(ctx context.Context, r *request) (*R, error)
	// title is the heading of its page, and name names it in a sentence; by default
	// its key.
	title, name func(*R) string
	// body returns what the template gets, with the form.
	body func(ctx context.Context, r *request, now *R, f form, errs formErrors) (any, error)
	// drawer returns how the fields of a record are drawn; nil for the default.
	drawer func(ctx context.Context, r *request, now *R) (drawer, error)
	// lead explains the page that creates a record, and above are the pages above
	// the list.
	lead  string
	above []pageLink
	// blank returns the record of an empty form; [resource.Type.New] by default.
	blank func(ctx context.Context, r *request) (*R, error)
	// newForm adds controls that only a new record has.
	newForm func(f *form, r *request, errs formErrors)
	// draft completes the draft of a new record; nil adds nothing.
	draft func(ctx context.Context, r *request, in input, d *resource.Draft[R]) error
	// created answers when the record was created.
	created func(ctx context.Context, r *request, result resource.Result[R]) (response, error)
	// button does what a button inside the form asks for; ok is false when none
	// was pressed. Nothing is saved then.
	button func(r *request, in *input) (message string, ok bool)
	// same reports whether the record is still the one that was loaded; nil when
	// keys never change hands.
	same func(loaded, now *R) bool
	// saved is the message when the record was saved.
	saved func(before, after *R) string
	// consequences say what deleting a record means.
	consequences func(ctx context.Context, now *R) ([]string, error)
	// deleted is the message when the record was deleted, and afterDelete the
	// page that shows it; by default the list.
	deleted     func(*R) string
	afterDelete func(*R) string
	// changed is called after every change; nil does nothing.
	changed func()
	// userID returns the ID of the user that a record is about; nil for other
	// records. owner is that of a new record; empty when it has none.
	userID func(*R) string
	owner  string
}

// newPage is the data of the page that creates a record.
type newPage struct {
	Lead  string
	Above []pageLink
	Form  form
}

// pageLink is a link to a page.
type pageLink struct{ Href, Label string }

// drawn returns the form of a record with the input and its errors.
func (rp *record[R]) drawn(ctx context.Context, r *request, now *R, in input, creating bool, errs formErrors) (form, error) {
	var adjust drawer
	if rp.drawer != nil {
		var err error
		if adjust, err = rp.drawer(ctx, r, now); err != nil {
			return form{}, err
		}
	}
	f := rp.fieldSet.draw(in, creating, errs, adjust)
	f.Action, f.List = r.URL.EscapedPath(), rp.list
	return f, nil
}

// new shows the form of a new record.
func (rp *record[R]) new(ctx context.Context, r *request) (response, error) {
	blank, err := rp.blankRecord(ctx, r)
	if err != nil {
		return nil, err
	}
	return rp.newPage(ctx, r, rp.of(blank), "", formErrors{})
}

func (rp *record[R]) blankRecord(ctx context.Context, r *request) (*R, error) {
	if rp.blank == nil {
		return rp.New(), nil
	}
	return rp.blank(ctx, r)
}

func (rp *record[R]) newPage(ctx context.Context, r *request, in input, message string, errs formErrors) (response, error) {
	f, err := rp.drawn(ctx, r, rp.New(), in, true, errs)
	if err != nil {
		return nil, err
	}
	if rp.newForm != nil {
		rp.newForm(&f, r, errs)
	}
	f.Message, f.Submit, f.UserID = message, "Add "+rp.Name, rp.owner
	above := append(slices.Clip(rp.above), pageLink{rp.list, capitalized(rp.Plural)})
	return formPage(errs, "new", f.Submit, newPage{Lead: rp.lead, Above: above, Form: f}), nil
}

// create creates a record.
func (rp *record[R]) create(ctx context.Context, r *request) (response, error) {
	in := rp.read(r.PostForm)
	if rp.button != nil {
		if message, ok := rp.button(r, &in); ok {
			return rp.newPage(ctx, r, in, message, formErrors{})
		}
	}
	d := &resource.Draft[R]{Record: rp.New()}
	if rp.Secret != nil {
		d.Secret = store.NewSecret(r.form(rp.Secret.Name))
	}
	errs := rp.apply(d.Record, in, true)
	var result resource.Result[R]
	var err error
	if rp.draft != nil {
		err = rp.draft(ctx, r, in, d)
	}
	if err == nil {
		err = rp.inTx(ctx, "create", rp.KeyOf(d.Record), errs, func(ctx context.Context) (err error) {
			result, err = rp.Create(ctx, d)
			return err
		})
	}
	if errs, ok := formErrorsOf(err); ok {
		return rp.newPage(ctx, r, in, "", errs)
	}
	if err != nil {
		return nil, err
	}
	rp.afterChange()
	return rp.created(ctx, r, result)
}

// inTx makes a change. When the form has errors of its own, the change is undone,
// and they are reported together with those of the service.
func (rp *record[R]) inTx(ctx context.Context, action, key string, errs []store.FieldError, change func(ctx context.Context) error) error {
	if len(errs) == 0 {
		return change(ctx)
	}
	err := rp.site.DB.RunInTx(ctx, func(ctx context.Context) error { return resource.MergeErrors(errs, change(ctx)) })
	// The entry of the service was undone as well.
	rp.site.AuditLog.RecordFailure(ctx, audit.Event{Action: action, Kind: rp.Kind, Key: key}, err)
	return err
}

func (rp *record[R]) afterChange() {
	if rp.changed != nil {
		rp.changed()
	}
}

// show shows the page of a record.
func (rp *record[R]) show(ctx context.Context, r *request) (response, error) {
	now, err := rp.load(ctx, r)
	if err != nil {
		return nil, err
	}
	return rp.page(ctx, r, now, rp.of(now), formErrors{}, func(f *form) { f.Version = rp.version(now) })
}

// page shows a record with the input and its errors.
func (rp *record[R]) page(ctx context.Context, r *request, now *R, in input, errs formErrors, complete func(*form)) (response, error) {
	f, err := rp.drawn(ctx, r, now, in, false, errs)
	if err != nil {
		return nil, err
	}
	f.Action, f.Submit = rp.path(now), "Save"
	if rp.userID != nil {
		f.UserID = rp.userID(now)
	}
	complete(&f)
	body, err := rp.body(ctx, r, now, f, errs)
	if err != nil {
		return nil, err
	}
	return formPage(errs, rp.template, rp.title(now), body), nil
}

// save saves what was edited.
func (rp *record[R]) save(ctx context.Context, r *request) (response, error) {
	loaded, err := rp.load(ctx, r)
	if err != nil {
		return nil, err
	}
	in, version := rp.read(r.PostForm), r.form("version")
	if rp.button != nil {
		if message, ok := rp.button(r, &in); ok {
			return rp.page(ctx, r, loaded, in, formErrors{}, func(f *form) { f.Version, f.Message = version, message })
		}
	}
	var before, after *R
	err = rp.inTx(ctx, "update", rp.KeyOf(loaded), rp.apply(rp.New(), in, false), func(ctx context.Context) error {
		result, err := rp.Update(ctx, rp.KeyOf(loaded), func(now *R) error {
			if rp.version(now) != version || rp.same != nil && !rp.same(loaded, now) {
				return errStale
			}
			copied := *now
			before = &copied
			return rp.applyEdit(now, in)
		})
		after = result.Record
		return err
	})
	if err == nil {
		rp.afterChange()
		return redirect{Path: rp.path(after), Flash: rp.saved(before, after)}, nil
	}
	return rp.saveFailed(ctx, r, in, version, err)
}

// applyEdit ignores what cannot be read: [record.inTx] reports it.
func (rp *record[R]) applyEdit(now *R, in input) error {
	rp.apply(now, in, false)
	return nil
}

// saveFailed shows the form again, with the errors or with the conflict.
func (rp *record[R]) saveFailed(ctx context.Context, r *request, in input, version string, failed error) (response, error) {
	errs, isFormError := formErrorsOf(failed)
	stale := errors.Is(failed, errStale)
	if !isFormError && !stale {
		return nil, failed
	}
	now, err := rp.load(ctx, r)
	if err != nil {
		return nil, err
	}
	if stale {
		errs.status = http.StatusConflict
	}
	return rp.page(ctx, r, now, in, errs, func(f *form) {
		f.Version = version
		if stale {
			f.Version, f.Conflict = rp.version(now), rp.conflict(rp.of(now), in)
		}
	})
}

// act returns the handler of an action on a record. The page of the record shows
// the message, or the errors.
func (rp *record[R]) act(message string, do func(ctx context.Context, now *R) error) handler {
	return func(ctx context.Context, r *request) (response, error) {
		now, err := rp.load(ctx, r)
		if err != nil {
			return nil, err
		}
		if err := do(ctx, now); err != nil {
			return rp.actionErrors(ctx, r, now, err)
		}
		rp.afterChange()
		return redirect{Path: rp.path(now), Flash: message}, nil
	}
}

// actionErrors shows the page of a record with the errors of an action.
func (rp *record[R]) actionErrors(ctx context.Context, r *request, now *R, err error) (response, error) {
	errs, ok := formErrorsOf(err)
	if !ok {
		return nil, err
	}
	return rp.page(ctx, r, now, rp.of(now), errs, func(f *form) {
		f.Version, f.ActionErrors, f.Problems = rp.version(now), f.Problems, nil
	})
}

// confirm returns the handler of a page that asks before an action.
func (rp *record[R]) confirm(ask func(ctx context.Context, now *R) (confirmation, error)) handler {
	return func(ctx context.Context, r *request) (response, error) {
		now, err := rp.load(ctx, r)
		if err != nil {
			return nil, err
		}
		return rp.ask(ctx, now, ask, formErrors{})
	}
}

// confirmed returns the handler of an action that was asked about. Its errors are
// shown on the page that asks.
func (rp *record[R]) confirmed(ask func(ctx context.Context, now *R) (confirmation, error), do func(ctx context.Context, r *request, now *R) (response, error)) handler {
	return func(ctx context.Context, r *request) (response, error) {
		now, err := rp.load(ctx, r)
		if err != nil {
			return nil, err
		}
		answer, err := do(ctx, r, now)
		if errs, ok := formErrorsOf(err); ok {
			return rp.ask(ctx, now, ask, errs)
		}
		if err == nil {
			rp.afterChange()
		}
		return answer, err
	}
}

func (rp *record[R]) ask(ctx context.Context, now *R, ask func(ctx context.Context, now *R) (confirmation, error), errs formErrors) (response, error) {
	c, err := ask(ctx, now)
	if err != nil {
		return nil, err
	}
	c.Back = rp.path(now)
	if rp.userID != nil {
		c.UserID = rp.userID(now)
	}
	return c.response(errs), nil
}

// askDelete asks before a record is deleted.
func (rp *record[R]) askDelete(ctx context.Context, now *R) (confirmation, error) {
	consequences, err := rp.consequences(ctx, now)
	name := rp.KeyOf(now)
	if rp.name != nil {
		name = rp.name(now)
	}
	return confirmation{
		Title: "Delete " + name + "?", Action: rp.path(now) + "/delete", Yes: "Delete " + name, Danger: true, Consequences: consequences,
	}, err
}

func (rp *record[R]) delete(ctx context.Context, r *request, now *R) (response, error) {
	if err := rp.Delete(ctx, rp.KeyOf(now), false); err != nil {
		return nil, err
	}
	path := rp.list
	if rp.afterDelete != nil {
		path = rp.afterDelete(now)
	}
	return redirect{Path: path, Flash: rp.deleted(now)}, nil
}

// routes are the pages to create, show and edit records. one is the path of a
// record, with its key as a parameter.
func (rp *record[R]) routes(section, list, one string) []route {
	return []route{
		get(list+"/new", section, rp.new), post(list+"/new", section, rp.create),
		get(one, section, rp.show), post(one, section, rp.save),
	}
}

// deleteRoutes are the pages to delete a record.
func (rp *record[R]) deleteRoutes(section, one string) []route {
	return []route{
		get(one+"/delete", section, rp.confirm(rp.askDelete)), post(one+"/delete", section, rp.confirmed(rp.askDelete, rp.delete)),
	}
}
