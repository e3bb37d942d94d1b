package ampusers_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestService_enforcesPasswordPolicyEverywhere(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createAdministrator(t, &ampusers.Administrator{Username: "jane.admin", DisplayName: "Wilhelmina Zimmermann"}, goodPassword)
	link, err := h.Invite(t.Context(), "jane.admin")
	require.NoError(t, err)
	for _, weak := range []string{"short", "password12345", "jane.admin", "jane.admin.jane.admin", "Wilhelmina Zimmermann", strings.Repeat("a", 2000)} {
		_, err := h.Create(t.Context(), &ampusers.Administrator{Username: "jane.admin", DisplayName: "Wilhelmina Zimmermann"}, secret(weak))
		requirePasswordErrors(t, err)
		_, err = h.SetPassword(t.Context(), "jane.admin", secret(weak), nil)
		requirePasswordErrors(t, err)
		_, err = h.ChangePassword(t.Context(), "jane.admin", secret(goodPassword), secret(weak))
		requirePasswordErrors(t, err)
		_, err = h.AcceptInvitation(t.Context(), link.Token, secret(weak))
		requirePasswordErrors(t, err)
		require.NotContains(t, err.Error(), weak)
	}
	_, err = h.SetPassword(t.Context(), "jane.admin", store.Secret{}, nil)
	requirePasswordErrors(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
	require.NoError(t, err, "a rejected password does not use up the link")
}

// requirePasswordErrors requires an InvalidError on the password only.
func requirePasswordErrors(t testing.TB, err error) {
	t.Helper()
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok, "%v", err)
	for _, f := range invalid.Fields {
		require.Equal(t, "password", f.Field)
	}
}

func TestService_ChangePassword_requiresCurrentPassword(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			before := h.createLimited(t, "jane")
			for _, wrong := range []string{"", "wrong", strings.Repeat("x", 1<<20)} {
				_, err := h.ChangePassword(t.Context(), "jane", secret(wrong), secret(otherPassword))
				requireFields(t, err, "current_password: wrong")
				require.Equal(t, "denied change password jane: invalid: current_password (wrong)", h.lastAuditEntry(t))
			}
			h.clock.Advance(time.Hour)
			after, err := h.ForActor("jane").ChangePassword(t.Context(), "JANE", secret(goodPassword), secret(otherPassword))
			require.NoError(t, err)
			require.NotEqual(t, before.SessionEpoch, after.SessionEpoch)
			require.Equal(t, h.clock.Now(), after.PasswordChangedAt)
			_, err = h.Session(t.Context(), "jane", after.SessionEpoch)
			require.NoError(t, err, "the session that goes on takes the new generation")
			_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			requireLoginError(t, err, credential.InvalidCredentials)
			_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", otherPassword))
			require.NoError(t, err)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_ChangePassword_limitsGuesses(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	limited := 0
	for range 50 {
		_, err := h.ChangePassword(ctx, "jane", secret("guess"), secret(otherPassword))
		if errors.Is(err, store.ErrRateLimited) {
			_, ok := errors.AsType[*store.RateLimitedError](err)
			require.True(t, ok)
			limited++
		}
	}
	require.Greater(t, limited, 25)
	require.Less(t, len(h.auditEntries(t, audit.Query{Action: "change password"})), 25)
}

// Password guesses of strangers do not prevent the owner from changing the
// password.
func TestService_ChangePassword_unaffectedByLoginGuesses(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	for i := range 200 {
		_, _ = h.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: secret("guess"), RemoteAddr: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})})
	}
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	_, err := h.ChangePassword(ctx, "jane", secret(goodPassword), secret(otherPassword))
	require.NoError(t, err)
}

func TestService_SetPasswordHash_rehashesAtLogin(t *testing.T) {
	t.Parallel()
	const password = "Grüße & ’apostrophes’; 40"
	blow, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	sum := sha1.Sum([]byte(password))
	for name, hash := range map[string]string{"bcrypt": string(blow), "FreePBX's SHA-1": hex.EncodeToString(sum[:])} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, open := range backends() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					db := open(t)
					h := newEnv(t, db)
					h.createLimited(t, "jane")
					before, err := h.SetPasswordHash(t.Context(), "jane", secret(hash))
					require.NoError(t, err)
					_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
					requireLoginError(t, err, credential.InvalidCredentials)
					for range 2 {
						_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", password))
						require.NoError(t, err)
					}
					stored, err := h.store.Administrator(t.Context(), "jane")
					require.NoError(t, err)
					require.True(t, strings.HasPrefix(stored.Credentials.PasswordHash.Reveal(), "$argon2id$"))
					require.Equal(t, before.SessionEpoch, stored.SessionEpoch, "a rehash ends no session")
					require.Len(t, h.auditEntries(t, audit.Query{Action: "rehash"}), 1)
					h.requireAuditIntact(t)
				})
			}
		})
	}
}

