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

func everything() *credential.Set {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return &credential.Set{
		PasswordHash: store.NewSecret("the hash"),
		SecondFactor: &credential.Factor{Secret: store.NewSecret("the key"), Confirmed: true, LastStep: 3, RecoveryHashes: [][]byte{{1}, {2}}},
		Invitation:   &credential.Link{TokenHash: []byte{3}, ExpiresAt: at},
		Devices:      []credential.Device{{TokenHash: []byte{4}, UsedAt: at}},
	}
}

func TestACloneSharesNothing(t *testing.T) {
	t.Parallel()
	set := everything()
	clone := set.Clone()
	require.Equal(t, everything(), &clone)

	clone.SecondFactor.Confirmed = false
	clone.SecondFactor.RecoveryHashes[0][0] = 9
	clone.SecondFactor.RecoveryHashes[1] = nil
	clone.Invitation.TokenHash[0] = 9
	clone.Invitation.ExpiresAt = time.Time{}
	clone.Devices[0].TokenHash[0] = 9
	clone.Devices[0].UsedAt = time.Time{}
	require.Equal(t, everything(), set)

	empty := new(credential.Set).Clone()
	require.Equal(t, credential.Set{}, empty)
	require.Nil(t, (*credential.Link)(nil).Clone())
}

func TestASetSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	set := everything()
	require.True(t, set.HasPassword())
	require.True(t, set.HasSecondFactor())
	set.SecondFactor.Confirmed = false
	require.False(t, set.HasSecondFactor(), "no code was seen yet")
	set = &credential.Set{}
	require.False(t, set.HasPassword())
	require.False(t, set.HasSecondFactor())
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	set := everything()
	attempt := credential.Attempt{Username: "jane", Password: store.NewSecret("the password"), Device: store.NewSecret("the token")}
	text, err := json.Marshal([]any{set, attempt})
	require.NoError(t, err)
	printed := string(text) + fmt.Sprintf("%v %+v %#v %v %+v %#v %+v", set, set, set, attempt, attempt, attempt, *set.SecondFactor)
	for _, secret := range []string{"the hash", "the key", "the password", "the token"} {
		require.NotContains(t, printed, secret)
	}
}
