package ampusers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/audit"
)

// next are all acts that jane, or somebody else for her, may do next.
func next(t testing.TB, h *house) map[string]func() error {
	t.Helper()
	acts := map[string]func() error{}
	for name, act := range touching(t, h.Service) {
		if name != "get" {
			acts[name] = func() error { return act("jane") }
		}
	}
	acts["login"] = func() error {
		_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
		return err
	}
	acts["change password"] = func() error {
		_, err := h.ChangePassword(t.Context(), "jane", secret(goodPassword), secret(anotherPassword))
		return err
	}
	acts["begin second factor"] = func() error {
		_, err := h.BeginSecondFactor(t.Context(), "jane")
		return err
	}
	acts["recover"] = func() error {
		_, err := h.Recover(t.Context(), "jane")
		return err
	}
	return acts
}

// handEdit writes to the database past the service.
func (h *house) handEdit(t testing.TB, username string, change func(a *ampusers.Administrator)) {
	t.Helper()
	require.NoError(t, h.store.UpdateAdministrator(t.Context(), username, func(a *ampusers.Administrator) error {
		change(a)
		return nil
	}))
}

// Whoever was changed behind the program's back is not washed clean by the
// next act: the trail goes on telling of it.
func TestTheNextActDoesNotHideAChangeInTheDatabase(t *testing.T) {
	t.Parallel()
	for backend, open := range backends() {
		for name := range next(t, newHouse(t, backends()["memstore"](t))) {
			t.Run(backend+" "+name, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t, open(t))
				h.full(t, "boss")
				h.limited(t, "jane", "managers")
				h.handEdit(t, "jane", func(a *ampusers.Administrator) { a.Sections = []string{"audit", "managers"} })
				require.NoError(t, next(t, h)[name]())
				h.requireFound(t, audit.CodeRecordDiffers)
				require.Len(t, h.entries(t, audit.Query{Key: "jane", Outcome: audit.Done}), 2, "the change is done all the same")
			})
		}
	}
}

// The hash of a password that somebody knows, put in the place of jane's: the
// first entry tells of it, and the second has nothing to add.
func TestARehashAndALoginTellOnceOfAChangeInTheDatabase(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, open(t))
			h.limited(t, "jane")
			h.handEdit(t, "jane", func(a *ampusers.Administrator) {
				a.Credentials.PasswordHash = secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")
			})
			for range 2 {
				_, err := h.Authenticate(t.Context(), attempt("jane", "password"))
				require.NoError(t, err)
			}
			entries := h.entries(t, audit.Query{Key: "jane"})
			reasons := map[string]string{}
			for _, e := range entries[1:] {
				reasons[e.Action] = e.Reason
			}
			require.Equal(t, map[string]string{"create": "", "rehash": audit.CodeRecordDiffers, "login": ""}, reasons)
			require.Empty(t, entries[0].Reason)
			h.requireFound(t, audit.CodeRecordDiffers)
		})
	}
}

func TestALinkThatWasPutIntoTheDatabaseIsFoundAfterItsUse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, backends()["memstore"](t))
	h.limited(t, "joan")
	link, err := h.Invite(t.Context(), "joan")
	require.NoError(t, err)
	joan, err := h.store.Administrator(t.Context(), "joan")
	require.NoError(t, err)
	require.NoError(t, h.Delete(t.Context(), "joan"))

	h.full(t, "jane")
	h.handEdit(t, "jane", func(a *ampusers.Administrator) { a.Credentials.Invitation = joan.Credentials.Invitation })
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
	require.NoError(t, err)
	h.requireFound(t, audit.CodeRecordDiffers)
}

func TestWhoWasPutIntoTheDatabaseIsFoundAfterALogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, backends()["memstore"](t))
	require.NoError(t, h.store.CreateAdministrator(t.Context(), &ampusers.Administrator{
		Username: "mallory", Access: ampusers.Full,
		Credentials: ampusers.Credentials{PasswordHash: secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")},
	}))
	_, err := h.Authenticate(t.Context(), attempt("mallory", "password"))
	require.NoError(t, err)
	h.requireFound(t, audit.CodeRecordUnknown)
}

func TestTheFirstStartDoesNotHideAChangeInTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, backends()["memstore"](t))
	h.limited(t, "jane")
	h.handEdit(t, "jane", func(a *ampusers.Administrator) { a.Access, a.Credentials = ampusers.Full, ampusers.Credentials{} })
	link, err := h.FirstStart(t.Context())
	require.NoError(t, err)
	require.Equal(t, "jane", link.Username)
	h.requireFound(t, audit.CodeRecordDiffers)
}
