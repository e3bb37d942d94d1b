package totp_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/totp"
)

func TestMatchRecoveryCode_findsCodeByHash(t *testing.T) {
	t.Parallel()

	codes, hashes, err := totp.NewRecoveryCodes(rand.Reader, 10)
	require.NoError(t, err)
	require.Len(t, codes, 10)
	require.Len(t, hashes, 10)
	for i, code := range codes {
		require.Regexp(t, `^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$`, code.Reveal())
		require.Len(t, hashes[i], 32)
		require.Equal(t, i, totp.MatchRecoveryCode(hashes, code.Reveal()))
		require.Equal(t, -1, totp.MatchRecoveryCode(slices.Delete(slices.Clone(hashes), i, i+1), code.Reveal()))
	}
}

func TestMatchRecoveryCode_acceptsTypingVariants(t *testing.T) {
	t.Parallel()

	// "0123-4567-89ab-cdef" in the alphabet of Crockford.
	_, hashes, err := totp.NewRecoveryCodes(bytes.NewReader([]byte{0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf}), 1)
	require.NoError(t, err)
	for _, typed := range []string{
		"0123-4567-89ab-cdef", "0123456789abcdef", "0123 4567 89AB CDEF", " 0123-4567-89ab-cdef\n", "O123-4567-89ab-cdef",
		"oi23-4567-89ab-cdef", "0L23 4567 89ab cdef", "0123–4567—89ab‐cdef", "01-23-45-67-89-AB-CD-EF",
	} {
		require.Equal(t, 0, totp.MatchRecoveryCode(hashes, typed), "%q", typed)
	}
	for _, typed := range []string{
		"", "-", "0123-4567-89ab-cde", "0123-4567-89ab-cdeff", "0123-4567-89ab-cdeg", "0123_4567_89ab_cdef", "0123-4567-89ab-cde\xff",
		"0123-4567-89ab-cdef" + strings.Repeat("-", 10<<20),
	} {
		require.Equal(t, -1, totp.MatchRecoveryCode(hashes, typed), "%.30q", typed)
	}
	require.Equal(t, -1, totp.MatchRecoveryCode(nil, "0123-4567-89ab-cdef"))
	require.Equal(t, -1, totp.MatchRecoveryCode([][]byte{nil, {}}, "0123-4567-89ab-cdef"))
}

func TestNewRecoveryCodes_returnsRandomSourceError(t *testing.T) {
	t.Parallel()

	broken := errors.New("no randomness")
	_, _, err := totp.NewRecoveryCodes(io.MultiReader(bytes.NewReader(make([]byte, 15)), iotest.ErrReader(broken)), 2)
	require.ErrorIs(t, err, broken)
}

func TestMatchRecoveryCode_acceptsManuallyCopiedCode(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, "random")
		codes, hashes, err := totp.NewRecoveryCodes(bytes.NewReader(random), 1)
		require.NoError(t, err)
		typed := codes[0].Reveal()
		if rapid.Bool().Draw(t, "upper") {
			typed = strings.ToUpper(typed)
		}
		typed = strings.ReplaceAll(typed, "-", rapid.SampledFrom([]string{"", " ", "-", " - "}).Draw(t, "between"))
		typed = strings.ReplaceAll(typed, "0", rapid.SampledFrom([]string{"0", "o", "O"}).Draw(t, "zero"))
		typed = strings.ReplaceAll(typed, "1", rapid.SampledFrom([]string{"1", "l", "I"}).Draw(t, "one"))
		require.Equal(t, 0, totp.MatchRecoveryCode(hashes, typed))
	})
}

func FuzzMatchRecoveryCode(f *testing.F) {
	codes, hashes, err := totp.NewRecoveryCodes(bytes.NewReader(make([]byte, 10)), 1)
	require.NoError(f, err)
	f.Add(codes[0].Reveal())
	f.Add("0000\xff000000000000")
	f.Fuzz(func(t *testing.T, typed string) {
		if totp.MatchRecoveryCode(hashes, typed) == 0 {
			require.Subset(t, []rune("0oO-\u00a0 \t\n\r\v\f"), []rune(typed))
		}
	})
}
