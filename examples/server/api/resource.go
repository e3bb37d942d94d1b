package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

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

	// path is that of the list, such as "/users"; createPath, when it is another,
	// where a record is created, and listPath one more list, of one owner.
	path, createPath string
	// param is the name of the key in the path.
	param string
	// noun names operations: "User" of createUser; nouns of lists.
	noun, nouns string
	// schema names the schemas: User, NewUser, UserChanges.
	schema string
	// objects are the fields with a JSON form of their own.
	objects []object[R]
	// prepare changes a new record before its fields are set.
	prepare func(*resource.Draft[R])
	// changed runs after each change.
	changed func()
	// event begins an audit entry; the default is [newAuditEvent].
	event func(ctx context.Context, action, key string) audit.Event
	texts endpointTexts
	// example and created are results; new and changes are bodies.
	example, created resource.Result[R]
	new, changes     map[string]any
}

// endpointTexts are descriptions of operations beside the usual ones.
type endpointTexts struct{ list, create, update, delete string }

// object is a field with a JSON form of its own.
type object[R any] struct {
	name   string
	schema *huma.Schema
	// set sets the field to a JSON value, which is valid; nil is null.
	set func(ctx context.Context, record *R, value any) []store.FieldError
}

const patchNote = "Absent fields stay unchanged; null resets a field to its default (RFC 7396). Lists are replaced as a whole."

// register adds the operations.
func (e *endpoint[R]) register() {
	if e.createPath == "" {
		e.createPath = e.path
	}
	e.registerList("list"+e.nouns, e.path, "List "+e.Plural)
	one := e.path + "/{" + e.param + "}"
	e.operationGroup.register(operation{
		id: "get" + e.noun, method: http.MethodGet, path: one, summary: "Show " + withArticle(e.Name),
		params: []*huma.Param{ifNoneMatchParam()}, notModified: true, etag: true, response: e.View(e.example),
	}, e.get)
	create := operation{
		id: "create" + e.noun, method: http.MethodPost, path: e.createPath, summary: "Create " + withArticle(e.Name), description: e.texts.create,
		status: http.StatusCreated, errors: []int{http.StatusConflict}, params: []*huma.Param{idempotencyParam()},
		etag: true, location: true, record: true, body: e.newSchema(), request: e.new, response: e.View(e.created),
	}
	e.operationGroup.register(create, e.create)
	update := operation{
		id: "update" + e.noun, method: http.MethodPatch, path: one, summary: "Update " + withArticle(e.Name), description: joinTexts(patchNote, e.texts.update),
		errors: []int{http.StatusConflict}, params: []*huma.Param{ifMatchParam()},
		etag: true, record: true, body: e.changesSchema(), request: e.changes, response: e.View(e.example),
	}
	e.operationGroup.register(update, e.update)
	params := []*huma.Param{ifMatchParam()}
	if e.Force != "" {
		params = append(params, queryParam("force", huma.TypeBoolean, e.Force))
	}
	e.operationGroup.register(operation{
		id: "delete" + e.noun, method: http.MethodDelete, path: one, summary: "Delete " + withArticle(e.Name), description: e.texts.delete,
		status: http.StatusNoContent, errors: []int{http.StatusConflict}, params: params,
	}, e.delete)
}

// registerList adds a list; a path with {username} is of the records of that user.
func (e *endpoint[R]) registerList(id, path, summary string) {
	var params []*huma.Param
	if e.Search != "" {
		params = append(params, queryParam("search", huma.TypeString, e.Search))
	}
	if len(e.Sort) > 0 {
		params = append(params, queryParam("sort", huma.TypeString, "Sort by "+orList(e.Sort)+"; a leading - means descending order."))
	}
	for _, m := range e.Filters {
		params = append(params, filterParam(m))
	}
	if !e.Unpaged {
		params = append(params, pagingParams()...)
	}
	e.operationGroup.register(operation{
		id: id, method: http.MethodGet, path: path, summary: summary, description: e.texts.list,
		params: params, response: list[any]{Items: []any{e.View(e.example)}}, schema: e.listSchema(),
	}, e.list)
}

