package smtp

import (
	"errors"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// rawMessage is a mail that a client handed over, as it came.
type rawMessage struct {
	from      string
	to        []string
	data      []byte
	encrypted bool
	localName string
}

// session is one connection.
type session struct {
	server        *Server
	conn          *smtp.Conn
	authenticated bool
	message       rawMessage
}

var _ smtp.AuthSession = (*session)(nil)

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

// AuthMechanisms offers a login where there is one.
func (s *session) AuthMechanisms() []string {
	if s.server.opts.User == "" {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth begins a login.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch {
	case s.server.opts.User == "":
		return nil, smtp.ErrAuthUnsupported
	case mechanism == sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return s.authenticate(user, password) }), nil
	case mechanism == sasl.Login:
		return &loginServer{authenticate: s.authenticate}, nil
	default:
		return nil, smtp.ErrAuthUnknownMechanism
	}
}

func (s *session) authenticate(user, password string) error {
	if user != s.server.opts.User || password != s.server.opts.Password {
		return smtp.ErrAuthFailed
	}
	s.authenticated = true
	return nil
}

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.opts.User != "" && !s.authenticated {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.message = rawMessage{from: from, encrypted: encrypted, localName: s.conn.Hostname()}
	return nil
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if rejected := s.server.opts.RejectRecipient; rejected == "*" || rejected == to {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	}
	if s.server.opts.Greylist && s.server.firstTime(to) {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted, try again later"}
	}
	s.message.to = append(s.message.to, to)
	return nil
}

// firstTime reports whether no mail to this address was begun before.
func (s *Server) firstTime(to string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.known[to]
	s.known[to] = true
	return first
}

// Data takes a mail and hands it to the test.
func (s *session) Data(r io.Reader) error {
	var err error
	if s.message.data, err = io.ReadAll(r); err != nil {
		return err
	}
	if s.server.opts.StallAtData {
		<-s.server.done
		return errors.New("the test is over")
	}
	select {
	case s.server.queue <- s.message:
		return nil
	default:
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Too many mails wait for the test"}
	}
}

// Reset forgets a mail that was begun.
func (s *session) Reset() { s.message = rawMessage{} }

// Logout has nothing to end.
func (s *session) Logout() error { return nil }
