package testservers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// Certificate is what a server of these tests proves itself with: made for the
// test, valid for 127.0.0.1 and localhost, and signed by itself, so that a
// client that is not given Authority refuses it.
type Certificate struct {
	// KeyPair is the certificate with its key, for a server in this process.
	KeyPair tls.Certificate
	// RootCAs is what a client is to trust.
	RootCAs *x509.CertPool
	// CertPEM and KeyPEM are the same as files, for other programs.
	CertPEM, KeyPEM []byte
}

// NewCertificate makes a certificate.
func NewCertificate(t testing.TB) *Certificate {
	t.Helper()
	c, err := createCertificate(time.Now())
	if err != nil {
		t.Fatalf("making a certificate: %v", err)
	}
	return c
}

func createCertificate(now time.Time) (*Certificate, error) {
	const day = 24 * time.Hour
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "pbxusers test server"},
		NotBefore:             now.Add(-day),
		NotAfter:              now.Add(day),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost"},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	c := &Certificate{
		RootCAs: x509.NewCertPool(),
		CertPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		KeyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	}
	c.RootCAs.AppendCertsFromPEM(c.CertPEM)
	c.KeyPair, err = tls.X509KeyPair(c.CertPEM, c.KeyPEM)
	return c, err
}
