package store_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
)

const sealContext = "pbxusers_managers/crm/secret"

func newKeyring(t testing.TB, keys ...store.Key) *store.Keyring {
	t.Helper()
	keyring, err := store.NewKeyring(keys...)
	require.NoError(t, err)
	return keyring
}

func TestKeyring_Open_roundTripsSeal(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey())
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		context := rapid.String().Draw(t, "context")
		opened, err := keyring.Open(keyring.Seal(plaintext, context), context)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plaintext, opened))
	})
}

func TestKeyring_Seal_isRandomized(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey())
	once, again := keyring.Seal([]byte(hunter2), sealContext), keyring.Seal([]byte(hunter2), sealContext)
	require.NotEqual(t, once, again)
}

func TestKeyring_Open_rejectsOtherContext(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey())
	sealed := keyring.Seal([]byte(hunter2), sealContext)
	for _, otherContext := range []string{"", sealContext + "x", "pbxusers_managers/dialer/secret"} {
		_, err := keyring.Open(sealed, otherContext)
		require.ErrorIs(t, err, store.ErrDecrypt)
	}
}

func TestKeyring_Open_rejectsModifiedOrTruncatedValue(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey(), store.GenerateKey())
	sealed := keyring.Seal([]byte(hunter2), sealContext)
	for i := range sealed {
		for _, bit := range []byte{1, 0x80} {
			changed := bytes.Clone(sealed)
			changed[i] ^= bit
			opened, err := keyring.Open(changed, sealContext)
			requireOpenFails(t, opened, err)
		}
		opened, err := keyring.Open(sealed[:i], sealContext)
		requireOpenFails(t, opened, err)
	}
	opened, err := keyring.Open(append(sealed, 0), sealContext)
	requireOpenFails(t, opened, err)
}

// requireOpenFails accepts either error: a changed ID may equal that of another
// key.
func requireOpenFails(t require.TestingT, opened []byte, err error) {
	require.Error(t, err)
	require.Empty(t, opened)
	if _, unknown := errors.AsType[*store.UnknownKeyError](err); !unknown {
		require.ErrorIs(t, err, store.ErrDecrypt)
	}
}

func TestKeyring_Open_rejectsSwappedKeyID(t *testing.T) {
	t.Parallel()
	first, second := store.GenerateKey(), store.GenerateKey()
	sealed := newKeyring(t, first).Seal([]byte(hunter2), sealContext)
	swapped := bytes.Replace(sealed, []byte(first.ID), []byte(second.ID), 1)
	_, err := newKeyring(t, first, second).Open(swapped, sealContext)
	require.ErrorIs(t, err, store.ErrDecrypt)
}

func TestUnknownKeyError_namesMissingKey(t *testing.T) {
	t.Parallel()
	lost := store.GenerateKey()
	sealed := newKeyring(t, lost).Seal([]byte(hunter2), sealContext)
	_, err := newKeyring(t, store.GenerateKey()).Open(sealed, sealContext)
	var unknown *store.UnknownKeyError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, lost.ID, unknown.ID)
}

func TestKeyring_IsPrimary_sealsWithFirstKeyOpensWithAll(t *testing.T) {
	t.Parallel()
	old, fresh := store.GenerateKey(), store.GenerateKey()
	keyring := newKeyring(t, fresh, old)
	sealedBefore := newKeyring(t, old).Seal([]byte(hunter2), sealContext)
	require.False(t, keyring.IsPrimary(sealedBefore))
	opened, err := keyring.Open(sealedBefore, sealContext)
	require.NoError(t, err)
	require.Equal(t, hunter2, string(opened))

	sealedNow := keyring.Seal(opened, sealContext)
	require.True(t, keyring.IsPrimary(sealedNow))
	require.False(t, keyring.IsPrimary(nil))
}

func TestNewKeyring_rejectsInvalidKeys(t *testing.T) {
	t.Parallel()
	good := store.GenerateKey()
	for name, keys := range map[string][]store.Key{
		"none":        {},
		"short key":   {{ID: "a", Secret: store.NewSecret("short")}},
		"no key":      {{ID: "a"}},
		"no id":       {{Secret: good.Secret}},
		"space in id": {{ID: "a b", Secret: good.Secret}},
		"newline":     {{ID: "a\n", Secret: good.Secret}},
		"long id":     {{ID: strings.Repeat("a", 65), Secret: good.Secret}},
		"same id":     {good, {ID: good.ID, Secret: store.GenerateKey().Secret}},
	} {
		keyring, err := store.NewKeyring(keys...)
		require.Error(t, err, name)
		require.Nil(t, keyring, name)
		require.NotContains(t, err.Error(), "short", name)
	}
}

func TestKeyring_Format_redactsKeys(t *testing.T) {
	t.Parallel()
	key := store.Key{ID: "first", Secret: store.NewSecret(strings.Repeat("k3", 16))}
	keyring := newKeyring(t, key)
	document, err := json.Marshal(map[string]any{"keyring": keyring, "key": key})
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "keyring", keyring, "key", key)
	var all strings.Builder
	all.WriteString(string(document) + log.String())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&all, verb, keyring)
		fmt.Fprintf(&all, verb, key)
		fmt.Fprintf(&all, verb, []any{keyring, &key})
	}
	printed := all.String()
	require.NotContains(t, printed, "k3k3")
	require.NotContains(t, printed, fmt.Sprintf("%x", "k3k3"))
	require.NotContains(t, printed, "107 51 107")
	require.Equal(t, "keyring of primary key first", keyring.String())
}

// sealedV1 is hunter2, encrypted by version 1 with the key of the test below. It
// must always be decrypted.
const sealedV1 = "010466757a7a148b71d76e45803a1e6b3764969f97d9f92175e709ccfc95ac0106cdf6b332dae492f89c181b0848836aec"

func TestKeyring_Open_isStableAcrossVersions(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.Key{ID: "fuzz", Secret: store.NewSecret(strings.Repeat("f", store.KeySize))})
	sealed, err := hex.DecodeString(sealedV1)
	require.NoError(t, err)
	opened, err := keyring.Open(sealed, sealContext)
	require.NoError(t, err)
	require.Equal(t, hunter2, string(opened))
}

func FuzzKeyring_Open(f *testing.F) {
	key := store.Key{ID: "fuzz", Secret: store.NewSecret(strings.Repeat("f", store.KeySize))}
	keyring := newKeyring(f, key)
	sealed, err := hex.DecodeString(sealedV1)
	require.NoError(f, err)
	f.Add(sealed, sealContext)
	f.Add(sealed[:len(sealed)-1], sealContext)
	f.Add([]byte{}, "")
	f.Add([]byte{1, 255, 'f'}, sealContext)
	f.Add([]byte("\x01\x04fuzz"), sealContext)
	f.Add([]byte("\x01\x04lost0123456789"), sealContext)
	f.Fuzz(func(t *testing.T, input []byte, context string) {
		opened, err := keyring.Open(input, context)
		if err == nil {
			// Only the keyring can create values that can be decrypted.
			require.Equal(t, sealed, input)
			require.Equal(t, sealContext, context)
			require.Equal(t, hunter2, string(opened))
			return
		}
		requireOpenFails(t, opened, err)
	})
}

func BenchmarkKeyring_Open(b *testing.B) {
	keyring := newKeyring(b, store.GenerateKey())
	sealed := keyring.Seal([]byte(hunter2), sealContext)
	for b.Loop() {
		_, _ = keyring.Open(sealed, sealContext)
	}
}
