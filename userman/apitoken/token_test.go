package apitoken_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

func TestService_Create_returnsKeyOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			jane := h.createUser(t, newUser("jane", "1001"))
			created, key := h.createToken(t, "JANE", apitoken.Token{
				ID: "mine", UserID: "mine", KeyHash: []byte("mine"), LastUsedAt: time.Now(), HourRequests: 7,
				Description: "  the CRM\t",
			})
			require.Regexp(t, `^[a-z0-9]{16}$`, created.ID)
			require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, key.Reveal())
			now := h.clock.Now()
			require.Equal(t, &apitoken.Token{
				ID: created.ID, UserID: jane.ID, Description: "the CRM", Extensions: []string{"all"}, Modules: []string{"all"},
				RequestsPerHour: apitoken.DefaultRequestsPerHour, Addresses: []netip.Prefix{},
				CreatedAt: now, UpdatedAt: now, KeyCreatedAt: now,
			}, created, "all extensions of hers, all modules, and nothing that the service sets is taken over")

			read, err := h.Get(t.Context(), created.ID)
			require.NoError(t, err)
			require.Equal(t, created, read)
			text, err := json.Marshal(read)
			require.NoError(t, err)
			require.NotContains(t, string(text), key.Reveal())
			require.NotContains(t, string(text), "hash")
			require.Equal(t, "succeeded create "+string(created.ID), h.lastAuditEntry(t))
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Create_reportsEveryInvalidField(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"))
	many := make([]string, 201)
	networks := make([]netip.Prefix, 51)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	for i := range networks {
		networks[i] = netip.MustParsePrefix("10.0.0.0/8")
	}
	for _, tc := range []struct {
		token apitoken.Token
		want  []string
	}{
		{apitoken.Token{
			Description: "hunter2\nline", Extensions: []string{"1001", "self", "hunter2"}, Modules: []string{"hunter2,b", "linked"},
			RequestsPerHour: -2, Addresses: []netip.Prefix{netip.MustParsePrefix("::/0"), {}}, ExpiresAt: h.clock.Now(),
		}, []string{
			"description: plain_line", "extensions[1]: extension", "extensions[2]: extension", "modules[0]: name", "modules[1]: name",
			"requests_per_hour: range", "expires_at: past", "addresses[1]: network",
		}},
		{apitoken.Token{
			Description: strings.Repeat("x", 201), Extensions: many, Modules: many, RequestsPerHour: apitoken.MaxRequestsPerHour + 1,
			Addresses: networks, ExpiresAt: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
		}, []string{"description: max", "extensions: max", "modules: max", "requests_per_hour: range", "expires_at: range", "addresses: max"}},
	} {
		_, key, err := h.Create(t.Context(), "jane", &tc.token)
		requireFieldErrors(t, err, tc.want...)
		require.True(t, key.IsZero())
		require.NotContains(t, err.Error(), "hunter2")
	}
	list, err := h.List(t.Context(), "jane", store.PageRequest{})
	require.NoError(t, err)
	require.Empty(t, list.Items, "nothing is stored")
}

func TestService_Create_normalizesFields(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"))
	given := apitoken.Token{
		Extensions: []string{"1002", "all", "1001", "1002"}, Modules: []string{"voicemail", "all", "U\u0308ber", "Über"},
		RequestsPerHour: -1, Addresses: prefixes("10.1.2.3/8", "2001:db8::1/32", "::ffff:192.0.2.7/128", "10.0.0.0/8", "::ffff:0.0.0.0/96"),
		ExpiresAt: h.clock.Now().Add(1234567 * time.Nanosecond).In(time.FixedZone("CET", 3600)),
	}
	created, _ := h.createToken(t, "jane", given)
	require.Equal(t, []string{"all", "1001", "1002"}, created.Extensions)
	require.Equal(t, []string{"all", "voicemail", "Über"}, created.Modules)
	require.Equal(t, prefixes("0.0.0.0/0", "10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"), created.Addresses)
	require.Equal(t, h.clock.Now().Add(1234*time.Microsecond), created.ExpiresAt)
	require.Equal(t, time.UTC, created.ExpiresAt.Location())
	require.Equal(t, -1, created.RequestsPerHour)
	require.Equal(t, []string{"1002", "all", "1001", "1002"}, given.Extensions, "what was given stays as it was")
}

