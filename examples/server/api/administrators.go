package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

const tagAdministrators = "administrators"

// administratorKind is what package ampusers calls an administrator in the
// audit trail.
const administratorKind = "administrator"

// AdministratorPath is the administrator that a path names.
type AdministratorPath struct {
	Name string `doc:"The username, in any case." path:"username"`
}

type administratorOutput = recordOutput[shownAdministrator]

func (a *api) registerAdministrators() {
	g := operationGroup{api: a, tag: tagAdministrators, section: app.SectionAdministrators}
	register(g, operation{
		id: "listAdministrators", method: http.MethodGet, path: "/administrators", summary: "List administrators",
		description: "Those that the visitor may change, which is those who may do nothing that the visitor may not.",
		response:    list[shownAdministrator]{Items: []shownAdministrator{exampleAdministrator()}, Next: "jane.admin"},
	}, a.listAdministrators)
	register(g, operation{
		id: "createAdministrator", method: http.MethodPost, path: "/administrators", summary: "Make an administrator",
		description: "Without a password the answer has an invitation: a link, shown this once, with which the password is set. Access is limited to nothing unless more is given.",
		status:      http.StatusCreated, errors: []int{http.StatusConflict},
		request:  map[string]any{"username": "jane.admin", "display_name": "Jane Doe", "sections": []string{"managers"}, "extensions": "100-199,205"},
		response: exampleInvited(),
	}, a.createAdministrator)
	register(g, operation{
		id: "getAdministrator", method: http.MethodGet, path: "/administrators/{username}", summary: "Show an administrator",
		notModified: true, response: exampleAdministrator(),
	}, a.getAdministrator)
	register(g, operation{
		id: "updateAdministrator", method: http.MethodPatch, path: "/administrators/{username}", summary: "Change an administrator",
		description: "What is absent stays as it is; null sets a field to its default. Lists are replaced as a whole (RFC 7396).",
		errors:      []int{http.StatusConflict, http.StatusPreconditionFailed},
		request:     map[string]any{"display_name": "Jane Roe", "sections": []string{"managers", "audit"}, "extensions": nil},
		response:    exampleAdministrator(),
	}, a.updateAdministrator)
	register(g, operation{
		id: "deleteAdministrator", method: http.MethodDelete, path: "/administrators/{username}", summary: "Delete an administrator",
		description: "All sessions of the administrator end. The last full administrator is kept.",
		status:      http.StatusNoContent, errors: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, a.deleteAdministrator)
	a.registerAdministratorActions(g)
	a.registerCredentials(g)
}

func (a *api) registerAdministratorActions(g operationGroup) {
	for _, act := range []struct {
		verb, summary string
		do            func(*ampusers.Service, context.Context, string) (*ampusers.Administrator, error)
	}{
		{"enable", "Let an administrator log in again", (*ampusers.Service).Enable},
		{"disable", "Keep an administrator from logging in, and end all sessions", (*ampusers.Service).Disable},
	} {
		register(g, operation{
			id: act.verb + "Administrator", method: http.MethodPost, path: "/administrators/{username}/" + act.verb, summary: act.summary,
			errors: []int{http.StatusConflict, http.StatusPreconditionFailed}, response: exampleAdministrator(),
		}, func(ctx context.Context, input *AdministratorTarget) (*administratorOutput, error) {
			return a.changeAdministrator(ctx, input, act.verb, func(ctx context.Context, service *ampusers.Service) (*ampusers.Administrator, error) {
				return act.do(service, ctx, input.Name)
			})
		})
	}
	register(g, operation{
		id: "explainAdministrator", method: http.MethodGet, path: "/administrators/{username}/explanation", summary: "Say whether an administrator may see and change something, and why",
		response: ampusers.Explanation{Allowed: true, Code: "listed", Reason: "The section managers is among those that jane.admin was given."},
	}, a.explainAdministrator)
}

// administrators returns the service with the rights of the visitor.
func (a *api) administrators(ctx context.Context) *ampusers.Service {
	return a.app.Administrators.ForActor(a.sessions.Administrator(ctx).Username)
}

func showAdministrator(admin *ampusers.Administrator) shownAdministrator {
	return shownAdministrator{Administrator: admin}
}

type listAdministratorsInput struct {
	Search string `doc:"Only those whose username or display name contains this, in any case."                            query:"search"`
	Sort   string `doc:"Sort by username, created_at, updated_at or last_login_at; with - in front for descending order." query:"sort"`
	Access string `doc:"Only those of that access."                                                                       enum:"full,limited" query:"access"`
	Paging
}

func (a *api) listAdministrators(ctx context.Context, input *listAdministratorsInput) (*listOutput[shownAdministrator], error) {
	order, err := store.ParseSort(input.Sort, ampusers.SortFields())
	if err != nil {
		return nil, err
	}
	page, err := a.administrators(ctx).List(ctx, ampusers.Query{
		Search: input.Search, Access: ampusers.AccessLevel(input.Access), Sort: order, PageRequest: input.page(),
	})
	if err != nil {
		return nil, err
	}
	return newListOutput(page, showAdministrator), nil
}

type createAdministratorInput struct {
	IdempotencyKey
	Body NewAdministrator
}

func (a *api) createAdministrator(ctx context.Context, input *createAdministratorInput) (*createdOutput[shownAdministrator], error) {
	event := newAuditEvent("create", administratorKind, input.Body.Username)
	result, err := idempotent(ctx, a, input.IdempotencyKey, event, func(ctx context.Context) (shownAdministrator, error) {
		admin := &ampusers.Administrator{Username: input.Body.Username}
		errs := input.Body.applyTo(admin)
		created, err := a.administrators(ctx).Create(ctx, admin, input.Body.Password)
		if err = mergeFieldErrors(errs, err); err != nil || !input.Body.Password.IsZero() {
			return showAdministrator(created), err
		}
		return a.inviteAndShow(ctx, created.Username)
	})
	if err != nil {
		return nil, err
	}
	return &createdOutput[shownAdministrator]{
		ETag: computeAdministratorETag(result.Administrator), Location: prefix + "/administrators/" + url.PathEscape(result.Username), Body: result,
	}, nil
}

// inviteAndShow invites an administrator, and shows both.
func (a *api) inviteAndShow(ctx context.Context, username string) (shownAdministrator, error) {
	link, err := a.administrators(ctx).Invite(ctx, username)
	if err != nil {
		return shownAdministrator{}, err
	}
	admin, err := a.administrators(ctx).Get(ctx, username)
	return shownAdministrator{Administrator: admin, Invitation: a.shownInvitation(link)}, err
}

type getAdministratorInput struct {
	AdministratorPath
	IfNoneMatch string `doc:"The ETag of the record that the visitor has already: 304 when there is no newer one." header:"If-None-Match"`
}

func (a *api) getAdministrator(ctx context.Context, input *getAdministratorInput) (*administratorOutput, error) {
	admin, err := a.administrators(ctx).Get(ctx, input.Name)
	if err != nil {
		return nil, err
	}
	return record(showAdministrator(admin), computeAdministratorETag(admin)).ifNoneMatch(input.IfNoneMatch), nil
}

// AdministratorTarget is an administrator to be changed.
type AdministratorTarget struct {
	AdministratorPath
	IfMatch
}

// changeAdministrator changes one administrator, on the condition of the
// request.
func (a *api) changeAdministrator(ctx context.Context, input *AdministratorTarget, action string, change func(context.Context, *ampusers.Service) (*ampusers.Administrator, error)) (*administratorOutput, error) {
	var changed *ampusers.Administrator
	event := newAuditEvent(action, administratorKind, input.Name)
	err := a.ifMatch(ctx, input.IfMatch, event, a.currentAdministratorETag(input.Name), func(ctx context.Context) (err error) {
		changed, err = change(ctx, a.administrators(ctx))
		return err
	})
	if err != nil {
		return nil, err
	}
	return record(showAdministrator(changed), computeAdministratorETag(changed)), nil
}

func (a *api) currentAdministratorETag(username string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		admin, err := a.administrators(ctx).Get(ctx, username)
		if err != nil {
			return "", err
		}
		return computeAdministratorETag(admin), nil
	}
}

