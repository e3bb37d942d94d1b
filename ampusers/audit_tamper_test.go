package ampusers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// followUpActions are all actions that jane, or another administrator on jane, may
// do next.
func followUpActions(t testing.TB, h *env) map[string]func() error {
	t.Helper()
	acts := map[string]func() error{}
	for name, act := range targetActions(t, h.Service) {
		if name != "get" {
			acts[name] = func() error { return act("jane") }
		}
	}
	acts["login"] = func() error {
		_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
		return err
	}
	acts["change password"] = func() error {
		_, err := h.ChangePassword(t.Context(), "jane", secret(goodPassword), secret(otherPassword))
		return err
	}
	acts["begin second factor"] = func() error {
		_, err := h.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
		return err
	}
	acts["recover"] = func() error {
		_, err := h.RestoreAccess(t.Context(), "jane")
		return err
	}
	return acts
}

// tamper writes to the database without the service.
func (h *env) tamper(t testing.TB, username string, change func(a *ampusers.Administrator)) {
	t.Helper()
	require.NoError(t, h.store.UpdateAdministrator(t.Context(), username, func(a *ampusers.Administrator) error {
		change(a)
		return nil
	}))
}

// The next change does not hide that a record was modified outside the program.
func TestAudit_reportsTamperingAfterNextChange(t *testing.T) {
	t.Parallel()
	for backend, open := range backends() {
		for name := range followUpActions(t, newEnv(t, backends()["memstore"](t))) {
			t.Run(backend+" "+name, func(t *testing.T) {
				t.Parallel()
				h := newEnv(t, open(t))
				h.createFull(t, "boss")
				h.createLimited(t, "jane", "managers")
				h.tamper(t, "jane", func(a *ampusers.Administrator) { a.Sections = []string{"audit", "managers"} })
				require.NoError(t, followUpActions(t, h)[name]())
				h.requireFindings(t, audit.CodeRecordModified)
				require.Len(t, h.auditEntries(t, audit.Query{Key: "jane", Outcome: audit.Succeeded}), 2, "the change is done all the same")
			})
		}
	}
}

// The hash of jane's password was replaced. The first entry reports it, and the
// second reports nothing new.
func TestAudit_reportsTamperingOnceForRehashAndLogin(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t, open(t))
			h.createLimited(t, "jane")
			h.tamper(t, "jane", func(a *ampusers.Administrator) {
				a.Credentials.PasswordHash = secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")
			})
			for range 2 {
				_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "password"))
				require.NoError(t, err)
			}
			entries := h.auditEntries(t, audit.Query{Key: "jane"})
			reasons := map[string]string{}
			for _, e := range entries[1:] {
				reasons[e.Action] = e.Reason
			}
			require.Equal(t, map[string]string{"create": "", "rehash": audit.CodeRecordModified, "login": ""}, reasons)
			require.Empty(t, entries[0].Reason)
			h.requireFindings(t, audit.CodeRecordModified)
		})
	}
}

func TestAudit_detectsInsertedInvitationAfterUse(t *testing.T) {
	t.Parallel()
	h := newEnv(t, backends()["memstore"](t))
	h.createLimited(t, "joan")
	link, err := h.Invite(t.Context(), "joan")
	require.NoError(t, err)
	joan, err := h.store.Administrator(t.Context(), "joan")
	require.NoError(t, err)
	require.NoError(t, h.Delete(t.Context(), "joan"))

	h.createFull(t, "jane")
	h.tamper(t, "jane", func(a *ampusers.Administrator) { a.Credentials.Invitation = joan.Credentials.Invitation })
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
	require.NoError(t, err)
	h.requireFindings(t, audit.CodeRecordModified)
}

func TestAudit_detectsInsertedAdministratorAfterLogin(t *testing.T) {
	t.Parallel()
	h := newEnv(t, backends()["memstore"](t))
	require.NoError(t, h.store.CreateAdministrator(t.Context(), &ampusers.Administrator{
		Username: "mallory", Access: ampusers.Full,
		Credentials: credential.Credentials{PasswordHash: secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")},
	}))
	_, err := h.Authenticate(t.Context(), newLoginAttempt("mallory", "password"))
	require.NoError(t, err)
	h.requireFindings(t, audit.CodeRecordUntracked)
}

func TestService_Bootstrap_reportsTamperedRecord(t *testing.T) {
	t.Parallel()
	h := newEnv(t, backends()["memstore"](t))
	h.createLimited(t, "jane")
	h.tamper(t, "jane", func(a *ampusers.Administrator) { a.Access, a.Credentials = ampusers.Full, credential.Credentials{} })
	link, err := h.Bootstrap(t.Context())
	require.NoError(t, err)
	require.Equal(t, "jane", link.Username)
	h.requireFindings(t, audit.CodeRecordModified)
}
