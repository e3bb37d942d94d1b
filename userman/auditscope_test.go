package userman_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// auditScope returns which entries the administrator of h may read.
func (h *env) auditScope(t testing.TB) func(e *audit.Entry) bool {
	t.Helper()
	inScope, err := h.AuditScope(t.Context())
	require.NoError(t, err)
	return inScope
}

// auditedOperations write entries about a user, by success or failure.
func auditedOperations(t *testing.T, all, scoped *env) map[string]func(username string) error {
	t.Helper()
	return map[string]func(username string) error{
		"update": func(username string) error {
			return errOf2(all.tryUpdate(t, username, func(u *userman.User) { u.CellPhone += "1" }))
		},
		"invalid update": func(username string) error {
			return errOf2(all.tryUpdate(t, username, func(u *userman.User) { u.Email = "x" }))
		},
		"scoped update": func(username string) error {
			return errOf2(scoped.tryUpdate(t, username, func(u *userman.User) { u.CellPhone += "2" }))
		},
		"scoped get by ID": func(username string) error { return errOf2(scoped.GetByID(t.Context(), all.get(t, username).ID)) },
		"scoped get":       func(username string) error { return errOf2(scoped.Get(t.Context(), username)) },
		"set password": func(username string) error {
			return errOf2(all.SetPassword(t.Context(), username, secret(goodPassword), nil))
		},
		"weak password": func(username string) error { return errOf2(all.SetPassword(t.Context(), username, secret("x"), nil)) },
		"scoped password": func(username string) error {
			return errOf2(scoped.SetPassword(t.Context(), username, secret(goodPassword), nil))
		},
		"disable tokens": func(username string) error {
			return errOf2(all.SetPassword(t.Context(), username, secret(goodPassword), &userman.PasswordOptions{DisableTokens: true}))
		},
		"picture": func(username string) error {
			return errOf2(all.SetPicture(t.Context(), username, strings.NewReader("no picture"), nil))
		},
		"softphone": func(username string) error { return errOf2(all.Softphones().Invite(t.Context(), username)) },
		"wrong login": func(username string) error {
			return errOf2(all.Authenticate(t.Context(), credential.LoginAttempt{Username: username, Password: secret("wrong")}))
		},
		"create token": func(username string) error {
			return errOf3(all.tokens.Create(t.Context(), username, &apitoken.Token{}))
		},
		"invalid token": func(username string) error {
			return errOf3(all.tokens.Create(t.Context(), username, &apitoken.Token{Extensions: []string{"x y"}}))
		},
		"scoped create token": func(username string) error {
			return errOf3(scoped.tokens.Create(t.Context(), username, &apitoken.Token{}))
		},
		"rotate token": func(username string) error {
			token, _ := all.createToken(t, username, apitoken.Token{})
			return errOf3(all.tokens.Rotate(t.Context(), token.ID))
		},
		"scoped token": func(username string) error {
			token, _ := all.createToken(t, username, apitoken.Token{})
			return scoped.tokens.Delete(t.Context(), token.ID)
		},
	}
}

func TestService_AuditScope_requiresExtensionsInScope(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	for name, operation := range auditedOperations(t, all, scoped) {
		for username, extensions := range map[string][]string{"jane": {"101", "102"}, "joan": {"201"}, "june": {"103", "201"}} {
			last := all.entries(t, audit.Query{})[0].Sequence
			err := operation(username)
			for _, e := range all.entries(t, audit.Query{}) {
				if e.Sequence > last {
					require.Equal(t, extensions, e.Extensions, "%s %s: %v", name, username, err)
					require.Equal(t, username == "jane", scoped.auditScope(t)(e), "%s %s", name, username)
					require.True(t, all.auditScope(t)(e))
				}
			}
			if err != nil {
				require.Greater(t, all.entries(t, audit.Query{})[0].Sequence, last, "%s %s: %v", name, username, err)
			}
		}
	}
	all.requireAuditIntact(t)
}

