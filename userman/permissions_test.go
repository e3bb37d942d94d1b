package userman_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// effectivePermissions returns the effective permissions of a user.
func (h *env) effectivePermissions(t testing.TB, username string) *permission.EffectiveSet {
	t.Helper()
	e, err := h.EffectivePermissions(t.Context(), username)
	require.NoError(t, err)
	return e
}

func TestService_Permissions_includesProductPermissions(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) {
		o.Permissions = []permission.Permission{
			{ID: "fax.send", Kind: permission.KindBool, Default: permission.On(), Description: "May send faxes."},
			{ID: permission.PortalLogin, Default: permission.Off()},
		}
	})
	h.createUser(t, newUser("jane", "1001"), "")
	e := h.effectivePermissions(t, "jane")
	require.True(t, e.Enabled("fax.send"))
	require.False(t, e.Enabled(permission.PortalLogin))
	h.Permissions()[0].Default = permission.On()
	require.False(t, h.effectivePermissions(t, "jane").Enabled(permission.PortalLogin), "the list is a copy")
}

func TestService_PermissionResolver_returnsSnapshot(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Sales", permission.Permissions{permission.XMPPLogin: permission.On()})
	jane := newUser("jane", "1001", "1002")
	jane.Groups = []string{"Sales"}
	h.createUser(t, jane, "")
	access, err := h.Access(t.Context())
	require.NoError(t, err)
	resolver, err := access.PermissionResolver(t.Context())
	require.NoError(t, err)
	u := h.get(t, "jane")
	e := resolver.For(u.PermissionSubject())
	u.LinkedExtensions[0], u.Permissions[permission.XMPPLogin], u.Groups[0] = "6666", permission.Off(), "gone"
	_, err = h.Groups().Update(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions[permission.XMPPLogin] = permission.Off()
		return nil
	})
	require.NoError(t, err)

	require.True(t, e.Enabled(permission.XMPPLogin))
	require.False(t, h.effectivePermissions(t, "jane").Enabled(permission.XMPPLogin), "loaded again, it shows the change")
}

func TestService_EffectivePermissions_discardsRolledBackGroups(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createGroup(t, "Sales", permission.Permissions{})
			jane := newUser("jane")
			jane.Groups = []string{"Sales"}
			h.createUser(t, jane, "")
			errRollback := errors.New("undone")
			err := h.store.RunInTx(t.Context(), func(ctx context.Context) error {
				_, err := h.Groups().Update(ctx, "Sales", func(g *userman.Group) error {
					g.Permissions[permission.XMPPLogin] = permission.On()
					return nil
				})
				require.NoError(t, err)
				e, err := h.EffectivePermissions(ctx, "jane")
				require.NoError(t, err)
				require.True(t, e.Enabled(permission.XMPPLogin), "inside, it counts")
				return errRollback
			})
			require.ErrorIs(t, err, errRollback)
			require.False(t, h.effectivePermissions(t, "jane").Enabled(permission.XMPPLogin))
		})
	}
}

func TestService_EffectivePermissions_foldsUsername(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Sales", permission.Permissions{permission.XMPPLogin: permission.On()})
	jane := newUser("jane", "1001")
	jane.Groups = []string{"sales"}
	h.createUser(t, jane, "")
	require.True(t, h.effectivePermissions(t, "JANE").Enabled(permission.XMPPLogin))
	require.Len(t, h.effectivePermissions(t, "jane").ExplainAll(), len(h.Permissions()))

	_, err := h.EffectivePermissions(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}
