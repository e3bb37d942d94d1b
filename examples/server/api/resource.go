package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// endpoint serves one type of record: list, show, create, edit and delete.
type endpoint[R any] struct {
	*resource.Type[R]

	operationGroup

	// noun names the operations and the schemas: createUser, User, NewUser, UserChanges.
	noun string
	// path is that of the list, such as "/users"; createPath, when it is another,
	// where a record is created. listID is the operation of the list; the default is
	// "list", the noun and "s".
	path, createPath, listID string
	// objects are the fields with a JSON form of their own.
	objects []object[R]
	// prepare changes a new record before its fields are set.
	prepare func(*resource.Draft[R])
	// changed runs after each change.
	changed func()
	// event begins an audit entry; the default is [newAuditEvent].
	event func(ctx context.Context, action, key string) audit.Event
}

// object is a field with a JSON form of its own.
type object[R any] struct {
	name   string
	schema *huma.Schema
	// set sets the field to a JSON value, which is valid; nil is null.
	set func(ctx context.Context, record *R, value any) []store.FieldError
}

// one is the path of one record.
func (e *endpoint[R]) one() string { return e.path + "/{" + e.Key + "}" }

// registerRecord adds the operations that every type of record has.
func (e *endpoint[R]) registerRecord() {
	e.createPath = cmp.Or(e.createPath, e.path)
	e.registerList(cmp.Or(e.listID, "list"+e.noun+"s"), e.path)
	e.register(operation{
		id: "get" + e.noun, route: "GET " + e.one(), params: []*huma.Param{headerParam(ifNoneMatchHeader)}, etag: true, response: e.schema(),
	}, e.get)
	e.register(operation{
		id: "create" + e.noun, route: "POST " + e.createPath, status: http.StatusCreated, params: []*huma.Param{idempotencyParam()},
		etag: true, record: true, body: e.newSchema(), response: e.schema(),
	}, e.create)
	e.register(operation{
		id: "update" + e.noun, route: "PATCH " + e.one(), params: []*huma.Param{headerParam(ifMatchHeader)},
		etag: true, record: true, body: e.changesSchema(), response: e.schema(),
	}, e.update)
	if e.Preview != nil {
		e.register(operation{
			id: "preview" + e.noun, route: "POST " + e.one() + "/preview", record: true, body: e.changesSchema(), response: schemaFor[userman.Revocations](e.api.document),
		}, e.preview)
	}
	params := []*huma.Param{headerParam(ifMatchHeader)}
	if e.Force != "" {
		params = append(params, queryParam("force", huma.TypeBoolean, e.Force))
	}
	e.register(operation{id: "delete" + e.noun, route: "DELETE " + e.one(), params: params}, e.delete)
}

// registerList adds a list; a path with {username} is of the records of that user.
func (e *endpoint[R]) registerList(id, path string) {
	var params []*huma.Param
	if e.Search != "" {
		params = append(params, queryParam("search", huma.TypeString, e.Search))
	}
	if last := len(e.Sort) - 1; last > 0 {
		fields := strings.Join(e.Sort[:last], ", ") + " or " + e.Sort[last]
		params = append(params, queryParam("sort", huma.TypeString, "Sort by "+fields+"; a leading - means descending order."))
	}
	for _, m := range e.Filters {
		params = append(params, &huma.Param{Name: m.Name, In: "query", Description: m.Help, Schema: schemaOfField(m)})
	}
	if !e.Unpaged {
		params = append(params, pagingParams()...)
	}
	e.register(operation{id: id, route: "GET " + path, params: params, response: e.listSchema()}, e.list)
}

func (e *endpoint[R]) list(ctx context.Context, r *request) (*response, error) {
	order, err := store.ParseSort(r.text("sort"), e.Sort)
	if err != nil {
		return nil, err
	}
	q := resource.Query{Search: r.text("search"), Sort: order, Filters: map[string]field.Value{}, Owner: r.text("username"), PageRequest: r.page()}
	for _, m := range e.Filters {
		if value, given := r.params[m.Name]; given {
			q.Filters[m.Name], _ = field.FromJSON(m.Kind, value)
		}
	}
	page, err := e.List(ctx, q)
	return replyPage(page, err, e.View)
}

func (e *endpoint[R]) get(ctx context.Context, r *request) (*response, error) {
	result, err := e.reply(e.Get(ctx, r.text(e.Key)))
	if err != nil {
		return nil, err
	}
	return result.ifNoneMatch(r), nil
}

// reply returns a record with its ETag.
func (e *endpoint[R]) reply(result resource.Result[R], err error) (*response, error) {
	if err != nil {
		return nil, err
	}
	return &response{etag: e.etag(result), body: e.View(result)}, nil
}

// etag returns the ETag of a record.
func (e *endpoint[R]) etag(result resource.Result[R]) string { return computeETag(e.Tagged(result)) }

func (e *endpoint[R]) create(ctx context.Context, r *request) (*response, error) {
	body := r.readableFields()
	key, _ := body[e.Key].(string)
	created, err := e.api.idempotent(ctx, r, userman.FoldUsername(r.text("username")), e.newEvent(ctx, "create", key), func() (func(context.Context) (*response, error), error) {
		commit, err := e.Prepare(ctx, e.draft(ctx, r, body))
		return func(ctx context.Context) (*response, error) {
			result, err := commit(ctx)
			answer, err := e.reply(result, err)
			if err == nil {
				answer.location = prefix + e.path + "/" + url.PathEscape(e.KeyOf(result.Record))
				if !result.Secret.IsZero() || result.Link != nil {
					answer.withoutSecret = e.View(resource.Result[R]{Record: result.Record, Owner: result.Owner})
				}
			}
			return answer, err
		}, err
	})
	return created, e.afterChange(err)
}

