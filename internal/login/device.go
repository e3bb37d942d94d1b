package login

import (
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
)

// device returns the name of the device that holds a token of this hash, for
// the throttle; "" when it is not known.
func device(known []credential.Device, tokenHash []byte) string {
	if tokenHash == nil || indexOf(known, tokenHash) < 0 {
		return ""
	}
	return hex.EncodeToString(tokenHash)
}

func indexOf(known []credential.Device, tokenHash []byte) int {
	return slices.IndexFunc(known, func(d credential.Device) bool {
		return subtle.ConstantTimeCompare(d.TokenHash, tokenHash) == 1
	})
}

// remembered returns the devices with the one that was used now at their end,
// and without the one that was not used for longest when there are too many.
// Devices are in the order of their use, whatever the clock says: one that was
// set back must not forget each new device at once.
func remembered(devices []credential.Device, tokenHash []byte, now time.Time) []credential.Device {
	if i := indexOf(devices, tokenHash); i >= 0 {
		devices = slices.Delete(devices, i, i+1)
	}
	devices = append(devices, credential.Device{TokenHash: tokenHash, UsedAt: now})
	return devices[max(0, len(devices)-credential.MaxDevices):]
}
