package credential

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Creator is the administrator who set a credential, or who may know it because an
// earlier credential let the administrator in. The zero Creator is none: the
// credential comes from the console, from a directory, or from the owner alone.
type Creator struct {
	// Administrator is the username.
	Administrator string
	// At is the time when the credential was set. A later administrator with the same
	// username is not the creator.
	At time.Time
}

// IsZero reports whether no administrator may know the credential.
func (c Creator) IsZero() bool { return c.Administrator == "" }

// String returns the form in which c is stored: the time in microseconds, a space and
// the username; "" if c is zero. [ParseCreator] reads it.
func (c Creator) String() string {
	if c.IsZero() {
		return ""
	}
	return strconv.FormatInt(c.At.UnixMicro(), 10) + " " + c.Administrator
}

// ParseCreator returns the creator of a stored form.
func ParseCreator(text string) (Creator, error) {
	if text == "" {
		return Creator{}, nil
	}
	at, administrator, _ := strings.Cut(text, " ")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil || administrator == "" {
		return Creator{}, errors.New("credential: the creator is not a time and a username")
	}
	return Creator{administrator, time.UnixMicro(micros).UTC()}, nil
}

// Kind is a kind of credential.
type Kind string

// The kinds of credentials that a grant can revoke.
const (
	KindPassword     Kind = "password"
	KindSecondFactor Kind = "second_factor"
	// KindPasswordLink is a link to set a password.
	KindPasswordLink Kind = "password_link"
	// KindSoftphoneLink is a link to set up a softphone.
	KindSoftphoneLink Kind = "softphone_link"
	// KindEmail is the address that links are mailed to.
	KindEmail    Kind = "email"
	KindAPIToken Kind = "api_token"
)

// Label returns the kind as text, such as "second factor".
func (k Kind) Label() string {
	return strings.ReplaceAll(strings.ReplaceAll(string(k), "_", " "), "api", "API")
}
