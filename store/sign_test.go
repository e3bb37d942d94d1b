package store_test

import (
	"bytes"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
)

func TestKeyring_Verify_bindsMessageAndContext(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey())
	rapid.Check(t, func(t *rapid.T) {
		message, context := rapid.SliceOf(rapid.Byte()).Draw(t, "message"), rapid.String().Draw(t, "context")
		signature := keyring.Sign(message, context)
		require.NoError(t, keyring.Verify(signature, message, context))
		require.Equal(t, signature, keyring.Sign(message, context))
		require.ErrorIs(t, keyring.Verify(signature, append(message, 0), context), store.ErrBadSignature)
		require.ErrorIs(t, keyring.Verify(signature, message, context+"x"), store.ErrBadSignature)
		// Text moved from the context to the message is another message.
		if len(message) > 0 {
			require.ErrorIs(t, keyring.Verify(signature, message[1:], context+string(message[:1])), store.ErrBadSignature)
		}
	})
}

func TestKeyring_Verify_rejectsModifiedOrTruncatedSignature(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey(), store.GenerateKey())
	signature := keyring.Sign([]byte("message"), sealContext)
	for i := range signature {
		changed := bytes.Clone(signature)
		changed[i] ^= 1
		require.Error(t, keyring.Verify(changed, []byte("message"), sealContext))
		require.Error(t, keyring.Verify(signature[:i], []byte("message"), sealContext))
	}
	require.ErrorIs(t, keyring.Verify(nil, []byte("message"), sealContext), store.ErrBadSignature)
	require.ErrorIs(t, keyring.Verify(append(signature, 0), []byte("message"), sealContext), store.ErrBadSignature)
}

func TestKeyring_Verify_separatesSignaturesFromSealedValues(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey())
	_, err := keyring.Open(keyring.Sign([]byte(hunter2), sealContext), sealContext)
	require.ErrorIs(t, err, store.ErrDecrypt)
	require.ErrorIs(t, keyring.Verify(keyring.Seal([]byte(hunter2), sealContext), []byte(hunter2), sealContext), store.ErrBadSignature)
}

func TestKeyring_Sign_namesKey(t *testing.T) {
	t.Parallel()
	old, fresh := store.GenerateKey(), store.GenerateKey()
	signature := newKeyring(t, old).Sign(nil, sealContext)
	both := newKeyring(t, fresh, old)
	require.NoError(t, both.Verify(signature, nil, sealContext))
	require.False(t, both.IsPrimary(signature))
	require.True(t, both.IsPrimary(both.Sign(nil, sealContext)))

	var unknown *store.UnknownKeyError
	require.ErrorAs(t, newKeyring(t, fresh).Verify(signature, nil, sealContext), &unknown)
	require.Equal(t, old.ID, unknown.ID)

	swapped := bytes.Replace(signature, []byte(old.ID), []byte(fresh.ID), 1)
	require.ErrorIs(t, both.Verify(swapped, nil, sealContext), store.ErrBadSignature)
}

func TestKeyring_Verify_reloadsKeyFileForUnknownKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	ours, err := store.OpenKeyring(path)
	require.NoError(t, err)
	theirs, err := store.OpenKeyring(path)
	require.NoError(t, err)
	require.NoError(t, theirs.Rotate())
	require.NoError(t, ours.Verify(theirs.Sign(nil, sealContext), nil, sealContext))
	require.True(t, theirs.IsPrimary(ours.Sign(nil, sealContext)))
}

// signedV1 is the signature of hunter2 by the key of the test below. It must always
// be valid.
const signedV1 = "010466757a7ae53a5c78e328356ab63ffda54e86f790fa5c92909ed4f2119241c95309d774e1"

func TestKeyring_Sign_isStableAcrossVersions(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.Key{ID: "fuzz", Secret: store.NewSecret(strings.Repeat("f", store.KeySize))})
	require.Equal(t, signedV1, hex.EncodeToString(keyring.Sign([]byte(hunter2), sealContext)))
}

func BenchmarkKeyring_Sign(b *testing.B) {
	keyring := newKeyring(b, store.GenerateKey())
	for b.Loop() {
		_ = keyring.Sign([]byte(hunter2), sealContext)
	}
}
