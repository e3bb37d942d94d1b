package userman_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestAudit_reportsRecordsModifiedOutsideService(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(h *env, id store.UserID) error{
		"a person": func(h *env, id store.UserID) error {
			return h.store.UpdateUser(t.Context(), id, func(u *userman.User) error {
				u.Permissions = permission.Permissions{permission.PortalLogin: permission.On()}
				return nil
			})
		},
		"a person who was added": func(h *env, _ store.UserID) error {
			return h.store.CreateUser(t.Context(), &userman.User{ID: "eve", Username: "eve"})
		},
		"a person who was renamed": func(h *env, id store.UserID) error {
			return h.store.UpdateUser(t.Context(), id, func(u *userman.User) error {
				u.Username = "eve"
				return nil
			})
		},
		"a person who was restored": func(h *env, _ store.UserID) error {
			list, err := h.store.ListUsers(t.Context(), userman.Query{Status: userman.StatusDeleted})
			if err != nil {
				return err
			}
			return h.store.UpdateUser(t.Context(), list.Items[0].ID, func(u *userman.User) error {
				u.DeletedAt = time.Time{}
				return nil
			})
		},
		"a person who was removed": func(h *env, id store.UserID) error { return h.store.DeleteUser(t.Context(), id) },
		"a group": func(h *env, _ store.UserID) error {
			return h.store.UpdateGroup(t.Context(), "Sales", func(g *userman.Group) error {
				g.Default = true
				return nil
			})
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			h.createGroup(t, "Sales", nil)
			id := h.createUser(t, newUser("jane", "1001"), goodPassword).ID
			h.createUser(t, newUser("joan"), "")
			h.deleteUser(t, "joan")
			h.createToken(t, "jane", apitoken.Token{})
			h.requireAuditIntact(t)
			require.NoError(t, change(h, store.UserID(string(id))))
			found, err := h.auditLog.Verify(t.Context(), h.AuditSource()...)
			require.NoError(t, err)
			require.NotEmpty(t, found.Findings)
		})
	}
}

func TestAudit_prefixesKeysWithTeam(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newServiceWithDB(t, db, "acme")
	h.createGroup(t, "Sales", nil)
	h.createUser(t, newUser("jane"), "")
	h.update(t, "jane", func(u *userman.User) { u.Groups = []string{"Sales"} })
	require.Equal(t, "succeeded update acme/jane", h.lastAuditEntry(t))
	require.Len(t, h.entries(t, audit.Query{Kind: "group", Key: "acme/Sales"}), 1)
	id := h.deleteUser(t, "jane")
	require.Len(t, h.entries(t, audit.Query{Kind: "deleted user", Key: string("acme/" + id)}), 1)
	_, err := h.Create(t.Context(), userman.NewUser{User: newUser("-")})
	require.ErrorIs(t, err, store.ErrInvalid)
	require.Equal(t, "denied create : invalid: username (username)", h.lastAuditEntry(t))
	h.requireAuditIntact(t)
}

// What a person types in the wrong field, such as a password for a username, is
// not kept.
func TestAudit_containsNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newService(t, func(o *userman.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	id := h.createUser(t, newUser("jane", "1001"), goodPassword).ID
	h.update(t, "jane", func(u *userman.User) { u.Username = "jane.doe" })
	_, err := h.Get(t.Context(), "my secret; with blanks")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, h.Delete(t.Context(), "my secret; with blanks"), store.ErrNotFound)
	h.deleteUser(t, "jane.doe")
	require.NoError(t, h.Purge(t.Context(), id))
	for _, e := range h.entries(t, allAuditEntries()) {
		_, _ = fmt.Fprintln(&log, e.Key, e.Reason, string(e.Before), string(e.After))
	}
	logged := log.String()
	require.Contains(t, logged, "jane.doe")
	for _, secret := range []string{goodPassword, "argon2id", "my secret"} {
		require.NotContains(t, logged, secret)
	}
}
