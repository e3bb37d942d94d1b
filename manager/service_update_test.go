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

func TestService_Update_changesFields(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	created := o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret), Read: manager.Call})
	updated, err := o.Update(t.Context(), "CRM", func(a *manager.Account) error {
		require.True(t, a.Secret.IsZero(), "change must not receive the secret")
		require.Equal(t, manager.Call, a.Read)
		a.Note, a.WriteTimeout, a.Permit = "a note", 0, nil
		a.CreatedAt, a.UpdatedAt, a.SecretChangedAt = time.Time{}, time.Time{}, time.Time{}
		return nil
	})
	require.NoError(t, err)
	want := created.Clone()
	want.Secret, want.Note, want.UpdatedAt = store.Secret{}, "a note", created.UpdatedAt.Add(time.Second)
	want.Deny, want.Permit, want.EventFilters = []manager.Network{}, []manager.Network{}, []manager.EventFilter{}
	require.Equal(t, want, updated)
	require.Equal(t, validSecret, o.storedAccount(t, "crm").Secret.Reveal(), "the secret must not change")
}

func TestService_Update_writesNothingOnError(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret)})
	before := o.storedAccount(t, "crm")

	sentinel := errors.New("no")
	_, err := o.Update(t.Context(), "crm", func(a *manager.Account) error {
		a.Note = "changed"
		return sentinel
	})
	require.Same(t, sentinel, err, "the error of the callback is returned unchanged")
	for name, rename := range map[string]string{"another name": "dialer", "another case": "CRM", "no name": ""} {
		_, err = o.Update(t.Context(), "crm", func(a *manager.Account) error {
			a.Name = rename
			return nil
		})
		requireFieldError(t, err, "name", "immutable")
		require.Equal(t, before, o.storedAccount(t, "crm"), name)
	}
	_, err = o.Update(t.Context(), "crm", func(a *manager.Account) error {
		a.Secret = store.NewSecret("short")
		return nil
	})
	requireFieldError(t, err, "secret", "min")
	_, err = o.Update(t.Context(), "nobody", func(*manager.Account) error { panic("there is nothing to change") })
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, before, o.storedAccount(t, "crm"))
	require.Equal(t, 1, strings.Count(o.log.String(), "\n"), "only the creation is logged")
}

func TestService_Update_newSecretCountsAsRotation(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	created := o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret)})
	for _, step := range []struct {
		secret  string
		rotates bool
	}{{validSecret, false}, {"another good secret", true}, {"another good secret", false}} {
		before := o.storedAccount(t, "crm")
		updated, err := o.Update(t.Context(), "crm", func(a *manager.Account) error {
			a.Secret = store.NewSecret(step.secret)
			return nil
		})
		require.NoError(t, err)
		require.True(t, updated.Secret.IsZero())
		require.Equal(t, created.CreatedAt, updated.CreatedAt)
		require.Equal(t, step.rotates, updated.SecretChangedAt.After(before.SecretChangedAt))
		require.Equal(t, step.secret, o.storedAccount(t, "crm").Secret.Reveal())
	}
}

