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

// ProbeOutcome is what came of a login that [Service.Probe] tried.
type ProbeOutcome string

// The outcomes of a probe.
const (
	// LoggedIn means that the account works from here.
	LoggedIn ProbeOutcome = "logged_in"
	// WrongSecret means that Asterisk has another secret.
	WrongSecret ProbeOutcome = "wrong_secret"
	// AddressDenied means that the account does not permit the address that
	// the login came from.
	AddressDenied ProbeOutcome = "address_refused"
	// UnknownAccount means that Asterisk has no such account.
	UnknownAccount ProbeOutcome = "unknown_account"
	// AlreadyLoggedIn means that the account is in use, and allows one
	// session only.
	AlreadyLoggedIn ProbeOutcome = "already_logged_in"
	// Denied means one of the first three refusals; which, only a witness
	// can tell: Asterisk gives the client the same answer to all.
	Denied ProbeOutcome = "refused"
	// Unreachable means that nothing answers at the address.
	Unreachable ProbeOutcome = "unreachable"
	// NotAMI means that what answers at the address is not AMI.
	NotAMI ProbeOutcome = "not_ami"
)

// ProbeResult tells how a login went.
type ProbeResult struct {
	Outcome ProbeOutcome `json:"outcome"`
	// Message is one sentence: what it means, and what to do.
	Message string `json:"message"`
}

// ProbeOptions are the options of [Service.Probe].
type ProbeOptions struct {
	// Address is the host and port of AMI. Defaults to 127.0.0.1:5038.
	Address string
	// TLS makes the probe use TLS. Defaults to plain TCP.
	TLS *tls.Config
	// Secret to try. Defaults to the one stored.
	Secret store.Secret
	// SecurityEvents is a client of the same Asterisk that receives the events of
	// class security. With it a refusal is explained. Defaults to none.
	SecurityEvents *ami.Client
}

// DefaultAddress is where AMI listens unless it is told otherwise.
const DefaultAddress = "127.0.0.1:5038"

// securityEventTimeout is how long the explanation of a refusal may take.
const securityEventTimeout = 3 * time.Second

// Probe logs in to Asterisk as the account, from here, and off again, and says
// how it went. The error is a [store.NotFoundError], or that of ctx; whatever
// Asterisk or the network does is an outcome.
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
	return &ProbeResult{Outcome: outcome, Message: a.outcomeMessage(outcome, localAddr)}, nil
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

// outcomeMessage words the outcome for the account.
func (a *Account) outcomeMessage(outcome ProbeOutcome, from netip.AddrPort) string {
	address := from.Addr().Unmap().String()
	switch outcome {
	case LoggedIn:
		return fmt.Sprintf("The account can log in from %s.", address)
	case WrongSecret:
		return "Asterisk has another secret for this account: apply the configuration, or give the integration the secret that is live."
	case AddressDenied:
		return fmt.Sprintf("The account does not permit %s: add it to permit and apply, or try from the integration's own host.", address)
	case UnknownAccount:
		return "Asterisk does not have this account: " + a.missingReason()
	case AlreadyLoggedIn:
		return "The account is logged in already and allows one session only: end that session, or allow multiple logins."
	case Unreachable:
		return "Nothing answers at this address: check host and port, bindaddr and enabled in manager.conf, and the firewall."
	case NotAMI:
		return "What answers at this address is not the Asterisk Manager Interface: check the port and the use of TLS."
	case Denied:
	}
	return "Asterisk refused the login and does not say why: " + a.likelyReason(from.Addr())
}

func (a *Account) missingReason() string {
	if a.Disabled {
		return "it is disabled."
	}
	return "apply the configuration."
}

// likelyReason is the likeliest reason of an unexplained refusal.
func (a *Account) likelyReason(from netip.Addr) string {
	switch {
	case a.Disabled:
		return "the account is disabled."
	case from.IsValid() && !a.permits(from):
		return fmt.Sprintf("probably because the account does not permit %s.", from.Unmap())
	}
	return "the account may not be applied yet, its secret may be another one, or its named list may not hold this address."
}

// loginWatch follows Asterisk's security events, which say why it refused a
// login (report_failed_acl and its like in main/manager.c).
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

// explain waits for the event about a login that came from the given address,
// as [securityAddress] writes it.
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

// securityAddress is how security events write the address of a client
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