// draft returns the record that the body describes.
func (e *endpoint[R]) draft(ctx context.Context, r *request, body map[string]any) *resource.Draft[R] {
	d := &resource.Draft[R]{Record: e.New(), Owner: r.text("username"), Inputs: map[string]field.Value{}, Errors: slices.Clip(r.unreadable)}
	for _, m := range e.Inputs {
		if value, given := body[m.Name]; given {
			d.Inputs[m.Name], _ = field.FromJSON(m.Kind, value)
		}
	}
	if e.Secret != nil {
		text, _ := body[e.Secret.Name].(string)
		d.Secret = store.NewSecret(text)
	}
	for name, value := range body {
		if value != nil {
			d.Given = append(d.Given, name)
		}
	}
	if e.prepare != nil {
		e.prepare(d)
	}
	d.Errors = append(d.Errors, e.apply(ctx, d.Record, body)...)
	return d
}

// apply sets the fields that the body names.
func (e *endpoint[R]) apply(ctx context.Context, record *R, body map[string]any) []store.FieldError {
	values := map[string]field.Value{}
	for _, m := range e.Metas() {
		value, given := body[m.Name]
		switch {
		case !given:
		case value == nil:
			values[m.Name] = e.Default(m)
		default:
			values[m.Name], _ = field.FromJSON(m.Kind, value) // the schema was checked
		}
	}
	errs := e.Apply(record, values)
	for i := range e.objects {
		if value, given := body[e.objects[i].name]; given {
			errs = append(errs, e.objects[i].set(ctx, record, value)...)
		}
	}
	return errs
}

func (e *endpoint[R]) update(ctx context.Context, r *request) (*response, error) {
	answer, err := e.reply(e.Update(ctx, r.text(e.Key), func(record *R) error {
		if err := matchETag(r, e.etag(resource.Result[R]{Record: record})); err != nil {
			return err
		}
		return e.edit(ctx, r, record)
	}))
	return answer, e.afterChange(err)
}

// preview returns the accounts whose credentials the update would revoke.
func (e *endpoint[R]) preview(ctx context.Context, r *request) (*response, error) {
	key := r.text(e.Key)
	revocations, err := e.Preview(ctx, key, func(record *R) error { return e.edit(ctx, r, record) })
	if err != nil { // the transaction of the preview has no entry
		e.api.app.AuditLog.RecordFailure(ctx, e.newEvent(ctx, "preview", key), err)
	}
	return reply(revocations, err)
}

// edit changes a record as the body says. It returns what cannot be read.
func (e *endpoint[R]) edit(ctx context.Context, r *request, record *R) error {
	return store.NewInvalidError(slices.Concat(r.unreadable, e.apply(ctx, record, r.readableFields()))...)
}

func (e *endpoint[R]) delete(ctx context.Context, r *request) (*response, error) {
	return noContent(e.ifMatch(ctx, r, "delete", func(ctx context.Context, key string) error {
		return e.Delete(ctx, key, r.flag("force"))
	}))
}

// change changes one record, on the condition of If-Match, and returns it.
func (e *endpoint[R]) change(ctx context.Context, r *request, action string, act func(ctx context.Context, key string) (resource.Result[R], error)) (*response, error) {
	var answer *response
	err := e.ifMatch(ctx, r, action, func(ctx context.Context, key string) (err error) {
		answer, err = e.reply(act(ctx, key))
		return err
	})
	return answer, err
}

// action changes one record by a method of the service S, and returns it.
type action[S, R any] struct {
	id string
	// route is the method and what follows the path of the record: "POST enable".
	route string
	// name is the action in the audit log.
	name string
	act  func(service S, ctx context.Context, key string) (*R, error)
}

// registerActions adds operations that change one record and return it.
func registerActions[S, R any](e *endpoint[R], service func(context.Context) S, actions ...action[S, R]) {
	for _, action := range actions {
		method, verb, _ := strings.Cut(action.route, " ")
		op := operation{id: action.id, route: method + " " + e.one() + "/" + verb, params: []*huma.Param{headerParam(ifMatchHeader)}, etag: true, response: e.schema()}
		e.register(op, func(ctx context.Context, r *request) (*response, error) {
			return e.change(ctx, r, action.name, func(ctx context.Context, key string) (resource.Result[R], error) {
				return asResult(action.act(service(ctx), ctx, key))
			})
		})
	}
}

// asResult returns a record of a service as a result.
func asResult[R any](record *R, err error) (resource.Result[R], error) {
	return resource.Result[R]{Record: record}, err
}

func (e *endpoint[R]) newEvent(ctx context.Context, action, key string) audit.Event {
	if e.event != nil {
		return e.event(ctx, action, key)
	}
	return newAuditEvent(action, e.Kind, key)
}

// afterChange tells of a change, unless err is the reason that there is none, and
// returns err.
func (e *endpoint[R]) afterChange(err error) error {
	if err == nil && e.changed != nil {
		e.changed()
	}
	return err
}
