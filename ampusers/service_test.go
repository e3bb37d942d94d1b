package ampusers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestNew_panicsOnInvalidSections(t *testing.T) {
	t.Parallel()
	for _, wrong := range [][]ampusers.Section{
		{{ID: ""}}, {{ID: "Managers"}}, {{ID: "a b"}}, {{ID: strings.Repeat("a", 65)}},
		{{ID: "managers"}, {ID: "managers"}}, {{ID: ampusers.SectionApply}},
	} {
		require.Panics(t, func() { ampusers.New(memstore.New().Administrators(), &ampusers.Options{Sections: wrong}) }, wrong)
	}
	s := ampusers.New(memstore.New().Administrators(), nil)
	require.Len(t, s.Sections(), 1)
	require.Equal(t, ampusers.SectionApply, s.Sections()[0].ID)
}

func TestNew_panicsOnInvalidOptions(t *testing.T) {
	t.Parallel()
	for what, opts := range map[string]ampusers.Options{
		"a score above 4":     {MinPasswordScore: 5},
		"a score below -1":    {MinPasswordScore: -2},
		"a negative length":   {MinPasswordLength: -1},
		"a length above 1024": {MinPasswordLength: 1025},
		"negative hashes":     {MaxConcurrentHashes: -1},
		"a negative lifetime": {InvitationLifetime: -1},
	} {
		require.Panics(t, func() { ampusers.New(memstore.New().Administrators(), &opts) }, what)
	}
}

func TestService_Create_defaultsToLimitedAccess(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			created, err := h.Create(t.Context(), &ampusers.Administrator{Username: " jane.admin ", DisplayName: " Jane  Doe "}, store.Secret{})
			require.NoError(t, err)
			require.Equal(t, "jane.admin", created.Username)
			require.Equal(t, "Jane  Doe", created.DisplayName)
			require.Equal(t, ampusers.Limited, created.Access)
			require.False(t, created.Can("managers"))
			require.False(t, created.HasPassword)
			require.Equal(t, h.clock.Now(), created.CreatedAt)

			text, err := json.Marshal(created)
			require.NoError(t, err)
			require.JSONEq(t, `{"username":"jane.admin","display_name":"Jane  Doe","access":"limited","sections":[],"extensions":"","dids":"","teams":[],
			"disabled":false,"has_password":false,"has_second_factor":false,"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}`, string(text))
			got, err := h.Get(t.Context(), "JANE.admin")
			require.NoError(t, err)
			require.Equal(t, created, got)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Create_rejectsExistingUsername(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createFull(t, "Zoë")
			for _, username := range []string{"Zoë", "ZOË", "Zoe\u0308", "zoë "} {
				_, err := h.Create(t.Context(), &ampusers.Administrator{Username: username}, secret(otherPassword))
				require.ErrorIs(t, err, store.ErrAlreadyExists, "%q", username)
			}
			stored, err := h.Get(t.Context(), "zoë")
			require.NoError(t, err)
			require.Equal(t, ampusers.Full, stored.Access)
			_, err = h.Authenticate(t.Context(), credential.LoginAttempt{Username: "zoë", Password: secret(goodPassword)})
			require.NoError(t, err)
		})
	}
}

func TestService_Create_reportsAllFieldErrors(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	_, err := h.Create(t.Context(), &ampusers.Administrator{
		Username: "-", DisplayName: "a\x00b", Sections: []string{"managers", "fax", "managers", "door"}, Teams: []string{"acme", "../x"},
	}, secret("short"))
	requireFields(t, err, "username: username", "display_name: plain_line", "sections[1]: unknown", "sections[3]: unknown", "teams[1]: team", "password: min")

	_, err = h.Create(t.Context(), &ampusers.Administrator{Access: "root"}, store.Secret{})
	requireFields(t, err, "username: required", "access: oneof")
	require.Empty(t, mustList(t, h, ampusers.Query{}).Items)
}

func TestService_Create_rejectsHostileUsernames(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	for _, username := range []string{
		"", "   ", "jane doe", "jane\x00", "jane\nroot", "\u202Eenaj", "jane\u200b", "<script>", "../etc", "%2e%2e", "-jane", "@jane", ".jane",
		"\xff\xfe", "\u0301jane", strings.Repeat("a", 65), strings.Repeat("é", 5<<20), "jane;--", "jane'", `"jane"`, "ｊａｎｅ",
	} {
		_, err := h.Create(t.Context(), &ampusers.Administrator{Username: username}, store.Secret{})
		require.ErrorIs(t, err, store.ErrInvalid, "%.40q", username)
		if strings.TrimSpace(username) != "" {
			requireFields(t, err, "username: username")
		}
		require.Less(t, len(err.Error()), 300)
		require.Equal(t, "denied create : invalid: username", h.lastAuditEntry(t)[:len("denied create : invalid: username")])
		_, err = h.Get(t.Context(), username)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, h.Delete(t.Context(), username), store.ErrNotFound)
	}
	for _, username := range []string{"jane.admin", "张伟", "o_0", "a@b.example", "7up", "Ольга"} {
		_, err := h.Create(t.Context(), &ampusers.Administrator{Username: username}, store.Secret{})
		require.NoError(t, err, username)
	}
}

