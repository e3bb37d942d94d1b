package manager_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestUpdate_changesWhatItIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	created := o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret), Read: manager.Call})
	updated, err := o.Update(t.Context(), "CRM", func(u *manager.User) error {
		require.True(t, u.Secret.IsZero(), "no secret is shown")
		require.Equal(t, manager.Call, u.Read)
		u.Note, u.WriteTimeout, u.Permit = "a note", 0, nil
		u.CreatedAt, u.UpdatedAt, u.SecretChangedAt = time.Time{}, time.Time{}, time.Time{}
		return nil
	})
	require.NoError(t, err)
	want := created.Clone()
	want.Secret, want.Note, want.UpdatedAt = store.Secret{}, "a note", created.UpdatedAt.Add(time.Second)
	want.Deny, want.Permit, want.EventFilters = []manager.Network{}, []manager.Network{}, []manager.EventFilter{}
	require.Equal(t, want, updated)
	require.Equal(t, goodSecret, o.stored(t, "crm").Secret.Reveal(), "the secret is kept")
}

func TestUpdate_writesNothingWhenRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	before := o.stored(t, "crm")

	sentinel := errors.New("no")
	_, err := o.Update(t.Context(), "crm", func(u *manager.User) error {
		u.Note = "changed"
		return sentinel
	})
	require.Same(t, sentinel, err, "the error of the callback comes back unchanged")
	for name, rename := range map[string]string{"another name": "dialer", "another case": "CRM", "no name": ""} {
		_, err = o.Update(t.Context(), "crm", func(u *manager.User) error {
			u.Name = rename
			return nil
		})
		requireRefused(t, err, "name", "immutable")
		require.Equal(t, before, o.stored(t, "crm"), name)
	}
	_, err = o.Update(t.Context(), "crm", func(u *manager.User) error {
		u.Secret = store.NewSecret("short")
		return nil
	})
	requireRefused(t, err, "secret", "min")
	_, err = o.Update(t.Context(), "nobody", func(*manager.User) error { panic("there is nothing to change") })
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, before, o.stored(t, "crm"))
	require.Equal(t, 1, strings.Count(o.log.String(), "\n"), "only the creation is logged")
}

func TestUpdate_aNewSecretRotates(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	created := o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	for _, step := range []struct {
		secret  string
		rotates bool
	}{{goodSecret, false}, {"another good secret", true}, {"another good secret", false}} {
		before := o.stored(t, "crm")
		updated, err := o.Update(t.Context(), "crm", func(u *manager.User) error {
			u.Secret = store.NewSecret(step.secret)
			return nil
		})
		require.NoError(t, err)
		require.True(t, updated.Secret.IsZero())
		require.Equal(t, created.CreatedAt, updated.CreatedAt)
		require.Equal(t, step.rotates, updated.SecretChangedAt.After(before.SecretChangedAt))
		require.Equal(t, step.secret, o.stored(t, "crm").Secret.Reveal())
	}
}

