package ampusers_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/hashtest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestConcurrency_hashesBeforeTransaction(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			probe := &hashtest.Probe{}
			h := newEnv(t, open(t), func(o *ampusers.Options) { o.Random = probe })
			probe.Watch(h.store)
			ctx := t.Context()
			probe.RequireHash(t, "Create", 1, func() error {
				_, err := h.Create(ctx, &ampusers.Administrator{Username: "jane", Access: ampusers.Full}, secret(goodPassword))
				return err
			})
			var create func(context.Context) (*ampusers.Administrator, error)
			probe.RequireHash(t, "PrepareCreate", 1, func() (err error) {
				create, err = h.PrepareCreate(ctx, &ampusers.Administrator{Username: "joan"}, secret(goodPassword))
				return err
			})
			probe.RequireHash(t, "creating in a transaction", 0, func() error {
				return h.store.RunInTx(ctx, func(ctx context.Context) error { _, err := create(ctx); return err })
			})
			probe.RequireHash(t, "SetPassword", 1, func() error {
				_, err := h.SetPassword(ctx, "jane", secret(otherPassword), &ampusers.PasswordOptions{
					Precondition: func(ctx context.Context) error { _, err := h.Get(ctx, "jane"); return err },
				})
				return err
			})
			probe.RequireHash(t, "ChangePassword", 1, func() error {
				_, err := h.ChangePassword(ctx, "jane", secret(otherPassword), secret(goodPassword))
				return err
			})
			link, err := h.Invite(ctx, "jane")
			require.NoError(t, err)
			probe.RequireHash(t, "AcceptInvitation", 1, func() error {
				_, err := h.AcceptInvitation(ctx, link.Token, secret(otherPassword))
				return err
			})
			_, err = h.SetPasswordHash(ctx, "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
			require.NoError(t, err)
			probe.RequireHash(t, "Authenticate", 1, func() error {
				_, err := h.Authenticate(ctx, newLoginAttempt("jane", "password"))
				return err
			})
			h.requireAuditIntact(t)
		})
	}
}

func TestService_SetPassword_checksPreconditionInTransaction(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	before := h.createAdministrator(t, &ampusers.Administrator{Username: "jane"}, goodPassword)
	stale := &store.ConflictError{Reason: "the record has changed"}
	_, err := h.SetPassword(t.Context(), "jane", secret(otherPassword), &ampusers.PasswordOptions{Precondition: func(context.Context) error { return stale }})
	require.ErrorIs(t, err, stale)
	require.Equal(t, "denied set password jane: conflict", h.lastAuditEntry(t))
	after, err := h.Get(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestService_PrepareCreate_reportsUnreadableFieldsAsWell(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	unreadable := store.FieldError{Field: "extensions", Code: "ranges", Message: "this cannot be read"}
	for username, want := range map[string][]string{
		"-":    {"extensions: ranges", "username: username", "password: min"},
		"JANE": {"extensions: ranges", "username: already_exists"},
		"joan": {"extensions: ranges"},
	} {
		password := secret("")
		if username == "-" {
			password = secret("short")
		}
		_, err := h.PrepareCreate(t.Context(), &ampusers.Administrator{Username: username}, password, unreadable)
		requireFields(t, err, want...)
	}
	_, err := h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Sections = []string{"none-such"}
		return store.NewInvalidError(unreadable)
	})
	requireFields(t, err, "extensions: ranges", "sections[0]: unknown")
	require.Equal(t, "denied update jane: invalid: extensions (ranges), sections[0] (unknown)", h.lastAuditEntry(t))
}
