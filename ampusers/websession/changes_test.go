package websession_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

func TestManager_Changes_areRepeatedInAnotherRequest(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).newClient()
	v.logIn(t, "root.admin")
	v.do(t, func(ctx context.Context) { v.SCS.Put(ctx, "web.before", "old") })
	var changes []byte
	v.do(t, func(ctx context.Context) {
		nothing, err := v.Changes(ctx)
		require.NoError(t, err)
		require.Nil(t, nothing)
		v.SCS.Put(ctx, "web.flash", "Saved.")
		v.PutSecret(ctx, "key", "crm", time.Time{}, store.NewSecret("s3cr3t"))
		changes, err = v.Changes(ctx)
		require.NoError(t, err)
	})
	require.NotContains(t, string(changes), "root.admin", "the login itself is no change to repeat")
	require.Equal(t, "s3cr3t", v.take(t, "GET", "crm", time.Time{}))
	v.do(t, func(ctx context.Context) {
		require.Equal(t, "Saved.", v.SCS.PopString(ctx, "web.flash"))
		require.Equal(t, "old", v.SCS.PopString(ctx, "web.before"))
	})

	v.do(t, func(ctx context.Context) {
		require.NoError(t, v.RepeatChanges(ctx, nil))
		require.NoError(t, v.RepeatChanges(ctx, changes))
		require.Error(t, v.RepeatChanges(ctx, []byte("nonsense")))
	})
	require.Equal(t, "s3cr3t", v.take(t, "GET", "crm", time.Time{}))
	v.do(t, func(ctx context.Context) {
		require.Equal(t, "Saved.", v.SCS.PopString(ctx, "web.flash"))
		require.Empty(t, v.SCS.PopString(ctx, "web.before"))
	})
	require.Equal(t, "root.admin", v.username(t))
}

func TestManager_Rights_changeWithAdministrator(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	rights := func() (text string) {
		v.do(t, func(ctx context.Context) { text = v.Rights(ctx) })
		return text
	}
	require.Empty(t, rights())
	v.logIn(t, "jane.admin")
	before := rights()
	require.Equal(t, before, rights())
	_, err := b.administrators.Update(t.Context(), "jane.admin", func(a *ampusers.Administrator) error {
		a.Sections = []string{sectionBilling}
		return nil
	})
	require.NoError(t, err)
	require.NotEqual(t, before, rights())
}
