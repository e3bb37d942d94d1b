package userman_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// extensions1xx is the scope of the extensions 100 to 199.
func extensions1xx(ctx context.Context) (scope.Scope, error) { return inScope("100-199")(ctx) }

// newScopedEnv returns a house with jane (101, 102), within reach, joan (201), june
// (103, 201) and nora, who has no extension, and the same within reach of the
// hundreds.
func newScopedEnv(t testing.TB) (all, scoped *env) {
	t.Helper()
	all = newService(t)
	for _, u := range []*userman.User{newUser("jane", "101", "102"), newUser("joan", "201"), newUser("june", "103", "201"), newUser("nora")} {
		all.createUser(t, u, "")
	}
	scoped = all.scoped(extensions1xx)
	return all, scoped
}

func TestService_Scoped_forbidsOutOfScopeUsers(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	scoped.get(t, "jane")
	for _, username := range []string{"joan", "june", "nora"} {
		id := all.get(t, username).ID
		for what, err := range map[string]error{
			"Get":         errOf2(scoped.Get(t.Context(), username)),
			"GetByID":     errOf2(scoped.GetByID(t.Context(), id)),
			"Update":      errOf2(scoped.tryUpdate(t, username, func(u *userman.User) { u.DefaultExtension = "199" })),
			"Enable":      errOf2(scoped.Enable(t.Context(), username)),
			"Disable":     errOf2(scoped.Disable(t.Context(), username)),
			"EndSessions": scoped.EndSessions(t.Context(), username),
			"References":  errOf2(scoped.References(t.Context(), username)),
			"Delete":      scoped.Delete(t.Context(), username),
			"SetPicture":  errOf2(scoped.SetPicture(t.Context(), username, io.MultiReader(), nil)),
			"no picture":  errOf2(scoped.SetPicture(t.Context(), username, nil, nil)),
			"Picture":     errOf2(scoped.Picture(t.Context(), username)),
			"AddMembers":  scoped.Groups().AddMembers(t.Context(), all.createGroup(t, "of "+username+" to join", nil).Name, "jane", username),
			"Invite":      errOf2(scoped.Invite(t.Context(), username)),
			"SetPassword": errOf2(scoped.SetPassword(t.Context(), username, secret(goodPassword), nil)),
			"SendWelcome": errOf2(scoped.Mails().Send(t.Context(), usermail.Welcome, username)),
			"CreateToken": errOf3(scoped.tokens.Create(t.Context(), username, &apitoken.Token{})),
			"Effective":   errOf2(scoped.EffectivePermissions(t.Context(), username)),
		} {
			require.ErrorIs(t, err, store.ErrForbidden, "%s %s", what, username)
		}
	}
	require.Empty(t, scoped.get(t, "jane").Groups, "all, or none")
	_, err := scoped.getByExtension(t, "201")
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = scoped.Get(t.Context(), "joan")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "denied access joan: forbidden", all.lastAuditEntry(t))
	_, err = scoped.Get(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	all.requireAuditIntact(t)
}

func errOf2[T any](_ T, err error) error { return err }

func errOf3[T, U any](_ T, _ U, err error) error { return err }

func TestService_Scoped_listsInScopeUsersOnly(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	require.Equal(t, "jane joan june nora", all.list(t, userman.Query{}))
	require.Equal(t, "jane", scoped.list(t, userman.Query{}))
	require.Empty(t, scoped.list(t, userman.Query{Search: "joan"}))
	list, err := scoped.List(t.Context(), userman.Query{PageRequest: store.PageRequest{Limit: 1}})
	require.NoError(t, err)
	require.Empty(t, list.Next, "that more follow is not told either")
	require.NoError(t, scoped.Each(t.Context(), func(u *userman.User) error {
		require.Equal(t, "jane", u.Username)
		return nil
	}))
	all.deleteUser(t, "june")
	require.Empty(t, scoped.list(t, userman.Query{Status: userman.StatusDeleted}))
	require.Equal(t, "june", all.list(t, userman.Query{Status: userman.StatusDeleted}))
}

