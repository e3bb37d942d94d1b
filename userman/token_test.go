package userman_test

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
	"github.com/pbxusers/pbxusers/userman"
)

// token creates a token of somebody, and returns it with its key.
func (h *house) token(t testing.TB, username string, of userman.Token) (*userman.Token, store.Secret) {
	t.Helper()
	created, key, err := h.CreateToken(t.Context(), username, &of)
	require.NoError(t, err)
	return created, key
}

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

func TestATokenIsMadeWithAKeyThatIsShownOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			jane := h.add(t, person("jane", "1001"), "")
			made, key := h.token(t, "JANE", userman.Token{
				ID: "mine", UserID: "mine", KeyHash: []byte("mine"), LastUsedAt: time.Now(), HourRequests: 7,
				Description: "  the CRM\t",
			})
			require.Regexp(t, `^[a-z0-9]{16}$`, made.ID)
			require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, key.Reveal())
			now := h.clock.Now()
			require.Equal(t, &userman.Token{
				ID: made.ID, UserID: jane.ID, Description: "the CRM", Extensions: []string{"all"}, Modules: []string{"all"},
				RequestsPerHour: userman.DefaultRequestsPerHour, Addresses: []netip.Prefix{},
				CreatedAt: now, UpdatedAt: now, KeyMadeAt: now,
			}, made, "all extensions of hers, all modules, and nothing that the service sets is taken over")

			read, err := h.Token(t.Context(), made.ID)
			require.NoError(t, err)
			require.Equal(t, made, read)
			text, err := json.Marshal(read)
			require.NoError(t, err)
			require.NotContains(t, string(text), key.Reveal())
			require.NotContains(t, string(text), "hash")
			require.Equal(t, "done create "+made.ID, h.told(t))
			h.requireProven(t)
		})
	}
}

func TestEveryBadFieldOfATokenIsNamed(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane", "1001"), "")
	many := make([]string, 201)
	networks := make([]netip.Prefix, 51)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	for i := range networks {
		networks[i] = netip.MustParsePrefix("10.0.0.0/8")
	}
	for _, bad := range []struct {
		token userman.Token
		want  []string
	}{
		{userman.Token{
			Description: "hunter2\nline", Extensions: []string{"1001", "self", "hunter2"}, Modules: []string{"hunter2,b", "linked"},
			RequestsPerHour: -2, Addresses: []netip.Prefix{netip.MustParsePrefix("::/0"), {}}, ExpiresAt: h.clock.Now(),
		}, []string{
			"description: plain_line", "extensions[1]: extension", "extensions[2]: extension", "modules[0]: name", "modules[1]: name",
			"requests_per_hour: range", "addresses[1]: network", "expires_at: past",
		}},
		{userman.Token{
			Description: strings.Repeat("x", 201), Extensions: many, Modules: many, RequestsPerHour: userman.MaxRequestsPerHour + 1,
			Addresses: networks, ExpiresAt: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
		}, []string{"description: max", "extensions: max", "modules: max", "requests_per_hour: range", "addresses: max", "expires_at: range"}},
	} {
		_, key, err := h.CreateToken(t.Context(), "jane", &bad.token)
		requireFields(t, err, bad.want...)
		require.True(t, key.IsZero())
		require.NotContains(t, err.Error(), "hunter2")
	}
	list, err := h.Tokens(t.Context(), "jane", store.Page{})
	require.NoError(t, err)
	require.Empty(t, list.Items, "nothing is stored")
}

func TestATokenIsKeptInOneForm(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane", "1001"), "")
	given := userman.Token{
		Extensions: []string{"1002", "all", "1001", "1002"}, Modules: []string{"voicemail", "all", "U\u0308ber", "Über"},
		RequestsPerHour: -1, Addresses: prefixes("10.1.2.3/8", "2001:db8::1/32", "::ffff:192.0.2.7/128", "10.0.0.0/8", "::ffff:0.0.0.0/96"),
		ExpiresAt: h.clock.Now().Add(1234567 * time.Nanosecond).In(time.FixedZone("CET", 3600)),
	}
	made, _ := h.token(t, "jane", given)
	require.Equal(t, []string{"all", "1001", "1002"}, made.Extensions)
	require.Equal(t, []string{"all", "voicemail", "Über"}, made.Modules)
	require.Equal(t, prefixes("0.0.0.0/0", "10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"), made.Addresses)
	require.Equal(t, h.clock.Now().Add(1234*time.Microsecond), made.ExpiresAt)
	require.Equal(t, time.UTC, made.ExpiresAt.Location())
	require.Equal(t, -1, made.RequestsPerHour)
	require.Equal(t, []string{"1002", "all", "1001", "1002"}, given.Extensions, "what was given stays as it was")
}

