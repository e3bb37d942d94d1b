package websession

import (
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// DeviceCookieName is the name of the cookie with the token of a device that has logged
// in before, without the prefix that [Manager.CookieName] adds.
const DeviceCookieName = "pbxusers_device"

// deviceLifetime is how long a browser stores the cookie. Each login renews it.
const deviceLifetime = 90 * 24 * time.Hour

// DeviceToken returns the token of the browser for
// [github.com/pbxusers/pbxusers/store/credential.LoginAttempt]; zero when it has none.
func (m *Manager) DeviceToken(r *http.Request) store.Secret {
	cookie, err := r.Cookie(m.CookieName(DeviceCookieName))
	if err != nil {
		return store.Secret{}
	}
	return store.NewSecret(cookie.Value)
}

// DeviceCookie returns the cookie that has the browser remember the device token of a
// login for 90 days; nil without a token.
func (m *Manager) DeviceCookie(token store.Secret) *http.Cookie {
	if token.IsZero() {
		return nil
	}
	return &http.Cookie{ //nolint:gosec // Secure where the server is reached by https
		Name: m.CookieName(DeviceCookieName), Value: token.Reveal(), Path: "/", MaxAge: int(deviceLifetime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: m.SCS.Cookie.Secure,
	}
}
