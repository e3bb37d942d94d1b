package smtp

import "github.com/emersion/go-sasl"

// login is the server's side of AUTH LOGIN, which old clients speak: the
// server asks for the name, then for the password.
type login struct {
	decide func(user, password string) error

	named bool
	user  string
}

var _ sasl.Server = (*login)(nil)

// Next takes an answer; nil is that the client has said nothing yet.
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case !l.named:
		l.named, l.user = true, string(response)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.decide(l.user, string(response))
	}
}
