// Package neterror says in plain words why a server cannot be reached, for people who
// administer a phone system and not a network.
package neterror

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"syscall"
)

// explained is an error in other words.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }

// Explain returns err in plain words, such as "nothing listens on this port", without the
// addresses of the connection. It returns err itself if it does not know the reason, or
// nil.
func Explain(err error) error {
	if text := reason(err); text != "" {
		return &explained{text, err}
	}
	return err
}

func reason(err error) string {
	var dns *net.DNSError
	var invalid x509.CertificateInvalidError
	var network net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no host of this name"
	case errors.As(err, &dns):
		return "the name of the host cannot be looked up now"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens on this port"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to this host in the network"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the server closed the connection"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "the server does not speak TLS on this port"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "the certificate is of an unknown authority; enter its CA certificate"
	case errors.As(err, new(x509.HostnameError)):
		return "the certificate is for another host name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired or is not valid yet"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "the server did not answer in time"
	}
	return ""
}
