package userman_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// The other way is a link, see TestService_AcceptInvitation_setsPasswordOnce.
func TestService_SetPassword_storesHash(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			created := h.createUser(t, newUser("Jane"), "")
			require.False(t, created.HasPassword)
			h.clock.Advance(time.Hour)
			after, err := h.SetPassword(t.Context(), "jane", secret(goodPassword), nil)
			require.NoError(t, err)
			require.True(t, after.HasPassword)
			require.Equal(t, h.clock.Now(), after.PasswordChangedAt)
			require.False(t, after.MustChangePassword)
			require.Equal(t, "succeeded set password Jane", h.lastAuditEntry(t))
			h.logIn(t, "jane", goodPassword)
			stored := h.storedUser(t, "jane").Credentials
			require.True(t, strings.HasPrefix(stored.PasswordHash.Reveal(), "$argon2id$"))
			h.requireAuditIntact(t)
		})
	}
}

func TestService_SetPassword_revokesSessionsLinksAndDevices(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	login := h.logIn(t, "jane", goodPassword)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
	require.NoError(t, err)

	_, err = h.Session(t.Context(), login.User.ID, login.User.SessionEpoch)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = h.Invitation(t.Context(), link.Token)
	requireLinkNotFound(t, err)
	require.Empty(t, h.storedUser(t, "jane").Credentials.Devices)
}

// Whoever read the mailbox has the link of the softphone as well.
func TestService_SetPassword_revokesSoftphoneLink(t *testing.T) {
	t.Parallel()
	h := newService(t, withTestSIPAccounts)
	h.createUser(t, newUser("jane", "1001"), goodPassword)
	hash := h.storedUser(t, "jane").Credentials.PasswordHash
	for name, set := range map[string]func() error{
		"password": func() error {
			_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
			return err
		},
		"hash": func() error {
			_, err := h.SetPasswordHash(t.Context(), "jane", hash)
			return err
		},
	} {
		link, err := h.Softphones().Invite(t.Context(), "jane")
		require.NoError(t, err)
		require.NoError(t, set(), name)
		_, err = h.Softphones().Activate(t.Context(), link.Token)
		requireLinkNotFound(t, err)
	}
	// The person's own hand leaves it: the welcome mail holds both links.
	phone, err := h.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
	_, err = h.Softphones().Activate(t.Context(), phone.Token)
	require.NoError(t, err)
}

func TestService_SetPassword_rejectsWeakPassword(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.Product = "Acme Telephony" })
	jane := newUser("jane.doe", "1001")
	jane.FirstName, jane.LastName, jane.DisplayName, jane.Email = "Janet", "Featherstone", "Janet the Great", "janet@featherstone.example"
	h.createUser(t, jane, goodPassword)
	for password, want := range map[string]string{
		"":                        "password: min",
		"short":                   "password: min",
		"jane.doe-jane.doe":       "password: username",
		"passwordpassword":        "password: guessable",
		"JanetFeatherstone":       "password: guessable",
		"featherstone.example":    "password: guessable",
		"Acme Telephony":          "password: guessable",
		"new\nline and much more": "password: characters",
		strings.Repeat("x", 5000): "password: max",
		"\xff\xfe and much more":  "password: characters",
	} {
		_, err := h.SetPassword(t.Context(), "jane.doe", secret(password), nil)
		requireFieldErrors(t, err, want)
		if password != "" {
			require.NotContains(t, err.Error(), password)
		}
		_, err = h.ChangePassword(t.Context(), h.get(t, "jane.doe").ID, secret(goodPassword), secret(password))
		requireFieldErrors(t, err, want)
	}
	require.Equal(t, "denied change password jane.doe: invalid: password (", h.lastAuditEntry(t)[:52])
	h.logIn(t, "jane.doe", goodPassword)
}

