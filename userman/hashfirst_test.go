package userman_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/hashtest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// hashProbe returns a service and the probe of its transactions.
func hashProbe(t testing.TB, db backend) (*env, *hashtest.Probe) {
	t.Helper()
	probe := &hashtest.Probe{}
	probe.Watch(db)
	return newServiceWithDB(t, db, "", func(o *userman.Options) { o.Random = probe }), probe
}

func TestConcurrency_hashesBeforeTransaction(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h, probe := hashProbe(t, db)
			ctx := t.Context()
			probe.RequireHash(t, "Create", 1, func() error {
				_, err := h.Create(ctx, userman.NewUser{User: newUser("jane"), Password: secret(goodPassword)})
				return err
			})
			var create func(context.Context) (*userman.User, error)
			probe.RequireHash(t, "PrepareCreate", 1, func() (err error) {
				create, err = h.PrepareCreate(ctx, userman.NewUser{User: newUser("joan"), Password: secret(goodPassword)})
				return err
			})
			probe.RequireHash(t, "creating in a transaction", 0, func() error {
				return db.RunInTx(ctx, func(ctx context.Context) error { _, err := create(ctx); return err })
			})
			h.logIn(t, "joan", goodPassword)
			var extensionUser func(context.Context) (*userman.ExtensionUser, error)
			probe.RequireHash(t, "PrepareExtensionUser", 1, func() (err error) {
				extensionUser, err = h.PrepareExtensionUser(ctx, userman.NewExtension{Number: "1001", GeneratePassword: true})
				return err
			})
			probe.RequireHash(t, "creating for an extension in a transaction", 0, func() error {
				return db.RunInTx(ctx, func(ctx context.Context) error { _, err := extensionUser(ctx); return err })
			})
			probe.RequireHash(t, "SetPassword", 1, func() error {
				_, err := h.SetPassword(ctx, "jane", secret(anotherPassword), &userman.PasswordOptions{
					MustChange: true, DisableTokens: true, Precondition: func(ctx context.Context) error { _, err := h.Get(ctx, "jane"); return err },
				})
				return err
			})
			probe.RequireHash(t, "ChangePassword", 1, func() error {
				_, err := h.ChangePassword(ctx, h.get(t, "jane").ID, secret(anotherPassword), secret(goodPassword))
				return err
			})
			link, err := h.Invite(ctx, "jane")
			require.NoError(t, err)
			probe.RequireHash(t, "AcceptInvitation", 1, func() error {
				_, err := h.AcceptInvitation(ctx, link.Token, secret(anotherPassword))
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

func TestService_SetPicture_drawsBeforeTransaction(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, probe := hashProbe(t, open(t))
			h.createUser(t, newUser("jane"), "")
			var file bytes.Buffer
			_, err := file.ReadFrom(newPNG(t, 600, 200))
			require.NoError(t, err)
			probe.RequireHash(t, "SetPicture", 0, func() error {
				_, err := h.SetPicture(t.Context(), "jane", io.MultiReader(readerFunc(probe.Check), &file, readerFunc(probe.Check)), &userman.PictureOptions{
					Precondition: func(ctx context.Context) error { _, err := h.Get(ctx, "jane"); return err },
				})
				return err
			})
		})
	}
}

// A retry of the transaction of the caller creates the same user.
func TestService_PrepareCreate_commitsMoreThanOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newServiceWithDB(t, db, "")
			h.createGroup(t, "Sales", nil)
			u := newUser("jane", "1001")
			u.Groups = []string{"sales"}
			create, err := h.PrepareCreate(t.Context(), userman.NewUser{User: u, Password: secret(goodPassword)})
			require.NoError(t, err)
			_, err = h.Groups().Create(t.Context(), &userman.Group{Name: "Everybody", Default: true})
			require.NoError(t, err)
			require.ErrorIs(t, db.RunInTx(t.Context(), func(ctx context.Context) error {
				_, err := create(ctx)
				require.NoError(t, err)
				return io.ErrUnexpectedEOF
			}), io.ErrUnexpectedEOF)
			created, err := create(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"Everybody", "Sales"}, created.Groups, "as of the transaction")
			require.Equal(t, created, h.get(t, "jane"))
			h.logIn(t, "jane", goodPassword)
			h.requireAuditIntact(t)

			u = newUser("joan")
			u.Groups = []string{"Sales"}
			again, err := h.PrepareCreate(t.Context(), userman.NewUser{User: u})
			require.NoError(t, err)
			require.NoError(t, h.Groups().Delete(t.Context(), "Sales", true))
			_, err = again(t.Context())
			requireFieldErrors(t, err, "groups[0]: unknown")
		})
	}
}

func TestService_PrepareCreate_reportsUnreadableFieldsAsWell(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	unreadable := store.FieldError{Field: "permissions", Code: "json", Message: "this cannot be read"}
	_, err := h.PrepareCreate(t.Context(), userman.NewUser{User: newUser("-"), Password: secret("short")}, unreadable)
	requireFieldErrors(t, err, "permissions: json", "username: username", "password: min")
	require.Equal(t, "denied create : invalid: permissions (json), username (username), password (min)", h.lastAuditEntry(t))
	_, err = h.PrepareCreate(t.Context(), userman.NewUser{User: newUser("JANE")}, unreadable)
	requireFieldErrors(t, err, "permissions: json", "username: already_exists")
	_, err = h.PrepareCreate(t.Context(), userman.NewUser{User: newUser("joan", "1001")}, unreadable)
	requireFieldErrors(t, err, "permissions: json", "default_extension: already_exists")
	_, err = h.PrepareCreate(t.Context(), userman.NewUser{User: newUser("joan")}, unreadable)
	requireFieldErrors(t, err, "permissions: json")
	require.Equal(t, "denied create joan: invalid: permissions (json)", h.lastAuditEntry(t))
	require.Equal(t, "jane", h.list(t, userman.Query{}))
}

func TestService_Update_reportsUnreadableFieldsAsWell(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	h.createUser(t, newUser("joan"), "")
	unreadable := store.NewInvalidError(store.FieldError{Field: "permissions", Code: "json", Message: "this cannot be read"})
	for email, want := range map[string][]string{"x": {"permissions: json", "email: email", "default_extension: already_exists"}, "": {"permissions: json", "default_extension: already_exists"}} {
		_, err := h.Update(t.Context(), "joan", func(u *userman.User) error {
			u.Email, u.DefaultExtension = email, "1001"
			return unreadable
		})
		requireFieldErrors(t, err, want...)
	}
	_, err := h.Groups().Create(t.Context(), &userman.Group{Name: "!"}, store.FieldError{Field: "permissions", Code: "json"})
	requireFieldErrors(t, err, "permissions: json", "name: letter")
	h.createGroup(t, "Sales", nil)
	_, err = h.Groups().Create(t.Context(), &userman.Group{Name: "SALES"}, store.FieldError{Field: "permissions", Code: "json"})
	requireFieldErrors(t, err, "permissions: json", "name: already_exists")
	_, err = h.Groups().Update(t.Context(), "Sales", func(g *userman.Group) error { g.Priority = -1; return unreadable })
	require.ErrorIs(t, err, store.ErrInvalid)
	require.Empty(t, h.get(t, "joan").DefaultExtension)
}
