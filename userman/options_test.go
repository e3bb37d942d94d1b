package userman_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// namedDirectory is a directory of that name.
type namedDirectory struct {
	userman.Directory

	name string
}

func (d namedDirectory) Name() string { return d.name }

func TestNew_panicsOnInvalidOptions(t *testing.T) {
	t.Parallel()
	st := memstore.New().Users("")
	for what, opts := range map[string]userman.Options{
		"a directory without a name": {Directories: []userman.Directory{namedDirectory{}}},
		"a name in capital letters":  {Directories: []userman.Directory{namedDirectory{name: "Office"}}},
		"two of one name":            {Directories: []userman.Directory{namedDirectory{name: "office"}, namedDirectory{name: "office"}}},
		"a score above 4":            {MinPasswordScore: 5},
		"a score below -1":           {MinPasswordScore: -2},
		"a negative length":          {MinPasswordLength: -1},
		"a length above 1024":        {MinPasswordLength: 1025},
		"negative hashes":            {MaxConcurrentHashes: -1},
		"a negative lifetime":        {ResetLifetime: -1},
		"a permission of no form":    {Permissions: []permission.Permission{{ID: "fax", Kind: permission.KindBool, Description: "May fax."}}},
	} {
		require.Panics(t, func() { userman.New(st, &opts) }, what)
	}
}

func TestNew_acceptsNilOptions(t *testing.T) {
	t.Parallel()
	s := userman.New(memstore.New().Users(""), nil)
	created, err := s.Create(t.Context(), userman.NewUser{User: newUser("jane"), Password: secret(goodPassword)})
	require.NoError(t, err)
	require.True(t, created.HasPassword)
	require.True(t, created.PasswordExpiresAt.IsZero(), "passwords do not expire unless asked for")
	require.NoError(t, s.Shutdown(t.Context()))
}

func TestService_Reconfigure_changesRunningService(t *testing.T) {
	t.Parallel()
	s := newService(t, withMailer(rejectingMailer))
	scoped := s.scoped(inScope("100-199"))
	_, err := s.Create(t.Context(), userman.NewUser{User: newUser("jane", "101"), Password: secret("vivid-otter")})
	require.ErrorIs(t, err, store.ErrInvalid)

	received := []*usermail.Mail{}
	s.Reconfigure(&userman.Options{
		Product: "ACME", BaseURL: &url.URL{Scheme: "https", Host: "new.example.com"}, MinPasswordLength: 8, MinPasswordScore: -1,
		Directories: []userman.Directory{&fakeDirectory{}}, PasswordLifetime: time.Hour,
		Mailer: mailerFunc(func(_ context.Context, m *usermail.Mail) error {
			received = append(received, m)
			return nil
		}),
	})
	created, err := scoped.Create(t.Context(), userman.NewUser{User: newUser("jane", "101"), Password: secret("vivid-otter")})
	require.NoError(t, err)
	require.Equal(t, s.clock.Now().Add(time.Hour), created.PasswordExpiresAt)
	delivery, err := scoped.Mails().SendTest(t.Context(), "jane@example.com")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status)
	require.Equal(t, "ACME: a test mail", received[0].Subject)
	require.Contains(t, received[0].Text, "https://new.example.com")
	require.Len(t, scoped.Directories(), 1)

	s.Reconfigure(&userman.Options{})
	require.Empty(t, scoped.Directories())
	_, err = s.Create(t.Context(), userman.NewUser{User: newUser("bob"), Password: secret("vivid-otter")})
	require.ErrorIs(t, err, store.ErrInvalid, "the defaults are back")
	require.Panics(t, func() { s.Reconfigure(&userman.Options{MinPasswordScore: 5}) })
}

func TestMailService_SendTestWith_usesOtherOptions(t *testing.T) {
	t.Parallel()
	s := newService(t, withMailer(rejectingMailer))
	received := []*usermail.Mail{}
	opts := &userman.Options{Product: "ACME", Mailer: mailerFunc(func(_ context.Context, m *usermail.Mail) error {
		received = append(received, m)
		return nil
	})}
	delivery, err := s.Mails().SendTestWith(t.Context(), opts, "jane@example.com")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status)
	require.Equal(t, "ACME: a test mail", received[0].Subject)
	delivery, err = s.Mails().SendTestWith(t.Context(), &userman.Options{}, "jane@example.com")
	require.NoError(t, err)
	require.Equal(t, userman.DeliveryNotConfigured, delivery.Status)
	limited := false
	for range 50 {
		if _, err = s.Mails().SendTestWith(t.Context(), opts, "jane@example.com"); errors.Is(err, store.ErrRateLimited) {
			limited = true
			break
		}
	}
	require.True(t, limited, "together with SendTest")
	_, err = s.Mails().SendTest(t.Context(), "jane@example.com")
	require.ErrorIs(t, err, store.ErrRateLimited)
}

func TestService_Reconfigure_newMailServerGetsWaitingMails(t *testing.T) {
	t.Parallel()
	broken := mailerFunc(func(context.Context, *usermail.Mail) error {
		return &userman.MailSettingsError{Reason: "wrong password"}
	})
	s := newService(t, withMailer(broken))
	s.createUser(t, newUserWithEmail("jane"), "")
	s.sendWelcome(t, "jane", userman.DeliveryDeferred)
	sent := make(chan string, 1)
	opts := &userman.Options{}
	withMailer(mailerFunc(func(_ context.Context, m *usermail.Mail) error {
		sent <- m.To
		return nil
	}))(opts)
	s.Reconfigure(opts)
	s.clock.Advance(24 * time.Hour)
	require.NoError(t, s.Mails().SendDue(t.Context()))
	require.Equal(t, "jane@example.com", <-sent)
}
