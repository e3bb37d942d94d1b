package forms

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

const (
	// kind is the kind of drafts in the TTL store.
	kind = "draft"
	// lifetime is how long a draft is kept.
	lifetime = 24 * time.Hour
	// maxDrafts bounds the drafts of an administrator. A new one replaces another one. A
	// visitor can add none without a token of the administrator.
	maxDrafts = 32
)

// Draft is the input of a form that was not saved.
type Draft struct {
	// ID names the draft in addresses.
	ID string `json:"id"`
	// Page is the address of the page with the form, and Action that to which it is
	// posted.
	Page   string `json:"page"`
	Action string `json:"action"`
	// Values are the input without secrets, and Secrets the names of the fields with a
	// secret that was typed.
	Values  url.Values `json:"values"`
	Secrets []string   `json:"secrets"`
	// answer is encrypted for the session.
	Answer []byte `json:"answer"`
}

// Reader is who may read a draft: an administrator, as in [Forms.Token], in a browser, which
// has this secret in a cookie.
type Reader struct {
	Owner   string
	Browser string
}

// NewDraft returns the draft of a posted form.
func NewDraft(page, action string, form url.Values) *Draft {
	d := &Draft{ID: rand.Text(), Page: page, Action: action, Values: url.Values{}}
	for name, values := range form {
		switch {
		case name == TokenField:
		case !IsSecret(name):
			d.Values[name] = slices.Clone(values)
		case strings.Join(values, "") != "":
			d.Secrets = append(d.Secrets, name)
		}
	}
	slices.Sort(d.Secrets)
	return d
}

// IsSecret reports whether the field of a form has a secret, by its name.
func IsSecret(name string) bool {
	return name == "code" || strings.Contains(name, "password") || strings.Contains(name, "secret")
}

// Typed are the values that a person typed or chose, by the names of their fields.
func (d *Draft) Typed() map[string]string {
	typed := map[string]string{}
	for name, values := range d.Values {
		if text := strings.TrimSpace(strings.Join(values, ", ")); text != "" && !isHidden(name) {
			typed[name] = text
		}
	}
	return typed
}

// IsFor reports whether the form is posted to a path.
func (d *Draft) IsFor(path string) bool { return pathOf(d.Action) == path }

// isHidden reports whether a field is one that pages hide, or a button.
func isHidden(name string) bool {
	return slices.Contains([]string{"version", "confirmed", "user", "next", "do", "remove-filter"}, name)
}

// Save saves a draft for its reader. It returns an error wrapping [store.ErrInvalid] if it is
// too large.
func (f *Forms) Save(ctx context.Context, d *Draft, reader Reader) error {
	plain, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("saving a draft: %w", err)
	}
	return f.ttl.Put(ctx, kind, slotOf(d.ID, reader), f.keyring.Seal(plain, contextOf(d.ID, reader)), f.clock().Add(lifetime))
}

// Draft returns the draft of a reader. It returns a [store.NotFoundError] if there is none.
func (f *Forms) Draft(ctx context.Context, id string, reader Reader) (*Draft, error) {
	sealed, err := f.ttl.Get(ctx, kind, slotOf(id, reader), f.clock())
	if err != nil {
		return nil, err
	}
	var d Draft
	plain, err := f.keyring.Open(sealed, contextOf(id, reader))
	if err != nil || json.Unmarshal(plain, &d) != nil {
		return nil, &store.NotFoundError{Kind: kind}
	}
	return &d, nil
}

// SetAnswer has the draft show the answer to its form in this session.
func (f *Forms) SetAnswer(d *Draft, answer []byte, session string) {
	d.Answer = f.keyring.Seal(answer, answerContext(d.ID, session))
}

// Answer returns the answer to the form. ok is false in another session.
func (f *Forms) Answer(d *Draft, session string) (answer []byte, ok bool) {
	if len(d.Answer) == 0 {
		return nil, false
	}
	answer, err := f.keyring.Open(d.Answer, answerContext(d.ID, session))
	return answer, err == nil
}

// slotOf is the key of a draft. Each owner has a limited number of keys.
func slotOf(id string, reader Reader) string {
	slot := sha256.Sum256([]byte(id))
	return hash(reader.Owner + "\x00" + strconv.Itoa(int(slot[0])%maxDrafts))
}

func contextOf(id string, reader Reader) string {
	return "pages/draft/" + id + "/" + hash(reader.Owner) + "/" + hash(reader.Browser)
}

func answerContext(id, session string) string { return "pages/answer/" + id + "/" + hash(session) }

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// names are the names of the values.
func (d *Draft) names() []string { return slices.Sorted(maps.Keys(d.Values)) }
