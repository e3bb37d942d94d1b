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

func TestAURLIsDrawnAsAQRCode_orRefusedWithoutSayingIt(t *testing.T) {
	t.Parallel()
	url := store.NewSecret("https://pbx.example.com" + userman.ActivationPath + strings.Repeat("quite-secret", 4))
	drawn, err := userman.QR(url, 440)
	require.NoError(t, err)
	picture, err := png.DecodeConfig(bytes.NewReader(drawn))
	require.NoError(t, err)
	require.Equal(t, 440, picture.Width)
	require.Equal(t, 440, picture.Height)
	for name, refused := range map[string]struct {
		url  store.Secret
		size int
	}{
		"empty": {store.Secret{}, 440}, "too long": {store.NewSecret(strings.Repeat("quite-secret", 1000)), 440},
		"too small": {url, 20}, "too large": {url, 2049},
	} {
		_, err := userman.QR(refused.url, refused.size)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "quite-secret", name)
	}
}
