package extauth

import (
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// The questions that are answered.
const (
	kindAuth   = "auth"
	kindIsUser = "isuser"
)

// question is what a server asks.
type question struct {
	kind     string
	user     string
	domain   string
	password store.Secret
}

// parseQuestion reads a question; false when it is none that is answered.
func parseQuestion(text string) (question, bool) {
	kind, rest, _ := strings.Cut(text, ":")
	user, rest, ok := strings.Cut(rest, ":")
	domain, password, withPassword := strings.Cut(rest, ":")
	q := question{kind: kind, user: unescape(user), domain: domain, password: store.NewSecret(password)}
	return q, ok && (kind == kindAuth && withPassword || kind == kindIsUser && !withPassword)
}

// unescaper undoes the escapes of XEP-0106, section 3. All other backslashes
// stand for themselves.
var unescaper = strings.NewReplacer(
	`\20`, " ", `\22`, `"`, `\26`, "&", `\27`, "'", `\2f`, "/", `\3a`, ":", `\3c`, "<", `\3e`, ">", `\40`, "@", `\5c`, `\`,
)

// unescape returns the name that the local part of an address stands for.
func unescape(local string) string { return unescaper.Replace(local) }