func TestService_Authenticate_rehashesWhenCostRises(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	cheap := newEnv(t, db)
	cheap.createLimited(t, "jane")
	dear := newEnv(t, db, func(o *ampusers.Options) {
		o.Audit, o.Argon2 = cheap.auditLog, credential.Argon2{Memory: 128, Time: 2, Threads: 1}
	})
	for _, h := range []*env{dear, cheap, dear} {
		_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
		require.NoError(t, err)
	}
	stored, err := dear.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Contains(t, stored.Credentials.PasswordHash.Reveal(), "m=128,t=2")
	require.Len(t, dear.auditEntries(t, audit.Query{Action: "rehash"}), 1)
}

func TestService_Authenticate_constantTimeForUnknownUser(t *testing.T) { //nolint:paralleltest // it measures
	h := newEnv(t, memstore.New(), func(o *ampusers.Options) { o.Argon2 = credential.Argon2{Memory: 4 << 10, Time: 1, Threads: 1} })
	h.createLimited(t, "jane")
	h.createAdministrator(t, &ampusers.Administrator{Username: "invited"}, "")
	h.createLimited(t, "damaged")
	h.tamper(t, "damaged", func(a *ampusers.Administrator) { a.Credentials.PasswordHash = secret("$argon2id$damaged") })
	measure := func(username string) time.Duration {
		h.clock.Advance(time.Hour)
		begin := time.Now()
		_, err := h.Authenticate(t.Context(), newLoginAttempt(username, "wrong"))
		requireLoginError(t, err, credential.InvalidCredentials)
		return time.Since(begin)
	}
	for _, username := range []string{"nobody", "invited", "damaged", "no such name at all"} {
		// The fastest of several tries is not delayed by other programs. A busy
		// machine takes more tries.
		known, unknown := time.Hour, time.Hour
		for try := 0; try < 5 || unknown < known*2/3 || unknown > known*3/2; try++ {
			require.Less(t, try, 200, "%s takes %s rather than %s", username, unknown, known)
			known, unknown = min(known, measure("jane")), min(unknown, measure(username))
		}
	}
}

func TestService_ChangePassword_countsOnlyWrongPasswords(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	current, next := goodPassword, otherPassword
	for range 30 {
		_, err := h.ChangePassword(t.Context(), "jane", secret(current), secret(next))
		require.NoError(t, err)
		current, next = next, current
	}
}

// The maximum length applies to the normalized form, which is hashed.
func TestService_Authenticate_acceptsLongDecomposedPassword(t *testing.T) {
	t.Parallel()
	var shown []int
	h := newEnv(t, memstore.New(), func(o *ampusers.Options) {
		o.MinPasswordScore = -1
		o.DetectAccountType = func(_ context.Context, _ string, password store.Secret) (string, error) {
			shown = append(shown, len(password.Reveal()))
			return "", nil
		}
	})
	composed, decomposed := strings.Repeat("\u1ee9", 340), strings.Repeat("u\u031b\u0301", 340)
	require.Less(t, 1024, len(decomposed))
	h.createAdministrator(t, &ampusers.Administrator{Username: "jane"}, decomposed)
	for _, typed := range []string{composed, decomposed} {
		_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", typed))
		require.NoError(t, err)
	}
	_, err := h.ChangePassword(t.Context(), "jane", secret(decomposed), secret(otherPassword))
	require.NoError(t, err)

	for _, wrong := range []string{decomposed, strings.Repeat("x", 1<<20)} {
		_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", wrong))
		requireLoginError(t, err, credential.InvalidCredentials)
	}
	require.Equal(t, []int{len(decomposed)}, shown, "a password that is too long is not passed on")
}

func TestService_Reconfigure_changesPasswordPolicyAndIssuer(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	_, err := h.Create(t.Context(), &ampusers.Administrator{Username: "jane"}, secret("vivid-otter"))
	requireFields(t, err, "password: min")
	actor := h.ForActor("root")
	h.createFull(t, "root")
	h.Reconfigure(&ampusers.Options{Issuer: "ACME", MinPasswordLength: 8, MinPasswordScore: -1})
	_, err = actor.Create(t.Context(), &ampusers.Administrator{Username: "jane"}, secret("vivid-otter"))
	require.NoError(t, err)
	factor, err := h.BeginSecondFactor(t.Context(), "jane", secret("vivid-otter"))
	require.NoError(t, err)
	require.Contains(t, factor.URL.Reveal(), "issuer=ACME")
	h.Reconfigure(&ampusers.Options{})
	_, err = actor.Create(t.Context(), &ampusers.Administrator{Username: "bob"}, secret("vivid-otter"))
	requireFields(t, err, "password: min")
	require.Panics(t, func() { h.Reconfigure(&ampusers.Options{MinPasswordLength: -1}) })
}