func TestService_Scoped_forbidsMovingUsersOutOfScope(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	for _, extensions := range [][]string{{"200"}, {"110", "200"}, {}} {
		_, err := scoped.Create(t.Context(), userman.NewUser{User: newUser("new", extensions...)})
		require.ErrorIs(t, err, store.ErrForbidden, extensions)
		_, err = scoped.tryUpdate(t, "jane", func(u *userman.User) {
			moved := newUser("", extensions...)
			u.DefaultExtension, u.LinkedExtensions = moved.DefaultExtension, moved.LinkedExtensions
		})
		require.ErrorIs(t, err, store.ErrForbidden, extensions)
	}
	scoped.createUser(t, newUser("new", "110", "111"), "")
	scoped.update(t, "jane", func(u *userman.User) { u.LinkedExtensions = []string{"112"} })

	id := all.deleteUser(t, "jane")
	_, err := scoped.Restore(t.Context(), id, func(u *userman.User) error {
		u.DefaultExtension = "200"
		return nil
	})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = scoped.Restore(t.Context(), id, nil)
	require.NoError(t, err)
	deleted := all.deleteUser(t, "joan")
	_, err = scoped.Restore(t.Context(), deleted, nil)
	require.ErrorIs(t, err, store.ErrForbidden)
	require.ErrorIs(t, scoped.Purge(t.Context(), deleted), store.ErrForbidden)
	all.requireAuditIntact(t)
}

func TestService_Scoped_forbidsGrantingOutOfScopeExtensions(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	all.createGroup(t, "Listeners", permission.Permissions{permission.VoicemailExtensions: permission.Append("201")})
	all.createGroup(t, "Everything", permission.Permissions{permission.HistoryExtensions: permission.Set(permission.Any)})
	all.createGroup(t, "Harmless", permission.Permissions{permission.VoicemailExtensions: permission.Append("103", permission.OwnExtensions), permission.XMPPLogin: permission.On()})
	voicemail := func(value permission.Value) permission.Permissions {
		return permission.Permissions{permission.VoicemailExtensions: value}
	}
	for what, change := range map[string]func(u *userman.User){
		"a number":       func(u *userman.User) { u.Permissions = voicemail(permission.Set("201")) },
		"another number": func(u *userman.User) { u.Permissions = voicemail(permission.Append("101", "2000")) },
		"all":            func(u *userman.User) { u.Permissions = voicemail(permission.Set(permission.Any)) },
		"a group":        func(u *userman.User) { u.Groups = []string{"Listeners"} },
		"a group of all": func(u *userman.User) { u.Groups = []string{"Everything"} },
		"one of two":     func(u *userman.User) { u.Groups = []string{"Harmless", "Listeners"} },
		"both at a time": func(u *userman.User) {
			u.Groups, u.Permissions = []string{"Listeners"}, voicemail(permission.Append("101"))
		},
	} {
		_, err := scoped.tryUpdate(t, "jane", change)
		require.ErrorIs(t, err, store.ErrForbidden, what)
		u := newUser("new", "110")
		change(u)
		_, err = scoped.Create(t.Context(), userman.NewUser{User: u})
		require.ErrorIs(t, err, store.ErrForbidden, what)
	}
	require.ErrorIs(t, scoped.Groups().AddMembers(t.Context(), "Listeners", "jane"), store.ErrForbidden)
	require.NoError(t, scoped.Groups().AddMembers(t.Context(), "Harmless", "jane"))
	scoped.update(t, "jane", func(u *userman.User) { u.Permissions = voicemail(permission.Set("150", permission.OwnExtension)) })
	all.requireAuditIntact(t)
}

// What somebody has already may stay, and be narrowed; but taking away what
// holds it back gives it.
func TestService_Scoped_keepsExistingGrants(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	all.createGroup(t, "Listeners", permission.Permissions{permission.VoicemailExtensions: permission.Set("201", "202")})
	all.update(t, "jane", func(u *userman.User) { u.Groups = []string{"Listeners"} })
	scoped.update(t, "jane", func(u *userman.User) { u.Title = "Ms" })
	all.setPermission(t, "jane", permission.VoicemailExtensions, permission.Set("201", "203"))
	scoped.update(t, "jane", func(u *userman.User) {
		u.Permissions = permission.Permissions{permission.VoicemailExtensions: permission.Set("201")}
	})
	_, err := scoped.tryUpdate(t, "jane", func(u *userman.User) { u.Permissions = nil })
	require.ErrorIs(t, err, store.ErrForbidden, "202 comes back")
	require.NoError(t, scoped.Groups().RemoveMembers(t.Context(), "Listeners", "jane"))
	scoped.update(t, "jane", func(u *userman.User) { u.Permissions = nil })
	require.ErrorIs(t, scoped.Groups().AddMembers(t.Context(), "Listeners", "jane"), store.ErrForbidden)
}

