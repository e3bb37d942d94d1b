package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func TestService_Update_keepsApplyAccountUsable(t *testing.T) {
	t.Parallel()
	change := func(edit func(a *manager.Account)) func(*testing.T, *env) error {
		return func(t *testing.T, o *env) error {
			t.Helper()
			_, err := o.Update(t.Context(), "Apply", func(a *manager.Account) error {
				edit(a)
				return nil
			})
			return err
		}
	}
	for _, test := range []struct {
		name    string
		act     func(t *testing.T, o *env) error
		refused bool
	}{
		{"delete", func(t *testing.T, o *env) error { t.Helper(); return o.Delete(t.Context(), "APPLY") }, true},
		{"disable", func(t *testing.T, o *env) error { t.Helper(); _, err := o.Disable(t.Context(), "apply"); return err }, true},
		{"rotate", func(t *testing.T, o *env) error {
			t.Helper()
			_, err := o.Rotate(t.Context(), "apply", store.Secret{})
			return err
		}, true},
		{"the same secret again", func(t *testing.T, o *env) error {
			t.Helper()
			_, err := o.Rotate(t.Context(), "apply", store.NewSecret(validSecret))
			return err
		}, false},
		{"a class less of what an apply needs", change(func(a *manager.Account) { a.Write &^= manager.Command }), true},
		{"a class less of others", change(func(a *manager.Account) { a.Write &^= manager.System }), false},
		{"more classes", change(func(a *manager.Account) { a.Write, a.Read = manager.AllPrivileges, manager.AllPrivileges }), false},
		{"another permit", change(func(a *manager.Account) { a.Permit = mustNetworks(t, "192.0.2.1") }), true},
		{"one permit more", change(func(a *manager.Account) { a.Permit = append(a.Permit, mustNetwork(t, "192.0.2.1")) }), false},
		{"a wider permit", change(func(a *manager.Account) { a.Permit = mustNetworks(t, "0.0.0.0/0") }), false},
		{"a narrower permit", change(func(a *manager.Account) { a.Permit = mustNetworks(t, "127.0.0.0/9") }), true},
		{"deny-all spelt out", change(func(a *manager.Account) { a.Deny = mustNetworks(t, "0.0.0.0/0", "::/0") }), false},
		{"no rules", change(func(a *manager.Account) { a.Permit = nil }), false},
		{"a named list", change(func(a *manager.Account) { a.NamedACL = "office" }), true},
		{"a note", change(func(a *manager.Account) { a.Note = "x" }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := newEnv(t, &manager.Options{ApplyAccount: "apply"})
			a := &manager.Account{Name: "Apply", Secret: store.NewSecret(validSecret), Permit: mustNetworks(t, "127.0.0.0/8")}
			preset, _ := manager.LookupPreset("apply")
			preset.ApplyTo(a)
			o.mustCreate(t, a)
			o.mustCreate(t, &manager.Account{Name: "other"})
			before := o.storedAccount(t, "apply")
			require.NoError(t, o.Delete(t.Context(), "other"), "other accounts can be deleted")
			err := test.act(t, o)
			if !test.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, store.ErrInUse)
			require.EqualError(t, err, "this AMI account is needed by pbxusers to apply changes, as apply")
			require.Equal(t, before, o.storedAccount(t, "apply"))
		})
	}
}

func TestService_Update_applyAccountNeedsNoNewPrivileges(t *testing.T) {
	t.Parallel()
	o := newEnv(t, &manager.Options{ApplyAccount: "apply"})
	o.mustCreate(t, &manager.Account{Name: "apply", Write: manager.System | manager.Command, Disabled: true})
	set := func(write manager.Privileges) error {
		_, err := o.Update(t.Context(), "apply", func(a *manager.Account) error {
			a.Write = write
			return nil
		})
		return err
	}
	require.NoError(t, set(manager.System|manager.Command|manager.Call))
	require.ErrorIs(t, set(manager.Command), store.ErrInUse, "System replaces Config here")
	require.NoError(t, set(manager.Config|manager.Command|manager.Reporting))
	require.ErrorIs(t, set(manager.System|manager.Command), store.ErrInUse)
	_, err := o.Enable(t.Context(), "apply")
	require.NoError(t, err)
}