func TestAnUpdateChangesWhatMayBeChangedOfAToken(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane", "1001"), "")
	made, key := h.token(t, "jane", userman.Token{Description: "CRM", Modules: []string{"all"}, ExpiresAt: h.clock.Now().Add(time.Hour)})
	h.clock.Pass(2 * time.Hour)
	changed, err := h.UpdateToken(t.Context(), made.ID, func(token *userman.Token) error {
		require.Empty(t, token.KeyHash)
		token.ID, token.UserID, token.KeyHash, token.CreatedAt = "mine", "mine", []byte("mine"), time.Time{}
		token.LastUsedAt, token.HourRequests = time.Now(), 9
		token.Description, token.Disabled = "the new CRM", true
		return nil
	})
	require.NoError(t, err, "that it has expired meanwhile does not keep it from being described")
	want := *made
	want.Description, want.Disabled, want.UpdatedAt = "the new CRM", true, h.clock.Now()
	require.Equal(t, &want, changed)
	require.Equal(t, "done update "+made.ID, h.told(t))

	_, err = h.UpdateToken(t.Context(), made.ID, func(token *userman.Token) error {
		token.Disabled, token.ExpiresAt = false, time.Time{}
		token.RequestsPerHour = 0
		return nil
	})
	require.NoError(t, err)
	h.permit(t, "jane", userman.RESTUse, userman.On())
	_, err = h.Authorize(t.Context(), userman.TokenRequest{TokenID: made.ID, Key: key, Module: "x", Extension: "1001"})
	require.NoError(t, err, "the key is the same")

	_, err = h.UpdateToken(t.Context(), made.ID, func(token *userman.Token) error {
		token.Description, token.Extensions, token.Modules = "never", nil, []string{"a,b"}
		return nil
	})
	requireFields(t, err, "extensions: min", "modules[0]: name")
	require.Equal(t, "refused update "+made.ID+": invalid: extensions (min), modules[0] (name)", h.told(t))
	_, err = h.UpdateToken(t.Context(), made.ID, func(token *userman.Token) error {
		token.Modules = nil
		return nil
	})
	requireFields(t, err, "modules: min")
	_, _, err = h.CreateToken(t.Context(), "jane", &userman.Token{Extensions: []string{}, Modules: []string{}})
	requireFields(t, err, "extensions: min", "modules: min")
	own := errors.New("of the caller")
	_, err = h.UpdateToken(t.Context(), made.ID, func(*userman.Token) error { return own })
	require.Equal(t, own, err)
	read, err := h.Token(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, "the new CRM", read.Description)
	h.requireProven(t)
}

func TestARotatedTokenHasAnotherKey(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane", "1001"), "")
	h.permit(t, "jane", userman.RESTUse, userman.On())
	made, old := h.token(t, "jane", userman.Token{Modules: []string{"all"}})
	h.clock.Pass(time.Hour)
	rotated, key, err := h.RotateToken(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, h.clock.Now(), rotated.KeyMadeAt)
	require.Equal(t, made.CreatedAt, rotated.CreatedAt)
	require.False(t, key.Equal(old))
	_, err = h.Authorize(t.Context(), userman.TokenRequest{TokenID: made.ID, Key: old, Module: "x"})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = h.Authorize(t.Context(), userman.TokenRequest{TokenID: made.ID, Key: key, Module: "x"})
	require.NoError(t, err)
	require.Equal(t, "done rotate "+made.ID, h.told(t))
	h.requireProven(t)
}

func TestADeletedTokenIsGone(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane", "1001"), "")
	h.permit(t, "jane", userman.RESTUse, userman.On())
	made, key := h.token(t, "jane", userman.Token{Modules: []string{"all"}})
	require.NoError(t, h.DeleteToken(t.Context(), made.ID))
	require.Equal(t, "done delete "+made.ID, h.told(t))
	_, err := h.Authorize(t.Context(), userman.TokenRequest{TokenID: made.ID, Key: key, Module: "x"})
	require.ErrorIs(t, err, store.ErrForbidden)
	h.requireProven(t)

	for _, id := range []string{made.ID, "", "hunter2", strings.Repeat("a", 1_000_000)} {
		_, err := h.Token(t.Context(), id)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = h.UpdateToken(t.Context(), id, func(*userman.Token) error { return nil })
		require.ErrorIs(t, err, store.ErrNotFound)
		_, _, err = h.RotateToken(t.Context(), id)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, h.DeleteToken(t.Context(), id), store.ErrNotFound)
	}
	for _, e := range h.entries(t, audit.Query{}) {
		require.NotContains(t, e.Key, "hunter2", "a key in the field of the ID is not kept")
	}
	_, _, err = h.CreateToken(t.Context(), "nobody", &userman.Token{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestAPersonHasABoundedNumberOfTokens(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.add(t, person("jane", "1001"), "")
			h.add(t, person("john", "1002"), "")
			h.token(t, "john", userman.Token{})
			for range userman.MaxTokens - 5 {
				h.token(t, "jane", userman.Token{})
			}
			made := 0
			for _, err := range together(20, func(int) error {
				_, _, err := h.CreateToken(context.Background(), "jane", &userman.Token{})
				return err
			}) {
				if err == nil {
					made++
				} else {
					require.ErrorIs(t, err, store.ErrConflict)
				}
			}
			require.Equal(t, 5, made)
			list, err := h.Tokens(t.Context(), "jane", store.Page{Limit: 1000})
			require.NoError(t, err)
			require.Len(t, list.Items, userman.MaxTokens)
		})
	}
}