// createOverprivilegedUsers makes people within reach of the hundreds who may do something for
// extensions out of reach, each on another way, and returns their usernames.
func createOverprivilegedUsers(t testing.TB, all *env) []string {
	t.Helper()
	all.createGroup(t, "Listeners", permission.Permissions{permission.VoicemailExtensions: permission.Append("201")})
	for username, change := range map[string]func(u *userman.User){
		"of-all": func(u *userman.User) {
			u.Permissions = permission.Permissions{permission.HistoryExtensions: permission.Set(permission.Any)}
		},
		"of-one": func(u *userman.User) {
			u.Permissions = permission.Permissions{permission.ConferenceExtensions: permission.Append("101", "201")}
		},
		"of-group": func(u *userman.User) { u.Groups = []string{"Listeners"} },
	} {
		u := newUserWithEmail(username)
		u.LinkedExtensions = []string{"101"}
		change(u)
		all.createUser(t, u, goodPassword)
	}
	return []string{"of-all", "of-one", "of-group"}
}

// Whoever has the credentials of somebody may do what they may.
func TestService_Scoped_forbidsCredentialsForOutOfScopeExtensions(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	for _, username := range createOverprivilegedUsers(t, all) {
		u := all.get(t, username)
		token, _ := all.createToken(t, username, apitoken.Token{})
		used, _ := all.createToken(t, username, apitoken.Token{Disabled: true})
		for what, err := range map[string]error{
			"SetPassword":         errOf2(scoped.SetPassword(t.Context(), username, secret(anotherPassword), nil)),
			"SetPassword, tokens": errOf2(scoped.SetPassword(t.Context(), username, secret(anotherPassword), &userman.PasswordOptions{DisableTokens: true})),
			"SetPasswordHash":     errOf2(scoped.SetPasswordHash(t.Context(), username, all.storedUser(t, username).Credentials.PasswordHash)),
			"Invite":              errOf2(scoped.Invite(t.Context(), username)),
			"Update, email":       errOf2(scoped.tryUpdate(t, username, func(u *userman.User) { u.Email = "eve@example.com" })),
			"RemoveSecondFactor":  errOf2(scoped.RemoveSecondFactor(t.Context(), username)),
			"BeginSecondFactor":   errOf2(scoped.BeginSecondFactor(t.Context(), u.ID, secret(goodPassword))),
			"PendingSecondFactor": errOf2(scoped.PendingSecondFactor(t.Context(), u.ID)),
			"NewRecoveryCodes":    errOf2(scoped.NewRecoveryCodes(t.Context(), u.ID, store.NewSecret(goodPassword))),
			"CreateToken":         errOf3(scoped.tokens.Create(t.Context(), username, &apitoken.Token{})),
			"RotateToken":         errOf3(scoped.tokens.Rotate(t.Context(), token.ID)),
			"UpdateToken":         errOf2(scoped.tokens.Update(t.Context(), used.ID, func(t *apitoken.Token) error { t.Disabled = false; return nil })),
		} {
			forbidden, ok := errors.AsType[*store.ForbiddenError](err)
			require.True(t, ok, "%s of %s: %v", what, username, err)
			require.Contains(t, forbidden.Reason, ".extensions with values outside your scope", "%s of %s", what, username)
		}
		require.Equal(t, u, all.get(t, username))
		stored, err := all.tokens.Get(t.Context(), token.ID)
		require.NoError(t, err)
		require.Equal(t, token, stored)
	}
	all.requireAuditIntact(t)
}

func TestService_Scoped_forbidsSoftphoneForOutOfScopeExtensions(t *testing.T) {
	t.Parallel()
	all := newService(t, withSIPAccounts(sipAccounts{"101": {Technology: "PJSIP", Username: "101", Domain: "pbx.example.com"}}))
	scoped := all.scoped(extensions1xx)
	all.createUser(t, newUser("jane", "101"), "")
	link, err := scoped.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	require.False(t, link.Token.IsZero())
	all.setPermission(t, "jane", permission.HistoryExtensions, permission.Set("101", "201"))
	require.ErrorIs(t, errOf2(scoped.Softphones().Invite(t.Context(), "jane")), store.ErrForbidden)
	require.Equal(t, "denied invite softphone jane: forbidden", all.lastAuditEntry(t))
}

