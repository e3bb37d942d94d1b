package web

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// amiAccountSecretPage shows a new secret, once.
type amiAccountSecretPage struct {
	Name, Back string
	// Secret is empty when it was shown before.
	Secret copyable
	// Host and Port are where AMI listens, as far as this server knows.
	Host, Port     string
	Command, Login copyable
}

// showSecret has the next page show the secret of an account.
func (a *amiAccountPages) showSecret(ctx context.Context, now *manager.Account) response {
	a.stashSecret(ctx, secretKey, now.Name, now.SecretChangedAt, now.Secret.Reveal())
	return redirect{Path: a.path(now) + "/secret"}
}

func (a *amiAccountPages) secret(ctx context.Context, r *request) (response, error) {
	now, err := a.account(ctx, r)
	if err != nil {
		return nil, err
	}
	secret := a.takeSecret(ctx, r, secretKey, now.Name, now.SecretChangedAt)
	host, port := a.amiAddress()
	return page{Name: "amiaccountsecret", Title: "Secret of " + now.Name, Body: amiAccountSecretPage{
		Name: now.Name, Back: a.path(now), Host: host, Port: port,
		Secret:  copyable{ID: "secret", Text: secret, What: "the secret"},
		Command: copyable{ID: "command", Text: "nc " + host + " " + port, What: "the command"},
		Login: copyable{
			ID: "login", Text: "Action: Login\nUsername: " + now.Name + "\nSecret: " + secret + "\n\n", What: "the login",
		},
	}}, nil
}

// amiAddress is where an integration finds AMI: on the host of this server,
// unless the settings name another one.
func (a *amiAccountPages) amiAddress() (host, port string) {
	host, port = "127.0.0.1", "5038"
	if u, err := url.Parse(a.baseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	address, err := a.site.Settings.Address()
	if err != nil || address == app.NoAsterisk {
		return host, port
	}
	amiHost, amiPort, err := net.SplitHostPort(address)
	if err != nil {
		return host, port
	}
	if ip := net.ParseIP(amiHost); amiHost != "localhost" && (ip == nil || !ip.IsLoopback()) {
		host = amiHost
	}
	return host, amiPort
}

// probeResult is the result of a test login.
type probeResult struct {
	OK      bool
	Message string
}

// probe logs in as the account. htmx gets the result alone.
func (a *amiAccountPages) probe(ctx context.Context, r *request) (response, error) {
	now, err := a.account(ctx, r)
	if err != nil {
		return nil, err
	}
	result, err := a.probeAccount(ctx, now.Name)
	if err != nil {
		return nil, err
	}
	if r.isHTMX() {
		return fragment{"probed", result}, nil
	}
	shown, err := a.show(ctx, r)
	if whole, ok := shown.(page); ok {
		body := whole.Body.(amiAccountPage)
		body.Probe = result
		whole.Body = body
		return whole, nil
	}
	return shown, err
}

func (a *amiAccountPages) probeAccount(ctx context.Context, name string) (*probeResult, error) {
	result, err := a.site.Probe(ctx, name, nil)
	if errors.Is(err, store.ErrConflict) || errors.Is(err, fs.ErrNotExist) {
		return &probeResult{Message: "No Asterisk is connected. Check the AMI address in the settings."}, nil
	}
	if err != nil {
		return nil, err
	}
	message := sentence(result.Message)
	if result.Outcome != manager.LoggedIn && a.hasPendingChanges(ctx) {
		message += " There are pending changes. Apply them first."
	}
	return &probeResult{OK: result.Outcome == manager.LoggedIn, Message: message}, nil
}

// hasPendingChanges reports whether there are changes to apply, as far as is
// known.
func (a *amiAccountPages) hasPendingChanges(ctx context.Context) bool {
	status, err := a.runner.Status(ctx)
	return err == nil && status.Pending
}