func TestService_SetPassword_forcesChangeAtNextLogin(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), "")
			set, err := h.SetPassword(t.Context(), "jane", secret(goodPassword), &userman.PasswordOptions{MustChange: true})
			require.NoError(t, err)
			require.True(t, set.MustChangePassword)
			login := h.logIn(t, "jane", goodPassword)
			require.True(t, login.MustChangePassword)
			session, err := h.Session(t.Context(), login.User.ID, login.User.SessionEpoch)
			require.NoError(t, err)
			require.True(t, session.PasswordChangeRequired(h.clock.Now()))

			_, err = h.ChangePassword(t.Context(), session.ID, secret(goodPassword), secret(goodPassword))
			requireFieldErrors(t, err, "password: unchanged")
			changed, err := h.ChangePassword(t.Context(), session.ID, secret(goodPassword), secret(anotherPassword))
			require.NoError(t, err)
			require.False(t, changed.PasswordChangeRequired(h.clock.Now()))
			require.False(t, h.logIn(t, "jane", anotherPassword).MustChangePassword)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_AcceptInvitation_clearsMustChangePassword(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	_, err := h.SetPassword(t.Context(), "jane", secret(goodPassword), &userman.PasswordOptions{MustChange: true})
	require.NoError(t, err)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
	require.NoError(t, err)
	require.False(t, h.logIn(t, "jane", anotherPassword).MustChangePassword)
}

func TestService_MustChangePassword_afterPasswordLifetime(t *testing.T) {
	t.Parallel()
	const lifetime = 90 * 24 * time.Hour
	h := newService(t, func(o *userman.Options) { o.PasswordLifetime = lifetime })
	created := h.createUser(t, newUser("jane"), goodPassword)
	require.Equal(t, h.clock.Now().Add(lifetime), created.PasswordExpiresAt)
	h.clock.Advance(lifetime - time.Microsecond)
	session := h.logIn(t, "jane", goodPassword)
	require.False(t, session.MustChangePassword)
	h.clock.Advance(time.Microsecond)
	require.True(t, session.User.PasswordChangeRequired(h.clock.Now()), "also of a session that began before")
	require.True(t, h.logIn(t, "jane", goodPassword).MustChangePassword)
	changed, err := h.ChangePassword(t.Context(), created.ID, secret(goodPassword), secret(anotherPassword))
	require.NoError(t, err)
	require.Equal(t, h.clock.Now().Add(lifetime), changed.PasswordExpiresAt)
	require.False(t, changed.PasswordChangeRequired(h.clock.Now()))
}

func TestService_SetPassword_disablesTokens(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), goodPassword)
	token, _, err := h.tokens.Create(t.Context(), "jane", &apitoken.Token{})
	require.NoError(t, err)
	disabled := func() bool {
		now, err := h.tokens.Get(t.Context(), token.ID)
		require.NoError(t, err)
		return now.Disabled
	}
	_, err = h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
	require.NoError(t, err)
	require.False(t, disabled(), "tokens have keys of their own")
	_, err = h.SetPassword(t.Context(), "jane", secret("short"), &userman.PasswordOptions{DisableTokens: true})
	requireFieldErrors(t, err, "password: min")
	require.False(t, disabled())
	_, err = h.SetPassword(t.Context(), "jane", secret(goodPassword), &userman.PasswordOptions{DisableTokens: true})
	require.NoError(t, err)
	require.True(t, disabled())
	h.requireAuditIntact(t)
}

