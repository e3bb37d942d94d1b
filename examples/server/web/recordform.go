package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// errStale means that the record was changed after the form was loaded.
var errStale = errors.New("edit conflict")

// newPage is the page that creates a record.
type newPage struct {
	Lead string
	Form form
}

// pageLink is a link to a page.
type pageLink struct{ Href, Label string }

// newRecord shows the form of a new record.
func (rp *record[R]) newRecord(ctx context.Context, r *request) (response, error) {
	blank, err := rp.blank(ctx, r)
	if err != nil {
		return nil, err
	}
	return rp.newPage(ctx, r, rp.drafted(r, rp.of(blank)), formErrors{})
}

func (rp *record[R]) newPage(ctx context.Context, r *request, in input, errs formErrors) (response, error) {
	f, err := rp.drawn(ctx, r, rp.New(), in, true, errs)
	if err != nil {
		return nil, err
	}
	if rp.newForm != nil {
		rp.newForm(&f, r, errs)
	}
	f.Action, f.Submit, f.UserID = r.URL.EscapedPath(), "Add "+rp.Name, rp.owner.ID
	return formPage(errs, "new", f.Submit, newPage{Lead: rp.lead, Form: f}), nil
}

// drawn returns the form of a record with the input and its errors.
func (rp *record[R]) drawn(ctx context.Context, r *request, now *R, in input, creating bool, errs formErrors) (form, error) {
	var adjust drawer
	if rp.drawer != nil {
		var err error
		if adjust, err = rp.drawer(ctx, r, now); err != nil {
			return form{}, err
		}
	}
	f := rp.draw(in, creating, errs, adjust)
	f.List = rp.listPath
	return f, nil
}

func (rp *record[R]) create(ctx context.Context, r *request) (response, error) {
	in := rp.read(r.PostForm)
	result, err := rp.createRecord(ctx, r, in)
	if errs, ok := formErrorsOf(err); ok {
		return rp.newPage(ctx, r, in, errs)
	}
	if err != nil {
		return nil, err
	}
	rp.changed()
	return rp.created(ctx, r, result)
}

func (rp *record[R]) createRecord(ctx context.Context, r *request, in input) (result resource.Result[R], err error) {
	d := &resource.Draft[R]{Record: rp.New(), Owner: rp.owner.Username}
	if rp.Secret != nil {
		d.Secret = store.NewSecret(r.form(rp.Secret.Name))
	}
	d.Errors = rp.apply(d.Record, in, true)
	if rp.draft != nil {
		if err := rp.draft(ctx, r, in, d); err != nil {
			return result, err
		}
	}
	return rp.Create(ctx, d)
}

// show shows the page of a record.
func (rp *record[R]) show(ctx context.Context, r *request, now *R) (response, error) {
	return rp.page(ctx, r, now, rp.drafted(r, rp.of(now)), formErrors{}, func(f *form) { f.Version = rp.version(now) })
}

// drafted returns the input of the draft of this form, or the input of the record.
func (rp *record[R]) drafted(r *request, of input) input {
	if r.draft == nil || !r.draft.IsFor(r.URL.Path) {
		return of
	}
	return rp.read(r.draft.Values)
}

// page shows a record with the input and its errors.
func (rp *record[R]) page(ctx context.Context, r *request, now *R, in input, errs formErrors, complete func(*form)) (response, error) {
	f, err := rp.drawn(ctx, r, now, in, false, errs)
	if err != nil {
		return nil, err
	}
	f.Action, f.Submit, f.UserID = rp.path(now), "Save", rp.user(now).ID
	complete(&f)
	body := recordPage[R]{Record: now, User: rp.user(now), Admin: r.admin, Form: f}
	if err := rp.fillTabs(ctx, r, &body); err != nil {
		return nil, err
	}
	if rp.describe != nil {
		if err := rp.describe(ctx, r, &body, errs); err != nil {
			return nil, err
		}
	}
	for i := range body.Form.Tabs {
		body.Form.Tabs[i].Page = &body
	}
	return formPage(errs, rp.template, "", body), nil
}

// fillTabs puts the form into tabs. An administrator without the section of the audit
// log has no activity.
func (rp *record[R]) fillTabs(ctx context.Context, r *request, body *recordPage[R]) error {
	if len(rp.tabs) == 0 {
		return nil
	}
	tabs := slices.Clone(rp.tabs)
	var err error
	if body.Activity, err = rp.activityOf(ctx, r.admin, rp.Kind, rp.KeyOf(body.Record)); err != nil {
		return err
	}
	if body.Activity == nil {
		tabs = slices.DeleteFunc(tabs, func(t tab) bool { return t.ID == activityTab })
	}
	body.Form.split(tabs)
	return nil
}

// save saves what was edited.
func (rp *record[R]) save(ctx context.Context, r *request, loaded *R) (response, error) {
	in, version := rp.read(r.PostForm), r.form("version")
	var before *R
	change := func(now *R) error {
		if rp.version(now) != version || rp.identity(now) != rp.identity(loaded) {
			return errStale
		}
		copied := *now
		before = &copied
		return store.NewInvalidError(rp.apply(now, in, false)...)
	}
	if rp.Preview != nil {
		revocations, err := rp.Preview(ctx, rp.KeyOf(loaded), change)
		if err == nil && revocations.Total > 0 && r.form("confirmed") != revocationsDigest(revocations) {
			return rp.page(ctx, r, loaded, in, formErrors{}, func(f *form) {
				f.Version, f.Revocations, f.Confirmed = version, revocations, revocationsDigest(revocations)
			})
		}
	}
	result, err := rp.Update(ctx, rp.KeyOf(loaded), change)
	if err != nil {
		return rp.saveFailed(ctx, r, in, version, err)
	}
	rp.changed()
	message := "Saved."
	if rp.saved != nil {
		message = rp.saved(before, result.Record)
	}
	return redirect{Path: rp.path(result.Record), Flash: message}, nil
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

// revocationsDigest identifies what the reader of a form has confirmed.
func revocationsDigest(revocations *userman.Revocations) string {
	hash := sha256.New()
	_, _ = fmt.Fprint(hash, revocations.Total, revocations.Items)
	return hex.EncodeToString(hash.Sum(nil))
}
