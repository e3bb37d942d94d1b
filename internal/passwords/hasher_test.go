package passwords_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/store"
)

func newCheapHasher() *passwords.Hasher {
	return passwords.NewHasher(&passwords.Options{Params: passwords.Params{Memory: 64, Time: 1, Threads: 1}})
}

func secret(s string) store.Secret { return store.NewSecret(s) }

func TestNewHasher_defaultsToOWASPParameters(t *testing.T) {
	t.Parallel()

	for _, h := range []*passwords.Hasher{passwords.NewHasher(nil), passwords.NewHasher(&passwords.Options{})} {
		hash, err := h.Hash(t.Context(), secret("correct horse"))
		require.NoError(t, err)
		require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, hash.Reveal())
		require.True(t, passwords.Supported(hash))

		result, err := h.Verify(t.Context(), hash, secret("correct horse"))
		require.NoError(t, err)
		require.Equal(t, passwords.Result{Match: true}, result)
		result, err = h.Verify(t.Context(), hash, secret("correct hors"))
		require.NoError(t, err)
		require.False(t, result.Match)
	}
}

func TestHasher_Hash_saltsEachHash(t *testing.T) {
	t.Parallel()

	h := newCheapHasher()
	one, err := h.Hash(t.Context(), secret("correct horse"))
	require.NoError(t, err)
	two, err := h.Hash(t.Context(), secret("correct horse"))
	require.NoError(t, err)
	require.False(t, one.Equal(two))
}

func TestHasher_Verify_acceptsAnyUnicodeForm(t *testing.T) {
	t.Parallel()

	h := newCheapHasher()
	policy := passwords.Policy{MinLength: 1, MinScore: -1}
	passing := passwordGenerator(func(password string) bool { return len(policy.Check("password", secret(password))) == 0 })
	rapid.Check(t, func(t *rapid.T) {
		password := passing.Draw(t, "password")
		other := rapid.StringN(1, -1, passwords.MaxLength).Draw(t, "other")
		hash, err := h.Hash(t.Context(), secret(password))
		require.NoError(t, err)
		for _, typed := range []string{password, norm.NFC.String(password), norm.NFD.String(password)} {
			result, err := h.Verify(t.Context(), hash, secret(typed))
			require.NoError(t, err)
			require.Equal(t, passwords.Result{Match: true}, result)
		}
		for _, wrong := range []string{other, password + "x", password[1:], strings.ToUpper(password) + "\u00a0"} {
			result, err := h.Verify(t.Context(), hash, secret(wrong))
			require.NoError(t, err)
			require.Equal(t, equivalentForm(wrong) == equivalentForm(password), result.Match)
		}
	})
}

// passwordGenerator draws passwords that pass, of runes that pass alone.
func passwordGenerator(passes func(password string) bool) *rapid.Generator[string] {
	char := rapid.Rune().Filter(func(r rune) bool { return passes(string(r)) })
	return rapid.StringOfN(char, 1, -1, passwords.MaxLength).Filter(passes)
}

// equivalentForm is another way to write what the hasher takes for one password.
func equivalentForm(password string) string {
	if !utf8.ValidString(password) {
		return password
	}
	for _, blank := range "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000" {
		password = strings.ReplaceAll(password, string(blank), " ")
	}
	return norm.NFD.String(password)
}

func TestHasher_Verify_neverTruncates(t *testing.T) {
	t.Parallel()

	h := newCheapHasher()
	longest := strings.Repeat("x", passwords.MaxLength-1)
	hash, err := h.Hash(t.Context(), secret(longest+"a"))
	require.NoError(t, err)
	for typed, match := range map[string]bool{longest + "a": true, longest + "b": false, longest: false, longest + "ab": false, strings.Repeat("x", 10<<20): false} {
		result, err := h.Verify(t.Context(), hash, secret(typed))
		require.NoError(t, err)
		require.Equal(t, match, result.Match, len(typed))
	}

	_, err = h.Hash(t.Context(), secret(longest+"ab"))
	require.ErrorIs(t, err, store.ErrInvalid)
	_, err = h.Hash(t.Context(), store.Secret{})
	require.ErrorIs(t, err, store.ErrInvalid)
}

func TestHasher_Verify_acceptsLongDecomposedPassword(t *testing.T) {
	t.Parallel()

	h := newCheapHasher()
	password := strings.Repeat("ΐ", passwords.MaxLength/2)
	hash, err := h.Hash(t.Context(), secret(password))
	require.NoError(t, err)
	result, err := h.Verify(t.Context(), hash, secret(norm.NFD.String(password)))
	require.NoError(t, err)
	require.True(t, result.Match)
}

func TestHasher_Verify_needsRehashWhenCostRises(t *testing.T) {
	t.Parallel()

	params := func(memory, time uint32, threads uint8) *passwords.Options {
		return &passwords.Options{Params: passwords.Params{Memory: memory, Time: time, Threads: threads}}
	}
	hash, err := passwords.NewHasher(params(128, 2, 2)).Hash(t.Context(), secret("correct horse"))
	require.NoError(t, err)
	for _, c := range []struct {
		now      *passwords.Options
		outdated bool
	}{
		{params(128, 2, 2), false},
		{params(64, 1, 1), false},
		{params(129, 1, 1), true},
		{params(64, 3, 1), true},
		{params(64, 1, 3), true},
	} {
		result, err := passwords.NewHasher(c.now).Verify(t.Context(), hash, secret("correct horse"))
		require.NoError(t, err)
		require.Equal(t, passwords.Result{Match: true, NeedsRehash: c.outdated}, result, fmt.Sprint(c.now.Params))
	}
}

func TestHasher_Hash_returnsSupportedHash(t *testing.T) {
	t.Parallel()

	for _, p := range []passwords.Params{
		{Memory: 1, Time: 1, Threads: 1},
		{Memory: 8, Time: 1, Threads: 255},
		{Memory: 8, Time: 1 << 31, Threads: 1},
	} {
		hash, err := passwords.NewHasher(&passwords.Options{Params: p}).Hash(t.Context(), secret("correct horse"))
		require.NoError(t, err)
		require.True(t, passwords.Supported(hash), fmt.Sprint(p))
	}
}

func TestHasher_Hash_returnsSaltError(t *testing.T) {
	t.Parallel()

	broken := errors.New("no randomness")
	_, err := passwords.NewHasher(&passwords.Options{Random: iotest.ErrReader(broken)}).Hash(t.Context(), secret("correct horse"))
	require.ErrorIs(t, err, broken)
}

func TestHasher_respectsContext(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := newCheapHasher()
	_, err := h.Hash(ctx, secret("correct horse"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Verify(ctx, store.Secret{}, secret("correct horse"))
	require.ErrorIs(t, err, context.Canceled)
}
