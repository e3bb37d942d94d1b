package ampusers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
)

// newGrantEnv has the full administrator boss, and the limited administrators mallory
// and jane of the extensions 100 to 199, without passwords.
func newGrantEnv(t testing.TB, db backend) *env {
	t.Helper()
	h := newEnv(t, db)
	h.createFull(t, "boss")
	for _, username := range []string{"mallory", "jane"} {
		h.createAdministrator(t, &ampusers.Administrator{Username: username, Sections: []string{"administrators"}, Extensions: ranges(t, "100-199")}, "")
	}
	return h
}

func ranges(t testing.TB, text string) scope.Ranges {
	t.Helper()
	parsed, err := scope.ParseRanges(text)
	require.NoError(t, err)
	return parsed
}

// setPassword has an administrator set the password of jane.
func (h *env) setPassword(t testing.TB, actor string) {
	t.Helper()
	_, err := h.ForActor(actor).SetPassword(t.Context(), "jane", secret(goodPassword), nil)
	require.NoError(t, err)
}

// promotions give jane rights that mallory does not have.
func promotions() map[string]func(a *ampusers.Administrator) {
	return map[string]func(a *ampusers.Administrator){
		"full":           promote,
		"section":        func(a *ampusers.Administrator) { a.Sections = append(a.Sections, "audit") },
		"extensions":     func(a *ampusers.Administrator) { a.Extensions = scope.Ranges{} },
		"more extension": func(a *ampusers.Administrator) { a.Extensions, _ = scope.ParseRanges("100-200") },
	}
}

func promote(a *ampusers.Administrator) {
	a.Access, a.Sections, a.Extensions, a.DIDs = ampusers.Full, nil, scope.Ranges{}, scope.Ranges{}
}

// promoteJane has boss change jane.
func (h *env) promoteJane(t testing.TB, change func(a *ampusers.Administrator)) *ampusers.Administrator {
	t.Helper()
	a, err := h.ForActor("boss").Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		change(a)
		return nil
	})
	require.NoError(t, err)
	return a
}

func TestService_Update_revokesCredentialsOnGrant(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		for what, change := range promotions() {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				h := newGrantEnv(t, open(t))
				h.setPassword(t, "mallory")
				login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
				require.NoError(t, err)
				h.enrollTOTP(t)
				pending, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
				require.NoError(t, err)
				require.True(t, pending.MFARequired())
				link, err := h.ForActor("mallory").Invite(t.Context(), "jane")
				require.NoError(t, err)

				kinds, err := h.ForActor("boss").PreviewRevocations(t.Context(), "jane", func(a *ampusers.Administrator) error {
					change(a)
					return nil
				})
				require.NoError(t, err)
				require.Equal(t, []credential.Kind{credential.KindPassword, credential.KindSecondFactor, credential.KindPasswordLink}, kinds)
				_, err = h.Session(t.Context(), "jane", login.Administrator.SessionEpoch)
				require.NoError(t, err, "a preview changes nothing")

				promoted := h.promoteJane(t, change)
				require.False(t, promoted.HasPassword)
				require.False(t, promoted.HasSecondFactor)
				_, err = h.Session(t.Context(), "jane", login.Administrator.SessionEpoch)
				require.ErrorIs(t, err, store.ErrNotFound)
				_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
				requireLoginError(t, err, credential.InvalidCredentials)
				_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
				require.ErrorIs(t, err, store.ErrNotFound)
				h.requireAuditIntact(t)

				link, err = h.ForActor("boss").Invite(t.Context(), "jane")
				require.NoError(t, err)
				_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
				require.NoError(t, err)
				_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", otherPassword))
				require.NoError(t, err)
			})
		}
	}
}

func TestService_Update_keepsCredentialsThatCreatorCovers(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.setPassword(t, "boss")
	require.True(t, h.promoteJane(t, promote).HasPassword)
	h = newGrantEnv(t, memstore.New())
	h.setPassword(t, "mallory")
	require.True(t, h.promoteJane(t, func(a *ampusers.Administrator) { a.DisplayName, a.Extensions = "Jane", ranges(t, "100-150") }).HasPassword)
}

