package credential_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

func fullCredentials() *credential.Credentials {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return &credential.Credentials{
		PasswordHash: store.NewSecret("the hash"),
		SecondFactor: &credential.TOTP{Secret: store.NewSecret("the key"), Confirmed: true, LastStep: 3, RecoveryHashes: [][]byte{{1}, {2}}},
		Invitation:   &credential.OneTimeToken{TokenHash: []byte{3}, ExpiresAt: at},
		Devices:      []credential.TrustedDevice{{TokenHash: []byte{4}, LastUsedAt: at}},
	}
}

func TestCredentials_Clone_isDeepCopy(t *testing.T) {
	t.Parallel()
	creds := fullCredentials()
	clone := creds.Clone()
	require.Equal(t, fullCredentials(), &clone)

	clone.SecondFactor.Confirmed = false
	clone.SecondFactor.RecoveryHashes[0][0] = 9
	clone.SecondFactor.RecoveryHashes[1] = nil
	clone.Invitation.TokenHash[0] = 9
	clone.Invitation.ExpiresAt = time.Time{}
	clone.Devices[0].TokenHash[0] = 9
	clone.Devices[0].LastUsedAt = time.Time{}
	require.Equal(t, fullCredentials(), creds)

	empty := new(credential.Credentials).Clone()
	require.Equal(t, credential.Credentials{}, empty)
	require.Nil(t, (*credential.OneTimeToken)(nil).Clone())
}

func TestCredentials_HasSecondFactor_requiresConfirmation(t *testing.T) {
	t.Parallel()
	creds := fullCredentials()
	require.True(t, creds.HasPassword())
	require.True(t, creds.HasSecondFactor())
	creds.SecondFactor.Confirmed = false
	require.False(t, creds.HasSecondFactor(), "no code was seen yet")
	creds = &credential.Credentials{}
	require.False(t, creds.HasPassword())
	require.False(t, creds.HasSecondFactor())
}

func TestCredentials_redactSecretsWhenPrinted(t *testing.T) {
	t.Parallel()
	creds := fullCredentials()
	attempt := credential.LoginAttempt{Username: "jane", Password: store.NewSecret("the password"), DeviceToken: store.NewSecret("the token")}
	text, err := json.Marshal([]any{creds, attempt})
	require.NoError(t, err)
	printed := string(text) + fmt.Sprintf("%v %+v %#v %v %+v %#v %+v", creds, creds, creds, attempt, attempt, attempt, *creds.SecondFactor)
	for _, secret := range []string{"the hash", "the key", "the password", "the token"} {
		require.NotContains(t, printed, secret)
	}
}

func TestParseCreator_readsString(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 123000, time.UTC)
	for text, creator := range map[string]credential.Creator{
		"":                                {},
		"1772355600000123 jane.admin":     {Administrator: "jane.admin", At: at},
		"1772355600000123 with a blank":   {Administrator: "with a blank", At: at},
		"-62135596800000000 before clock": {Administrator: "before clock", At: time.Time{}},
	} {
		require.Equal(t, text, creator.String())
		require.Equal(t, text == "", creator.IsZero(), text)
		parsed, err := credential.ParseCreator(text)
		require.NoError(t, err)
		require.Equal(t, creator, parsed)
	}
	for _, text := range []string{"jane", "1", "1 ", "x jane", " jane"} {
		_, err := credential.ParseCreator(text)
		require.Error(t, err, text)
	}
}