func TestRotate_showsTheNewSecretOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	created := o.make(t, &manager.User{Name: "crm"})
	generated, err := o.Rotate(t.Context(), "CRM", store.Secret{})
	require.NoError(t, err)
	require.Regexp(t, "^[0-9A-Za-z]{32}$", generated.Secret.Reveal())
	require.False(t, generated.Secret.Equal(created.Secret))
	require.True(t, generated.Secret.Equal(o.stored(t, "crm").Secret))
	require.Equal(t, generated.UpdatedAt, generated.SecretChangedAt)
	require.True(t, generated.SecretChangedAt.After(created.SecretChangedAt))

	given, err := o.Rotate(t.Context(), "crm", store.NewSecret(goodSecret))
	require.NoError(t, err)
	require.Equal(t, goodSecret, given.Secret.Reveal())
	_, err = o.Rotate(t.Context(), "crm", store.NewSecret("x"))
	requireRefused(t, err, "secret", "min")
	require.Equal(t, goodSecret, o.stored(t, "crm").Secret.Reveal())
	_, err = o.Rotate(t.Context(), "nobody", store.Secret{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestDisableEnableDelete(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	disabled, err := o.Disable(t.Context(), "CRM")
	require.NoError(t, err)
	require.True(t, disabled.Disabled)
	require.True(t, o.stored(t, "crm").Disabled)
	enabled, err := o.Enable(t.Context(), "crm")
	require.NoError(t, err)
	require.False(t, enabled.Disabled)
	require.Equal(t, goodSecret, o.stored(t, "crm").Secret.Reveal())

	require.NoError(t, o.Delete(t.Context(), "CRM"))
	require.ErrorIs(t, o.Delete(t.Context(), "crm"), store.ErrNotFound)
	_, err = o.Disable(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
	o.make(t, &manager.User{Name: "CRM"})
}

func TestList_pagesAndSearchesWithoutSecrets(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	for name, note := range map[string]string{"delta": "", "Alpha": "Wallboard", "charlie": "the wallboard too", "bravo": ""} {
		o.make(t, &manager.User{Name: name, Note: note, Owner: "Owner of " + name})
	}
	for _, test := range []struct {
		name  string
		query manager.Query
		want  []string
		next  string
	}{
		{"all, in the order of folded names", manager.Query{}, []string{"Alpha", "bravo", "charlie", "delta"}, ""},
		{"a page", manager.Query{Page: store.Page{Limit: 2}}, []string{"Alpha", "bravo"}, "bravo"},
		{"the next page", manager.Query{Page: store.Page{After: "BRAVO", Limit: 2}}, []string{"charlie", "delta"}, ""},
		{"found in notes", manager.Query{Search: "WALLBOARD"}, []string{"Alpha", "charlie"}, ""},
		{"found in owners", manager.Query{Search: "of delta"}, []string{"delta"}, ""},
		{"found on a page", manager.Query{Search: "wallboard", Page: store.Page{Limit: 1}}, []string{"Alpha"}, "alpha"},
		{"not found", manager.Query{Search: "dialer"}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list, err := o.List(t.Context(), test.query)
			require.NoError(t, err)
			var names []string
			for _, u := range list.Items {
				require.True(t, u.Secret.IsZero())
				names = append(names, u.Name)
			}
			require.Equal(t, test.want, names)
			require.Equal(t, test.next, list.Next)
			require.NotNil(t, list.Items)
		})
	}
}

func TestUpdatesOfOneAccountLoseNothing(t *testing.T) {
	t.Parallel()
	service := manager.New(memstore.New().Managers(), nil)
	_, err := service.Create(t.Context(), &manager.User{Name: "crm"})
	require.NoError(t, err)
	const writers, each = 8, 25
	var group sync.WaitGroup
	failures := make(chan error, writers*each)
	for range writers {
		group.Go(func() {
			for range each {
				_, err := service.Update(t.Context(), "crm", func(u *manager.User) error {
					u.WriteTimeout++
					return nil
				})
				failures <- err
			}
		})
	}
	group.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}
	u, err := service.Get(t.Context(), "crm")
	require.NoError(t, err)
	require.Equal(t, manager.DefaultWriteTimeout+writers*each, u.WriteTimeout)
}

func TestOneOfManyCreatesOfANameWins(t *testing.T) {
	t.Parallel()
	service := manager.New(memstore.New().Managers(), nil)
	var group sync.WaitGroup
	outcomes := make(chan error, 16)
	for i := range cap(outcomes) {
		group.Go(func() {
			_, err := service.Create(t.Context(), &manager.User{Name: []string{"crm", "CRM"}[i%2]})
			outcomes <- err
		})
	}
	group.Wait()
	close(outcomes)
	won := 0
	for err := range outcomes {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, store.ErrExists)
	}
	require.Equal(t, 1, won)
}
