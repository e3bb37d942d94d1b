package manager

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// ProbeOutcome is the result of a login by [Service.Probe].
type ProbeOutcome string

// The outcomes of a probe.
const (
	// LoggedIn means that the account works from this host.
	LoggedIn ProbeOutcome = "logged_in"
	// WrongSecret means that Asterisk has a different secret.
	WrongSecret ProbeOutcome = "wrong_secret"
	// AddressDenied means that the account does not permit the client address.
	AddressDenied ProbeOutcome = "address_denied"
	// UnknownAccount means that Asterisk does not have the account.
	UnknownAccount ProbeOutcome = "unknown_account"
	// AlreadyLoggedIn means that the account is in use and allows one session
	// only.
	AlreadyLoggedIn ProbeOutcome = "already_logged_in"
	// Denied means WrongSecret, AddressDenied or UnknownAccount. Asterisk
	// answers all three alike; only security events tell which one it is.
	Denied ProbeOutcome = "denied"
	// Unreachable means that nothing answers at the address.
	Unreachable ProbeOutcome = "unreachable"
	// NotAMI means that the program at the address does not speak AMI.
	NotAMI ProbeOutcome = "not_ami"
)

// ProbeResult is the result of a probe.
type ProbeResult struct {
	Outcome ProbeOutcome `json:"outcome"`
	// Expected reports that the record leads to this outcome: a login, or a denial
	// because the account does not permit this host or is disabled.
	Expected bool `json:"expected"`
	// Message is one sentence: the meaning and the remedy.
	Message string `json:"message"`
}

// ProbeOptions are the options of [Service.Probe].
type ProbeOptions struct {
	// Address is the host and port of AMI. Default 127.0.0.1:5038.
	Address string
	// TLS enables TLS. Default plain TCP.
	TLS *tls.Config
	// Secret is the secret to try. Default the stored one.
	Secret store.Secret
	// SecurityEvents is a client of the same Asterisk that receives the events
	// of class security. They explain a denied login. Default none.
	SecurityEvents *ami.Client
}

// DefaultAddress is the default address of AMI.
const DefaultAddress = "127.0.0.1:5038"

// securityEventTimeout limits the wait for the event that explains a denied
// login.
const securityEventTimeout = 3 * time.Second

// Probe logs in to Asterisk as the account from this host, logs off, and
// returns the outcome. It returns an error wrapping [store.ErrNotFound] if the
// account does not exist, or the error of ctx. Anything that Asterisk or the
// network does is an outcome.
func (s *Service) Probe(ctx context.Context, name string, opts *ProbeOptions) (*ProbeResult, error) {
	a, err := s.store.Account(ctx, name)
	if err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &ProbeOptions{}
	}
	secret := opts.Secret
	if secret.IsZero() {
		secret = a.Secret
	}
	watch, err := watchLogins(opts.SecurityEvents)
	if err != nil {
		return nil, err
	}
	defer watch.close()
	localAddr, err := ami.CheckLogin(ctx, cmp.Or(opts.Address, DefaultAddress), &ami.Options{Username: a.Name, Secret: secret, TLS: opts.TLS})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	outcome, err := outcomeOf(err)
	if err != nil {
		return nil, err
	}
	if outcome == Denied {
		outcome = watch.explain(ctx, securityAddress(localAddr, opts.TLS != nil))
	}
	return &ProbeResult{Outcome: outcome, Expected: a.expects(outcome, localAddr.Addr().Unmap()), Message: a.outcomeMessage(outcome, localAddr)}, nil
}

// expects reports whether the record leads to an outcome of a login from an address.
func (a *Account) expects(outcome ProbeOutcome, from netip.Addr) bool {
	switch outcome {
	case LoggedIn:
		return !a.Disabled && a.permits(from)
	case AddressDenied:
		return !a.permits(from)
	case UnknownAccount:
		return a.Disabled
	default:
		return false
	}
}