// What hands out nothing stays, and what was handed out can be taken away.
func TestService_Scoped_allowsActsWithoutCredentialAccess(t *testing.T) {
	t.Parallel()
	var sent []*usermail.Mail
	all := newService(t, withMailer(mailerFunc(func(_ context.Context, m *usermail.Mail) error {
		sent = append(sent, m)
		return nil
	})))
	scoped := all.scoped(extensions1xx)
	for _, username := range createOverprivilegedUsers(t, all) {
		scoped.update(t, username, func(u *userman.User) { u.Title = "Dr" })
		scoped.sendWelcome(t, username, userman.DeliverySent)
		d, err := scoped.Mails().Send(t.Context(), usermail.Reset, username)
		require.NoError(t, err)
		require.Equal(t, userman.DeliverySent, d.Status)
		require.Equal(t, username+"@example.com", sent[len(sent)-1].To)
		token, _ := all.createToken(t, username, apitoken.Token{})
		_, err = scoped.tokens.Update(t.Context(), token.ID, func(t *apitoken.Token) error { t.Disabled = true; return nil })
		require.NoError(t, err)
		require.NoError(t, scoped.tokens.Delete(t.Context(), token.ID))
		require.NoError(t, scoped.EndSessions(t.Context(), username))
		id := scoped.deleteUser(t, username)
		_, err = scoped.Restore(t.Context(), id, func(u *userman.User) error { u.Email = "eve@example.com"; return nil })
		require.ErrorIs(t, err, store.ErrForbidden)
		_, err = scoped.Restore(t.Context(), id, nil)
		require.NoError(t, err)
	}
	all.requireAuditIntact(t)
}

// Somebody who holds no more than is reached, or than everybody does, can be
// given credentials by whoever reaches them.
func TestService_Scoped_allowsCredentialsForDefaultGrants(t *testing.T) {
	t.Parallel()
	all := newService(t)
	scoped := all.scoped(extensions1xx)
	_, err := all.Groups().Create(t.Context(), &userman.Group{
		Name: "Everybody", Default: true, Permissions: permission.Permissions{permission.ConferenceExtensions: permission.Set("800")},
	})
	require.NoError(t, err)
	scoped.createUser(t, newUserWithEmail("jane", "101", "102"), goodPassword)
	scoped.update(t, "jane", func(u *userman.User) {
		u.Email, u.Permissions = "jane.doe@example.com", permission.Permissions{permission.HistoryExtensions: permission.Set(permission.OwnExtensions, "103")}
	})
	for what, err := range map[string]error{
		"SetPassword": errOf2(scoped.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)),
		"Invite":      errOf2(scoped.Invite(t.Context(), "jane")),
		"CreateToken": errOf3(scoped.tokens.Create(t.Context(), "jane", &apitoken.Token{})),
	} {
		require.NoError(t, err, what)
	}
	// Whose group is everybody's no more has more than everybody.
	_, err = all.Groups().Update(t.Context(), "Everybody", func(g *userman.Group) error { g.Default = false; return nil })
	require.NoError(t, err)
	require.ErrorIs(t, errOf2(scoped.Invite(t.Context(), "jane")), store.ErrForbidden)
}

// The default groups are the house's: whoever may make people makes them in
// those, and gives nothing more.
func TestService_Scoped_createAddsDefaultGroups(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	_, err := all.Groups().Create(t.Context(), &userman.Group{
		Name: "Everybody", Default: true, Permissions: permission.Permissions{permission.ConferenceExtensions: permission.Set("800")},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"Everybody"}, scoped.createUser(t, newUser("new", "110"), "").Groups)
}

