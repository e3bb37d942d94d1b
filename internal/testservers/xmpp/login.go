package xmpp

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// ErrNotAuthorized is a server's answer to a wrong name or password, and to one
// who may not log in.
var ErrNotAuthorized = errors.New("the server does not let this user in with this password")

// The names of RFC 6120.
const (
	saslNS   = "urn:ietf:params:xml:ns:xmpp-sasl"
	streamNS = "http://etherx.jabber.org/streams"
)

// Login logs in as user@domain, as a client does (RFC 6120, SASL PLAIN), and
// leaves again. An error that is not [ErrNotAuthorized] is no refusal: the
// server did not answer, or could not.
func Login(ctx context.Context, address, domain, user, password string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := login(conn, domain, user, password); err != nil {
		return errors.Join(err, ctx.Err())
	}
	return nil
}

func login(conn net.Conn, domain, user, password string) error {
	elements := xml.NewDecoder(conn)
	if err := openStream(conn, elements, domain); err != nil {
		return err
	}
	secret := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	if _, err := fmt.Fprintf(conn, `<auth xmlns=%q mechanism="PLAIN">%s</auth>`, saslNS, secret); err != nil {
		return err
	}
	return readOutcome(elements)
}

// openStream opens the stream and reads that PLAIN is offered.
func openStream(conn net.Conn, elements *xml.Decoder, domain string) error {
	if _, err := fmt.Fprintf(conn, `<?xml version="1.0"?><stream:stream to=%q version="1.0" xmlns="jabber:client" xmlns:stream=%q>`,
		domain, streamNS); err != nil {
		return err
	}
	stream, err := nextElement(elements)
	if err != nil {
		return err
	}
	if stream.Name != (xml.Name{Space: streamNS, Local: "stream"}) {
		return fmt.Errorf("the server opens no stream, but says %s", stream.Name.Local)
	}
	start, err := nextElement(elements)
	if err != nil {
		return err
	}
	if start.Name != (xml.Name{Space: streamNS, Local: "features"}) {
		return readFailure(elements, start)
	}
	var features struct {
		Mechanisms []string `xml:"mechanisms>mechanism"`
	}
	if err := elements.DecodeElement(&features, &start); err != nil {
		return err
	}
	if !slices.Contains(features.Mechanisms, "PLAIN") {
		return fmt.Errorf("the server offers no login with a password, but %v", features.Mechanisms)
	}
	return nil
}

// readOutcome reads the answer to a login.
func readOutcome(elements *xml.Decoder) error {
	start, err := nextElement(elements)
	if err != nil {
		return err
	}
	if start.Name != (xml.Name{Space: saslNS, Local: "success"}) {
		return readFailure(elements, start)
	}
	return nil
}

// readFailure reads why the server refuses: its first word inside says so.
func readFailure(elements *xml.Decoder, start xml.StartElement) error {
	condition, err := nextElement(elements)
	switch {
	case err != nil:
		return fmt.Errorf("the server answers with %s, and no reason: %w", start.Name.Local, err)
	case condition.Name == xml.Name{Space: saslNS, Local: "not-authorized"}:
		return ErrNotAuthorized
	default:
		return fmt.Errorf("the server answers with %s: %s", start.Name.Local, condition.Name.Local)
	}
}

// nextElement returns the beginning of the next element.
func nextElement(elements *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := elements.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}
