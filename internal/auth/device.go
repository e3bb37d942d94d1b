package auth

import (
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
)

// deviceKey returns the name of the device with that token hash for the rate
// limits; "" if it is not trusted.
func deviceKey(devices []credential.TrustedDevice, tokenHash []byte) string {
	if tokenHash == nil || deviceIndex(devices, tokenHash) < 0 {
		return ""
	}
	return hex.EncodeToString(tokenHash)
}

func deviceIndex(devices []credential.TrustedDevice, tokenHash []byte) int {
	return slices.IndexFunc(devices, func(d credential.TrustedDevice) bool {
		return subtle.ConstantTimeCompare(d.TokenHash, tokenHash) == 1
	})
}

// rememberDevice moves the current device to the end of devices. It removes the
// least recently used device if there are too many. The devices are in the order of
// their use, independent of the clock: if the clock was set back, new devices must
// not be removed immediately.
func rememberDevice(devices []credential.TrustedDevice, tokenHash []byte, now time.Time) []credential.TrustedDevice {
	if i := deviceIndex(devices, tokenHash); i >= 0 {
		devices = slices.Delete(devices, i, i+1)
	}
	devices = append(devices, credential.TrustedDevice{TokenHash: tokenHash, LastUsedAt: now})
	return devices[max(0, len(devices)-credential.MaxTrustedDevices):]
}