func TestService_AuditScope_recordsDeletedUsersAndTheirTokens(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	for _, username := range []string{"jane", "joan"} {
		all.createToken(t, username, apitoken.Token{})
		id, last := all.get(t, username).ID, all.entries(t, audit.Query{})[0].Sequence
		require.NoError(t, all.Delete(t.Context(), username))
		require.NoError(t, all.Purge(t.Context(), id))
		entries := all.entries(t, audit.Query{})
		require.Len(t, entries[:4], int(entries[0].Sequence-last), "two for the new name, one for the token, one for the user")
		for _, e := range entries[:4] {
			require.Equal(t, username == "jane", scoped.auditScope(t)(e), "%s %s", e.Kind, e.Action)
		}
	}
}

func TestService_AuditScope_hidesUsersWhoLeaveOrEnterScope(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	all.update(t, "jane", func(u *userman.User) { u.DefaultExtension = "202" })
	moved := all.entries(t, audit.Query{})[0]
	require.Equal(t, []string{"101", "102", "202"}, moved.Extensions, "before and after")
	require.False(t, scoped.auditScope(t)(moved))
	all.update(t, "jane", func(u *userman.User) { u.DefaultExtension = "101" })
	require.False(t, scoped.auditScope(t)(all.entries(t, audit.Query{})[0]))
	all.update(t, "jane", func(u *userman.User) { u.CellPhone = "1" })
	require.True(t, scoped.auditScope(t)(all.entries(t, audit.Query{})[0]))
}

func TestService_AuditScope_hidesUsersWithoutExtensions(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	for _, e := range all.entries(t, audit.Query{Key: "nora"}) {
		require.Empty(t, e.Extensions)
		require.False(t, scoped.auditScope(t)(e))
		require.True(t, all.scoped(inScope("")).auditScope(t)(e), "every extension is in scope")
	}
	require.False(t, scoped.auditScope(t)(&audit.Entry{Kind: userman.KindUser, Key: "jane"}), "an entry of an earlier version")
}

func TestService_AuditScope_hidesTokensOfOthersOnDeletedExtension(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	for _, username := range []string{"jane", "june"} {
		all.createToken(t, username, apitoken.Token{Extensions: []string{"101", "104"}})
	}
	require.NoError(t, errOf2(all.OnExtensionDeleted(t.Context(), "104", userman.OrphanKeep)))
	visible := 0
	for _, e := range all.entries(t, audit.Query{Action: "delete extension", Kind: apitoken.Kind}) {
		require.Contains(t, e.Extensions, "104")
		if scoped.auditScope(t)(e) {
			visible++
		}
	}
	require.Equal(t, 1, visible, "that of jane")
}

func TestService_AuditScope_hidesOtherTeams(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	def := newServiceWithDB(t, db, "")
	acme := newServiceWithDB(t, db, "acme", func(o *userman.Options) { o.Audit = def.auditLog })
	acme.createUser(t, newUser("jane", "101"), "")
	require.Error(t, errOf3(acme.tokens.Create(t.Context(), "jane", &apitoken.Token{Extensions: []string{"x y"}})))
	for _, e := range acme.entries(t, audit.Query{}) {
		require.Equal(t, []string{"101"}, e.Extensions)
		require.True(t, acme.scoped(extensions1xx).auditScope(t)(e), e.Action)
		require.False(t, def.scoped(extensions1xx).auditScope(t)(e), e.Action)
	}
	def.createUser(t, newUser("jane", "101"), "")
	require.False(t, acme.scoped(extensions1xx).auditScope(t)(def.entries(t, audit.Query{Kind: userman.KindUser, Key: "jane"})[0]))
}

func TestService_AuditScope_returnsErrorOfScope(t *testing.T) {
	t.Parallel()
	h := newService(t)
	_, err := h.scoped(func(context.Context) (scope.Scope, error) { return scope.Scope{}, store.ErrForbidden }).AuditScope(t.Context())
	require.ErrorIs(t, err, store.ErrForbidden)
}
