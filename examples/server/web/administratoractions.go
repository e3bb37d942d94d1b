package web

import (
	"context"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// on returns an action of the service on an administrator.
func (a *administratorPages) on(do func(s *ampusers.Service, ctx context.Context, username string) (*ampusers.Administrator, error)) func(context.Context, *ampusers.Administrator) error {
	return func(ctx context.Context, now *ampusers.Administrator) error {
		_, err := do(a.administrators(ctx), ctx, now.Username)
		return err
	}
}

func (a *administratorPages) askRemoveFactor(_ context.Context, now *ampusers.Administrator) (confirmation, error) {
	return confirmation{
		Title:  "Turn off two-factor authentication for " + now.Username + "?",
		Action: a.path(now) + "/second-factor/remove", Yes: "Turn off two-factor authentication",
		Consequences: []string{
			"After that the password alone is enough to log in. The recovery codes will no longer work.",
			"Make sure that the request comes from the account owner.",
		},
	}, nil
}

func (a *administratorPages) askPassword(_ context.Context, now *ampusers.Administrator) (confirmation, error) {
	return confirmation{
		Title: "Set password for " + now.Username, Action: a.path(now) + "/password", Yes: "Set password",
		Field: newPassword(formErrors{}), Username: now.Username,
		Consequences: []string{
			"You will know this password. A password link, which lets the administrator choose one, is safer.",
			"The administrator is logged out, and earlier password links no longer work.",
		},
	}, nil
}

func (a *administratorPages) setPassword(ctx context.Context, r *request, now *ampusers.Administrator) (response, error) {
	changed, err := a.administrators(ctx).SetPassword(ctx, now.Username, store.NewSecret(r.form("password")))
	if err != nil {
		return nil, err
	}
	if now.Username == r.admin.Username {
		if err := a.sessions.Refresh(ctx, changed); err != nil {
			return nil, err
		}
	}
	return redirect{Path: a.path(now), Flash: "Password set."}, nil
}

// invite creates a link that sets the password, and shows it on its own page.
func (a *administratorPages) invite(ctx context.Context, r *request) (response, error) {
	now, err := a.administrator(ctx, r)
	if err != nil {
		return nil, err
	}
	link, err := a.administrators(ctx).Invite(ctx, now.Username)
	if err != nil {
		return nil, err
	}
	a.stashSecret(ctx, linkKey, link.Username, link.ExpiresAt, a.baseURL+"/set-password/"+link.Token.Reveal())
	return redirect{Path: a.path(now) + "/invite"}, nil
}

func (a *administratorPages) invitationLink(ctx context.Context, r *request) (response, error) {
	now, err := a.administrator(ctx, r)
	if err != nil {
		return nil, err
	}
	back := a.path(now)
	return page{Name: "link", Title: "Password link for " + now.Username, Body: linkPage{
		Username: now.Username, Back: back, Again: back + "/invite", What: "set a password", Expires: now.InvitationExpiresAt,
		Link: copyable{ID: "link", Text: a.takeSecret(ctx, r, linkKey, now.Username, now.InvitationExpiresAt), What: "the link"},
	}}, nil
}
