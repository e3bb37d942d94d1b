package userman_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

func allLoginNames(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true }

// newUserAt returns a user with that email.
func newUserAt(username, email string, extensions ...string) *userman.User {
	u := newUser(username, extensions...)
	u.Email = email
	return u
}

// reopen returns a service with other options over the same store.
func (h *env) reopen(t *testing.T, db backend, configure func(*userman.Options)) *env {
	t.Helper()
	o := &userman.Options{Audit: h.auditLog, Clock: h.clock.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1}}
	configure(o)
	return &env{userman.New(db.Users(""), o), h.tokens, h.store, h.auditLog, h.clock}
}

func requireLoginNameExists(t *testing.T, err error, field string) {
	t.Helper()
	var exists *store.AlreadyExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.AlreadyExistsError{Kind: "user", Field: field, LoginName: true}, exists)
	require.EqualError(t, err, field+": another user already logs in with this name; choose a different one")
}

func TestService_Create_rejectsLoginNameOfAnotherUser(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "acme", allLoginNames)
			h.createUser(t, newUserAt("jane", "jane@exämple.net", "1001"), goodPassword)
			h.createUser(t, newUser("2002"), goodPassword)
			for _, test := range []struct {
				u     *userman.User
				field string
			}{
				{newUser("jane@exämple.net"), "username"},
				{newUser("JANE@xn--exmple-cua.net"), "username"},
				{newUser("1001"), "username"},
				{newUserAt("joan", "Jane@exämple.net"), "email"},
				{newUserAt("joan", "jane@xn--exmple-cua.net"), "email"},
				{newUser("joan", "2002"), "default_extension"},
			} {
				_, err := h.Create(t.Context(), userman.NewUser{User: test.u, Password: secret(anotherPassword)})
				requireLoginNameExists(t, err, test.field)
			}
			for _, login := range []string{"jane", "jane@exämple.net", "Jane@XN--exmple-cua.net", "1001"} {
				require.Equal(t, "jane", h.logIn(t, login, goodPassword).User.Username, login)
			}
			h.createUser(t, newUserAt("joan", "jane+pbx@exämple.net"), goodPassword)
			h.createUser(t, newUserAt("own@example.com", "OWN@example.com", "3003"), goodPassword)
			require.Equal(t, "own@example.com", h.logIn(t, "own@EXAMPLE.com", goodPassword).User.Username)
			h.requireAuditIntact(t)
		})
	}
}

// The attack: an administrator of a few extensions takes the login name of a user of
// others, who can then not log in, or whose mail goes to another mailbox.
func TestService_Scoped_cannotTakeLoginNames(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	all := newService(t, box.configure, allLoginNames)
	scoped := all.scoped(extensions1xx)
	all.createUser(t, newUserAt("p500", "p500@example.com", "500"), goodPassword)
	all.createUser(t, newUserAt("p101", "p101@example.com", "101"), anotherPassword)
	_, err := scoped.Create(t.Context(), userman.NewUser{User: newUser("p500@example.com", "102"), Password: secret(anotherPassword)})
	requireLoginNameExists(t, err, "username")
	_, err = scoped.Create(t.Context(), userman.NewUser{User: newUser("500", "102"), Password: secret(anotherPassword)})
	requireLoginNameExists(t, err, "username")
	_, err = scoped.Update(t.Context(), "p101", func(u *userman.User) error {
		u.Email = "p500@example.com"
		return nil
	})
	requireLoginNameExists(t, err, "email")
	require.NotContains(t, err.Error(), "p500", "the error does not say whose it is")
	require.Equal(t, "p500", all.logIn(t, "p500@example.com", goodPassword).User.Username)
	require.NoError(t, all.RequestReset(t.Context(), "p500@example.com"))
	require.Equal(t, []string{"p500@example.com"}, recipients(box.waitSent(t, all)))
}

func TestService_Update_reportsTakenLoginNameWithOtherErrors(t *testing.T) {
	t.Parallel()
	h := newService(t, allLoginNames)
	h.createUser(t, newUserAt("jane", "jane@example.com"), "")
	h.createUser(t, newUser("joan"), "")
	_, err := h.Update(t.Context(), "joan", func(u *userman.User) error {
		u.Email = "jane@example.com"
		return store.NewInvalidError(store.FieldError{Field: "priority", Code: store.CodeType, Message: "this is not a number"})
	})
	requireFieldErrors(t, err, "priority: type", "email: already_exists")
}