type updateAdministratorInput struct {
	AdministratorTarget
	Body AdministratorChanges
}

func (a *api) updateAdministrator(ctx context.Context, input *updateAdministratorInput) (*administratorOutput, error) {
	return a.changeAdministrator(ctx, &input.AdministratorTarget, "update", func(ctx context.Context, service *ampusers.Service) (*ampusers.Administrator, error) {
		return service.Update(ctx, input.Name, func(admin *ampusers.Administrator) error {
			return store.NewInvalidError(input.Body.applyTo(admin)...)
		})
	})
}

func (a *api) deleteAdministrator(ctx context.Context, input *AdministratorTarget) (*noOutput, error) {
	event := newAuditEvent("delete", administratorKind, input.Name)
	return nil, a.ifMatch(ctx, input.IfMatch, event, a.currentAdministratorETag(input.Name), func(ctx context.Context) error {
		return a.administrators(ctx).Delete(ctx, input.Name)
	})
}

type explainInput struct {
	AdministratorPath
	Subject string `doc:"What is asked about."                                                                              enum:"section,extension,did,team" query:"subject" required:"true"`
	Key     string `doc:"Which of those: the id of a section, a number, or the name of a team; empty for the default team." query:"key"`
}

func (a *api) explainAdministrator(ctx context.Context, input *explainInput) (*struct{ Body ampusers.Explanation }, error) {
	admin, err := a.administrators(ctx).Get(ctx, input.Name)
	if err != nil {
		return nil, err
	}
	return &struct{ Body ampusers.Explanation }{admin.Explain(ampusers.ResourceKind(input.Subject), input.Key)}, nil
}