func TestService_Create_rejectsOversizedFields(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	many := make([]string, 2000)
	_, err := h.Create(t.Context(), &ampusers.Administrator{Username: "jane", DisplayName: strings.Repeat("é", 5<<20), Sections: many, Teams: many}, secret(strings.Repeat("x", 10<<20)))
	requireFields(t, err, "display_name: max", "teams: max", "sections: max", "password: max")
}

func TestService_Create_rejectsRestrictionsOnFullAccess(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	narrow := &ampusers.Administrator{
		Username: "jane", Access: ampusers.Full, Sections: []string{"managers"}, Teams: []string{"acme"},
		Extensions: mustRanges(t, "100"), DIDs: mustRanges(t, "100"),
	}
	_, err := h.Create(t.Context(), narrow, store.Secret{})
	requireFields(t, err, "sections: full", "extensions: full", "dids: full", "teams: full")
	narrow.Access = ampusers.Limited
	h.createAdministrator(t, narrow, "")
	_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Access = ampusers.Full
		return nil
	})
	requireFields(t, err, "sections: full", "extensions: full", "dids: full", "teams: full")
}

func TestService_Create_sortsAndDeduplicatesLists(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	created := h.createAdministrator(t, &ampusers.Administrator{
		Username: "jane", Sections: []string{"managers", "apply", "managers"}, Teams: []string{"beta", "", "acme", ""},
	}, "")
	require.Equal(t, []string{"apply", "managers"}, created.Sections)
	require.Equal(t, []string{"", "acme", "beta"}, created.Teams)
}

func TestService_Update_preservesManagedFields(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createLimited(t, "Jane")
			before, err := h.store.Administrator(t.Context(), "jane")
			require.NoError(t, err)
			seen, err := h.Get(t.Context(), "jane")
			require.NoError(t, err)
			h.clock.Advance(time.Minute)

			updated, err := h.Update(t.Context(), "JANE", func(a *ampusers.Administrator) error {
				require.Equal(t, seen, a, "change sees what Get returns")
				a.DisplayName, a.Sections = "Jane", []string{"audit"}
				a.Extensions = mustRanges(t, "100-199")
				a.Credentials.PasswordHash = secret("mine")
				a.SessionEpoch, a.HasPassword = 7, false
				a.CreatedAt, a.UpdatedAt, a.PasswordChangedAt, a.LastLoginAt = time.Time{}, time.Time{}, time.Time{}, time.Now()
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, []string{"audit"}, updated.Sections)
			require.True(t, updated.HasPassword)
			require.Equal(t, h.clock.Now(), updated.UpdatedAt)

			after, err := h.store.Administrator(t.Context(), "jane")
			require.NoError(t, err)
			require.True(t, after.Credentials.PasswordHash.Equal(before.Credentials.PasswordHash))
			require.Equal(t, before.SessionEpoch, after.SessionEpoch, "widening ends no session")
			require.Equal(t, before.CreatedAt, after.CreatedAt)
			require.Equal(t, before.PasswordChangedAt, after.PasswordChangedAt)
			require.True(t, after.LastLoginAt.IsZero())
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Update_rejectsInvalidChanges(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	before := h.createLimited(t, "jane", "managers")
	edit := func(change func(a *ampusers.Administrator)) error {
		_, err := h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
			change(a)
			return nil
		})
		return err
	}
	requireFields(t, edit(func(a *ampusers.Administrator) { a.Username = "joan" }), "username: immutable")
	requireFields(t, edit(func(a *ampusers.Administrator) { a.Username = "Jane" }), "username: immutable")
	requireFields(t, edit(func(a *ampusers.Administrator) { a.Sections = []string{"managers", "fax"} }), "sections[1]: unknown")
	requireFields(t, edit(func(a *ampusers.Administrator) { a.DisplayName = "\u202Eevil" }), "display_name: plain_line")
	stale := errors.New("stale")
	_, err := h.Update(t.Context(), "jane", func(*ampusers.Administrator) error { return stale })
	require.ErrorIs(t, err, stale, "the caller's own error")
	_, err = h.Update(t.Context(), "joan", func(*ampusers.Administrator) error { return nil })
	require.ErrorIs(t, err, store.ErrNotFound)
	after, err := h.Get(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// A product may remove a section. Its administrators can still be edited and
// disabled.
func TestService_Update_keepsUnregisteredSection(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	before := newEnv(t, db)
	before.createLimited(t, "jane", "managers", "audit")
	h := newEnv(t, db, func(o *ampusers.Options) { o.Sections, o.Audit = []ampusers.Section{{ID: "audit"}}, before.auditLog })
	updated, err := h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.DisplayName = "Jane"
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"audit", "managers"}, updated.Sections)
	_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Sections = nil
		return nil
	})
	require.NoError(t, err)
	_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Sections = []string{"managers"}
		return nil
	})
	requireFields(t, err, "sections[0]: unknown")
}