func (e *endpoint[R]) list(ctx context.Context, r *request) (*response, error) {
	order, err := store.ParseSort(r.text("sort"), e.Sort)
	if err != nil {
		return nil, err
	}
	q := resource.Query{Search: r.text("search"), Sort: order, Filters: map[string]field.Value{}, Owner: r.text("username"), PageRequest: r.page()}
	for _, m := range e.Filters {
		if value, given := r.params[m.Name]; given {
			q.Filters[m.Name] = fieldValue(m, value)
		}
	}
	page, err := e.List(ctx, q)
	return replyPage(page, err, e.View)
}

func (e *endpoint[R]) get(ctx context.Context, r *request) (*response, error) {
	result, err := e.reply(e.Get(ctx, r.text(e.param)))
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
			}
			return answer, err
		}, err
	})
	e.afterChange(err)
	return created, err
}

// draft returns the record that the body describes.
func (e *endpoint[R]) draft(ctx context.Context, r *request, body map[string]any) *resource.Draft[R] {
	d := &resource.Draft[R]{Record: e.New(), Owner: r.text("username"), Inputs: map[string]field.Value{}, Errors: slices.Clip(r.unreadable)}
	for _, m := range e.Inputs {
		if value, given := body[m.Name]; given {
			d.Inputs[m.Name] = fieldValue(m, value)
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
			values[m.Name] = fieldValue(m, value)
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
	answer, err := e.reply(e.Update(ctx, r.text(e.param), func(record *R) error {
		if !matchesETag(r.text(ifMatchHeader), e.etag(resource.Result[R]{Record: record})) {
			return &preconditionFailedError{}
		}
		return e.edit(ctx, r, record)
	}))
	e.afterChange(err)
	return answer, err
}

// edit changes a record as the body says. It returns what cannot be read.
func (e *endpoint[R]) edit(ctx context.Context, r *request, record *R) error {
	return store.NewInvalidError(slices.Concat(r.unreadable, e.apply(ctx, record, r.readableFields()))...)
}

// etag returns the ETag of a record.
func (e *endpoint[R]) etag(result resource.Result[R]) string { return computeETag(e.Tagged(result)) }

// change changes one record, on the condition of If-Match. act may be part of a
// transaction, so it must not do anything slow.
func (e *endpoint[R]) change(ctx context.Context, r *request, action string, act func(ctx context.Context, key string) (resource.Result[R], error)) (*response, error) {
	key := r.text(e.param)
	var answer *response
	err := e.api.ifMatch(ctx, r.text(ifMatchHeader), e.newEvent(ctx, action, key), e.currentETag(key), func(ctx context.Context) (err error) {
		answer, err = e.reply(act(ctx, key))
		return err
	})
	e.afterChange(err)
	return answer, err
}

func (e *endpoint[R]) currentETag(key string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		result, err := e.Get(ctx, key)
		if err != nil {
			return "", err
		}
		return e.etag(result), nil
	}
}

// precondition returns a check of If-Match for an operation that begins its own
// transaction, because it does something slow before.
func (e *endpoint[R]) precondition(r *request) func(context.Context) error {
	return func(ctx context.Context) error {
		return checkIfMatch(ctx, r.text(ifMatchHeader), e.currentETag(r.text(e.param)))
	}
}

func (e *endpoint[R]) delete(ctx context.Context, r *request) (*response, error) {
	key := r.text(e.param)
	err := e.api.ifMatch(ctx, r.text(ifMatchHeader), e.newEvent(ctx, "delete", key), e.currentETag(key), func(ctx context.Context) error {
		return e.Delete(ctx, key, r.flag("force"))
	})
	e.afterChange(err)
	return noContent(err)
}

// registerAction adds POST path/{key}/verb, or another operation that changes one
// record and returns it.
func (e *endpoint[R]) registerAction(op operation, action string, act func(ctx context.Context, r *request, key string) (resource.Result[R], error)) {
	op.params, op.etag = append(op.params, ifMatchParam()), true
	if op.response == nil {
		op.response = e.View(e.example)
	}
	e.operationGroup.register(op, func(ctx context.Context, r *request) (*response, error) {
		return e.change(ctx, r, action, func(ctx context.Context, key string) (resource.Result[R], error) { return act(ctx, r, key) })
	})
}

func (e *endpoint[R]) newEvent(ctx context.Context, action, key string) audit.Event {
	if e.event != nil {
		return e.event(ctx, action, key)
	}
	return newAuditEvent(action, e.Kind, key)
}

func (e *endpoint[R]) afterChange(err error) {
	if err == nil && e.changed != nil {
		e.changed()
	}
}
