package userman_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// grantEnv is a service with the full administrator frank and the limited
// administrators mallory (extensions 100 to 199, DID 4930100) and mike.
type grantEnv struct {
	*env

	admins *ampusers.Service
	mail   *mailbox
}

func newGrantEnv(t testing.TB, db backend, configure ...func(*userman.Options)) *grantEnv {
	t.Helper()
	h := &grantEnv{mail: &mailbox{}}
	h.env = newServiceWithDB(t, db, "", append([]func(*userman.Options){h.mail.configure, withSIPAccounts(sipAccounts{
		"101": {Technology: "PJSIP", Username: "101", Secret: secret("s3cret-of-101"), Domain: "pbx.example.com"},
	}), func(o *userman.Options) {
		h.admins = ampusers.New(db.Administrators(), &ampusers.Options{Audit: o.Audit, Clock: o.Clock, Argon2: o.Argon2})
		o.CreatorScope = func(ctx context.Context, c credential.Creator) (scope.Scope, error) {
			return h.admins.CreatorScope(ctx, c, "")
		}
	}}, configure...)...)
	h.createAdministrator(t, "frank", ampusers.Full, "", "")
	h.createAdministrator(t, "mallory", ampusers.Limited, "100-199", "4930100")
	h.createAdministrator(t, "mike", ampusers.Limited, "100-199", "4930100")
	return h
}

func (h *grantEnv) createAdministrator(t testing.TB, username string, access ampusers.AccessLevel, extensions, dids string) {
	t.Helper()
	a := &ampusers.Administrator{Username: username, Access: access}
	var err error
	a.Extensions, err = scope.ParseRanges(extensions)
	require.NoError(t, err)
	a.DIDs, err = scope.ParseRanges(dids)
	require.NoError(t, err)
	_, err = h.admins.Create(t.Context(), a, store.Secret{})
	require.NoError(t, err)
}

// as returns the service and the context of an administrator.
func (h *grantEnv) as(t testing.TB, administrator string) (*env, context.Context) {
	t.Helper()
	scoped := h.scoped(func(ctx context.Context) (scope.Scope, error) { return h.admins.Scope(ctx, administrator, "") })
	return scoped, audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: administrator})
}

// change has an administrator edit jane.
func (h *grantEnv) change(t testing.TB, administrator string, change func(u *userman.User)) {
	t.Helper()
	s, ctx := h.as(t, administrator)
	_, err := s.Update(ctx, "jane", func(u *userman.User) error {
		change(u)
		return nil
	})
	require.NoError(t, err)
}

// setPassword has an administrator set the password of jane.
func (h *grantEnv) setPassword(t testing.TB, administrator string) {
	t.Helper()
	s, ctx := h.as(t, administrator)
	_, err := s.SetPassword(ctx, "jane", secret(goodPassword), nil)
	require.NoError(t, err)
}

// invite returns a link of an administrator for jane.
func (h *grantEnv) invite(t testing.TB, administrator string) store.Secret {
	t.Helper()
	s, ctx := h.as(t, administrator)
	link, err := s.Invite(ctx, "jane")
	require.NoError(t, err)
	return link.Token
}

// grantAllMessages has frank grant jane what mallory may not hand out.
func (h *grantEnv) grantAllMessages(t testing.TB) {
	t.Helper()
	h.change(t, "frank", func(u *userman.User) { u.Permissions[permission.SMSNumbers] = permission.Set(permission.Any) })
}

func allMessages() permission.Permissions {
	return permission.Permissions{permission.SMSNumbers: permission.Set(permission.Any)}
}

// requestReset requests a reset mail as a visitor and returns all mails.
func (h *grantEnv) requestReset(t testing.TB) []*usermail.Mail {
	t.Helper()
	require.NoError(t, h.RequestReset(anonymousContext(t, "192.0.2.7"), "jane"))
	return h.mail.waitSent(t, h.env)
}

// knowledge is what mallory has of jane.
type knowledge struct {
	epoch                      int64
	factor                     store.Secret
	recovery                   []store.Secret
	invitation, softphone, mfa store.Secret
	device                     store.Secret
	tokenID                    apitoken.ID
	tokenKey                   store.Secret
}