// What a directory keeps is changed there.
func TestService_SetPassword_rejectsExternalPassword(t *testing.T) {
	t.Parallel()
	h := newService(t, withDirectories(newHeadOffice()))
	for _, username := range []string{"jane", "gone"} {
		h.createUser(t, newUser(username), goodPassword)
	}
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	h.moveToDirectory(t, "jane", "head-office", "uid-jane")
	h.moveToDirectory(t, "gone", "closed", "uid-gone")
	for _, username := range []string{"jane", "gone"} {
		before := h.storedUser(t, username)
		for name, call := range map[string]func() error{
			"set": func() error { _, err := h.SetPassword(t.Context(), username, secret(anotherPassword), nil); return err },
			"change": func() error {
				_, err := h.ChangePassword(t.Context(), before.ID, secret(goodPassword), secret(anotherPassword))
				return err
			},
			"invite": func() error { _, err := h.Invite(t.Context(), username); return err },
			"hash": func() error {
				_, err := h.SetPasswordHash(t.Context(), username, secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
				return err
			},
		} {
			requireConflict(t, call(), "change it there")
			require.Equal(t, before, h.storedUser(t, username), name)
		}
	}
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
	requireConflict(t, err, "change it there")
}

func TestService_GeneratePassword_satisfiesPolicy(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	seen := map[string]bool{}
	for range 20 {
		generated, err := h.GeneratePassword()
		require.NoError(t, err)
		require.Regexp(t, `^[a-km-zA-HJ-NP-Z2-9]{20}$`, generated.Reveal())
		require.False(t, seen[generated.Reveal()])
		seen[generated.Reveal()] = true
		_, err = h.SetPassword(t.Context(), "jane", generated, nil)
		require.NoError(t, err)
	}
	long := newService(t, func(o *userman.Options) { o.MinPasswordLength = 40 })
	generated, err := long.GeneratePassword()
	require.NoError(t, err)
	require.Len(t, generated.Reveal(), 40)
}

func TestService_SetPasswordHash_rehashesLegacyHashAtLogin(t *testing.T) {
	t.Parallel()
	bcryptHash, err := bcrypt.GenerateFromPassword([]byte("password"), bcrypt.MinCost)
	require.NoError(t, err)
	for name, hash := range map[string]string{
		"bcrypt":          string(bcryptHash),
		"FreePBX's SHA-1": "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, open := range backends() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					h := newServiceWithDB(t, open(t), "")
					h.createUser(t, newUser("jane"), goodPassword)
					before, err := h.SetPasswordHash(t.Context(), "jane", secret(hash))
					require.NoError(t, err)
					for range 2 {
						h.logIn(t, "jane", "password")
					}
					stored := h.storedUser(t, "jane")
					require.True(t, strings.HasPrefix(stored.Credentials.PasswordHash.Reveal(), "$argon2id$"))
					require.Equal(t, before.SessionEpoch, stored.SessionEpoch, "a rehash ends no session")
					require.Len(t, h.entries(t, audit.Query{Action: "rehash"}), 1)
					h.requireAuditIntact(t)
				})
			}
		})
	}
}

func TestService_SetPasswordHash_rejectsUnknownFormat(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	for _, hash := range []string{"", "plain", "$1$abc$def", "$argon2id$v=19$m=4194304,t=100,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "5baa61e4"} {
		_, err := h.SetPasswordHash(t.Context(), "jane", secret(hash))
		requireFieldErrors(t, err, "password_hash: unknown")
	}
	h.logIn(t, "jane", goodPassword)
}

// Whatever the service takes as a password opens the door, however often and by
// whom it was set; and nothing else does.
func TestService_SetPassword_lastPasswordAuthenticates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := newService(t, func(o *userman.Options) { o.MinPasswordLength, o.MinPasswordScore = 1, -1 })
		jane := h.createUser(t, newUser("jane"), "")
		current := ""
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			h.clock.Advance(time.Hour)
			next := rapid.StringN(1, 30, 200).Draw(rt, "password")
			set := func() (*userman.User, error) { return h.SetPassword(t.Context(), "jane", secret(next), nil) }
			if rapid.Bool().Draw(rt, "by her own hand") {
				set = func() (*userman.User, error) {
					return h.ChangePassword(t.Context(), jane.ID, secret(current), secret(next))
				}
			}
			if _, err := set(); err == nil {
				current = next
			}
		}
		if current == "" {
			return
		}
		_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", current))
		require.NoError(rt, err, "%q", current)
		_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", current+"x"))
		requireLoginError(t, err, credential.InvalidCredentials)
	})
}
