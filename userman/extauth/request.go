package extauth

import (
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// The kinds of requests that are answered.
const (
	kindAuth   = "auth"
	kindIsUser = "isuser"
)

// request is a parsed request.
type request struct {
	kind     string
	user     string
	domain   string
	password store.Secret
}

// parseRequest reads a request. It returns false for a request of another kind.
func parseRequest(text string) (request, bool) {
	kind, rest, _ := strings.Cut(text, ":")
	user, rest, ok := strings.Cut(rest, ":")
	domain, password, withPassword := strings.Cut(rest, ":")
	q := request{kind: kind, user: unescape(user), domain: domain, password: store.NewSecret(password)}
	return q, ok && (kind == kindAuth && withPassword || kind == kindIsUser && !withPassword)
}

// unescaper replaces the escapes of XEP-0106, section 3. All other backslashes are
// literal.
var unescaper = strings.NewReplacer(
	`\20`, " ", `\22`, `"`, `\26`, "&", `\27`, "'", `\2f`, "/", `\3a`, ":", `\3c`, "<", `\3e`, ">", `\40`, "@", `\5c`, `\`,
)

// unescape returns the username of the local part of an address.
func unescape(local string) string { return unescaper.Replace(local) }