func TestService_Update_savesEditableFieldsOnly(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"))
	created, key := h.createToken(t, "jane", apitoken.Token{Description: "CRM", Modules: []string{"all"}, ExpiresAt: h.clock.Now().Add(time.Hour)})
	h.clock.Advance(2 * time.Hour)
	changed, err := h.Update(t.Context(), created.ID, func(token *apitoken.Token) error {
		require.Empty(t, token.KeyHash)
		token.ID, token.UserID, token.KeyHash, token.CreatedAt = "mine", "mine", []byte("mine"), time.Time{}
		token.LastUsedAt, token.HourRequests = time.Now(), 9
		token.Description, token.Disabled = "the new CRM", true
		return nil
	})
	require.NoError(t, err, "that it has expired meanwhile does not keep it from being described")
	want := *created
	want.Description, want.Disabled, want.UpdatedAt = "the new CRM", true, h.clock.Now()
	require.Equal(t, &want, changed)
	require.Equal(t, "succeeded update "+string(created.ID), h.lastAuditEntry(t))

	_, err = h.Update(t.Context(), created.ID, func(token *apitoken.Token) error {
		token.Disabled, token.ExpiresAt = false, time.Time{}
		token.RequestsPerHour = 0
		return nil
	})
	require.NoError(t, err)
	h.permitAPI(t, "jane")
	_, err = h.Authenticate(t.Context(), apitoken.Request{TokenID: created.ID, Key: key, Module: "x", Extension: "1001"})
	require.NoError(t, err, "the key is the same")

	_, err = h.Update(t.Context(), created.ID, func(token *apitoken.Token) error {
		token.Description, token.Extensions, token.Modules = "never", nil, []string{"a,b"}
		return nil
	})
	requireFieldErrors(t, err, "extensions: min", "modules[0]: name")
	require.Equal(t, "denied update "+string(created.ID)+": invalid: extensions (min), modules[0] (name)", h.lastAuditEntry(t))
	_, err = h.Update(t.Context(), created.ID, func(token *apitoken.Token) error {
		token.Modules = nil
		return nil
	})
	requireFieldErrors(t, err, "modules: min")
	_, _, err = h.Create(t.Context(), "jane", &apitoken.Token{Extensions: []string{}, Modules: []string{}})
	requireFieldErrors(t, err, "extensions: min", "modules: min")
	callerErr := errors.New("of the caller")
	_, err = h.Update(t.Context(), created.ID, func(*apitoken.Token) error { return callerErr })
	require.Equal(t, callerErr, err)
	read, err := h.Get(t.Context(), created.ID)
	require.NoError(t, err)
	require.Equal(t, "the new CRM", read.Description)
	h.requireAuditIntact(t)
}

func TestService_Rotate_revokesOldKey(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"))
	h.permitAPI(t, "jane")
	created, old := h.createToken(t, "jane", apitoken.Token{Modules: []string{"all"}})
	h.clock.Advance(time.Hour)
	rotated, key, err := h.Rotate(t.Context(), created.ID)
	require.NoError(t, err)
	require.Equal(t, h.clock.Now(), rotated.KeyCreatedAt)
	require.Equal(t, created.CreatedAt, rotated.CreatedAt)
	require.False(t, key.Equal(old))
	_, err = h.Authenticate(t.Context(), apitoken.Request{TokenID: created.ID, Key: old, Module: "x"})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = h.Authenticate(t.Context(), apitoken.Request{TokenID: created.ID, Key: key, Module: "x"})
	require.NoError(t, err)
	require.Equal(t, "succeeded rotate "+string(created.ID), h.lastAuditEntry(t))
	h.requireAuditIntact(t)
}

func TestService_Delete_revokesKey(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"))
	h.permitAPI(t, "jane")
	created, key := h.createToken(t, "jane", apitoken.Token{Modules: []string{"all"}})
	require.NoError(t, h.Delete(t.Context(), created.ID))
	require.Equal(t, "succeeded delete "+string(created.ID), h.lastAuditEntry(t))
	_, err := h.Authenticate(t.Context(), apitoken.Request{TokenID: created.ID, Key: key, Module: "x"})
	require.ErrorIs(t, err, store.ErrForbidden)
	h.requireAuditIntact(t)

	for _, id := range []string{string(created.ID), "", "hunter2", strings.Repeat("a", 1_000_000)} {
		_, err := h.Get(t.Context(), apitoken.ID(id))
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = h.Update(t.Context(), apitoken.ID(id), func(*apitoken.Token) error { return nil })
		require.ErrorIs(t, err, store.ErrNotFound)
		_, _, err = h.Rotate(t.Context(), apitoken.ID(id))
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, h.Delete(t.Context(), apitoken.ID(id)), store.ErrNotFound)
	}
	for _, e := range h.entries(t, audit.Query{}) {
		require.NotContains(t, e.Key, "hunter2", "a key in the field of the ID is not kept")
	}
	_, _, err = h.Create(t.Context(), "nobody", &apitoken.Token{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Create_limitsTokensPerUser(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane", "1001"))
			h.createUser(t, newUser("john", "1002"))
			h.createToken(t, "john", apitoken.Token{})
			for range apitoken.MaxPerUser - 5 {
				h.createToken(t, "jane", apitoken.Token{})
			}
			created := 0
			for _, err := range runConcurrently(20, func(int) error {
				_, _, err := h.Create(context.Background(), "jane", &apitoken.Token{})
				return err
			}) {
				if err == nil {
					created++
				} else {
					require.ErrorIs(t, err, store.ErrConflict)
				}
			}
			require.Equal(t, 5, created)
			list, err := h.List(t.Context(), "jane", store.PageRequest{Limit: 1000})
			require.NoError(t, err)
			require.Len(t, list.Items, apitoken.MaxPerUser)
		})
	}
}

