package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func TestTheAccountOfTheApplyStaysAbleToApply(t *testing.T) {
	t.Parallel()
	change := func(edit func(u *manager.User)) func(*testing.T, *office) error {
		return func(t *testing.T, o *office) error {
			t.Helper()
			_, err := o.Update(t.Context(), "Apply", func(u *manager.User) error {
				edit(u)
				return nil
			})
			return err
		}
	}
	for _, test := range []struct {
		name    string
		act     func(t *testing.T, o *office) error
		refused bool
	}{
		{"delete", func(t *testing.T, o *office) error { t.Helper(); return o.Delete(t.Context(), "APPLY") }, true},
		{"disable", func(t *testing.T, o *office) error { t.Helper(); _, err := o.Disable(t.Context(), "apply"); return err }, true},
		{"rotate", func(t *testing.T, o *office) error {
			t.Helper()
			_, err := o.Rotate(t.Context(), "apply", store.Secret{})
			return err
		}, true},
		{"the same secret again", func(t *testing.T, o *office) error {
			t.Helper()
			_, err := o.Rotate(t.Context(), "apply", store.NewSecret(goodSecret))
			return err
		}, false},
		{"a class less of what an apply needs", change(func(u *manager.User) { u.Write &^= manager.Command }), true},
		{"a class less of others", change(func(u *manager.User) { u.Write &^= manager.System }), false},
		{"more classes", change(func(u *manager.User) { u.Write, u.Read = manager.AllPrivileges, manager.AllPrivileges }), false},
		{"another permit", change(func(u *manager.User) { u.Permit = networks(t, "192.0.2.1") }), true},
		{"one permit more", change(func(u *manager.User) { u.Permit = append(u.Permit, network(t, "192.0.2.1")) }), false},
		{"a wider permit", change(func(u *manager.User) { u.Permit = networks(t, "0.0.0.0/0") }), false},
		{"a narrower permit", change(func(u *manager.User) { u.Permit = networks(t, "127.0.0.0/9") }), true},
		{"deny-all spelt out", change(func(u *manager.User) { u.Deny = networks(t, "0.0.0.0/0", "::/0") }), false},
		{"no rules", change(func(u *manager.User) { u.Permit = nil }), false},
		{"a named list", change(func(u *manager.User) { u.NamedACL = "office" }), true},
		{"a note", change(func(u *manager.User) { u.Note = "x" }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, &manager.Options{ApplyAs: "apply"})
			u := &manager.User{Name: "Apply", Secret: store.NewSecret(goodSecret), Permit: networks(t, "127.0.0.0/8")}
			preset, _ := manager.PresetNamed("apply")
			preset.ApplyTo(u)
			o.make(t, u)
			o.make(t, &manager.User{Name: "other"})
			before := o.stored(t, "apply")
			require.NoError(t, o.Delete(t.Context(), "other"), "others may go")
			err := test.act(t, o)
			if !test.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, store.ErrInUse)
			require.EqualError(t, err, "this AMI account is still needed by the apply of the configuration, as apply")
			require.Equal(t, before, o.stored(t, "apply"))
		})
	}
}

func TestTheAccountOfTheApply_isNotAskedForWhatItNeverHad(t *testing.T) {
	t.Parallel()
	o := newOffice(t, &manager.Options{ApplyAs: "apply"})
	o.make(t, &manager.User{Name: "apply", Write: manager.System | manager.Command, Disabled: true})
	set := func(write manager.Privileges) error {
		_, err := o.Update(t.Context(), "apply", func(u *manager.User) error {
			u.Write = write
			return nil
		})
		return err
	}
	require.NoError(t, set(manager.System|manager.Command|manager.Call))
	require.ErrorIs(t, set(manager.Command), store.ErrInUse, "System did what Config does for others")
	require.NoError(t, set(manager.Config|manager.Command|manager.Reporting))
	require.ErrorIs(t, set(manager.System|manager.Command), store.ErrInUse)
	_, err := o.Enable(t.Context(), "apply")
	require.NoError(t, err)
}