func outcomeOf(err error) (ProbeOutcome, error) {
	for _, mapping := range []struct {
		err     error
		outcome ProbeOutcome
	}{
		{ami.ErrAuthentication, Denied},
		{ami.ErrAlreadyLoggedIn, AlreadyLoggedIn},
		{ami.ErrUnreachable, Unreachable},
		{ami.ErrNotAMI, NotAMI},
		{ami.ErrDisconnected, NotAMI},
	} {
		if errors.Is(err, mapping.err) {
			return mapping.outcome, nil
		}
	}
	return LoggedIn, err
}

// outcomeMessage describes the outcome.
func (a *Account) outcomeMessage(outcome ProbeOutcome, from netip.AddrPort) string {
	address := from.Addr().Unmap().String()
	switch outcome {
	case LoggedIn:
		return fmt.Sprintf("The account can log in from %s.", address)
	case WrongSecret:
		return "Asterisk has a different secret for this account: apply the configuration, or configure the live secret in the integration."
	case AddressDenied:
		if a.NamedACL != "" && a.permits(from.Addr().Unmap()) {
			return fmt.Sprintf("The named ACL of the account denies %s, or acl.conf does not have it: correct acl.conf and run 'module reload acl'.", address)
		}
		return fmt.Sprintf("The account does not permit %s: add it to permit and apply, or try from the integration's host.", address)
	case UnknownAccount:
		return "Asterisk does not have this account: " + a.missingReason()
	case AlreadyLoggedIn:
		return "The account is already logged in and allows one session only: end that session, or allow multiple logins."
	case Unreachable:
		return "Nothing answers at this address: check host and port, bindaddr and enabled in manager.conf, and the firewall."
	case NotAMI:
		return "The program at this address is not the Asterisk Manager Interface: check the port and TLS."
	case Denied:
	}
	return "Asterisk denied the login without a reason: " + a.likelyReason(from.Addr())
}

func (a *Account) missingReason() string {
	if a.Disabled {
		return "it is disabled."
	}
	return "apply the configuration."
}

// likelyReason returns the likely reason of an unexplained denial.
func (a *Account) likelyReason(from netip.Addr) string {
	switch {
	case a.Disabled:
		return "the account is disabled."
	case from.IsValid() && !a.permits(from):
		return fmt.Sprintf("the account probably does not permit %s.", from.Unmap())
	}
	return "the account may not be applied, its secret may differ, or its named ACL may not permit this address."
}

// loginWatch receives Asterisk's security events, which state why a login was
// denied (report_failed_acl and similar functions in main/manager.c).
type loginWatch struct {
	events *ami.Subscription
}

func watchLogins(client *ami.Client) (loginWatch, error) {
	if client == nil {
		return loginWatch{}, nil
	}
	events, err := client.Subscribe(nil)
	if err != nil {
		return loginWatch{}, fmt.Errorf("watching logins: %w", err)
	}
	return loginWatch{events}, nil
}

func (w loginWatch) close() {
	if w.events != nil {
		w.events.Close()
	}
}

// explain waits for the event about a login from the given address, in the
// format of [securityAddress].
func (w loginWatch) explain(ctx context.Context, from string) ProbeOutcome {
	if w.events == nil {
		return Denied
	}
	ctx, cancel := context.WithTimeout(ctx, securityEventTimeout)
	defer cancel()
	for {
		event, err := w.events.Next(ctx)
		if err != nil {
			return Denied
		}
		if event.Get("RemoteAddress") != from {
			continue
		}
		switch event.Name() {
		case "FailedACL":
			return AddressDenied
		case "InvalidAccountID":
			return UnknownAccount
		case "InvalidPassword", "ChallengeResponseFailed":
			return WrongSecret
		}
	}
}

// securityAddress returns a client address in the format of security events
// (ast_json_ipaddr in main/json.c).
func securityAddress(from netip.AddrPort, overTLS bool) string {
	family, transport := "IPV6", "TCP"
	if from.Addr().Unmap().Is4() {
		family = "IPV4"
	}
	if overTLS {
		transport = "TLS"
	}
	return fmt.Sprintf("%s/%s/%s/%d", family, transport, from.Addr().Unmap(), from.Port())
}