func TestService_Restore_rejectsLoginNameOfAnotherUser(t *testing.T) {
	t.Parallel()
	h := newService(t, allLoginNames)
	jane := h.createUser(t, newUserAt("jane", "jane@example.com", "1001"), goodPassword)
	require.NoError(t, h.Delete(t.Context(), "jane"))
	h.createUser(t, newUser("jane@example.com"), anotherPassword)
	_, err := h.Restore(t.Context(), jane.ID, nil)
	requireLoginNameExists(t, err, "email")
	_, err = h.Restore(t.Context(), jane.ID, func(u *userman.User) error {
		u.Email = ""
		return nil
	})
	require.NoError(t, err)
	h.requireAuditIntact(t)
}

func TestService_PrepareExtensionUser_rejectsLoginNameOfAnotherUser(t *testing.T) {
	t.Parallel()
	h := newService(t, allLoginNames)
	h.createUser(t, newUser("7"), goodPassword)
	_, err := h.createExtensionUser(t.Context(), userman.NewExtension{Number: "7", Username: "jane"})
	requireLoginNameExists(t, err, "default_extension")
	_, err = h.createExtensionUser(t.Context(), userman.NewExtension{Number: "7", LinkTo: "7"})
	require.NoError(t, err, "it is one's own")
	require.Equal(t, "7", h.logIn(t, "7", goodPassword).User.Username)
}

func TestLoginNames_Apply_keepsSharedEmailsWhileOff(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUserAt("jane", "family@example.com", "1001"), goodPassword)
	h.createUser(t, newUserAt("joan", "family@example.com"), goodPassword)
	h.createUser(t, newUser("family@example.com"), goodPassword)
	h.createUser(t, newUser("1001"), goodPassword)
	duplicates, err := h.LoginNames().Duplicates(t.Context())
	require.NoError(t, err)
	require.Empty(t, duplicates, "only the username is a login name")
	require.NoError(t, h.LoginNames().Apply(t.Context()))
	require.Empty(t, h.entries(t, audit.Query{Kind: userman.KindLoginNames}))
}

func TestLoginNames_Apply_rejectsAndListsDuplicates(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			off := newServiceWithDB(t, db, "")
			off.createUser(t, newUserAt("jane", "Family@exämple.net", "1001"), goodPassword)
			off.createUser(t, newUserAt("Joan", "family@xn--exmple-cua.net"), goodPassword)
			off.createUser(t, newUser("1001", "1002"), goodPassword)
			off.createUser(t, newUserAt("own@example.com", "own@example.com"), goodPassword)
			gone := off.createUser(t, newUserAt("gone", "family@exämple.net"), goodPassword)
			require.NoError(t, off.Delete(t.Context(), "gone"))

			on := off.reopen(t, db, allLoginNames)
			duplicates, err := on.LoginNames().Duplicates(t.Context())
			require.NoError(t, err)
			require.Equal(t, []userman.DuplicateLoginName{
				{Name: "1001", Owners: []userman.LoginNameOwner{{Username: "1001", Field: "username"}, {Username: "jane", Field: "default_extension"}}},
				{Name: "family@exämple.net", Owners: []userman.LoginNameOwner{{Username: "jane", Field: "email"}, {Username: "Joan", Field: "email"}}},
			}, duplicates)
			err = on.LoginNames().Apply(t.Context())
			require.ErrorIs(t, err, store.ErrConflict)
			require.EqualError(t, err, "several users share a login name, so login by email or extension cannot be switched on; "+
				"change the username of 1001 or the default_extension of jane (shared names: 2)")
			_, err = on.Authenticate(t.Context(), newLoginAttempt("1001", goodPassword))
			require.NoError(t, err, "a username logs in all the same")
			_, err = on.Authenticate(t.Context(), newLoginAttempt("family@exämple.net", goodPassword))
			requireLoginError(t, err, credential.InvalidCredentials)

			off.update(t, "Joan", func(u *userman.User) { u.Email = "joan@exämple.net" })
			off.update(t, "1001", func(u *userman.User) { u.Username = "bob" })
			require.NoError(t, on.LoginNames().Apply(t.Context()))
			require.Equal(t, "jane", on.logIn(t, "family@exämple.net", goodPassword).User.Username)
			_, err = off.Update(t.Context(), "Joan", func(u *userman.User) error {
				u.Email = "family@exämple.net"
				return nil
			})
			requireLoginNameExists(t, err, "email") // in each process that uses the database
			_, err = off.Restore(t.Context(), gone.ID, nil)
			requireLoginNameExists(t, err, "email")
			on.requireAuditIntact(t)
		})
	}
}