func TestTokensAreListedInPages(t *testing.T) {
	t.Parallel()
	h := newService(t)
	want := map[string]bool{}
	for i := range 9 {
		username := fmt.Sprintf("person%d", i%3)
		if i < 3 {
			h.add(t, person(username, strconv.Itoa(1000+i)), "")
		}
		made, _ := h.token(t, username, userman.Token{})
		want[made.ID] = true
	}
	of := h.get(t, "person1")
	list, err := h.Tokens(t.Context(), "person1", store.Page{})
	require.NoError(t, err)
	require.Len(t, list.Items, 3)
	for _, token := range list.Items {
		require.Equal(t, of.ID, token.UserID)
		require.Empty(t, token.KeyHash)
	}
	require.Equal(t, want, h.allTokens(t, 2))
	_, err = h.Tokens(t.Context(), "nobody", store.Page{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

// allTokens reads the tokens of all people in pages of that many.
func (h *house) allTokens(t testing.TB, limit int) map[string]bool {
	t.Helper()
	got := map[string]bool{}
	for page := (store.Page{Limit: limit}); ; {
		list, err := h.Tokens(t.Context(), "", page)
		require.NoError(t, err)
		require.LessOrEqual(t, len(list.Items), limit)
		for _, token := range list.Items {
			require.False(t, got[token.ID], "none comes twice")
			got[token.ID] = true
		}
		if page.After = list.Next; page.After == "" {
			return got
		}
	}
}

func TestTokensOfPeopleOutOfReachAreNeitherSeenNorChanged(t *testing.T) {
	t.Parallel()
	h := newService(t)
	narrow := h.within(func(extension string) bool { return strings.HasPrefix(extension, "1") })
	mine := map[string]bool{}
	foreign := ""
	for i := range 6 {
		username := fmt.Sprintf("person%d", i)
		h.add(t, person(username, strconv.Itoa(1000+1000*(i%2)+i)), "")
		made, _ := h.token(t, username, userman.Token{Extensions: []string{"2009"}})
		if i%2 == 0 {
			mine[made.ID] = true
		} else {
			foreign = made.ID
		}
	}
	require.Equal(t, mine, narrow.allTokens(t, 2))
	require.Equal(t, mine, narrow.allTokens(t, 100))

	_, err := narrow.Token(t.Context(), foreign)
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = narrow.UpdateToken(t.Context(), foreign, func(*userman.Token) error { return nil })
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "refused update "+foreign+": forbidden", h.told(t))
	_, _, err = narrow.RotateToken(t.Context(), foreign)
	require.ErrorIs(t, err, store.ErrForbidden)
	require.ErrorIs(t, narrow.DeleteToken(t.Context(), foreign), store.ErrForbidden)
	_, err = narrow.Tokens(t.Context(), "person1", store.Page{})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, _, err = narrow.CreateToken(t.Context(), "person1", &userman.Token{})
	require.ErrorIs(t, err, store.ErrForbidden)
}

func TestATokenIsNotGivenExtensionsOutOfReach(t *testing.T) {
	t.Parallel()
	h := newService(t)
	narrow := h.within(func(extension string) bool { return strings.HasPrefix(extension, "1") })
	h.add(t, person("jane", "1001"), "")
	_, _, err := narrow.CreateToken(t.Context(), "jane", &userman.Token{Extensions: []string{"1001", "2001"}})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, _, err = narrow.CreateToken(t.Context(), "jane", &userman.Token{Extensions: []string{"all"}})
	require.NoError(t, err, "all are those of a person who is reached")

	made, _ := h.token(t, "jane", userman.Token{Extensions: []string{"1001", "2001"}})
	add := func(number string) error {
		_, err := narrow.UpdateToken(t.Context(), made.ID, func(token *userman.Token) error {
			token.Extensions = append(token.Extensions, number)
			return nil
		})
		return err
	}
	require.NoError(t, add("1002"), "what it had before may stay")
	require.ErrorIs(t, add("2002"), store.ErrForbidden)
}