func TestService_Update_losesNoConcurrentUpdate(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createLimited(t, "jane")
			for _, err := range runConcurrently(20, func(i int) error {
				_, err := h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
					a.Teams = append(a.Teams, fmt.Sprintf("team%02d", i))
					return nil
				})
				return err
			}) {
				require.NoError(t, err)
			}
			jane, err := h.Get(t.Context(), "jane")
			require.NoError(t, err)
			require.Len(t, jane.Teams, 20)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Create_createsUsernameOnceConcurrently(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			won := 0
			for _, err := range runConcurrently(20, func(i int) error {
				_, err := h.Create(t.Context(), &ampusers.Administrator{Username: []string{"jane", "JANE", "Jane"}[i%3]}, store.Secret{})
				return err
			}) {
				if err == nil {
					won++
					continue
				}
				require.ErrorIs(t, err, store.ErrAlreadyExists)
			}
			require.Equal(t, 1, won)
		})
	}
}

func mustList(t testing.TB, h *env, q ampusers.Query) *store.Page[*ampusers.Administrator] {
	t.Helper()
	list, err := h.List(t.Context(), q)
	require.NoError(t, err)
	return list
}

func TestService_List_searchesSortsAndRedacts(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			for _, name := range []string{"carol", "Alice", "bob"} {
				h.clock.Advance(time.Minute)
				h.createLimited(t, name)
			}
			require.Equal(t, "Alice bob carol", names(mustList(t, h, ampusers.Query{})))
			require.Equal(t, "carol bob Alice", names(mustList(t, h, ampusers.Query{Sort: store.Sort{Descending: true}})))
			require.Equal(t, "carol Alice bob", names(mustList(t, h, ampusers.Query{Sort: store.Sort{By: "created_at"}})))
			require.Equal(t, "Alice", names(mustList(t, h, ampusers.Query{Search: "LIC"})))
			require.Empty(t, names(mustList(t, h, ampusers.Query{Search: strings.Repeat("a", 1<<20)})))
			require.Empty(t, names(mustList(t, h, ampusers.Query{Access: ampusers.Full})))
			for _, a := range mustList(t, h, ampusers.Query{}).Items {
				require.Equal(t, credential.Credentials{}, a.Credentials)
				require.True(t, a.HasPassword)
			}
			for _, by := range []string{"password_hash", "-username", "-", " username"} {
				_, err := h.List(t.Context(), ampusers.Query{Sort: store.Sort{By: by}})
				requireFields(t, err, "sort: oneof")
			}
			_, err := h.List(t.Context(), ampusers.Query{Access: "root"})
			requireFields(t, err, "access: oneof")
		})
	}
}

func names(list *store.Page[*ampusers.Administrator]) string {
	all := make([]string, len(list.Items))
	for i, a := range list.Items {
		all[i] = a.Username
	}
	return strings.Join(all, " ")
}

func TestQuery_MatchFunc_agreesWithMatch(t *testing.T) {
	t.Parallel()
	administrators := []*ampusers.Administrator{
		{Username: "Zoë", DisplayName: "ΟΔΥΣΣΕΥΣ", Access: ampusers.Full}, {Username: "STRASSE", Access: ampusers.Limited, Disabled: true},
	}
	for _, test := range []struct {
		query ampusers.Query
		want  string
	}{
		{ampusers.Query{}, "Zoë STRASSE"},
		{ampusers.Query{Search: "ZOE\u0308"}, "Zoë"},
		{ampusers.Query{Search: "straße"}, "STRASSE"},
		{ampusers.Query{Search: "οδυσσευσ"}, "Zoë"},
		{ampusers.Query{Search: "nobody"}, ""},
		{ampusers.Query{Search: "s", EnabledOnly: true}, ""},
		{ampusers.Query{Access: ampusers.Limited}, "STRASSE"},
	} {
		matches, list := test.query.MatchFunc(), &store.Page[*ampusers.Administrator]{}
		for _, a := range administrators {
			require.Equal(t, test.query.Match(a), matches(a))
			if matches(a) {
				list.Items = append(list.Items, a)
			}
		}
		require.Equal(t, test.want, names(list), "%+v", test.query)
	}
}