func TestService_Rotate_returnsNewSecretOnce(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	created := o.mustCreate(t, &manager.Account{Name: "crm"})
	generated, err := o.Rotate(t.Context(), "CRM", store.Secret{})
	require.NoError(t, err)
	require.Regexp(t, "^[0-9A-Za-z]{32}$", generated.Secret.Reveal())
	require.False(t, generated.Secret.Equal(created.Secret))
	require.True(t, generated.Secret.Equal(o.storedAccount(t, "crm").Secret))
	require.Equal(t, generated.UpdatedAt, generated.SecretChangedAt)
	require.True(t, generated.SecretChangedAt.After(created.SecretChangedAt))

	rotated, err := o.Rotate(t.Context(), "crm", store.NewSecret(validSecret))
	require.NoError(t, err)
	require.Equal(t, validSecret, rotated.Secret.Reveal())
	_, err = o.Rotate(t.Context(), "crm", store.NewSecret("x"))
	requireFieldError(t, err, "secret", "min")
	require.Equal(t, validSecret, o.storedAccount(t, "crm").Secret.Reveal())
	_, err = o.Rotate(t.Context(), "nobody", store.Secret{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Disable_enableAndDelete(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret)})
	disabled, err := o.Disable(t.Context(), "CRM")
	require.NoError(t, err)
	require.True(t, disabled.Disabled)
	require.True(t, o.storedAccount(t, "crm").Disabled)
	enabled, err := o.Enable(t.Context(), "crm")
	require.NoError(t, err)
	require.False(t, enabled.Disabled)
	require.Equal(t, validSecret, o.storedAccount(t, "crm").Secret.Reveal())

	require.NoError(t, o.Delete(t.Context(), "CRM"))
	require.ErrorIs(t, o.Delete(t.Context(), "crm"), store.ErrNotFound)
	_, err = o.Disable(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
	o.mustCreate(t, &manager.Account{Name: "CRM"})
}

func TestService_List_pagesAndSearchesWithoutSecrets(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	for name, note := range map[string]string{"delta": "", "Alpha": "Wallboard", "charlie": "the wallboard too", "bravo": ""} {
		o.mustCreate(t, &manager.Account{Name: name, Note: note, Owner: "Owner of " + name})
	}
	for _, test := range []struct {
		name  string
		query manager.Query
		want  []string
		next  string
	}{
		{"all, in the order of folded names", manager.Query{}, []string{"Alpha", "bravo", "charlie", "delta"}, ""},
		{"a page", manager.Query{PageRequest: store.PageRequest{Limit: 2}}, []string{"Alpha", "bravo"}, "bravo"},
		{"the next page", manager.Query{PageRequest: store.PageRequest{After: "BRAVO", Limit: 2}}, []string{"charlie", "delta"}, ""},
		{"found in notes", manager.Query{Search: "WALLBOARD"}, []string{"Alpha", "charlie"}, ""},
		{"found in owners", manager.Query{Search: "of delta"}, []string{"delta"}, ""},
		{"found on a page", manager.Query{Search: "wallboard", PageRequest: store.PageRequest{Limit: 1}}, []string{"Alpha"}, "alpha"},
		{"not found", manager.Query{Search: "dialer"}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list, err := o.List(t.Context(), test.query)
			require.NoError(t, err)
			var names []string
			for _, a := range list.Items {
				require.True(t, a.Secret.IsZero())
				names = append(names, a.Name)
			}
			require.Equal(t, test.want, names)
			require.Equal(t, test.next, list.Next)
			require.NotNil(t, list.Items)
		})
	}
}

func TestConcurrency_updatesOfOneAccountLoseNothing(t *testing.T) {
	t.Parallel()
	service := manager.New(memstore.New().AMIAccounts(), nil)
	_, err := service.Create(t.Context(), &manager.Account{Name: "crm"})
	require.NoError(t, err)
	const writers, each = 8, 25
	var group sync.WaitGroup
	failures := make(chan error, writers*each)
	for range writers {
		group.Go(func() {
			for range each {
				_, err := service.Update(t.Context(), "crm", func(a *manager.Account) error {
					a.WriteTimeout++
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
	a, err := service.Get(t.Context(), "crm")
	require.NoError(t, err)
	require.Equal(t, manager.DefaultWriteTimeout+writers*each, a.WriteTimeout)
}

func TestConcurrency_oneCreateOfANameWins(t *testing.T) {
	t.Parallel()
	service := manager.New(memstore.New().AMIAccounts(), nil)
	var group sync.WaitGroup
	outcomes := make(chan error, 16)
	for i := range cap(outcomes) {
		group.Go(func() {
			_, err := service.Create(t.Context(), &manager.Account{Name: []string{"crm", "CRM"}[i%2]})
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
		require.ErrorIs(t, err, store.ErrAlreadyExists)
	}
	require.Equal(t, 1, won)
}

func TestService_PrepareCreate_reportsUnreadableFieldsAsWell(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	o.mustCreate(t, &manager.Account{Name: "crm"})
	unreadable := store.FieldError{Field: "permit[0]", Code: "network", Message: "this is no network"}
	for name, want := range map[string]string{"bad name": "name: ami_name", "CRM": "name: already_exists", "other": ""} {
		_, err := o.PrepareCreate(t.Context(), &manager.Account{Name: name}, unreadable)
		fields, other := store.FieldErrors(err)
		require.NoError(t, other)
		require.Equal(t, unreadable, fields[0])
		var found []string
		for _, f := range fields[1:] {
			found = append(found, f.Field+": "+f.Code)
		}
		require.Equal(t, want, strings.Join(found, ", "))
	}
	_, err := o.Update(t.Context(), "crm", func(a *manager.Account) error {
		require.Equal(t, []manager.Network{}, a.Deny, "change sees what Get returns")
		a.WriteTimeout = 5
		return store.NewInvalidError(unreadable)
	})
	fields, _ := store.FieldErrors(err)
	require.Len(t, fields, 2)
	require.Equal(t, "write_timeout", fields[1].Field)
	_, err = o.Get(t.Context(), "other")
	require.ErrorIs(t, err, store.ErrNotFound)
}
