package totp_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"image/color"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store"
)

// rfcSecret is the secret of the test vectors of RFC 6238, appendix B.
var rfcSecret = store.NewSecret(base32.StdEncoding.EncodeToString([]byte("12345678901234567890")))

// The vectors have 8 digits, of which the last 6 are the code of 6 digits.
func TestValidate_acceptsRFC6238Vectors(t *testing.T) {
	t.Parallel()

	for unix, code := range map[int64]string{
		59:          "94287082",
		1111111109:  "07081804",
		1111111111:  "14050471",
		1234567890:  "89005924",
		2000000000:  "69279037",
		20000000000: "65353130",
	} {
		step, ok := totp.Validate(rfcSecret, code[2:], time.Unix(unix, 0), 0)
		require.True(t, ok, unix)
		require.Equal(t, unix/30, step)
	}
}

func TestValidate_acceptsOneStepOfClockSkew(t *testing.T) {
	t.Parallel()

	const code, step = "050471", 1111111111 / 30
	at := func(steps int64) time.Time { return time.Unix((step+steps)*30, 0) }
	for _, off := range []int64{-1, 0, 1} {
		got, ok := totp.Validate(rfcSecret, code, at(off), 0)
		require.True(t, ok, off)
		require.EqualValues(t, step, got)
	}
	for _, off := range []int64{-1000, -2, 2, 1000} {
		_, ok := totp.Validate(rfcSecret, code, at(off), 0)
		require.False(t, ok, off)
	}
}

func TestValidate_rejectsReplayedCode(t *testing.T) {
	t.Parallel()

	now := time.Unix(1111111111, 0)
	step, ok := totp.Validate(rfcSecret, "050471", now, 0)
	require.True(t, ok)

	again, ok := totp.Validate(rfcSecret, "050471", now, step)
	require.False(t, ok)
	require.Equal(t, step, again)
	_, ok = totp.Validate(rfcSecret, "050471", now.Add(30*time.Second), step)
	require.False(t, ok)
	_, ok = totp.Validate(rfcSecret, "081804", now, step) // the code before
	require.False(t, ok)
	_, ok = totp.Validate(rfcSecret, "050471", now, step-1)
	require.True(t, ok)
}

func TestValidate_ignoresSpaces(t *testing.T) {
	t.Parallel()

	for _, typed := range []string{"050 471", " 050471\n", "0 5 0 4 7 1", "050\u00a0471", strings.Repeat(" ", 122) + "050471"} {
		_, ok := totp.Validate(rfcSecret, typed, time.Unix(1111111111, 0), 0)
		require.True(t, ok, "%q", typed)
	}
}

func TestValidate_rejectsMalformedCode(t *testing.T) {
	t.Parallel()

	for _, typed := range []string{"", "      ", "50471", "0050471", "14050471", "05047l", "O50471", "-50471", "+50471", "٠٥٠٤٧١", "050471\x00", strings.Repeat(" ", 123) + "050471", strings.Repeat(" ", 10<<20) + "050471"} {
		_, ok := totp.Validate(rfcSecret, typed, time.Unix(1111111111, 0), 0)
		require.False(t, ok, "%.20q", typed)
	}
	_, ok := totp.Validate(rfcSecret, "050471", time.Unix(-1111111111, 0), 0)
	require.False(t, ok)
}

func TestIsCode_acceptsSixDigitsOnly(t *testing.T) {
	t.Parallel()

	for code, want := range map[string]bool{
		"050471": true, " 050 471\n": true, "000000": true,
		"": false, "05047": false, "0504711": false, "05047a": false, "-": false, "٠٥٠٤٧١": false,
		"xxxx-xxxx-xxxx-xxxx": false, "0504 7105 0471 0504": false,
		"050471" + strings.Repeat(" ", 1000): false,
	} {
		require.Equal(t, want, totp.IsCode(code), code)
	}
	codes, _, err := totp.NewRecoveryCodes(rand.Reader, 10)
	require.NoError(t, err)
	for _, code := range codes {
		require.False(t, totp.IsCode(code.Reveal()))
	}
}

func TestValidate_rejectsInvalidSecret(t *testing.T) {
	t.Parallel()

	for _, secret := range []string{"", "MFRGG"} {
		code, err := hotp.GenerateCode(secret, 1)
		require.NoError(t, err)
		_, ok := totp.Validate(store.NewSecret(secret), code, time.Unix(45, 0), 0)
		require.False(t, ok)
	}
	_, ok := totp.Validate(store.NewSecret("not base32 at all!"), "000000", time.Unix(45, 0), 0)
	require.False(t, ok)
}

// RFC 4226 requires 128 bits.
func TestURL_requiresSecretOf16Bytes(t *testing.T) {
	t.Parallel()

	encode := func(length int) store.Secret {
		return store.NewSecret(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(bytes.Repeat([]byte{7}, length)))
	}
	_, err := totp.URL("Acme", "jane", encode(16))
	require.NoError(t, err)
	_, err = totp.URL("Acme", "jane", encode(15))
	require.Error(t, err)
}

func TestValidate_acceptsFirstStep(t *testing.T) {
	t.Parallel()

	code, err := hotp.GenerateCode(rfcSecret.Reveal(), 1)
	require.NoError(t, err)
	step, ok := totp.Validate(rfcSecret, code, time.Unix(30, 0), 0)
	require.True(t, ok)
	require.EqualValues(t, 1, step)
}