func TestService_List_paginates(t *testing.T) {
	t.Parallel()
	h := newService(t)
	want := map[string]bool{}
	for i := range 9 {
		username := fmt.Sprintf("person%d", i%3)
		if i < 3 {
			h.createUser(t, newUser(username, strconv.Itoa(1000+i)))
		}
		created, _ := h.createToken(t, username, apitoken.Token{})
		want[string(created.ID)] = true
	}
	owner := h.getUser(t, "person1")
	list, err := h.List(t.Context(), "person1", store.PageRequest{})
	require.NoError(t, err)
	require.Len(t, list.Items, 3)
	for _, token := range list.Items {
		require.Equal(t, owner.ID, token.UserID)
		require.Empty(t, token.KeyHash)
	}
	require.Equal(t, want, h.allTokens(t, 2))
	_, err = h.List(t.Context(), "nobody", store.PageRequest{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

// allTokens reads the tokens of all people in pages of that many.
func (h *env) allTokens(t testing.TB, limit int) map[string]bool {
	t.Helper()
	got := map[string]bool{}
	for page := (store.PageRequest{Limit: limit}); ; {
		list, err := h.List(t.Context(), "", page)
		require.NoError(t, err)
		require.LessOrEqual(t, len(list.Items), limit)
		for _, token := range list.Items {
			require.False(t, got[string(token.ID)], "none comes twice")
			got[string(token.ID)] = true
		}
		if page.After = list.Next; page.After == "" {
			return got
		}
	}
}

func TestService_List_hidesOutOfScopeUsers(t *testing.T) {
	t.Parallel()
	h := newService(t)
	scoped := h.scoped(inScope("1000-1999"))
	inScope := map[string]bool{}
	outOfScope := ""
	for i := range 6 {
		username := fmt.Sprintf("person%d", i)
		h.createUser(t, newUser(username, strconv.Itoa(1000+1000*(i%2)+i)))
		created, _ := h.createToken(t, username, apitoken.Token{Extensions: []string{"2009"}})
		if i%2 == 0 {
			inScope[string(created.ID)] = true
		} else {
			outOfScope = string(created.ID)
		}
	}
	require.Equal(t, inScope, scoped.allTokens(t, 2))
	require.Equal(t, inScope, scoped.allTokens(t, 100))

	_, err := scoped.Get(t.Context(), apitoken.ID(outOfScope))
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = scoped.Update(t.Context(), apitoken.ID(outOfScope), func(*apitoken.Token) error { return nil })
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "denied update "+outOfScope+": forbidden", h.lastAuditEntry(t))
	_, _, err = scoped.Rotate(t.Context(), apitoken.ID(outOfScope))
	require.ErrorIs(t, err, store.ErrForbidden)
	require.ErrorIs(t, scoped.Delete(t.Context(), apitoken.ID(outOfScope)), store.ErrForbidden)
	_, err = scoped.List(t.Context(), "person1", store.PageRequest{})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, _, err = scoped.Create(t.Context(), "person1", &apitoken.Token{})
	require.ErrorIs(t, err, store.ErrForbidden)
}

func TestService_Create_rejectsOutOfScopeExtensions(t *testing.T) {
	t.Parallel()
	h := newService(t)
	scoped := h.scoped(inScope("1000-1999"))
	h.createUser(t, newUser("jane", "1001"))
	_, _, err := scoped.Create(t.Context(), "jane", &apitoken.Token{Extensions: []string{"1001", "2001"}})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, _, err = scoped.Create(t.Context(), "jane", &apitoken.Token{Extensions: []string{"all"}})
	require.NoError(t, err, "all are those of a person who is reached")

	created, _ := h.createToken(t, "jane", apitoken.Token{Extensions: []string{"1001", "2001"}})
	add := func(number string) error {
		_, err := scoped.Update(t.Context(), created.ID, func(token *apitoken.Token) error {
			token.Extensions = append(token.Extensions, number)
			return nil
		})
		return err
	}
	require.NoError(t, add("1002"), "what it had before may stay")
	require.ErrorIs(t, add("2002"), store.ErrForbidden)
}

func TestService_Usernames_leavesOutPurgedUsers(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane", "1001"))
	token, _ := h.createToken(t, "jane", apitoken.Token{})
	other, _ := h.createToken(t, "jane", apitoken.Token{})
	purged := &apitoken.Token{UserID: "gone"}
	usernames, err := h.Usernames(t.Context(), token, purged, other, purged)
	require.NoError(t, err)
	require.Equal(t, map[store.UserID]string{jane.ID: "jane"}, usernames)
	_, err = h.scoped(inScope("2000-2999")).Usernames(t.Context(), token)
	require.ErrorIs(t, err, store.ErrForbidden)
}
