package smtp

import (
	"bytes"
	"mime"
	"net/mail"
	"net/textproto"
	"testing"
	"time"
)

// Message is a mail that the server took.
type Message struct {
	// From and To are the envelope's: MAIL FROM and every RCPT TO.
	From string
	To   []string
	// Data is the mail as it came, and Header is its header, not decoded.
	Data   []byte
	Header mail.Header
	// Text and HTML are the first parts of these two kinds, decoded; empty
	// where there is none.
	Text, HTML string
	// LocalName is the name of the client in EHLO.
	LocalName string
	// Encrypted tells whether the mail came over TLS.
	Encrypted bool
}

// Receive returns the next mail, in the order in which they came, and fails the
// test when none comes for half a minute.
func (s *Server) Receive(t testing.TB) Message {
	t.Helper()
	timer := time.NewTimer(receiveTimeout)
	defer timer.Stop()
	select {
	case m := <-s.queue:
		message, err := parseMessage(m)
		if err != nil {
			t.Fatalf("a mail came that cannot be read: %v\n%s", err, m.data)
		}
		return message
	case <-timer.C:
		t.Fatalf("no mail came for %v", receiveTimeout)
		return Message{}
	}
}

// Pending returns how many mails came which [Server.Receive] has not returned
// yet. A mail counts before its sender is told that it was taken.
func (s *Server) Pending() int { return len(s.queue) }

// Get returns a field of the header, decoded: a subject in UTF-8, for example.
func (m Message) Get(t testing.TB, field string) string {
	t.Helper()
	decoded, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(field))
	if err != nil {
		t.Fatalf("the mail's field %s: %v", field, err)
	}
	return decoded
}

func parseMessage(r rawMessage) (Message, error) {
	m := Message{From: r.from, To: r.to, Data: r.data, Encrypted: r.encrypted, LocalName: r.localName}
	parsed, err := mail.ReadMessage(bytes.NewReader(r.data))
	if err != nil {
		return m, err
	}
	m.Header = parsed.Header
	var body bodyParts
	if err := body.parse(textproto.MIMEHeader(parsed.Header), parsed.Body); err != nil {
		return m, err
	}
	m.Text, m.HTML = body.text, body.html
	return m, nil
}