// takeOver has mallory set all that logs jane in, and log in.
func (h *grantEnv) takeOver(t testing.TB) *knowledge {
	t.Helper()
	mallory, ctx := h.as(t, "mallory")
	h.change(t, "mallory", func(u *userman.User) { u.Email = "mallory@example.net" })
	h.setPassword(t, "mallory")
	k := &knowledge{}
	login := h.logIn(t, "jane", goodPassword)
	k.factor, k.recovery = h.enrollTOTP(t, login.User.ID)
	login, err := h.ConfirmLogin(t.Context(), func() credential.MFAAttempt {
		attempt := h.mfaAttempt(t, goodPassword)
		attempt.Code = k.recovery[0].Reveal()
		return attempt
	}())
	require.NoError(t, err)
	k.epoch, k.device = login.User.SessionEpoch, login.DeviceToken
	k.mfa = h.mfaAttempt(t, goodPassword).Token
	k.invitation = h.invite(t, "mallory")
	link, err := mallory.Softphones().Invite(ctx, "jane")
	require.NoError(t, err)
	k.softphone = link.Token
	token, key, err := mallory.tokens.Create(ctx, "jane", &apitoken.Token{})
	require.NoError(t, err)
	k.tokenID, k.tokenKey = token.ID, key
	return k
}