func TestService_Scoped_readsGroupsOnly(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	all.createGroup(t, "Sales", nil)
	groups, err := scoped.Groups().List(t.Context())
	require.NoError(t, err)
	require.Len(t, groups, 1)
	_, err = scoped.Groups().Create(t.Context(), &userman.Group{Name: "Mine"})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = scoped.Groups().Update(t.Context(), "Sales", func(*userman.Group) error { return nil })
	require.ErrorIs(t, err, store.ErrForbidden)
	require.ErrorIs(t, scoped.Groups().Delete(t.Context(), "Sales", true), store.ErrForbidden)
	require.ErrorIs(t, errOf2(scoped.Sync(t.Context(), "head-office", nil)), store.ErrForbidden)
	require.Equal(t, "jane joan june nora", all.scoped(nil).list(t, userman.Query{}), "nil reaches everything")
	all.requireAuditIntact(t)
}

// A demotion that commits before the transaction of a request counts, although
// the request began before.
func TestService_Scoped_demotionCommittedFirstCounts(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			all := newServiceWithDB(t, db, "")
			admins := db.Administrators()
			require.NoError(t, admins.CreateAdministrator(t.Context(), &ampusers.Administrator{Username: "admin", Access: ampusers.Full}))
			scoped := all.scoped(func(ctx context.Context) (scope.Scope, error) {
				a, err := admins.Administrator(ctx, "admin")
				if err != nil {
					return scope.Scope{}, err
				}
				return a.Scope(""), nil
			})
			demote := func(ctx context.Context) {
				require.NoError(t, admins.UpdateAdministrator(ctx, "admin", func(a *ampusers.Administrator) (err error) {
					a.Access = ampusers.Limited
					a.Extensions, err = scope.ParseRanges("100-199")
					return err
				}))
			}
			all.createUser(t, newUser("jane", "101"), "")
			joan := all.createUser(t, newUser("joan", "201"), "")
			scoped.update(t, "joan", func(u *userman.User) { u.DisplayName = "Joan" })
			require.Equal(t, "jane joan", scoped.list(t, userman.Query{}))

			require.NoError(t, db.RunInTx(t.Context(), func(ctx context.Context) error {
				demote(ctx) // the scope is read in the same transaction
				_, err := scoped.Disable(ctx, "joan")
				require.ErrorIs(t, err, store.ErrForbidden)
				_, err = scoped.Disable(ctx, "jane")
				return err
			}))
			for what, err := range map[string]error{
				"Get":         errOf2(scoped.Get(t.Context(), "joan")),
				"GetByID":     errOf2(scoped.GetByID(t.Context(), joan.ID)),
				"Delete":      scoped.Delete(t.Context(), "joan"),
				"SetPassword": errOf2(scoped.SetPassword(t.Context(), "joan", secret(goodPassword), nil)),
				"Create":      errOf2(scoped.Create(t.Context(), userman.NewUser{User: newUser("new", "202")})),
				"CreateGroup": errOf2(scoped.Groups().Create(t.Context(), &userman.Group{Name: "Mine"})),
				"CreateToken": errOf3(scoped.tokens.Create(t.Context(), "joan", &apitoken.Token{})),
				"AddMembers":  scoped.Groups().AddMembers(t.Context(), all.createGroup(t, "Sales", nil).Name, "joan"),
			} {
				require.ErrorIs(t, err, store.ErrForbidden, what)
			}
			require.Equal(t, "jane", scoped.list(t, userman.Query{}))
			all.requireAuditIntact(t)
		})
	}
}

func TestService_Scoped_returnsErrorOfLoader(t *testing.T) {
	t.Parallel()
	all, _ := newScopedEnv(t)
	failure := errors.New("the administrator cannot be read")
	scoped := all.scoped(func(context.Context) (scope.Scope, error) { return scope.All(), failure })
	for what, err := range map[string]error{
		"Get":         errOf2(scoped.Get(t.Context(), "jane")),
		"List":        errOf2(scoped.List(t.Context(), userman.Query{})),
		"Each":        scoped.Each(t.Context(), func(*userman.User) error { return nil }),
		"Tokens":      errOf2(scoped.tokens.List(t.Context(), "", store.PageRequest{})),
		"Disable":     errOf2(scoped.Disable(t.Context(), "jane")),
		"Create":      errOf2(scoped.Create(t.Context(), userman.NewUser{User: newUser("new", "110")})),
		"CreateGroup": errOf2(scoped.Groups().Create(t.Context(), &userman.Group{Name: "Mine"})),
	} {
		require.ErrorIs(t, err, failure, what)
	}
}
