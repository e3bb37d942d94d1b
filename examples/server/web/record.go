package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/userman"
)

// record declares the pages of one type of record: to list, create, show, edit and
// delete records, and to do something to one. Most functions are optional.
type record[R any] struct {
	*pages
	fieldSet[R]

	// template is the name of the page of a record. That of the list has an s more.
	template string
	// listPath is the path of the list, and path that of a record.
	listPath string
	path     func(*R) string
	// load returns the record that the request names.
	load func(ctx context.Context, r *request) (*R, error)
	// identity never changes hands; it is the key by default.
	identity func(*R) string
	// changedAt is when the record was last changed; only records whose actions can be
	// undone need it.
	changedAt func(*R) time.Time
	// describe adds what only this page shows.
	describe func(ctx context.Context, r *request, body *recordPage[R], errs formErrors) error
	// tabs are the parts of the page of a record; none for a page in one part.
	tabs []tab
	// drawer returns how the fields of a record are drawn.
	drawer func(ctx context.Context, r *request, now *R) (drawer, error)

	// columns and search are the columns of the list and the label of its search.
	// list adds what only this list shows.
	columns []column
	search  string
	list    func(ctx context.Context, r *request, body *listPage[R]) error
	// filterChoices returns the values of the filters of the list, by name. empty is
	// what a list without records shows.
	filterChoices func(ctx context.Context) (map[string][]choice, error)
	empty         emptyState
	// bulk are the actions on the records that are selected in the list. named returns the
	// name of one, the key by default, and a detail.
	bulk  []bulkAction[R]
	named func(*R) (name, detail string)
	// byID returns the record with that identity; by default, the key.
	byID func(ctx context.Context, id string) (*R, error)

	// lead explains the page that creates a record.
	lead string
	// blank returns the record of an empty form; [resource.Type.New] by default.
	blank func(ctx context.Context, r *request) (*R, error)
	// newForm adds controls that only a new record has, and draft completes the
	// draft from them.
	newForm func(f *form, r *request, errs formErrors)
	draft   func(ctx context.Context, r *request, in input, d *resource.Draft[R]) error
	// created answers when the record was created.
	created func(ctx context.Context, r *request, result resource.Result[R]) (response, error)

	// saved is the message when the record was saved, "Saved." by default.
	saved func(before, after *R) string
	// deleted is the message when the record was deleted. back is the page to return
	// to when an action is not confirmed, that of the record by default.
	deleted, back func(*R) string
	// changed is called after every change.
	changed func()
	// user returns the user that a record is about; nil for other records. owner is
	// that of a new record.
	user  func(*R) *userman.User
	owner *userman.User
}

// recordPage is the page of a record. User is the user that it is about, and Extra
// what only this page shows.
type recordPage[R any] struct {
	Record *R
	User   *userman.User
	Admin  *ampusers.Administrator
	Form   form
	Extra  any
	// Activity are the last entries of the audit log about the record; nil for an
	// administrator without the section of the audit log.
	Activity *activity
}

// withDefaults returns the declaration with what is optional.
func withDefaults[R any](rp record[R]) record[R] {
	if rp.identity == nil {
		rp.identity = rp.KeyOf
	}
	if rp.byID == nil {
		rp.byID = func(ctx context.Context, id string) (*R, error) {
			result, err := rp.Get(ctx, id)
			return result.Record, err
		}
	}
	if rp.back == nil {
		rp.back = rp.path
	}
	if rp.blank == nil {
		rp.blank = func(context.Context, *request) (*R, error) { return rp.New(), nil }
	}
	if rp.user == nil {
		rp.user = func(*R) *userman.User { return &userman.User{} }
	}
	if rp.owner == nil {
		rp.owner = &userman.User{}
	}
	if rp.changed == nil {
		rp.changed = func() {}
	}
	return rp
}

// question adds what only the page shows that asks before an action on a record.
type question[R any] func(ctx context.Context, r *request, now *R, c *confirmation) error

// recordHandler answers a request about a record.
type recordHandler[R any] func(ctx context.Context, r *request, now *R) (response, error)

// routes are the pages to list, create, show and edit records. list and one are
// the paths of the list and of a record, with its key as a parameter.
func (rp *record[R]) routes(section, list, one string) []route {
	all := []route{
		get(list, section, rp.listRecords), get(list+"/new", section, rp.newRecord), post(list+"/new", section, rp.create),
		get(one, section, rp.with(rp.show)), post(one, section, rp.with(rp.save)),
	}
	if len(rp.bulk) > 0 {
		all = append(all, get(list+"/export", section, rp.exportRecords), post(list+"/bulk", section, rp.doBulk))
	}
	return all
}

