package smtp

import "github.com/emersion/go-sasl"

// loginServer is the server's side of AUTH LOGIN, which old clients speak: the
// server asks for the name, then for the password.
type loginServer struct {
	authenticate func(user, password string) error

	gotUser bool
	user    string
}

var _ sasl.Server = (*loginServer)(nil)

// Next takes an answer; nil is that the client has said nothing yet.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case !l.gotUser:
		l.gotUser, l.user = true, string(response)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.authenticate(l.user, string(response))
	}
}
