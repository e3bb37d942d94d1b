package auth_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"image/png"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

func TestConfirmSecondFactor_completesEnrollment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var c credential.Credentials
	_, err := auth.PendingSecondFactor(&c, "pbxusers", "jane")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, auth.ConfirmSecondFactor(&c, "123456", now, nil), store.ErrNotFound)
	require.ErrorIs(t, auth.ReplaceRecoveryCodes(&c, nil), store.ErrConflict)

	require.NoError(t, auth.BeginSecondFactor(&c, rand.Reader))
	require.NoError(t, auth.BeginSecondFactor(&c, rand.Reader), "until it is confirmed it may be begun again")
	require.False(t, c.HasSecondFactor())
	enrollment, err := auth.PendingSecondFactor(&c, "pbxusers", "jane")
	require.NoError(t, err)
	require.True(t, enrollment.Secret.Equal(c.SecondFactor.Secret))
	require.Contains(t, enrollment.URL.Reveal(), enrollment.Secret.Reveal())
	picture, err := png.Decode(bytes.NewReader(enrollment.QR))
	require.NoError(t, err)
	require.Equal(t, 256, picture.Bounds().Dx())

	require.ErrorIs(t, auth.ConfirmSecondFactor(&c, "wrong", now, nil), store.ErrInvalid)
	codes, hashes, err := auth.NewRecoveryCodes(rand.Reader)
	require.NoError(t, err)
	require.Len(t, codes, 10)
	require.NoError(t, auth.ConfirmSecondFactor(&c, totpCode(t, enrollment.Secret, now), now, hashes))
	require.True(t, c.HasSecondFactor())
	require.Equal(t, hashes, c.SecondFactor.RecoveryHashes)

	_, err = auth.PendingSecondFactor(&c, "pbxusers", "jane")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, auth.BeginSecondFactor(&c, rand.Reader), store.ErrConflict)
	require.NoError(t, auth.ReplaceRecoveryCodes(&c, hashes[:1]))
	require.Len(t, c.SecondFactor.RecoveryHashes, 1)
}

func TestConfirmSecondFactor_boundsCode(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var c credential.Credentials
	require.NoError(t, auth.BeginSecondFactor(&c, rand.Reader))
	code := totpCode(t, c.SecondFactor.Secret, now)
	longest := code + strings.Repeat(" ", 100-len(code))
	require.ErrorIs(t, auth.ConfirmSecondFactor(&c, longest+" ", now, nil), store.ErrInvalid)
	require.NoError(t, auth.ConfirmSecondFactor(&c, longest, now, nil))
}

func TestHashToken_identifiesToken(t *testing.T) {
	t.Parallel()
	token, hash, err := auth.NewToken(rand.Reader)
	require.NoError(t, err)
	require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, token.Reveal())
	require.Equal(t, hash, auth.HashToken(token))
	require.Len(t, hash, 32)
	for _, none := range []string{"", "short", token.Reveal() + "A"} {
		require.Nil(t, auth.HashToken(secret(none)))
	}
}

func TestNewToken_returnsRandomSourceError(t *testing.T) {
	t.Parallel()
	broken := iotest.ErrReader(errors.New("no entropy"))
	_, _, err := auth.NewToken(broken)
	require.ErrorContains(t, err, "no entropy")
	_, err = auth.NewSessionEpoch(broken)
	require.ErrorContains(t, err, "no entropy")
	_, _, err = auth.NewRecoveryCodes(broken)
	require.ErrorContains(t, err, "no entropy")
	require.ErrorContains(t, auth.BeginSecondFactor(&credential.Credentials{}, broken), "no entropy")
}

func TestNewSessionEpoch_leavesRoomToIncrement(t *testing.T) {
	t.Parallel()
	highest, err := auth.NewSessionEpoch(bytes.NewReader(bytes.Repeat([]byte{0xff}, 8)))
	require.NoError(t, err)
	require.EqualValues(t, 1<<62-1, highest)
	lowest, err := auth.NewSessionEpoch(bytes.NewReader(make([]byte, 8)))
	require.NoError(t, err)
	require.Zero(t, lowest)
}

// Fingerprints in the audit log are of this text. If its encoding changed, all
// older records would look modified.
func TestNewAuditState_keepsStableEncoding(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for want, c := range map[string]credential.Credentials{
		`{}`: {},
		`{"password_hash":"h","second_factor":{"secret":"k","confirmed":true,"last_step":7,"recovery_hashes":["AQ=="]},` +
			`"invitation_hash":"Ag==","invitation_expires_at":1772355600000000,"devices":[{"token_hash":"Aw==","last_used_at":1772355600000000}]}`: {
			PasswordHash: secret("h"),
			SecondFactor: &credential.TOTP{Secret: secret("k"), Confirmed: true, LastStep: 7, RecoveryHashes: [][]byte{{1}}},
			Invitation:   &credential.OneTimeToken{TokenHash: []byte{2}, ExpiresAt: at},
			Devices:      []credential.TrustedDevice{{TokenHash: []byte{3}, LastUsedAt: at}},
		},
	} {
		text, err := json.Marshal(auth.NewAuditState(&c))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
}
