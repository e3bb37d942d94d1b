package userman_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func TestQR_encodesURLWithoutLeakingIt(t *testing.T) {
	t.Parallel()
	url := store.NewSecret("https://pbx.example.com" + userman.ActivationPath + strings.Repeat("quite-secret", 4))
	code, err := userman.QR(url, 440)
	require.NoError(t, err)
	picture, err := png.DecodeConfig(bytes.NewReader(code))
	require.NoError(t, err)
	require.Equal(t, 440, picture.Width)
	require.Equal(t, 440, picture.Height)
	for name, tc := range map[string]struct {
		url  store.Secret
		size int
	}{
		"empty": {store.Secret{}, 440}, "too long": {store.NewSecret(strings.Repeat("quite-secret", 1000)), 440},
		"too small": {url, 20}, "too large": {url, 2049},
	} {
		_, err := userman.QR(tc.url, tc.size)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "quite-secret", name)
	}
}