func TestNewSecret_returnsRandomSecret(t *testing.T) {
	t.Parallel()

	one, err := totp.NewSecret(rand.Reader)
	require.NoError(t, err)
	require.Regexp(t, `^[A-Z2-7]{32}$`, one.Reveal())
	two, err := totp.NewSecret(rand.Reader)
	require.NoError(t, err)
	require.False(t, one.Equal(two))

	broken := errors.New("no randomness")
	_, err = totp.NewSecret(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

func TestURL_encodesKeyURI(t *testing.T) {
	t.Parallel()

	keyURI, err := totp.URL("Acme: Phones & more", "王小明@example.com", rfcSecret)
	require.NoError(t, err)
	parsed, err := url.Parse(keyURI.Reveal())
	require.NoError(t, err)
	require.Equal(t, "otpauth", parsed.Scheme)
	require.Equal(t, "totp", parsed.Host)
	require.Equal(t, "/Acme  Phones & more:王小明@example.com", parsed.Path)
	require.NotContains(t, parsed.RawQuery, "+", "some apps show a plus as it is")
	_, err = otp.NewKeyFromURL(keyURI.Reveal())
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"secret": {rfcSecret.Reveal()}, "issuer": {"Acme  Phones & more"}, "period": {"30"}, "digits": {"6"}, "algorithm": {"SHA1"},
	}, parsed.Query())
}

func TestURL_requiresSecretAndNames(t *testing.T) {
	t.Parallel()

	for _, secret := range []string{"", "MFRGG", "not base32: quite-secret"} {
		_, err := totp.URL("Acme", "jane", store.NewSecret(secret))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "quite")
	}
	_, err := totp.URL("", "jane", rfcSecret)
	require.Error(t, err)
	_, err = totp.URL("Acme", "", rfcSecret)
	require.Error(t, err)
}

func TestQR_drawsSquareWithQuietZone(t *testing.T) {
	t.Parallel()

	keyURI, err := totp.URL("Acme", "jane.admin", rfcSecret)
	require.NoError(t, err)
	for _, size := range []int{128, 256, 301} {
		data, err := totp.QR(keyURI, size)
		require.NoError(t, err)
		picture, err := png.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, size, picture.Bounds().Dx())
		require.Equal(t, size, picture.Bounds().Dy())

		light := func(x, y int) bool { return color.GrayModel.Convert(picture.At(x, y)) == color.Gray{Y: 255} }
		border := 0
		for light(border, border) {
			border++
		}
		require.GreaterOrEqual(t, border, 4)
		dot := color.GrayModel.Convert(picture.At(border, border))
		require.Equal(t, color.Gray{}, dot, "the corner of the code is dark, not light")
		run := 0
		for !light(border+run, border) {
			run++
		}
		require.False(t, light(border+run/2, border+run/2), "the middle of the finder pattern is dark; in an inverted code it is light")
		dark := 0
		for i := range size {
			require.True(t, light(i, 0) && light(0, i) && light(i, size-1) && light(size-1, i))
			if !light(i, size/2) {
				dark++
			}
		}
		require.Greater(t, dark, size/8)
		require.False(t, light(border, size-1-border), "the corner at the lower left is dark as well")
		require.True(t, light(size-1-border/2, size/2))
	}
}

func TestQR_acceptsExactSizeLimits(t *testing.T) {
	t.Parallel()

	// This URL makes a code of version 1: 21 modules, and 4 at each side.
	for size, valid := range map[int]bool{28: false, 29: true, 2048: true, 2049: false} {
		_, err := totp.QR(store.NewSecret("otpauth://"), size)
		if valid {
			require.NoError(t, err, size)
			continue
		}
		require.EqualError(t, err, "a picture of this QR code is 29 to 2048 pixels wide")
	}
}

func TestQR_rejectsInvalidSize(t *testing.T) {
	t.Parallel()

	keyURI, err := totp.URL("Acme", "jane.admin", rfcSecret)
	require.NoError(t, err)
	for _, size := range []int{-1, 0, 40, 2049, 1 << 40} {
		_, err := totp.QR(keyURI, size)
		require.Error(t, err, size)
	}
	_, err = totp.QR(store.Secret{}, 256)
	require.Error(t, err)
	_, err = totp.QR(store.NewSecret(strings.Repeat("quite-secret", 1000)), 256)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "quite-secret")
}

func FuzzValidate(f *testing.F) {
	f.Add("050471", int64(1111111111), int64(0))
	f.Add("٠٥٠٤٧١", int64(-1), int64(-1))
	f.Fuzz(func(t *testing.T, code string, unix, last int64) {
		step, ok := totp.Validate(rfcSecret, code, time.Unix(unix, 0), last)
		if ok {
			require.Greater(t, step, last)
			require.InDelta(t, unix/30, step, 1)
		}
	})
}

func TestValidate_acceptsEachStepOnce(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		var last int64
		used := map[int64]bool{}
		now := int64(1111111111)
		for range rapid.IntRange(1, 20).Draw(t, "tries") {
			now += rapid.Int64Range(0, 40).Draw(t, "seconds")
			code := rapid.SampledFrom([]string{"050471", "081804"}).Draw(t, "code")
			step, ok := totp.Validate(rfcSecret, code, time.Unix(now, 0), last)
			if ok {
				require.False(t, used[step])
				used[step], last = true, step
			}
		}
	})
}
