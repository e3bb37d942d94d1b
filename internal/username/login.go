package username

import (
	"strings"

	"golang.org/x/net/idna"
)

// FoldLogin returns the folded form of a login name, which may be a username, an email
// address or an extension. Two login names are the same if this form is. It is that of
// [Fold], after an internationalized domain in its ASCII form (xn--) is decoded. A
// subaddress such as jane+pbx@example.com is a name of its own.
func FoldLogin(name string) string {
	name = strings.TrimSpace(Fold(Normalize(name))) // some marks fold to a blank and a mark
	at := strings.LastIndexByte(name, '@') + 1
	if at == 0 || !strings.Contains(name[at:], "xn--") {
		return name
	}
	domain, err := idna.Lookup.ToUnicode(name[at:])
	if err != nil {
		return name // no domain
	}
	return name[:at] + Fold(domain)
}
