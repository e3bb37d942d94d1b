package auth

import (
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
)

// deviceKey returns the name of the device that holds a token of this hash, for
// the throttle; "" when it is not known.
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

// rememberDevice returns the devices with the one that was used now at their end,
// and without the one that was not used for longest when there are too many.
// Devices are in the order of their use, whatever the clock says: one that was
// set back must not forget each new device at once.
func rememberDevice(devices []credential.TrustedDevice, tokenHash []byte, now time.Time) []credential.TrustedDevice {
	if i := deviceIndex(devices, tokenHash); i >= 0 {
		devices = slices.Delete(devices, i, i+1)
	}
	devices = append(devices, credential.TrustedDevice{TokenHash: tokenHash, LastUsedAt: now})
	return devices[max(0, len(devices)-credential.MaxTrustedDevices):]
}
