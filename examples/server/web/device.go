package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// deviceCookie holds what a device shows at a login to be known.
const deviceCookie = "pbxusers_device"

// deviceLifetime is how long a browser keeps it. Each login begins it anew.
const deviceLifetime = 90 * 24 * time.Hour

// device returns the token of this device; zero when it has none.
func (v *pageHandler) device() store.Secret {
	cookie, err := v.r.Cookie(deviceCookie)
	if err != nil {
		return store.Secret{}
	}
	return store.NewSecret(cookie.Value)
}

func (v *pageHandler) rememberDevice(token store.Secret) {
	if token.IsZero() {
		return
	}
	http.SetCookie(v.w, &http.Cookie{ //nolint:gosec // Secure where the server is reached by https
		Name: deviceCookie, Value: token.Reveal(), Path: "/", MaxAge: int(deviceLifetime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(v.baseURL, "https:"),
	})
}
