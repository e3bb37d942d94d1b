package ampusers_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// beforeTxStore is a store that calls a function just before a transaction.
type beforeTxStore struct {
	ampusers.Store

	hook func()
}

func (m *beforeTxStore) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if hook := m.hook; hook != nil {
		m.hook = nil
		hook()
	}
	return m.Store.RunInTx(ctx, fn)
}

// newRacingEnv returns an env, and a service on the same records that is overtaken.
func newRacingEnv(t testing.TB, hook func(h *env)) (*env, *ampusers.Service) {
	t.Helper()
	db := memstore.New()
	h := newEnv(t, db)
	h.createFull(t, "boss")
	h.createLimited(t, "jane", "managers")
	racing := &beforeTxStore{Store: db.Administrators(), hook: func() { hook(h) }}
	return h, ampusers.New(racing, &ampusers.Options{
		Sections: sections(), Audit: h.auditLog, Clock: h.clock.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
}

func TestService_Authenticate_rejectsConcurrentChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(h *env)
		want    credential.LoginErrorCode
	}{
		"by a new password": {func(h *env) {
			_, err := h.SetPassword(h.t.Context(), "jane", secret(otherPassword), nil)
			require.NoError(h.t, err)
		}, credential.InvalidCredentials},
		"by the end of all sessions": {func(h *env) { require.NoError(h.t, h.EndSessions(h.t.Context(), "jane")) }, credential.InvalidCredentials},
		"by a deletion":              {func(h *env) { require.NoError(h.t, h.Delete(h.t.Context(), "jane")) }, credential.InvalidCredentials},
		"by a second factor":         {func(h *env) { h.enrollTOTP(h.t) }, credential.InvalidMFACode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, racing := newRacingEnv(t, test.happens)
			_, err := racing.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			requireLoginError(t, err, test.want)
			require.Empty(t, h.auditEntries(t, audit.Query{Action: "login", Outcome: audit.Succeeded}))
			h.requireAuditIntact(t)
		})
	}
}

// A rehash does not bring an old password back.
func TestService_Authenticate_skipsRehashAfterConcurrentChange(t *testing.T) {
	t.Parallel()
	h, racing := newRacingEnv(t, func(h *env) {
		// The same password, hashed by another login.
		_, err := h.Authenticate(h.t.Context(), newLoginAttempt("jane", "password"))
		require.NoError(h.t, err)
	})
	_, err := h.SetPasswordHash(t.Context(), "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
	require.NoError(t, err)
	_, err = racing.Authenticate(t.Context(), newLoginAttempt("jane", "password"))
	require.NoError(t, err)
	require.Len(t, h.auditEntries(t, audit.Query{Action: "rehash"}), 1)
	h.requireAuditIntact(t)
}

func TestService_ForActor_rejectsConcurrentlyDemotedActor(t *testing.T) {
	t.Parallel()
	_, racing := newRacingEnv(t, func(h *env) {
		h.createFull(h.t, "other")
		_, err := h.Update(h.t.Context(), "boss", func(a *ampusers.Administrator) error {
			a.Access = ampusers.Limited
			return nil
		})
		require.NoError(h.t, err)
	})
	_, err := racing.ForActor("boss").Create(t.Context(), &ampusers.Administrator{Username: "friend", Access: ampusers.Full}, store.Secret{})
	require.ErrorIs(t, err, store.ErrForbidden)
}

func TestService_ChangePassword_rejectsConcurrentChange(t *testing.T) {
	t.Parallel()
	h, racing := newRacingEnv(t, func(h *env) {
		_, err := h.SetPassword(h.t.Context(), "jane", secret(otherPassword), nil)
		require.NoError(h.t, err)
	})
	_, err := racing.ChangePassword(t.Context(), "jane", secret(goodPassword), secret("a third & unlikely phrase"))
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", otherPassword))
	require.NoError(t, err)
}

// bestFullStatus returns 2 when an enabled Full administrator has a password, 1 when there
// is one without, and 0 otherwise.
func bestFullStatus(t require.TestingT, h *env) int {
	level := 0
	list, err := h.List(h.t.Context(), ampusers.Query{})
	require.NoError(t, err)
	for _, a := range list.Items {
		if a.Access == ampusers.Full && !a.Disabled {
			level = max(level, map[bool]int{false: 1, true: 2}[a.HasPassword])
		}
	}
	return level
}

// For all sequences of actions: the best full status never gets worse, a rejected
// action changes nothing, and the audit log has all changes.
func TestService_preservesFullAccessInAnyOrder(t *testing.T) {
	t.Parallel()
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		h := newEnv(outer, memstore.New(), func(o *ampusers.Options) { o.MinPasswordScore = -1 })
		acts := targetActions(outer, h.Service)
		acts["create"] = func(username string) error {
			_, err := h.Create(outer.Context(), &ampusers.Administrator{Username: username}, store.Secret{})
			return err
		}
		acts["recover"] = func(username string) error {
			_, err := h.RestoreAccess(outer.Context(), username)
			return err
		}
		acts["promote"] = func(username string) error {
			_, err := h.Update(outer.Context(), username, func(a *ampusers.Administrator) error {
				*a = ampusers.Administrator{Username: a.Username, Access: ampusers.Full, Disabled: a.Disabled}
				return nil
			})
			return err
		}
		acts["first start"] = func(string) error {
			_, err := h.Bootstrap(outer.Context())
			return err
		}
		kinds := make([]string, 0, len(acts))
		for name := range acts {
			kinds = append(kinds, name)
		}
		slices.Sort(kinds)
		for range rapid.IntRange(1, 25).Draw(t, "acts") {
			before, level := auditStates(t, h), bestFullStatus(t, h)
			err := acts[rapid.SampledFrom(kinds).Draw(t, "act")](rapid.SampledFrom([]string{"a1", "b2", "admin"}).Draw(t, "who"))
			require.GreaterOrEqual(t, bestFullStatus(t, h), level)
			if err != nil {
				require.Equal(t, before, auditStates(t, h))
				expected := errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrAlreadyExists)
				require.True(t, expected, "%v", err)
			}
		}
		found, err := h.auditLog.Verify(outer.Context(), h.AuditSource())
		require.NoError(t, err)
		require.Empty(t, found.Findings)
	})
}

