package ampusers

import (
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"
)

// device returns the name of the device that holds a token of this hash, for
// the throttle; "" when a, who may be nil, has not logged in from it.
func (a *Administrator) device(tokenHash []byte) string {
	if a == nil || tokenHash == nil || a.indexOf(tokenHash) < 0 {
		return ""
	}
	return hex.EncodeToString(tokenHash)
}

func (a *Administrator) indexOf(tokenHash []byte) int {
	return slices.IndexFunc(a.Credentials.Devices, func(d Device) bool {
		return subtle.ConstantTimeCompare(d.TokenHash, tokenHash) == 1
	})
}

// remember keeps that a logged in from a device, and forgets the one that was
// not used for longest when there are too many. Devices are in the order of
// their use, whatever the clock says: one that was set back must not forget
// each new device at once.
func (a *Administrator) remember(tokenHash []byte, now time.Time) {
	devices := a.Credentials.Devices
	if i := a.indexOf(tokenHash); i >= 0 {
		devices = slices.Delete(devices, i, i+1)
	}
	devices = append(devices, Device{TokenHash: tokenHash, UsedAt: now})
	a.Credentials.Devices = devices[max(0, len(devices)-MaxDevices):]
}