func TestLoginNames_Apply_switchedOffAllowsSharedEmails(t *testing.T) {
	t.Parallel()
	db := sqlitetest.New(t)
	on := newServiceWithDB(t, db, "", allLoginNames)
	on.createUser(t, newUserAt("jane", "family@example.com", "1001"), goodPassword)
	byExtension := on.reopen(t, db, func(o *userman.Options) { o.LoginByExtension = true })
	require.NoError(t, byExtension.LoginNames().Apply(t.Context()))
	byExtension.createUser(t, newUserAt("joan", "family@example.com"), goodPassword)
	_, err := byExtension.Create(t.Context(), userman.NewUser{User: newUser("1001")})
	requireLoginNameExists(t, err, "username")
	_, err = on.Authenticate(t.Context(), newLoginAttempt("family@example.com", goodPassword))
	requireLoginError(t, err, credential.InvalidCredentials) // a process with the options of before

	off := on.reopen(t, db, func(*userman.Options) {})
	require.NoError(t, off.LoginNames().Apply(t.Context()))
	off.createUser(t, newUser("1001"), goodPassword)
	off.requireAuditIntact(t)
}

func TestLoginNames_Apply_recordsEachSwitch(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	on := newServiceWithDB(t, db, "", allLoginNames)
	require.NoError(t, on.LoginNames().Apply(t.Context()))
	require.Len(t, on.entries(t, audit.Query{Kind: userman.KindLoginNames}), 1, "nothing changed the second time")
	e := on.entries(t, audit.Query{})[0]
	require.Equal(t, "set login names", e.Action)
	require.Equal(t, "users", e.Key)
	require.JSONEq(t, `{"email":true,"default_extension":true}`, string(e.After))

	require.NoError(t, db.Users("").SetLoginFields(t.Context(), userman.LoginFields{Email: true})) // not by the service
	found, err := on.auditLog.Verify(t.Context(), on.AuditSource()...)
	require.NoError(t, err)
	require.Len(t, found.Findings, 1)
	require.Equal(t, audit.CodeRecordModified, found.Findings[0].Code)
	require.Equal(t, userman.KindLoginNames, found.Findings[0].Kind)
}

func TestLoginNames_Apply_needsUnrestrictedActor(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	all := newServiceWithDB(t, db, "")
	scoped := all.reopen(t, db, allLoginNames).scoped(extensions1xx)
	require.ErrorIs(t, scoped.LoginNames().Apply(t.Context()), store.ErrForbidden)
	_, err := scoped.LoginNames().Duplicates(t.Context())
	require.ErrorIs(t, err, store.ErrForbidden)
}

// A chat server whose addresses are made of usernames, beside a portal with login by
// email.
func TestService_AuthenticateService_ignoresLoginNamesOfOtherProcesses(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	portal := newServiceWithDB(t, db, "", allLoginNames)
	portal.createUser(t, newUserAt("jane", "jane@example.com", "1001"), goodPassword)
	for name, configure := range map[string]func(*userman.Options){
		"":                 func(*userman.Options) {},
		"jane@example.com": func(o *userman.Options) { o.LoginByEmail = true },
		"1001":             func(o *userman.Options) { o.LoginByExtension = true },
	} {
		h := portal.reopen(t, db, configure)
		for _, login := range []string{"jane@example.com", "1001"} {
			h.clock.Advance(time.Hour)
			_, err := h.Authenticate(t.Context(), newLoginAttempt(login, goodPassword))
			allowed, useErr := h.CanUseService(t.Context(), "portal", login)
			require.NoError(t, useErr)
			require.Equal(t, login == name, err == nil, "%q %q", name, login)
			require.Equal(t, login == name, allowed, "%q %q", name, login)
		}
		h.logIn(t, "jane", goodPassword)
	}
}