// with returns a handler that gets the record.
func (rp *record[R]) with(do recordHandler[R]) handler {
	return func(ctx context.Context, r *request) (response, error) {
		now, err := rp.load(ctx, r)
		if err != nil {
			return nil, err
		}
		return do(ctx, r, now)
	}
}

// doing returns the handler of an action on a record. failed shows the errors.
func (rp *record[R]) doing(do recordHandler[R], failed func(ctx context.Context, r *request, now *R, errs formErrors) (response, error)) handler {
	return rp.with(func(ctx context.Context, r *request, now *R) (response, error) {
		if since := r.form(undoneChange); since != "" && since != rp.lastChange(now) {
			return redirect{Path: rp.path(now), Warning: "Nothing was undone, because " + rp.KeyOf(now) + " was changed again in between."}, nil
		}
		answer, err := do(ctx, r, now)
		if err != nil {
			return onFormErrors(err, func(errs formErrors) (response, error) { return failed(ctx, r, now, errs) })
		}
		rp.changed()
		return answer, nil
	})
}

// acting returns the handler of an action on a record. The page of the record
// shows the errors.
func (rp *record[R]) acting(do recordHandler[R]) handler { return rp.doing(do, rp.actionErrors) }

// does returns the handler of an action that leads back to the record, with a
// message.
func (rp *record[R]) does(message string, do func(ctx context.Context, now *R) error) recordHandler[R] {
	return func(ctx context.Context, _ *request, now *R) (response, error) {
		return redirect{Path: rp.path(now), Flash: message}, do(ctx, now)
	}
}

// calls returns the handler that calls a method of a service for the record.
func calls[R, S any](rp *record[R], service func(context.Context) S, message string, method func(s S, ctx context.Context, key string) (*R, error)) recordHandler[R] {
	return rp.does(message, func(ctx context.Context, now *R) error {
		_, err := method(service(ctx), ctx, rp.KeyOf(now))
		return err
	})
}

// undoneChange is the value of a form that undoes an action: the time of the change. A
// later change is not undone.
const undoneChange = "undone_change"

func (rp *record[R]) lastChange(now *R) string {
	return strconv.FormatInt(rp.changedAt(now).UnixMicro(), 10)
}

// undoneBy offers to take back an action. inverse is the end of the address of the
// inverse action.
func (rp *record[R]) undoneBy(inverse string, do recordHandler[R]) recordHandler[R] {
	return func(ctx context.Context, r *request, now *R) (response, error) {
		answer, err := do(ctx, r, now)
		if done, ok := answer.(redirect); ok && err == nil {
			after, err := rp.byID(ctx, rp.identity(now))
			if err != nil {
				return done, nil //nolint:nilerr // the action is done
			}
			done.Undo = undo{Action: rp.path(now) + inverse, Values: url.Values{undoneChange: {rp.lastChange(after)}}}
			if id := rp.user(now).ID; id != "" {
				done.Undo.Values.Set("user", string(id))
			}
			return done, nil
		}
		return answer, err
	}
}

// asksFor returns the question that asks for the values of fields.
func asksFor[R any](fields ...formField) question[R] {
	return func(_ context.Context, _ *request, _ *R, c *confirmation) error {
		c.Controls = slices.Clone(fields)
		return nil
	}
}

// actionErrors shows the page of a record with the errors of an action.
func (rp *record[R]) actionErrors(ctx context.Context, r *request, now *R, errs formErrors) (response, error) {
	errs.typed = r.PostForm
	return rp.page(ctx, r, now, rp.of(now), errs, func(f *form) {
		f.Version, f.ActionErrors, f.Problems = rp.version(now), f.Problems, nil
	})
}

// confirmed are the routes of an action that is asked about: action is the end of
// its address, and names its template. Errors are shown on the page that asks. ask
// can be nil.
func (rp *record[R]) confirmed(section, one, action string, ask question[R], do recordHandler[R]) []route {
	path, name := one+action, rp.template+strings.ReplaceAll(action, "/", "-")
	asked := func(ctx context.Context, r *request, now *R, errs formErrors) (response, error) {
		c := confirmation{Record: now, UserID: rp.user(now).ID, Action: rp.path(now) + action, Back: rp.back(now)}
		if ask != nil {
			if err := ask(ctx, r, now, &c); err != nil {
				return nil, err
			}
		}
		return c.response(name, errs), nil
	}
	return []route{
		get(path, section, rp.with(func(ctx context.Context, r *request, now *R) (response, error) {
			return asked(ctx, r, now, formErrors{})
		})),
		post(path, section, rp.doing(do, asked)),
	}
}

func (rp *record[R]) delete(ctx context.Context, _ *request, now *R) (response, error) {
	return redirect{Path: rp.listPath, Flash: rp.deleted(now)}, rp.Delete(ctx, rp.KeyOf(now), false)
}