// auditStates returns everything that is stored, as text.
func auditStates(t require.TestingT, h *env) []string {
	var all []string
	require.NoError(t, h.AuditSource().Each(h.t.Context(), func(key string, state []byte) error {
		all = append(all, fmt.Sprintf("%s %s", key, state))
		return nil
	}))
	return all
}

func TestAudit_recordsStateBeforeAndAfter(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane", "managers")
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "boss", RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	_, err := h.Update(ctx, "JANE", func(a *ampusers.Administrator) error {
		a.Sections = []string{"audit"}
		return nil
	})
	require.NoError(t, err)
	e := h.auditEntries(t, audit.Query{})[0]
	require.Equal(t, "jane", e.Key)
	require.Equal(t, "boss", e.Actor.Name)
	require.Contains(t, string(e.Before), `"sections":["managers"]`)
	require.Contains(t, string(e.After), `"sections":["audit"]`)

	require.NoError(t, h.Delete(ctx, "JANE"))
	e = h.auditEntries(t, audit.Query{})[0]
	require.Equal(t, "succeeded delete jane", h.lastAuditEntry(t))
	require.Contains(t, string(e.Before), `"sections":["audit"]`)
	require.Empty(t, e.After)
}

// readOnlyStore is a store that rejects writes.
type readOnlyStore struct{ ampusers.Store }

func (readOnlyStore) UpdateAdministrator(context.Context, string, func(*ampusers.Administrator) error) error {
	return errors.New("the disk is full")
}

func TestService_Authenticate_recordsStoreFailureAndAllowsRetry(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newEnv(t, db)
	h.createLimited(t, "jane")
	full := ampusers.New(readOnlyStore{db.Administrators()}, &ampusers.Options{
		Sections: sections(), Audit: h.auditLog, Clock: h.clock.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
	_, err := full.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.EqualError(t, err, "the disk is full")
	require.Equal(t, "failed login jane: failed", h.lastAuditEntry(t))
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	h.requireAuditIntact(t)
}

// afterTxStore is a store that calls a function just after a transaction.
type afterTxStore struct {
	ampusers.Store

	hook func()
}

func (a *afterTxStore) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	err := a.Store.RunInTx(ctx, fn)
	if hook := a.hook; hook != nil {
		a.hook = nil
		hook()
	}
	return err
}

// A session of the new epoch would outlive the password that was changed.
func TestService_Authenticate_rejectsPasswordChangedAfterCommit(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newEnv(t, db)
	h.createFull(t, "boss")
	h.createLimited(t, "jane", "managers")
	st := &afterTxStore{Store: db.Administrators(), hook: func() {
		_, err := h.SetPassword(h.t.Context(), "jane", secret(otherPassword), nil)
		require.NoError(h.t, err)
	}}
	racing := ampusers.New(st, &ampusers.Options{
		Sections: sections(), Audit: h.auditLog, Clock: h.clock.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
	_, err := racing.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	requireLoginError(t, err, credential.InvalidCredentials)
	h.requireAuditIntact(t)
}