func TestService_Update_revokesPasswordOfAcceptedLink(t *testing.T) {
	t.Parallel()
	for actor, want := range map[string]bool{"mallory": false, "boss": true} {
		h := newGrantEnv(t, memstore.New())
		link, err := h.ForActor(actor).Invite(t.Context(), "jane")
		require.NoError(t, err)
		_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
		require.NoError(t, err)
		_, err = h.ForActor("jane").ChangePassword(t.Context(), "jane", secret(goodPassword), secret(otherPassword))
		require.NoError(t, err)
		require.Equal(t, want, h.promoteJane(t, promote).HasPassword, actor)
	}
}

func TestService_Update_revokesCredentialsOfAbsentCreator(t *testing.T) {
	t.Parallel()
	for what, act := range map[string]func(h *env) error{
		"deleted":  func(h *env) error { return h.Delete(t.Context(), "joan") },
		"disabled": func(h *env) error { _, err := h.Disable(t.Context(), "joan"); return err },
		"created anew": func(h *env) error {
			h.clock.Advance(time.Second)
			err := h.Delete(t.Context(), "joan")
			h.createFull(t, "joan")
			return err
		},
	} {
		h := newGrantEnv(t, memstore.New())
		h.createFull(t, "joan")
		h.setPassword(t, "joan")
		require.NoError(t, act(h), what)
		a, err := h.Get(t.Context(), "jane")
		require.NoError(t, err)
		require.True(t, a.HasPassword, "%s: this is no grant", what)
		require.False(t, h.promoteJane(t, promote).HasPassword, what)
	}
}

func TestService_RestoreAccess_revokesCredentialsOnGrant(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.setPassword(t, "mallory")
	link, err := h.RestoreAccess(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
	require.NoError(t, err)
}

// Until the promotion, mallory could act as jane.
func TestService_CreatorScope_isEmptyBeforeRevocation(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.setPassword(t, "mallory")
	earlier := credential.Creator{Administrator: "jane", At: h.clock.Now()}
	sc, err := h.CreatorScope(t.Context(), earlier, "")
	require.NoError(t, err)
	require.True(t, sc.HasExtension("100"))
	h.clock.Advance(time.Second)
	h.promoteJane(t, promote)
	sc, err = h.CreatorScope(t.Context(), earlier, "")
	require.NoError(t, err)
	require.True(t, sc.IsEmpty())
	sc, err = h.CreatorScope(t.Context(), credential.Creator{Administrator: "jane", At: h.clock.Now()}, "")
	require.NoError(t, err)
	require.True(t, sc.IsUnrestricted())
	sc, err = h.CreatorScope(t.Context(), credential.Creator{Administrator: "nobody", At: h.clock.Now()}, "")
	require.NoError(t, err)
	require.True(t, sc.IsEmpty())
}

// Until another administrator replaced the password, mallory could act as jane.
func TestService_CreatorScope_isEmptyBeforePasswordOfLimitedCreatorEnded(t *testing.T) {
	t.Parallel()
	for what, replace := range map[string]func(h *env){
		"a password": func(h *env) { h.setPassword(t, "boss") },
		"a link": func(h *env) {
			link, err := h.ForActor("boss").Invite(t.Context(), "jane")
			require.NoError(t, err)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
			require.NoError(t, err)
		},
	} {
		for creator, alone := range map[string]bool{"mallory": false, "boss": true} {
			h := newGrantEnv(t, memstore.New())
			h.setPassword(t, creator)
			earlier := credential.Creator{Administrator: "jane", At: h.clock.Now()}
			h.clock.Advance(time.Second)
			replace(h)
			h.clock.Advance(time.Second)
			require.True(t, h.promoteJane(t, promote).HasPassword, what)
			sc, err := h.CreatorScope(t.Context(), earlier, "")
			require.NoError(t, err)
			require.Equal(t, alone, sc.IsUnrestricted(), "%s after one of %s", what, creator)
			require.Equal(t, !alone, sc.IsEmpty(), "%s after one of %s", what, creator)
			h.requireAuditIntact(t)
		}
	}
}

func TestService_PreviewRevocations_returnsErrorsOfUpdate(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	for actor, change := range map[string]func(a *ampusers.Administrator){"boss": func(a *ampusers.Administrator) { a.Access = "odd" }, "mallory": promote} {
		before := len(h.auditEntries(t, audit.Query{}))
		_, err := h.ForActor(actor).PreviewRevocations(t.Context(), "jane", func(a *ampusers.Administrator) error {
			change(a)
			return nil
		})
		require.Error(t, err, actor)
		require.Len(t, h.auditEntries(t, audit.Query{}), before)
	}
}
