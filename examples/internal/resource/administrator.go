package resource

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
)

// AdministratorView is an administrator as JSON shows it. Invitation is shown only
// once.
type AdministratorView struct {
	*ampusers.Administrator

	Invitation *Link `json:"invitation,omitempty"`
}

// Link sets the password of an administrator. It works once, and is shown only
// once.
type Link struct {
	Username  string    `json:"username"`
	Token     string    `json:"token"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NewLink returns the link of an invitation. The URL of the pages is baseURL.
func NewLink(invitation *credential.Link, baseURL string) *Link {
	token := invitation.Token.Reveal()
	return &Link{Username: invitation.Username, Token: token, URL: baseURL + "/set-password/" + token, ExpiresAt: invitation.ExpiresAt}
}

// Administrators declares administrators. The function service returns the service
// for the actor of the context; baseURL returns the URL of the pages.
func Administrators(service func(context.Context) *ampusers.Service, baseURL func() string) *Type[ampusers.Administrator] {
	t := &Type[ampusers.Administrator]{
		Name: "administrator", Plural: "administrators", Kind: "administrator", Key: "username",
		Fields: ampusers.Fields(), Parts: administratorParts(),
		Secret: &field.Meta{
			Name: "password", Kind: field.KindText, Label: "Password",
			Help: "At least 12 characters, not the username, and hard to guess. Without a password an invitation is created.",
		},
		Columns: []string{"username", "display_name", "access", "sections", "last_login_at"},
		Sort:    ampusers.SortFields(), Search: "Only administrators with this text in the username or the display name. Case does not matter.",
		Filters: []field.Meta{{
			Name: "access", Kind: field.KindText, Label: "Access", Help: "Only administrators with this access.",
			OneOf: []string{string(ampusers.Full), string(ampusers.Limited)},
		}},
		New:   func() *ampusers.Administrator { return &ampusers.Administrator{} },
		KeyOf: func(a *ampusers.Administrator) string { return a.Username },
		Show: func(r Result[ampusers.Administrator]) any {
			return AdministratorView{Administrator: r.Record, Invitation: r.Link}
		},
		// A login does not change the ETag: an edit overwrites nothing of it.
		Untag: func(a *ampusers.Administrator) { a.LastLoginAt = time.Time{} },
	}
	setCalls(t, service, (*ampusers.Service).Get, (*ampusers.Service).Update)
	t.List = func(ctx context.Context, q Query) (*store.Page[Result[ampusers.Administrator]], error) {
		return wrapPage(service(ctx).List(ctx, ampusers.Query{
			Search: q.Search, Access: ampusers.AccessLevel(q.Text("access")), Sort: q.Sort, PageRequest: q.PageRequest,
		}))
	}
	t.Prepare = func(ctx context.Context, d *Draft[ampusers.Administrator]) (Commit[ampusers.Administrator], error) {
		create, err := service(ctx).PrepareCreate(ctx, d.Record, d.Secret, d.Errors...)
		return func(ctx context.Context) (Result[ampusers.Administrator], error) {
			created, err := create(ctx)
			if err != nil || !d.Secret.IsZero() {
				return wrap(created, err)
			}
			return inviteAdministrator(ctx, service(ctx), created.Username, baseURL())
		}, err
	}
	t.Preview = func(ctx context.Context, key string, change func(*ampusers.Administrator) error) (*userman.Revocations, error) {
		kinds, err := service(ctx).PreviewRevocations(ctx, key, change)
		if err != nil || len(kinds) == 0 {
			return &userman.Revocations{Items: []userman.Revocation{}}, err
		}
		return &userman.Revocations{Items: []userman.Revocation{{Username: key, Credentials: kinds}}, Total: 1}, nil
	}
	t.Delete = func(ctx context.Context, key string, _ bool) error { return service(ctx).Delete(ctx, key) }
	return t.check()
}

// inviteAdministrator returns a new administrator, who has no password, with a link
// that sets one.
func inviteAdministrator(ctx context.Context, service *ampusers.Service, username, baseURL string) (Result[ampusers.Administrator], error) {
	invitation, err := service.Invite(ctx, username)
	if err != nil {
		return Result[ampusers.Administrator]{}, &InvitationError{err}
	}
	result, err := wrap(service.Get(ctx, username))
	result.Link = NewLink(invitation, baseURL)
	return result, err
}

// InvitationError is the failure to create the link of an administrator who was
// created.
type InvitationError struct{ Err error }

func (e *InvitationError) Error() string {
	return "the administrator was created, but not the link: " + e.Err.Error()
}

func (e *InvitationError) Unwrap() error { return e.Err }

func administratorParts() []Part[ampusers.Administrator] {
	const section = "Access"
	return []Part[ampusers.Administrator]{
		rangesPart(field.Meta{
			Name: "extensions", Label: "Extensions", Section: section, Placeholder: "RANGES",
			Help: "The extensions of a limited administrator, such as 100-199,205. Leave empty for all.",
		}, func(a *ampusers.Administrator) *scope.Ranges { return &a.Extensions }),
		rangesPart(field.Meta{
			Name: "dids", Label: "DIDs", Section: section, Placeholder: "RANGES",
			Help: "The DIDs of a limited administrator, written like extensions. Leave empty for all.",
		}, func(a *ampusers.Administrator) *scope.Ranges { return &a.DIDs }),
	}
}

func rangesPart(m field.Meta, at func(*ampusers.Administrator) *scope.Ranges) Part[ampusers.Administrator] {
	m.Kind = field.KindText
	return Part[ampusers.Administrator]{
		Meta: m,
		Get:  func(a *ampusers.Administrator) field.Value { return field.TextValue(at(a).String()) },
		Set: func(a *ampusers.Administrator, v field.Value) []store.FieldError {
			ranges, err := scope.ParseRanges(v.Text())
			if err != nil {
				return store.FieldErrorsAt(m.Name, err)
			}
			*at(a) = ranges
			return nil
		},
	}
}