// useToken uses the API token.
func (h *grantEnv) useToken(t testing.TB, k *knowledge) error {
	t.Helper()
	_, err := h.tokens.Authenticate(t.Context(), apitoken.Request{
		TokenID: k.tokenID, Key: k.tokenKey, Module: "voicemail", RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	return err
}

// requireLockedOut requires that nobody can log in with what mallory has.
func (h *grantEnv) requireLockedOut(t testing.TB, k *knowledge) {
	t.Helper()
	id := h.storedUser(t, "jane").ID
	_, err := h.Session(t.Context(), id, k.epoch)
	require.ErrorIs(t, err, store.ErrNotFound, "session")
	attempt := newLoginAttempt("jane", goodPassword)
	attempt.DeviceToken = k.device
	_, err = h.Authenticate(t.Context(), attempt)
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.ConfirmLogin(t.Context(), credential.MFAAttempt{Token: k.mfa, Code: k.recovery[1].Reveal(), RemoteAddr: attempt.RemoteAddr})
	requireLoginError(t, err, credential.InvalidCredentials)
	requireLoginError(t, h.verifyXMPP(t, "jane", goodPassword), credential.InvalidCredentials)
	_, err = h.ChangePassword(t.Context(), id, secret(goodPassword), secret(anotherPassword))
	require.Error(t, err)
	_, err = h.AcceptInvitation(t.Context(), k.invitation, secret(anotherPassword))
	require.ErrorIs(t, err, store.ErrNotFound, "link")
	_, err = h.Softphones().Activate(t.Context(), k.softphone)
	require.ErrorIs(t, err, store.ErrNotFound, "softphone")
	require.ErrorIs(t, h.useToken(t, k), store.ErrForbidden, "token")
	sent := len(h.mail.sent())
	require.Len(t, h.requestReset(t), sent, "no link is mailed to the address of mallory")
}

// grants are the ways in which frank grants jane more than mallory may hand out.
func grants() map[string]func(t testing.TB, h *grantEnv, ctx context.Context, frank *env) {
	update := func(change func(u *userman.User)) func(t testing.TB, h *grantEnv, ctx context.Context, frank *env) {
		return func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			_, err := frank.Update(ctx, "jane", func(u *userman.User) error {
				change(u)
				return nil
			})
			require.NoError(t, err)
		}
	}
	updateGroup := func(name string, change func(g *userman.Group)) func(t testing.TB, h *grantEnv, ctx context.Context, frank *env) {
		return func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			_, err := frank.Groups().Update(ctx, name, func(g *userman.Group) error {
				change(g)
				return nil
			})
			require.NoError(t, err)
		}
	}
	return map[string]func(t testing.TB, h *grantEnv, ctx context.Context, frank *env){
		"numbers":           update(func(u *userman.User) { u.Permissions[permission.SMSNumbers] = permission.Set(permission.Any) }),
		"one number":        update(func(u *userman.User) { u.Permissions[permission.SMSNumbers] = permission.Set("4930999") }),
		"names":             update(func(u *userman.User) { u.Permissions[permission.PhoneAppsModules] = permission.Append("parking") }),
		"an extension":      update(func(u *userman.User) { u.Permissions[permission.VoicemailExtensions] = permission.Append("201") }),
		"membership":        update(func(u *userman.User) { u.Groups = append(u.Groups, "Messages") }),
		"default extension": update(func(u *userman.User) { u.DefaultExtension = "200" }),
		"linked extension":  update(func(u *userman.User) { u.LinkedExtensions = []string{"200"} }),
		"renumbered extension": func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			_, err := frank.RenumberExtensions(ctx, map[string]string{"101": "200"})
			require.NoError(t, err)
		},
		"group":                   updateGroup("Staff", func(g *userman.Group) { g.Permissions = allMessages() }),
		"default group":           updateGroup("Everybody", func(g *userman.Group) { g.Permissions = allMessages() }),
		"new default group":       updateGroup("Staff", func(g *userman.Group) { g.Default, g.Permissions = true, allMessages() }),
		"priority of a group":     updateGroup("Narrow", func(g *userman.Group) { g.Priority = 9000 }),
		"restrictions of a group": updateGroup("Narrow", func(g *userman.Group) { g.Permissions = nil }),
		"added members": func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			require.NoError(t, frank.Groups().AddMembers(ctx, "Messages", "jane"))
		},
		"removed members": func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			require.NoError(t, frank.Groups().RemoveMembers(ctx, "Narrow", "jane"))
		},
		"deleted group": func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			require.NoError(t, frank.Groups().Delete(ctx, "Narrow", true))
		},
		"new extension": func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			_, err := frank.createExtensionUser(ctx, userman.NewExtension{Number: "300", LinkTo: "jane"})
			require.NoError(t, err)
		},
		"restored with more": func(t testing.TB, _ *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			u, err := frank.Get(ctx, "jane")
			require.NoError(t, err)
			require.NoError(t, frank.Delete(ctx, "jane"))
			_, err = frank.Restore(ctx, u.ID, func(u *userman.User) error {
				u.Permissions[permission.SMSNumbers] = permission.Set(permission.Any)
				return nil
			})
			require.NoError(t, err)
		},
		"group of a deleted user": func(t testing.TB, h *grantEnv, ctx context.Context, frank *env) {
			t.Helper()
			u, err := frank.Get(ctx, "jane")
			require.NoError(t, err)
			require.NoError(t, frank.Delete(ctx, "jane"))
			updateGroup("Staff", func(g *userman.Group) { g.Permissions = allMessages() })(t, h, ctx, frank)
			_, err = frank.Restore(ctx, u.ID, nil)
			require.NoError(t, err)
		},
	}
}

// createJane creates jane, whom mallory may hand out, and her groups.
func (h *grantEnv) createJane(t testing.TB) {
	t.Helper()
	h.createGroup(t, "Messages", allMessages())
	h.createGroup(t, "Staff", nil)
	_, err := h.Groups().Create(t.Context(), &userman.Group{Name: "Everybody", Default: true})
	require.NoError(t, err)
	_, err = h.Groups().Create(t.Context(), &userman.Group{Name: "Narrow", Priority: 1, Permissions: permission.Permissions{permission.HistoryExtensions: permission.Set()}})
	require.NoError(t, err)
	_, err = h.Groups().Create(t.Context(), &userman.Group{Name: "Wide", Priority: 2, Permissions: permission.Permissions{permission.HistoryExtensions: permission.Set(permission.Any)}})
	require.NoError(t, err)
	u := newUser("jane", "101")
	u.Groups = []string{"Staff", "Narrow", "Wide"}
	u.Permissions = permission.Permissions{permission.SoftphoneActivate: permission.On(), permission.XMPPLogin: permission.On(), permission.RESTUse: permission.On()}
	h.createUser(t, u, "")
}
