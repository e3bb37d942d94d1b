// Package forms keeps what administrators typed in the forms of the pages. Each form has a
// token, which tells submissions apart and names the administrator who loaded the form. A
// [Draft] is the input of a form that was not saved, and the page that says why. It waits
// for the same administrator in the same browser, without secrets, for a day.
package forms

import (
	"bytes"
	"encoding/base64"
	"html"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// TokenField is the name of the hidden field with the token of a form.
const TokenField = "form_token"

// Forms creates and reads tokens and drafts. It is safe for concurrent use.
type Forms struct {
	ttl     store.TTLStore
	keyring *store.Keyring
	clock   func() time.Time
}

// New returns the forms of a server. keyring encrypts the tokens, and the drafts in ttl.
func New(ttl store.TTLStore, keyring *store.Keyring, clock func() time.Time) *Forms {
	return &Forms{ttl, keyring, clock}
}

// tokenContext is the context of encrypted tokens.
const tokenContext = "pages/form-token"

// Token returns a new token of the forms of one page. owner identifies the administrator
// who loads the page, "" for visitors. The token is encrypted and different each time.
func (f *Forms) Token(owner string) string {
	return base64.RawURLEncoding.EncodeToString(f.keyring.Seal([]byte(owner), tokenContext))
}

// Owner returns the owner of a token. ok is false for what is no token of this server.
func (f *Forms) Owner(token string) (owner string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || token == "" {
		return "", false
	}
	plain, err := f.keyring.Open(sealed, tokenContext)
	return string(plain), err == nil
}

// formTag starts each form of a template that is posted. Texts of users are escaped, so
// they cannot contain it.
const formTag = `<form method="post"`

// WithToken returns a page whose forms that are posted have a token in a hidden field.
// token is called if there is such a form.
func WithToken(page []byte, token func() string) []byte {
	if !bytes.Contains(page, []byte(formTag)) {
		return page
	}
	field := `<input type="hidden" name="` + TokenField + `" value="` + html.EscapeString(token()) + `">`
	var out bytes.Buffer
	out.Grow(len(page) + 8*len(field))
	for {
		i := bytes.Index(page, []byte(formTag))
		if i < 0 {
			out.Write(page)
			return out.Bytes()
		}
		end := i + bytes.IndexByte(page[i:], '>') + 1
		out.Write(page[:end])
		out.WriteString(field)
		page = page[end:]
	}
}

// Unsaved returns a page whose forms that are posted to the address of the draft are marked:
// what they contain is not saved.
func (d *Draft) Unsaved(page []byte) []byte {
	if len(d.Typed()) == 0 {
		return page
	}
	tag := formTag + ` action="` + html.EscapeString(d.Action) + `"`
	return bytes.ReplaceAll(page, []byte(tag), []byte(formTag+` data-unsaved`+tag[len(formTag):]))
}
